"""The notice before a visit: proposed, sent by a dispatcher through the outbox, and shown with what came of it."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal
from uuid import UUID, uuid5

import msgspec

from service.accounts import cards
from service.accounts.authentication import need, person_of, sign_in
from service.accounts.secrets import doorstep_key
from service.context import House
from service.db.database import Tx
from service.errors import ContentDiffers, FieldError, InvalidBody, VisitCancelled
from service.judge.bounds import ShortText
from service.judge.entries import Entry, Evidence, FieldValue
from service.visits import customer_link, door_code
from service.visits.appointment import AGREED, MOVED, Appointment, acts, appointment
from service.visits.loading import File, load, open_file
from service.visits.windows import local, technician_of
from service.web.decoding import decode, uuid

from . import outbox
from .notice_text import LINK, WORD, MessageKind, NoticeContext, proposed, proves
from .outbox import DeliveryOutcome, DeliveryRow, MessageRow, MessageState

GIVE_UP = 24 * 3_600_000  # ms
TOLD = frozenset({AGREED, MOVED, "work_content_told", "work_place_told", "cooperation_requested"})
"""Acts from which the customer knows that somebody comes."""
Channel = Literal["sms", "wecom", "email", "file"]
AddressLine = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\S\r\n]*\S[^\r\n]*$(?!\n)")]
MessageText = Annotated[str, msgspec.Meta(min_length=1, max_length=1000, pattern=r"\S")]


class Send(msgspec.Struct, frozen=True, kw_only=True):
    """Send a notice. `{link}` and `{word}` in a text are filled in on the way out; without a text, the proposed one.

    `to` is the customer's telephone unless given; e-mail needs it. With an `id` repeating is harmless.
    """

    channel: Channel
    text: MessageText | None = None
    to: AddressLine | None = None
    id: ShortText | None = None


class Attempt(msgspec.Struct, frozen=True):
    """One attempt to deliver."""

    at: datetime
    outcome: DeliveryOutcome
    detail: str


class Withdrawn(msgspec.Struct, frozen=True):
    """Outdated before it was out: when, and by which change of the visit (`window`, `cancellation` …)."""

    at: datetime
    because: str


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """A notice in the outbox. `delivered` means that the gateway took it.

    What was `withdrawn` does not go out; should it have been on its way already it is `delivered`, and proves nothing.
    """

    id: str
    about: str
    channel: str
    to: str
    text: str
    proves: tuple[str, ...]
    sent_at: datetime
    sent_by: str
    state: MessageState
    next_try: datetime | None
    attempts: tuple[Attempt, ...]
    withdrawn: Withdrawn | None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What to send now, what its text would prove, and what was sent."""

    about: MessageKind
    text: str
    to: str
    proves: tuple[str, ...]
    due: bool
    appointment: Appointment
    sent: tuple[NoticeView, ...]


sends = msgspec.json.Decoder(Send)


async def offer(house: House, token: bytes, visit: UUID) -> Notice:
    """The proposed text, and all notices of the visit."""

    async def work(tx: Tx) -> Notice:
        person = await person_of(tx, token)
        need(person, "write entries of the office")
        file = await open_file(house, tx, person, visit)
        sent = await _sent(house, tx, visit)
        told, about, stands = await _told(house, tx, file, sent)
        text = proposed(told, about)
        living = stands.window is not None and file.standing.cancelled is None
        due = living and not any(_covers(file, one) for one in sent)
        return Notice(
            about=about,
            text=text,
            to=file.plan.customer.phone,
            proves=proves(text, told, moved=stands.moved),
            due=due,
            appointment=stands,
            sent=sent,
        )

    return await house.db.read(work)


def _covers(file: File, sent: NoticeView) -> bool:
    """Whether a notice was for the window in force and is or may still be delivered."""
    moved = file.visit().rescheduled
    if sent.about == "code" or sent.withdrawn is not None or sent.state not in ("waiting", "delivered"):
        return False
    return not moved or sent.sent_at >= moved[-1].at


