"""Visits that nobody goes to: their technician left, or is no technician any more.

The flag is set and taken off where that changes, and kept on the board's row by whoever writes about the visit in
between: so a record costs no look at a person.
"""

from uuid import UUID

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.permissions import Person
from service.db.database import Tx

from . import repository, summaries
from .loading import File

NOBODY = "no_technician"
LIVE = frozenset({"planned", "under_way", "returned"})


def works(person: Person | None) -> bool:
    """Whether somebody may be sent: he is here, and a technician."""
    return person is not None and "technician" in person.roles


async def review(tx: Tx, login: str) -> None:
    """Somebody left, or his roles are others: his visits that are not done yet show whether anybody goes."""
    goes = works(await accounts_repository.person(tx, login))
    for visit in await summaries.live_of(tx, login):
        await _mark(tx, visit, login, goes=goes)


async def _mark(tx: Tx, visit: UUID, login: str, *, goes: bool) -> None:
    row = await repository.locked_visit(tx, visit)  # whoever writes about it keeps the flags that he read
    if row is not None and row.technician == login and row.state in LIVE:
        await summaries.flag(tx, visit, _with(row.flags, goes=goes))


async def looked_at(tx: Tx, file: File) -> File:
    """A visit whose technician is another one, or whose row on the board is new."""
    goes = works(await accounts_repository.person(tx, file.plan.technician))
    flags = " ".join(_with(file.row.flags, goes=goes))
    return msgspec.structs.replace(file, row=msgspec.structs.replace(file.row, flags=flags))


def _with(flags: str, *, goes: bool) -> tuple[str, ...]:
    others = tuple(flag for flag in flags.split() if flag != NOBODY)
    return others if goes else (*others, NOBODY)
