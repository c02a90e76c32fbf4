"""A technician's agenda: exactly what changed for him since his phone asked last."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from service.domain.people import Person
from service.storage import agenda, visits
from service.storage.database import Tx

from .access import need, person_of
from .house import House
from .judging import load
from .view import VisitView, view

PAGE = 100
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


async def since(house: House, token: bytes, cursor: str | None) -> Agenda:
    """What changed since a cursor. One that is none of his gives everything."""

    async def work(tx: Tx) -> Agenda:
        person = await person_of(tx, token)
        need(person, "see own visits")
        last = await agenda.last(tx, person.login)
        known = _read(person, cursor) if cursor else None
        if known is None or known.number > last or (known.top or 0) > last:  # (a database restored is behind)
            known = Place(0, last)
        place = known
        if place.top is None:
            rows = await agenda.changed(tx, person.login, place.number, PAGE + 1)
        else:
            rows = await agenda.everything(tx, person.login, place.number, house.clock() - RECENT, PAGE + 1)
        more, rows = len(rows) > PAGE, rows[:PAGE]
        if more:
            new = Place(rows[-1][1], place.top)
        elif place.top is None:
            new = Place(last)
        else:  # what changed since the first page of everything comes next
            new, more = Place(place.top), place.top < last
        return await _answer(house, tx, person, rows, new, full=place == Place(0, place.top or -1), more=more)

    return await house.db.read(work)


async def _answer(
    house: House,
    tx: Tx,
    person: Person,
    rows: Sequence[tuple[UUID, int, bool]],
    place: Place,
    *,
    full: bool,
    more: bool,
) -> Agenda:
    seen: list[VisitView] = []
    for visit, _, his in rows:
        row = await visits.visit(tx, visit) if his else None
        if row is not None:
            whole = await view(house, tx, await load(house, tx, row))
            seen.append(msgspec.structs.replace(whole, followed_by=()))  # of no use at the door
    return Agenda(
        cursor=_write(person, place),
        server_time=house.now(),
        full=full,
        more=more,
        visits=tuple(seen),
        gone=tuple(str(visit) for visit, _, his in rows if not his),
        checklists=tuple(dict.fromkeys(one.checklist for one in seen)),
    )


def _write(person: Person, place: Place) -> str:
    top = -1 if place.top is None else place.top
    raw = _own(person) + place.number.to_bytes(8, "big") + top.to_bytes(8, "big", signed=True)
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _read(person: Person, text: str) -> Place | None:
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    if len(raw) != 20 or raw[:4] != _own(person):
        return None
    top = int.from_bytes(raw[12:], "big", signed=True)
    return Place(int.from_bytes(raw[4:12], "big"), None if top < 0 else top)


def _own(person: Person) -> bytes:
    """A cursor is of one person: somebody else's gives everything."""
    return sha256(person.login.encode()).digest()[:4]
