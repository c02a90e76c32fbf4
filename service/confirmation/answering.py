"""What the customer answers by his link: entries of his own."""

import asyncio
from datetime import datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from service.accounts.browser import Browser
from service.context import House
from service.db.database import Tx
from service.errors import AppointmentChanged, CodeNeeded, NotPhoto, TooLate, TooManyRequests, UnreadableSignature
from service.evidence.attach import Sealed, keep_bytes
from service.judge.entries import Entry, Evidence, Refused
from service.visits.append_batch import CUSTOMER, append
from service.visits.appointment import AGREED, MOVED, Appointment, appointment
from service.visits.customer_answers import Answered, Answers, Signing
from service.visits.customer_link import linked
from service.visits.loading import File, load
from service.visits.repository import VisitRow
from service.web.decoding import decode

from . import entries as confirm
from . import otp
from .page import APPOINTMENT, NOBODY, Confirmation, seen
from .signature_image import picture
from .statements import CustomerView

answered = msgspec.json.Decoder(Answers)
APPOINTED = (AGREED, APPOINTMENT.id)
MOST_WISHES = 12  # answers about the appointment by the links of a visit, after which no more wishes are taken


async def answer(house: House, token: str, raw: bytes, browser: Browser = NOBODY) -> Confirmation:
    """Take a customer's answers, as JSON."""
    return await take(house, token, decode(answered, raw), browser)


async def take(house: House, token: str, answers: Answers, browser: Browser = NOBODY) -> Confirmation:
    """Write a customer's answers: all of them, or nothing. What he said last, said again, is no change."""
    image = await _image(house, token, answers.signature, browser) if answers.signature else None

    async def work(tx: Tx) -> Confirmation:
        link, row = await linked(house, tx, token, lock=True)
        file = await load(house, tx, row)
        begun = any(entry.by == "technician" for entry in file.gathered.entries)  # then it is an answer like any other
        about = [] if begun else [one for one in answers.answers if (one.item or one.question) in APPOINTED]
        rest = tuple(one for one in answers.answers if one not in about)
        later = msgspec.structs.replace(answers, answers=rest, another_time=None, window_from=None)
        await _appoint(house, tx, row, link, file, answers, about)
        if about or answers.another_time:
            file = await load(house, tx, row)
        if later != Answers():
            level = await otp.level(house, tx, link, file, browser)
            file = await confirm.write(house, tx, link, file, later, level, browser, image)
        return await seen(house, tx, link, file, browser)

    return await house.db.write(work)


async def _image(house: House, token: str, given: Signing, browser: Browser) -> Sealed | None:
    """The signature's picture, in the store; only for what will be written, so that nobody fills it for nothing."""

    async def new(tx: Tx) -> bool:
        link, row = await linked(house, tx, token, lock=False)
        file = await load(house, tx, row)
        level = await otp.level(house, tx, link, file, browser)
        if level is None:
            raise CodeNeeded
        if confirm.signed_before(CustomerView(file), given, level):
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
