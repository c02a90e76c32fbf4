"""Who stands at the door: the technician's changing code, what the customer sees, and his word that he saw it."""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from service.domain import doorcode
from service.domain.doorcode import Code
from service.domain.entry import Entry, Evidence
from service.domain.errors import NotFound, NotNow
from service.domain.notice import WORD
from service.domain.people import on_visit
from service.storage import link_codes, links, messages, visits
from service.storage.database import Tx
from service.storage.visits import VisitRow

from .access import near, need, person_of
from .append import CUSTOMER, append
from .appointment import appointment
from .browser import Browser
from .customer import Who, who
from .events import PersonEvent, noted
from .house import House
from .judging import File, load
from .keys import doorstep_key, doorstep_key_if_any
from .links import qr_svg

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
        row = await visits.visit(tx, visit)
        if row is None or not on_visit(person, row.technician, row.crew):
            raise NotFound
        if row.state == "cancelled":
            raise NotNow
        now = house.clock()
        start, end = _time(house, await load(house, tx, row))
        if not start <= now <= end:
            raise NotNow
        key = await doorstep_key(house, tx)
        text = doorcode.write(key, visit, person.login, doorcode.step_at(now))
        return text, doorcode.word(key, visit), await links.last_scan(tx, visit)

    text, word, confirmed = await house.db.write(work)
    url = f"{house.desk.url}/d/{text}"
    until = (doorcode.step_at(house.clock()) + 1) * doorcode.STEP
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


async def give_card(house: House, login: str, badge: str, title: str) -> None:
    """What is on somebody's ID card from now on, and so on what customers see."""

    async def work(tx: Tx) -> None:
        if await links.set_card(tx, login, badge.strip(), title.strip()):
            event = PersonEvent(what="card", person=login, by="doorstep", badge=badge.strip(), title=title.strip())
            await noted(house, tx, event)

    await house.db.write(work)


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
        used = await links.scanned(tx, _used(read))
        if not used and not doorcode.fresh(read, now):
            return None
        file = await load(house, tx, row)
        told = any(one.state == "delivered" and WORD in one.text for one in await messages.messages_of(tx, row.id))
        return Genuine(
            login=login,
            technician=await who(house, tx, login),
            purpose=file.plan.work.content,
            word=doorcode.word(key, row.id) if told else "",
            ticket=doorcode.ticket(key, read, now),
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
        if not doorcode.admits(key, read, ticket, now):
            return False
        if not await links.add_scan(tx, _used(read), row.id, login, now):
            return False
        evidence = [Evidence(kind="customer_confirm")]
        seen = None if browser.address == "unknown" else await link_codes.phone_seen(tx, [login], [browser.place])
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
    read = doorcode.read(text)
    key = await doorstep_key_if_any(tx)
    if read is None or key is None:
        return None
    row = await (visits.locked_visit if lock else visits.visit)(tx, read.visit)
    if row is not None and row.state == "cancelled":
        return None  # nobody is to come
    login = doorcode.shows(key, read, (row.technician, *row.crew)) if row else None
    return (key, read, row, login) if row is not None and login is not None else None


def _used(code: Code) -> bytes:
    """What a used code is remembered by."""
    return code.visit.bytes + code.step.to_bytes(4, "big") + code.mac