async def send(house: House, token: bytes, visit: UUID, raw: bytes) -> tuple[bool, NoticeView]:
    """Put a notice into the outbox, with a new link. False: this id is there already."""
    await sign_in(house, token, "write entries of the office")
    wanted = decode(sends, raw)
    message_id = uuid(wanted.id, "/id") if wanted.id is not None else house.new_id()
    same = sha256(msgspec.json.encode((wanted.channel, wanted.text, wanted.to))).digest()

    async def work(tx: Tx) -> bool:
        row, person = await customer_link.dispatched(tx, token, visit)
        known = await outbox.message(tx, message_id)
        if known is not None:
            if known.visit != visit or known.sha256 != same:
                raise ContentDiffers
            return False
        file = await load(house, tx, row)
        if file.standing.cancelled is not None:
            raise VisitCancelled
        told, about, stands = await _told(house, tx, file, await _sent(house, tx, visit))
        to = wanted.to or ("" if wanted.channel == "email" else file.plan.customer.phone)
        if not to and wanted.channel != "file":
            raise InvalidBody("", (FieldError("/to", "missing", "nobody to send it to"),))
        text = wanted.text or proposed(told, about)
        link, _ = await customer_link.renew(house, tx, visit, customer_link.window_end(file), person.login)
        word = door_code.word(await doorstep_key(house, tx), visit)
        now = house.clock()
        new = MessageRow(
            id=message_id,
            visit=visit,
            about=about,
            channel=wanted.channel,
            recipient=to or file.plan.customer.name,
            text=text,
            private=msgspec.json.encode({LINK: customer_link.url_of(house, link), WORD: word}),
            entries=msgspec.json.encode(_entries(message_id, told, stands, text, wanted.channel, house.now())),
            sha256=same,
            created_at=now,
            created_by=person.login,
            give_up_at=now + GIVE_UP,
        )
        if not await outbox.add_message(tx, new):
            raise ContentDiffers  # the same id at the same time, for another visit
        return True

    added = await house.db.write(work)
    shown = await house.db.read(lambda tx: _sent(house, tx, visit))
    return added, next(one for one in shown if one.id == str(message_id))


def _entries(
    message_id: UUID, told: NoticeContext, stands: Appointment, text: str, channel: str, at: datetime
) -> list[Entry]:
    """What the delivery will prove; `at` becomes the time of the delivery."""
    evidence = (Evidence(kind="message_log", channel=channel, text=text), Evidence(kind="text", text=text))
    fields: dict[str, dict[str, FieldValue]] = {
        "work_content_told": {"content": told.content},
        "work_place_told": {"place": f"{told.address} {told.place}".strip()},
    }
    return [
        Entry(
            id=str(uuid5(message_id, what)),
            at=at,
            by="dispatcher",
            what=what,
            evidence=evidence,
            fields=fields.get(what, {}),
        )
        for what in proves(text, told, moved=stands.moved)
    ]


async def _told(
    house: House, tx: Tx, file: File, sent: tuple[NoticeView, ...]
) -> tuple[NoticeContext, MessageKind, Appointment]:
    """What there is to tell, as what the customer takes it, and how the appointment stands."""
    card = await cards.get_card(tx, technician_of(file))
    stands = appointment(file, house.now(), house.desk.cutoff_hours)
    plan = file.plan
    told = NoticeContext(
        company=house.desk.company,
        hotline=house.desk.hotline,
        customer=plan.customer.name,
        window=local(house, stands.window),
        content=plan.work.content,
        address=plan.customer.address,
        place=plan.work.place or plan.customer.place or "",
        technician=card.name if card else technician_of(file),
        badge=card.badge if card else "",
        title=card.title if card else "",
    )
    return told, "reschedule" if stands.moved and _knows(file, sent) else "appointment", stands


def _knows(file: File, sent: tuple[NoticeView, ...]) -> bool:
    """Whether the customer may know that somebody comes: by a message that went out, or by what was written."""
    return any(one.about != "code" and one.state == "delivered" for one in sent) or any(
        entry.what in TOLD and acts(entry) for entry in file.gathered.entries
    )


async def _sent(house: House, tx: Tx, visit: UUID) -> tuple[NoticeView, ...]:
    attempts: dict[UUID, list[DeliveryRow]] = {}
    for row in await outbox.deliveries_of(tx, visit):
        attempts.setdefault(row.message, []).append(row)
    return tuple(_shown(house, row, attempts.get(row.id, [])) for row in await outbox.messages_of(tx, visit))


def _shown(house: House, row: MessageRow, attempts: list[DeliveryRow]) -> NoticeView:
    entries = msgspec.json.decode(row.entries, type=list[Entry])
    return NoticeView(
        id=str(row.id),
        about=row.about,
        channel=row.channel,
        to=row.recipient,
        text=row.text,
        proves=() if row.withdrawn_at is not None else tuple(entry.what for entry in entries),
        sent_at=house.time(row.created_at),
        sent_by=row.created_by,
        state=row.state,
        next_try=house.time(row.next_at) if row.next_at is not None else None,
        attempts=tuple(Attempt(house.time(one.at), one.outcome, one.detail) for one in attempts),
        withdrawn=_withdrawn(house, row),
    )


def _withdrawn(house: House, row: MessageRow) -> Withdrawn | None:
    if row.withdrawn_at is None:
        return None
    return Withdrawn(house.time(row.withdrawn_at), row.withdrawn_because or "")
