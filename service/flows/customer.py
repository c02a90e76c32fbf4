"""What the customer sees by his link, and what he answers: entries of his own."""

import asyncio
from datetime import datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from service.domain import mask
from service.domain.answers import Answered, Answers, Signing
from service.domain.confirmation import Level
from service.domain.entry import Entry, Evidence, Refused
from service.domain.errors import (
    AppointmentChanged,
    CodeNeeded,
    NotPhoto,
    TooLate,
    TooManyRequests,
    UnreadableSignature,
)
from service.domain.statement import Document
from service.domain.visit import Window
from service.storage import links as cards
from service.storage.database import Tx
from service.storage.visits import VisitRow

from . import codes, confirm
from .append import CUSTOMER, append
from .appointment import AGREED, MOVED, Appointment, appointment
from .attach import Sealed, keep_bytes
from .browser import Browser
from .decode import decode
from .house import House
from .judging import HEARD, File, load
from .links import linked
from .notice import local, technician_of
from .papers import Case, Choice, Question, RaisedShown, SaidShown, Shown, masked, next_paper
from .strokes import picture

Due = Literal["appointment", "agreed", "under_way", "over", "cancelled"]


class Who(msgspec.Struct, frozen=True):
    """Who comes: what is on his ID card."""

    name: str
    badge: str
    title: str
    company: str
    photo: bool = False


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """The visit, masked: a link can be forwarded."""

    id: str
    customer: str
    phone: str
    address: str
    window: Window | None
    content: str
    place: str


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """The customer's page as JSON. `statement` is the one to sign next, its canonical bytes have `statement_sha256`.

    `level` is None until the code from the text message was entered on this device; until then names and photos are
    masked and answers are only words. `code_until`: a code was sent and is good until then.
    """

    visit: Where
    technician: Who
    state: Due
    appointment: Appointment
    questions: tuple[Question, ...]
    hotline: str
    statement: Document | None = None
    statement_sha256: str | None = None
    statements: tuple[Shown, ...] = ()
    raises: tuple[Choice, ...] = ()
    raised: tuple[RaisedShown, ...] = ()
    said: tuple[SaidShown, ...] = ()
    level: Level | None = None
    answered_at: datetime | None = None
    code_until: datetime | None = None
    arrived_at: datetime | None = None
    left_at: datetime | None = None


answered = msgspec.json.Decoder(Answers)
NOBODY = Browser()
MOST_WISHES = 12  # answers about the appointment by the links of a visit, after which no more wishes are taken
APPOINTMENT = Question(
    id="appointment", items=(AGREED,), things=(), zh="您同意这个上门时间吗？", en="Do you agree to this time?"
)


async def look(house: House, token: str, browser: Browser = NOBODY) -> Confirmation:
    """The page, for who looks from a browser. Looking changes nothing."""

    async def work(tx: Tx) -> Confirmation:
        link, row = await linked(house, tx, token, lock=False)
        return await _seen(house, tx, link, await load(house, tx, row), browser)

    return await house.db.read(work)


async def _seen(house: House, tx: Tx, link: UUID, file: File, browser: Browser) -> Confirmation:
    now = house.now()
    stands = appointment(file, now, house.desk.cutoff_hours)
    stands = msgspec.structs.replace(stands, window=local(house, stands.window))
    level = await codes.level(house, tx, link, file, browser)
    case = Case(house, file.heard_at(level))
    shown = case.shown()
    paper = next_paper(shown)
    heard, here = HEARD[level], browser.place.hex()
    his = [row.received_at for row, one in file.confirmations if one.level in heard or one.address == here]
    state, sent = _due(file, stands), await codes.waits(house, tx, link, browser)
    after = state in ("under_way", "over")
    return Confirmation(
        visit=_where(file, stands.window, plain=level is not None),
        technician=await who(house, tx, technician_of(file)),
        state=state,
        appointment=stands,
        questions=case.asked(level) if after else (APPOINTMENT,) if stands.may_agree else (),
        hotline=house.desk.hotline,
        statement=paper.statement if paper else None,
        statement_sha256=paper.sha256 if paper else None,
        statements=shown if level is not None else tuple(map(masked, shown)),
        raises=case.raisable() if after else (),
        raised=case.raised(house),
        said=case.said(house),
        level=level,
        answered_at=house.time(his[-1]) if his else None,
        code_until=house.time(sent) if sent is not None and level is None else None,
        arrived_at=case.happened("arrived"),
        left_at=case.happened("left"),
    )


