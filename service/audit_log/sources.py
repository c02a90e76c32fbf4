"""What the leaves of the log are about: each package registers how its rows are found, and `doorstep verify` asks."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec

from service.db.database import Transaction


class LoggedRow(msgspec.Struct, frozen=True):
    """A row that has a leaf: the kind that the leaf has to be of, when the row came (ms UTC), and what the leaf
    commits to. `beside` is what stands beside the bytes."""

    kind: str
    at: int
    body: bytes
    sha256: bytes
    salt: bytes | None
    beside: bytes = b""


Finder = Callable[[Transaction, UUID], Awaitable[LoggedRow | None]]
_finders: dict[str, list[Finder]] = {}


def finds_rows_of(*kinds: str) -> Callable[[Finder], Finder]:
    """Registers a function that finds the row that a leaf of one of these kinds is about, by its id."""

    def register(finder: Finder) -> Finder:
        for kind in kinds:
            _finders.setdefault(kind, []).append(finder)
        return finder

    return register


async def find_source(tx: Transaction, kind: str, id: UUID) -> LoggedRow | None:
    """The row that a leaf is about."""
    for finder in _finders.get(kind, ()):
        if (found := await finder(tx, id)) is not None:
            return found
    return None
