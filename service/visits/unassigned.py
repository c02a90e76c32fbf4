"""Visits that nobody goes to: their technician left, or is no technician any more.

The flag is set and taken off where that changes, and kept on the board's row by whoever writes about the visit in
between: so a record costs no look at a person.
"""

from uuid import UUID

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.permissions import Person
from service.db.database import Transaction

from . import repository, summaries
from .loading import LoadedVisit

NO_TECHNICIAN = "no_technician"
ACTIVE_STATES = frozenset({"planned", "under_way", "returned"})


def is_active_technician(person: Person | None) -> bool:
    """Whether somebody may be sent: he is here, and a technician."""
    return person is not None and "technician" in person.roles


async def refresh_assignments(tx: Transaction, login: str) -> None:
    """Somebody left, or his roles are others: his visits that are not done yet show whether anybody goes."""
    goes = is_active_technician(await accounts_repository.person(tx, login))
    for visit in await summaries.active_visits_of(tx, login):
        await _update_flag(tx, visit, login, goes=goes)


async def _update_flag(tx: Transaction, visit_id: UUID, login: str, *, goes: bool) -> None:
    row = await repository.lock_visit(tx, visit_id)  # whoever writes about it keeps the flags that he read
    if row is not None and row.technician == login and row.state in ACTIVE_STATES:
        await summaries.set_flags(tx, visit_id, _toggle_flag(row.flags, goes=goes))


async def with_assignment_flag(tx: Transaction, visit: LoadedVisit) -> LoadedVisit:
    """A visit whose technician is another one, or whose row on the board is new."""
    goes = is_active_technician(await accounts_repository.person(tx, visit.plan.technician))
    flags = " ".join(_toggle_flag(visit.row.flags, goes=goes))
    return msgspec.structs.replace(visit, row=msgspec.structs.replace(visit.row, flags=flags))


def _toggle_flag(flags: str, *, goes: bool) -> tuple[str, ...]:
    others = tuple(flag for flag in flags.split() if flag != NO_TECHNICIAN)
    return others if goes else (*others, NO_TECHNICIAN)
