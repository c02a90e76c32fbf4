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


async def find_source(tx: Transaction, kind: str, id: UUID) -> LoggedRow | None:
    """The row of a leaf."""
    for finder in _finders.get(kind, ()):
        if (found := await finder(tx, id)) is not None:
            return found
    return None
