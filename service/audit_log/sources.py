"""The rows behind the leaves of the log: each package registers how to find its rows, and `doorstep verify` asks."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec

from service.db.database import Transaction


class LoggedRow(msgspec.Struct, frozen=True):
    """A row that has a leaf: what the leaf must say of it (see `merkle.leaf`). `at` is ms UTC."""

    kind: str
    at: int
    body: bytes
    sha256: bytes
    salt: bytes | None
    row_commitment: bytes = b""


Finder = Callable[[Transaction, UUID], Awaitable[LoggedRow | None]]
_finders: dict[str, list[Finder]] = {}


def finds_rows_of(*kinds: str) -> Callable[[Finder], Finder]:
    """Registers a function that finds, by its id, the row of a leaf of one of these kinds."""

    def register(finder: Finder) -> Finder:
        for kind in kinds:
            _finders.setdefault(kind, []).append(finder)
        return finder

    return register


Absence = Callable[[Transaction, UUID], Awaitable[bool]]
_absences: list[Absence] = []


def explains_absence(check: Absence) -> Absence:
    """Registers a function that knows by its id whether the row of a leaf is gone for a reason, such as an erasure."""
    _absences.append(check)
    return check


async def is_erased(tx: Transaction, id: UUID) -> bool:
    """Whether something says why the row of a leaf is gone."""
    for check in _absences:
        if await check(tx, id):
            return True
    return False


async def find_source(tx: Transaction, kind: str, id: UUID) -> LoggedRow | None:
    """The row of a leaf."""
    for finder in _finders.get(kind, ()):
        if (found := await finder(tx, id)) is not None:
            return found
    return None