def _where(file: File, window: Window | None, *, plain: bool) -> Where:
    """The visit; who has only the link sees who it is for no more than he knows already."""
    plan, customer = file.plan, file.plan.customer
    return Where(
        id=str(file.row.id),
        customer=customer.name if plain else mask.name(customer.name),
        phone=customer.phone if plain else mask.phone(customer.phone),
        address=customer.address if plain else mask.address(customer.address),
        window=window,
        content=plan.work.content,
        place=plan.work.place,
    )


async def who(house: House, tx: Tx, login: str) -> Who:
    """What may be told of a technician."""
    card = await cards.card(tx, login)
    if card is None:
        return Who("", "", "", house.desk.company)
    return Who(card.name, card.badge, card.title, house.desk.company, card.photo is not None)


def _due(file: File, stands: Appointment) -> Due:
    entries = file.gathered.entries
    if file.standing.cancelled is not None:
        return "cancelled"
    if any(entry.what == "left" and entry.holds is not False for entry in entries):
        return "over"
    if any(entry.by == "technician" for entry in entries):
        return "under_way"
    return "agreed" if stands.agreed else "appointment"


async def answer(house: House, token: str, raw: bytes, browser: Browser = NOBODY) -> Confirmation:
    """Take a customer's answers, as JSON."""
    return await take(house, token, decode(answered, raw), browser)


async def take(house: House, token: str, answers: Answers, browser: Browser = NOBODY) -> Confirmation:
    """Write a customer's answers: all of them, or nothing. What he said last, said again, is no change."""
    image = await _image(house, token, answers.signature, browser) if answers.signature else None
    about = [one for one in answers.answers if (one.item or one.question) in (AGREED, APPOINTMENT.id)]
    rest = tuple(one for one in answers.answers if one not in about)
    later = msgspec.structs.replace(answers, answers=rest, another_time=None, window_from=None)

    async def work(tx: Tx) -> Confirmation:
        link, row = await linked(house, tx, token, lock=True)
        file = await load(house, tx, row)
        await _appoint(house, tx, row, link, file, answers, about)
        if about or answers.another_time:
            file = await load(house, tx, row)
        if later != Answers():
            level = await codes.level(house, tx, link, file, browser)
            file = await confirm.write(house, tx, link, file, later, level, browser, image)
        return await _seen(house, tx, link, file, browser)

    return await house.db.write(work)


async def _image(house: House, token: str, given: Signing, browser: Browser) -> Sealed | None:
    """The signature's picture, in the store; only for what will be written, so that nobody fills it for nothing."""

    async def new(tx: Tx) -> bool:
        link, row = await linked(house, tx, token, lock=False)
        file = await load(house, tx, row)
        level = await codes.level(house, tx, link, file, browser)
        if level is None:
            raise CodeNeeded
        if confirm.signed_before(Case(house, file), given, level):
            return False
        confirm.room(file, level)
        return True

    if not await house.db.read(new):
        return None
    raw = await asyncio.to_thread(picture, given)
    try:
        return await keep_bytes(house, raw, sha256(raw).digest())
    except NotPhoto:
        raise UnreadableSignature from None


async def _appoint(
    house: House, tx: Tx, row: VisitRow, link: UUID, file: File, answers: Answers, about: list[Answered]
) -> None:
    stands = appointment(file, house.now(), house.desk.cutoff_hours)
    if answers.window_from is not None and (not stands.window or stands.window.start != answers.window_from):
        raise AppointmentChanged
    for one in about:
        await _answer(house, tx, row, link, stands, one.good)
    if answers.another_time is not None:
        await _ask(house, tx, file, link, stands, answers.another_time.wish.strip())


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


async def _ask(house: House, tx: Tx, file: File, link: UUID, stands: Appointment, wish: str) -> None:
    if stands.asked is not None and stands.asked.wish == wish:
        return
    if stands.may_ask_until is None:
        raise TooLate
    if sum(one.kind == "link" for one in file.rows) - len(file.confirmations) >= MOST_WISHES:
        raise TooManyRequests("so much was asked by this link; call the utility", retry_after=confirm.DAY)
    refused = Refused(reason=wish, outcome="unable")
    entry = _entry(house.now(), AGREED, refused=refused)
    await _write(house, tx, file.row, _id(link, stands, f"ask {wish}"), [entry])


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
