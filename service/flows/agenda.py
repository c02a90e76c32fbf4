"""A technician's agenda: exactly what changed for him since his phone asked last.

A cursor is good for one person and one history. When a backup was put back, numbers are given a second time: a cursor
that is ahead of them shows it, and then all cursors end, so that no phone misses what the same number means now.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from hmac import compare_digest, digest
from uuid import UUID

import msgspec

from service.domain.people import Person
from service.storage import agenda, visits
from service.storage.database import Tx

from .access import need, person_of
from .decode import encoded
from .house import House
from .judging import load
from .keys import agenda_key, new_agenda_key
from .view import VisitView, view

PAGE = 100
LARGE, MANY = 4 * 2**20, 5000  # bytes and entries after which a page takes no further visit
RECENT = 7 * 86_400_000  # a phone that comes with nothing gets what was planned within these ms, and all that is live


class Agenda(msgspec.Struct, frozen=True, kw_only=True):
    """What to put in place of what the phone has. `full`: it forgets all visits first. `more`: ask again at once."""

    cursor: str
    server_time: datetime
    full: bool
    more: bool
    visits: tuple[VisitView, ...]
    gone: tuple[str, ...]
    checklists: tuple[str, ...]
    corrections: tuple[str, ...] = ()


class Place(msgspec.Struct, frozen=True):
    """Where a phone is: after `number`. While it gets everything anew, `top` is where it goes on after that."""

    number: int
    top: int | None = None


class _Anew(Exception):
    """There is no key yet, or one (`old`) that signed a cursor which is ahead of the database: another history."""

    def __init__(self, old: bytes | None) -> None:
        super().__init__()
        self.old = old


async def since(house: House, token: bytes, cursor: str | None) -> Agenda:
    """What changed since a cursor. One that is none of his, or of another history, gives everything."""
    try:
        return await _since(house, token, cursor)
    except _Anew as anew:
        await new_agenda_key(house, anew.old)
        return await _since(house, token, cursor)


async def _since(house: House, token: bytes, cursor: str | None) -> Agenda:
    async def work(tx: Tx) -> Agenda:
        person = await person_of(tx, token)
        need(person, "see own visits")
        key = await agenda_key(tx)
        if key is None:
            raise _Anew(None)
        last = await agenda.last(tx, person.login)
        known = read(key, person, cursor) if cursor else None
        if known is not None and max(known.number, known.top or 0) > last:
            raise _Anew(key)
        place = known or Place(0, last)
        if place.top is None:
            rows = await agenda.changed(tx, person.login, place.number, PAGE + 1)
        else:
            rows = await agenda.everything(tx, person.login, place.number, house.clock() - RECENT, PAGE + 1)
        more = len(rows) > PAGE
        seen, taken = await _seen(house, tx, person, rows[:PAGE])
        more, rows = more or taken < len(rows), rows[:taken]
        if more:
            new = Place(rows[-1][1], place.top)
        elif place.top is None:
            new = Place(last)
        else:  # what changed since the first page of everything comes next
            new, more = Place(place.top), place.top < last
        return _answer(house, seen, rows, write(key, person, new), full=place == Place(0, place.top or -1), more=more)

    return await house.db.read(work)


async def _seen(
    house: House, tx: Tx, person: Person, rows: Sequence[tuple[UUID, int, bool]]
) -> tuple[list[VisitView], int]:
    """The visits of a page, and how many of the rows it has: it ends early where they are large."""
    seen: list[VisitView] = []
    size = entries = 0
    for number, (visit, _, his) in enumerate(rows):
        if size > LARGE or entries > MANY:
            return seen, number
        row = await visits.visit(tx, visit) if his else None
        if row is not None:
            whole = await view(house, tx, (await load(house, tx, row)).told(person))
            whole = msgspec.structs.replace(whole, followed_by=())  # of no use at the door
            size, entries = size + len(encoded(whole)), entries + len(whole.entries)
            seen.append(whole)
    return seen, len(rows)


def _answer(
    house: House,
    seen: Sequence[VisitView],
    rows: Sequence[tuple[UUID, int, bool]],
    cursor: str,
    *,
    full: bool,
    more: bool,
) -> Agenda:
    return Agenda(
        cursor=cursor,
        server_time=house.now(),
        full=full,
        more=more,
        visits=tuple(seen),
        gone=tuple(str(visit) for visit, _, his in rows if not his),
        checklists=tuple(dict.fromkeys(one.checklist for one in seen)),
    )


def write(key: bytes, person: Person, place: Place) -> str:
    """A place as a cursor, signed: nobody makes one up, and with another key it is none."""
    top = -1 if place.top is None else place.top
    raw = place.number.to_bytes(8, "big") + top.to_bytes(8, "big", signed=True)
    return urlsafe_b64encode(raw + _mark(key, person, raw)).decode().rstrip("=")


def read(key: bytes, person: Person, text: str) -> Place | None:
    """The place of a cursor; None when it is none of this person's."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    if len(raw) != 24 or not compare_digest(raw[16:], _mark(key, person, raw[:16])):
        return None
    top = int.from_bytes(raw[8:16], "big", signed=True)
    return Place(int.from_bytes(raw[:8], "big"), None if top < 0 else top)


def _mark(key: bytes, person: Person, raw: bytes) -> bytes:
    return digest(key, raw + person.login.encode(), "sha256")[:8]
