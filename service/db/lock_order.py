"""The order in which a transaction takes the locks that others may want too: visits, then files, then agendas, of each
kind in the order of their keys. Who keeps to it never waits in a circle.
"""

from collections.abc import Iterable
from typing import Any

from .database import BatchStatement

AGENDAS = 3
_TAKES: dict[str, tuple[int, tuple[str, ...]]] = {
    "locked_visit": (1, ("id",)),
    "lock_received_file": (2, ("sha256", "sender")),
    "lock_sync_counter": (AGENDAS, ("login",)),
    "next_sync_number": (AGENDAS, ("login",)),
}
"""Which kind of lock a statement takes, and the parameters that are its key."""

Key = tuple[Any, ...]


def rank(queries: Iterable[str]) -> int:
    """The kind of lock that statements take first; 0 when they take none."""
    return min((_TAKES[query][0] for query in queries if query in _TAKES), default=0)


def keys(statements: Iterable[BatchStatement]) -> list[Key]:
    """The keys of the locks that statements take."""
    return [tuple(given[name] for name in _TAKES[query][1]) for query, given in statements if query in _TAKES]
