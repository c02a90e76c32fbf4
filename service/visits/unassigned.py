"""Visits whose technician left or no longer has the role.

The flag is updated where people change; transactions that write about the visit keep it as it is. So a record needs no
query about a person.
"""

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.permissions import Person
from service.db.database import Transaction

from . import repository, summaries
from .loading import LoadedVisit

NO_TECHNICIAN = "no_technician"
ACTIVE_STATES = frozenset({"planned", "under_way", "returned"})


def is_active_technician(person: Person | None) -> bool:
    """Whether a person exists and may be assigned to visits."""
    return person is not None and "technician" in person.roles


async def refresh_assignments(tx: Transaction, login: str) -> None:
    """Update the flag of a person's active visits, after they left or their roles changed."""
    is_active = is_active_technician(await accounts_repository.person(tx, login))
    for visit in await summaries.active_visits_of(tx, login):
        row = await repository.lock_visit(tx, visit)  # a concurrent writer keeps the flags that it has read
        if row is not None and row.technician == login and row.state in ACTIVE_STATES:
            await summaries.set_flags(tx, visit, _with_flag(row.flags, is_active=is_active))


async def with_assignment_flag(tx: Transaction, visit: LoadedVisit) -> LoadedVisit:
    """The visit with its flag brought up to date."""
    is_active = is_active_technician(await accounts_repository.person(tx, visit.plan.technician))
    flags = " ".join(_with_flag(visit.row.flags, is_active=is_active))
    return msgspec.structs.replace(visit, row=msgspec.structs.replace(visit.row, flags=flags))


def _with_flag(flags: str, *, is_active: bool) -> tuple[str, ...]:
    others = tuple(flag for flag in flags.split() if flag != NO_TECHNICIAN)
    return others if is_active else (*others, NO_TECHNICIAN)
