"""What the customer sees by his link, and what he answers: entries of his own."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid5

import msgspec

from service.domain import mask
from service.domain.entry import Entry, Evidence, Moment, Refused
from service.domain.errors import AppointmentChanged, Fault, InvalidBody, TooLate
from service.domain.visit import Window
from service.storage import links as cards
from service.storage.database import Tx
from service.storage.visits import VisitRow

from .append import CUSTOMER, append
from .appointment import AGREED, MOVED, Appointment, appointment
from .decode import decode
from .house import House
from .judging import File, load
from .links import linked
from .notice import local, technician_of

Wish = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"\S")]
Due = Literal["appointment", "agreed", "under_way", "over", "cancelled"]


class Who(msgspec.Struct, frozen=True):
    """Who comes: what is on his ID card."""

    name: str
    badge: str
    title: str
    company: str


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """The visit, masked: a link can be forwarded."""

    id: str
    customer: str
    phone: str
    address: str
    window: Window | None
    content: str
    place: str


class Question(msgspec.Struct, frozen=True):
    """What is asked now."""

    id: str
    items: tuple[str, ...]
    things: tuple[str, ...]
    zh: str
    en: str


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """The customer's page as JSON. There is no statement before the work is done."""

    visit: Where
    technician: Who
    state: Due
    appointment: Appointment
    questions: tuple[Question, ...]
    hotline: str
    statement: str | None = None
    statement_sha256: str | None = None


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """One answer: of a question or of an item."""

    good: bool
    question: str | None = None
    item: str | None = None
    thing: str | None = None


class AnotherTime(msgspec.Struct, frozen=True):
    """A wish for another time."""

    wish: Wish


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer answers. `window_from` says which appointment he saw: 409 when it has changed."""

    answers: Annotated[tuple[Answered, ...], msgspec.Meta(max_length=100)] = ()
    another_time: AnotherTime | None = None
    window_from: Moment | None = None


answered = msgspec.json.Decoder(Answers)
APPOINTMENT = Question("appointment", (AGREED,), (), "您同意这个上门时间吗？", "Do you agree to this time?")


async def look(house: House, token: str) -> Confirmation:
    """The page. Looking changes nothing."""

    async def work(tx: Tx) -> Confirmation:
        _, row = await linked(house, tx, token, lock=False)
        return await _seen(house, tx, await load(house, tx, row))

    return await house.db.read(work)


async def _seen(house: House, tx: Tx, file: File) -> Confirmation:
    stands = appointment(file, house.now(), house.desk.cutoff_hours)
    stands = msgspec.structs.replace(stands, window=local(house, stands.window))
    plan, customer = file.plan, file.plan.customer
    return Confirmation(
        visit=Where(
            id=str(file.row.id),
            customer=mask.name(customer.name),
            phone=mask.phone(customer.phone),
            address=mask.address(customer.address),
            window=stands.window,
            content=plan.work.content,
            place=plan.work.place,
        ),
        technician=await who(house, tx, technician_of(file)),
        state=_due(file, stands),
        appointment=stands,
        questions=(APPOINTMENT,) if stands.may_agree else (),
        hotline=house.desk.hotline,
    )


async def who(house: House, tx: Tx, login: str) -> Who:
    """What may be told of a technician."""
    card = await cards.card(tx, login)
    return Who(card.name if card else "", card.badge if card else "", card.title if card else "", house.desk.company)


def _due(file: File, stands: Appointment) -> Due:
    entries = file.gathered.entries
    if file.standing.cancelled is not None:
        return "cancelled"
    if any(entry.what == "left" and entry.holds is not False for entry in entries):
        return "over"
    if any(entry.by == "technician" for entry in entries):
        return "under_way"
    return "agreed" if stands.agreed else "appointment"


async def answer(house: House, token: str, raw: bytes) -> Confirmation:
    """Take a customer's answers, as JSON."""
    answers = decode(answered, raw)
    faults = [
        Fault(f"/answers/{n}", "not-asked", "only the appointment is asked now")
        for n, one in enumerate(answers.answers)
        if (one.item or one.question) not in (AGREED, APPOINTMENT.id)
    ]
    if faults:
        raise InvalidBody("", tuple(faults[:20]))
    return await take(house, token, answers)


async def take(house: House, token: str, answers: Answers) -> Confirmation:
    """Write a customer's answers as one batch. The same again is no change."""

    async def work(tx: Tx) -> Confirmation:
        link, row = await linked(house, tx, token, lock=True)
        file = await load(house, tx, row)
        stands = appointment(file, house.now(), house.desk.cutoff_hours)
        if answers.window_from is not None and (not stands.window or stands.window.start != answers.window_from):
            raise AppointmentChanged
        for one in answers.answers:
            await _answer(house, tx, row, link, stands, one.good)
        if answers.another_time is not None:
            await _ask(house, tx, row, link, stands, answers.another_time.wish.strip())
        return await _seen(house, tx, await load(house, tx, row))

    return await house.db.write(work)


async def _answer(house: House, tx: Tx, row: VisitRow, link: UUID, stands: Appointment, good: bool) -> None:
    now, window = house.now(), stands.window
    if not good:
        await _write(house, tx, row, _id(link, stands, "no"), [_entry(now, AGREED, says="no")])
        return
    if stands.agreed:
        return
    if not stands.may_agree or window is None:
        raise TooLate
    log = Evidence(kind="message_log", channel="link", text=f"{_iso(window.start)} – {_iso(window.end)}")
    evidence = (Evidence(kind="customer_confirm"), log)
    items = (AGREED, MOVED) if stands.moved else (AGREED,)
    entries = [_entry(now, item, evidence=evidence) for item in items]
    await _write(house, tx, row, _id(link, stands, "agreed"), entries)


async def _ask(house: House, tx: Tx, row: VisitRow, link: UUID, stands: Appointment, wish: str) -> None:
    if stands.asked is not None and stands.asked.wish == wish:
        return
    if stands.may_ask_until is None:
        raise TooLate
    refused = Refused(reason=wish, outcome="unable")
    await _write(house, tx, row, _id(link, stands, f"ask {wish}"), [_entry(house.now(), AGREED, refused=refused)])


def _entry(
    at: datetime,
    what: str,
    *,
    says: Literal["no"] | None = None,
    refused: Refused | None = None,
    evidence: tuple[Evidence, ...] = (),
) -> Entry:
    return Entry(id="-", at=at, by="customer", what=what, says=says, refused=refused, evidence=evidence)


def _id(link: UUID, stands: Appointment, said: str) -> UUID:
    """The same answer to the same appointment has the same id; after another wish it is a new one."""
    window = _iso(stands.window.start) if stands.window else ""
    return uuid5(link, f"{said} {window} {stands.asked.at.isoformat() if stands.asked else ''}")


async def _write(house: House, tx: Tx, row: VisitRow, batch: UUID, entries: list[Entry]) -> None:
    named = [msgspec.structs.replace(entry, id=str(uuid5(batch, entry.what))) for entry in entries]
    await append(house, tx, row, batch, "link", CUSTOMER, named)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
