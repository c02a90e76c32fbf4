"""Who stands at the door: the technician's changing code, what the customer sees, and his word that he saw it."""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from service.accounts import sightings
from service.accounts.authentication import near, need, person_of
from service.accounts.browser import Browser
from service.accounts.cards import Who, who
from service.accounts.permissions import on_visit
from service.accounts.secrets import doorstep_key, doorstep_key_if_any
from service.context import House
from service.db.database import Tx
from service.errors import NotFound, NotNow
from service.judge.entries import Entry, Evidence
from service.messages import outbox
from service.messages.notice_text import WORD
from service.visits import door_code
from service.visits import repository as visits_repository
from service.visits.append_batch import CUSTOMER, append
from service.visits.appointment import appointment
from service.visits.door_code import Code
from service.visits.loading import File, load
from service.visits.repository import VisitRow
from service.web.qr import qr_svg

from . import repository

EARLY, LATE = 2 * 3_600_000, 12 * 3_600_000  # ms before and after the window
AT_MOST = 30 * 24 * 3_600_000  # ms after a visit without a window was planned
ID_SHOWN = "id_shown"
SAME_NETWORK = "扫码的手机与工作人员在同一网络 / scanned on a network where he who shows it was seen"


class Doorstep(msgspec.Struct, frozen=True, kw_only=True):
    """What the technician's phone shows; it asks again at `valid_until`. `confirmed_at`: the button was pressed."""

    url: str
    qr_svg: str
    valid_until: datetime
    word: str
    confirmed_at: datetime | None


class Genuine(msgspec.Struct, frozen=True, kw_only=True):
    """A genuine code: who stands there and why. `ticket` goes into the form; `used` when it was confirmed already.

    `word` is empty when no message that went out told it: there is nothing to hold it against.
    """

    login: str
    technician: Who
    purpose: str
    word: str
    ticket: str
    used: bool


async def code(house: House, token: bytes, visit: UUID) -> Doorstep:
    """The code of now, for who is on the visit, around its time."""

    async def work(tx: Tx) -> tuple[str, str, int | None]:
        person = await person_of(tx, token)
        need(person, "see own visits")
        row = await visits_repository.visit(tx, visit)
        if row is None or not on_visit(person, row.technician, row.crew):
            raise NotFound
        if row.state == "cancelled":
            raise NotNow
        now = house.clock()
        start, end = _time(house, await load(house, tx, row))
        if not start <= now <= end:
            raise NotNow
        key = await doorstep_key(house, tx)
        text = door_code.write(key, visit, person.login, door_code.step_at(now))
        return text, door_code.word(key, visit), await repository.last_scan(tx, visit)

    text, word, confirmed = await house.db.write(work)
    url = f"{house.desk.url}/d/{text}"
    until = (door_code.step_at(house.clock()) + 1) * door_code.STEP
    seen = house.time(confirmed) if confirmed is not None else None
    return Doorstep(url=url, qr_svg=qr_svg(url), valid_until=house.time(until), word=word, confirmed_at=seen)


def _time(house: House, file: File) -> tuple[int, int]:
    """From when to when the code is shown. Without a window: until twelve hours after his first record came, at most
    thirty days from when it was planned."""
    window = appointment(file, house.now(), 0).window
    if window is not None:
        start, end = (int(moment.timestamp() * 1000) for moment in (window.start, window.end))
        return start - EARLY, end + LATE
    planned = file.row.created_at
    first = next((row.received_at for row in file.rows if row.kind == "record"), None)
    end = planned + AT_MOST
    return planned - EARLY, end if first is None else min(end, first + LATE)


async def look(house: House, text: str) -> Genuine | None:
    """What a customer sees who scans; None: not genuine, or no longer. Looking changes nothing.

    A code that was confirmed stays known as such: he must not read that a genuine man is not.
    """

    async def work(tx: Tx) -> Genuine | None:
        found = await _genuine(tx, text, lock=False)
        if found is None:
            return None
        key, read, row, login = found
        now = house.clock()
        used = await repository.scanned(tx, _used(read))
        if not used and not door_code.fresh(read, now):
            return None
        file = await load(house, tx, row)
        told = any(one.state == "delivered" and WORD in one.text for one in await outbox.messages_of(tx, row.id))
        return Genuine(
            login=login,
            technician=await who(house, tx, login),
            purpose=file.plan.work.content,
            word=door_code.word(key, row.id) if told else "",
            ticket=door_code.ticket(key, read, now),
            used=used,
        )

    return await house.db.read(work)


async def confirm(house: House, text: str, ticket: str, browser: Browser) -> bool:
    """The customer's word that he saw the ID card. False: not genuine, opened too late, or used before.

    Where he who shows the code was seen at the same address within a day, the entry says so: it may be his own hand.
    """

    async def work(tx: Tx) -> bool:
        found = await _genuine(tx, text, lock=True)
        if found is None:
            return False
        key, read, row, login = found
        now = house.clock()
        if not door_code.admits(key, read, ticket, now):
            return False
        if not await repository.add_scan(tx, _used(read), row.id, login, now):
            return False
        evidence = [Evidence(kind="customer_confirm")]
        seen = None if browser.address == "unknown" else await sightings.phone_seen(tx, [login], [browser.place])
        if near(seen, now):
            evidence.append(Evidence(kind="text", text=SAME_NETWORK))
        batch = uuid5(NAMESPACE_URL, text)
        entry = Entry(
            id=str(uuid5(batch, ID_SHOWN)),
            at=house.now(),
            by="customer",
            what=ID_SHOWN,
            evidence=tuple(evidence),
        )
        return await append(house, tx, row, batch, "scan", CUSTOMER, [entry])

    return await house.db.write(work)


async def _genuine(tx: Tx, text: str, *, lock: bool) -> tuple[bytes, Code, VisitRow, str] | None:
    """The key, the code, its visit and who shows it; None when it is not ours, or he does not go there any more."""
    read = door_code.read(text)
    key = await doorstep_key_if_any(tx)
    if read is None or key is None:
        return None
    row = await (visits_repository.locked_visit if lock else visits_repository.visit)(tx, read.visit)
    if row is not None and row.state == "cancelled":
        return None  # nobody is to come
    login = door_code.shows(key, read, (row.technician, *row.crew)) if row else None
    return (key, read, row, login) if row is not None and login is not None else None


def _used(code: Code) -> bytes:
    """What a used code is remembered by."""
    return code.visit.bytes + code.step.to_bytes(4, "big") + code.mac
