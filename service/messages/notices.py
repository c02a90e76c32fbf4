"""The notice before a visit: proposed, sent by a dispatcher through the outbox, and shown with what came of it."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal
from uuid import UUID, uuid5

import msgspec
from msgspec import Meta

from service.accounts import cards
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.secrets import get_or_create_door_code_key
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.errors import FieldError, IdReusedWithOtherContent, InvalidBody, VisitCancelled
from service.judge.bounds import ShortText
from service.judge.entries import Entry, Evidence, FieldValue
from service.visits import customer_link, door_code
from service.visits.appointment import AGREED, MOVED, Appointment, current_appointment, is_completed
from service.visits.loading import LoadedVisit, load_visible_visit, load_visit
from service.visits.windows import local, technician_of
from service.web.decoding import parse_uuid

from . import outbox
from .notice_text import LINK_PLACEHOLDER, WORD_PLACEHOLDER, MessageKind, NoticeContext, draft_text, fulfilled_items
from .outbox import DeliveryOutcome, DeliveryRow, MessageRow, MessageState

MAX_AGE_MS = 24 * 3_600_000  # ms
INFORMING_ITEMS = frozenset({AGREED, MOVED, "work_content_told", "work_place_told", "cooperation_requested"})
"""Acts from which the customer knows that somebody comes."""
Channel = Literal["sms", "wecom", "email", "file"]
AddressLine = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\S\r\n]*\S[^\r\n]*$(?!\n)")]
MessageText = Annotated[str, msgspec.Meta(min_length=1, max_length=1000, pattern=r"\S")]


class NoticeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Send a notice. `{link}` and `{word}` in a text are filled in on the way out; without a text, the proposed one.

    `to` is the customer's telephone unless given; e-mail needs it. With an `id` repeating is harmless.
    """

    channel: Annotated[Channel, Meta(description="How it is sent; `file` writes it to a file on the server.")]
    text: Annotated[MessageText | None, Meta(description="The text; without one the proposed text.")] = None
    to: Annotated[AddressLine | None, Meta(description="Telephone or address; without one the customer's.")] = None
    id: Annotated[ShortText | None, Meta(description="A UUID, so that repeating sends nothing twice.")] = None


class DeliveryAttempt(msgspec.Struct, frozen=True):
    """One attempt to deliver."""

    at: Annotated[datetime, Meta(description="When it was tried.")]
    outcome: Annotated[DeliveryOutcome, Meta(description="What came of it; what `failed` is tried again.")]
    detail: Annotated[str, Meta(description="What the gateway answered.")]


class NoticeCancellation(msgspec.Struct, frozen=True):
    """Outdated before it was out: when, and by which change of the visit (`window`, `cancellation` …)."""

    at: Annotated[datetime, Meta(description="When it was withdrawn.")]
    because: Annotated[str, Meta(description="The kind of the change that made it outdated.")]


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """A notice in the outbox. `delivered` means that the gateway took it.

    What was `withdrawn` does not go out; should it have been on its way already it is `delivered`, and proves nothing.
    """

    id: Annotated[str, Meta(description="The notice's id, a UUID.")]
    about: Annotated[str, Meta(description="`appointment`, `reschedule`, or `code` for a code at the door.")]
    channel: Annotated[str, Meta(description="How it is sent.")]
    to: Annotated[str, Meta(description="The telephone or address; without one the customer's name.")]
    text: Annotated[str, Meta(description="The text; `{link}` and `{word}` are filled in on the way out.")]
    proves: Annotated[tuple[str, ...], Meta(description="Items of the checklist that its delivery proves.")]
    sent_at: Annotated[datetime, Meta(description="When it was put into the outbox.")]
    sent_by: Annotated[str, Meta(description="Login of who sent it.")]
    state: Annotated[MessageState, Meta(description="What became of it.")]
    next_try: Annotated[datetime | None, Meta(description="When it is tried next; null when nothing more is done.")]
    attempts: Annotated[tuple[DeliveryAttempt, ...], Meta(description="All attempts to deliver it.")]
    withdrawn: Annotated[NoticeCancellation | None, Meta(description="When and why it became outdated.")]


class NoticeDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What to send now, what its text would prove, and what was sent."""

    about: Annotated[MessageKind, Meta(description="`reschedule` for a customer who knows another time.")]
    text: Annotated[str, Meta(description="The proposed text.")]
    to: Annotated[str, Meta(description="The customer's telephone.")]
    proves: Annotated[tuple[str, ...], Meta(description="Items of the checklist that this text proves.")]
    due: Annotated[bool, Meta(description="Whether a notice of the window in force is still to be sent.")]
    appointment: Annotated[Appointment, Meta(description="What was agreed with the customer.")]
    sent: Annotated[tuple[NoticeView, ...], Meta(description="All notices of the visit.")]


@read_only
async def draft_notice(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID) -> NoticeDraft:
    """The proposed text, and all notices of the visit."""
    person = await authenticate_token(tx, token)
    require_permission(person, "write entries of the office")
    visit = await load_visible_visit(ctx, tx, person, visit_id)
    sent = await _sent(ctx, tx, visit_id)
    told, about, stands = await _build_context(ctx, tx, visit, sent)
    text = draft_text(told, about)
    living = stands.window is not None and visit.plan_history.cancelled is None
    due = living and not any(_covers_current_window(visit, one) for one in sent)
    return NoticeDraft(
        about=about,
        text=text,
        to=visit.plan.customer.phone,
        proves=fulfilled_items(text, told, moved=stands.moved),
        due=due,
        appointment=stands,
        sent=sent,
    )


def _covers_current_window(visit: LoadedVisit, sent: NoticeView) -> bool:
    """Whether a notice was for the window in force and is or may still be delivered."""
    moved = visit.visit().rescheduled
    if sent.about == "code" or sent.withdrawn is not None or sent.state not in ("waiting", "delivered"):
        return False
    return not moved or sent.sent_at >= moved[-1].at


async def send(ctx: AppContext, token: bytes, visit_id: UUID, wanted: NoticeRequest) -> tuple[bool, NoticeView]:
    """Put a notice into the outbox, with a new link. False: this id is there already."""
    message_id = parse_uuid(wanted.id, "/id") if wanted.id is not None else ctx.new_id()
    same = sha256(msgspec.json.encode((wanted.channel, wanted.text, wanted.to))).digest()

    async def work(tx: Transaction) -> bool:
        row, person = await customer_link.lock_for_dispatcher(tx, token, visit_id)
        known = await outbox.message(tx, message_id)
        if known is not None:
            if known.visit != visit_id or known.sha256 != same:
                raise IdReusedWithOtherContent
            return False
        visit = await load_visit(ctx, tx, row)
        if visit.plan_history.cancelled is not None:
            raise VisitCancelled
        told, about, stands = await _build_context(ctx, tx, visit, await _sent(ctx, tx, visit_id))
        to = wanted.to or ("" if wanted.channel == "email" else visit.plan.customer.phone)
        if not to and wanted.channel != "file":
            raise InvalidBody("", (FieldError("/to", "missing", "nobody to send it to"),))
        text = wanted.text or draft_text(told, about)
        link, _ = await customer_link.replace_link(ctx, tx, visit_id, customer_link.window_end(visit), person.login)
        word = door_code.verification_words(await get_or_create_door_code_key(ctx, tx), visit_id)
        now = ctx.clock()
        new = MessageRow(
            id=message_id,
            visit=visit_id,
            about=about,
            channel=wanted.channel,
            recipient=to or visit.plan.customer.name,
            text=text,
            private=msgspec.json.encode({LINK_PLACEHOLDER: customer_link.link_url(ctx, link), WORD_PLACEHOLDER: word}),
            entries=msgspec.json.encode(_entries(message_id, told, stands, text, wanted.channel, ctx.now())),
            sha256=same,
            created_at=now,
            created_by=person.login,
            give_up_at=now + MAX_AGE_MS,
        )
        if not await outbox.add_message(tx, new):
            raise IdReusedWithOtherContent  # the same id at the same time, for another visit
        return True

    added = await ctx.db.write(work)
    shown = await ctx.db.read(lambda tx: _sent(ctx, tx, visit_id))
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
        for what in fulfilled_items(text, told, moved=stands.moved)
    ]


async def _build_context(
    ctx: AppContext, tx: Transaction, visit: LoadedVisit, sent: tuple[NoticeView, ...]
) -> tuple[NoticeContext, MessageKind, Appointment]:
    """What there is to tell, as what the customer takes it, and how the appointment stands."""
    card = await cards.get_card(tx, technician_of(visit))
    stands = current_appointment(visit, ctx.now(), ctx.company.cutoff_hours)
    plan = visit.plan
    told = NoticeContext(
        company=ctx.company.company,
        hotline=ctx.company.hotline,
        customer=plan.customer.name,
        window=local(ctx, stands.window),
        content=plan.work.content,
        address=plan.customer.address,
        place=plan.work.place or plan.customer.place or "",
        technician=card.name if card else technician_of(visit),
        badge=card.badge if card else "",
        title=card.title if card else "",
    )
    return told, "reschedule" if stands.moved and _customer_was_informed(visit, sent) else "appointment", stands


def _customer_was_informed(visit: LoadedVisit, sent: tuple[NoticeView, ...]) -> bool:
    """Whether the customer may know that somebody comes: by a message that went out, or by what was written."""
    return any(one.about != "code" and one.state == "delivered" for one in sent) or any(
        entry.what in INFORMING_ITEMS and is_completed(entry) for entry in visit.merged.entries
    )


async def _sent(ctx: AppContext, tx: Transaction, visit_id: UUID) -> tuple[NoticeView, ...]:
    attempts: dict[UUID, list[DeliveryRow]] = {}
    for row in await outbox.deliveries_of(tx, visit_id):
        attempts.setdefault(row.message, []).append(row)
    return tuple(_shown(ctx, row, attempts.get(row.id, [])) for row in await outbox.messages_of(tx, visit_id))


def _shown(ctx: AppContext, row: MessageRow, attempts: list[DeliveryRow]) -> NoticeView:
    entries = msgspec.json.decode(row.entries, type=list[Entry])
    return NoticeView(
        id=str(row.id),
        about=row.about,
        channel=row.channel,
        to=row.recipient,
        text=row.text,
        proves=() if row.withdrawn_at is not None else tuple(entry.what for entry in entries),
        sent_at=ctx.to_local_time(row.created_at),
        sent_by=row.created_by,
        state=row.state,
        next_try=ctx.to_local_time(row.next_at) if row.next_at is not None else None,
        attempts=tuple(DeliveryAttempt(ctx.to_local_time(one.at), one.outcome, one.detail) for one in attempts),
        withdrawn=_withdrawn(ctx, row),
    )


def _withdrawn(ctx: AppContext, row: MessageRow) -> NoticeCancellation | None:
    if row.withdrawn_at is None:
        return None
    return NoticeCancellation(ctx.to_local_time(row.withdrawn_at), row.withdrawn_because or "")
