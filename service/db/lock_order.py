"""The order in which a transaction takes its locks: visits, then files, then sync counters, each sorted by key.

Transactions that follow it cannot deadlock.
"""

from collections.abc import Iterable
from typing import Any

from .database import BatchStatement

SYNC_COUNTERS = 3
_LOCKS: dict[str, tuple[int, tuple[str, ...]]] = {
    "locked_visit": (1, ("id",)),
    "lock_received_file": (2, ("sha256", "sender")),
    "lock_sync_counter": (SYNC_COUNTERS, ("login",)),
    "next_sync_number": (SYNC_COUNTERS, ("login",)),
}
"""The rank of the lock that a statement takes, and the parameters that are its key."""

Key = tuple[Any, ...]


def rank(queries: Iterable[str]) -> int:
    """The lowest rank of the statements' locks; 0 when they take none."""
    return min((_LOCKS[query][0] for query in queries if query in _LOCKS), default=0)


def keys(statements: Iterable[BatchStatement]) -> list[Key]:
    """The keys of the locks that the statements take."""
    return [tuple(params[name] for name in _LOCKS[query][1]) for query, params in statements if query in _LOCKS]
