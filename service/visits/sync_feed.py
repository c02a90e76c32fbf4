"""The sync feeds: which visits each technician's phone shows. Each change takes the next number of a technician.

The row of the counter stays locked until the transaction ends, so that a reader who sees a number sees all
smaller ones: a phone asks for what is newer than its cursor and misses nothing, however writers overlap. To avoid
deadlocks, counters are locked in the order of logins, and after the visit.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from service.db.database import BatchStatement, ResultOf, Transaction


class FeedEntry(NamedTuple):
    """A visit in a technician's feed, with the number of its last change."""

    visit: UUID
    sequence: int
    is_assigned: bool


async def bump(
    tx: Transaction,
    logins: Iterable[str],
    visit_id: UUID,
    *,
    active: bool | None = None,
    also: Sequence[BatchStatement] = (),
) -> list[int]:
    """Note in the feeds of those assigned that the visit has changed. Call it last in a transaction.

    `active` says, if it is new, whether their phones need the visit however old it is. `also` are statements to execute
    on the way; returns how many rows each of those changed.
    """
    counts: list[int] = []
    pending, ordered = also, sorted(set(logins))
    if len(ordered) > 1:  # transactions that run side by side take all their locks before they take numbers
        await lock_counters(tx, ordered)
    for login in ordered:
        query = "bump_sync_feed"
        params = {"login": login, "visit": visit_id.bytes, "number": ResultOf("next_sync_number")}
        if active is not None:
            query, params = "bump_sync_feed_active", {**params, "active": int(active)}
        counts += await tx.execute_batch(*pending, ("next_sync_number", {"login": login}), (query, params))
        pending = ()
    return (counts or await tx.execute_batch(*pending))[: len(also)]


async def assign(
    tx: Transaction, logins: Iterable[str], visit_id: UUID, *, planned_at: int, active: bool, gone: Iterable[str] = ()
) -> None:
    """Put a visit into the feeds of those assigned, and mark it in the feeds of `gone` as no longer theirs."""
    assigned = set(logins)
    for login in sorted(assigned.union(gone)):
        row = await tx.fetch_one("next_sync_number", login=login) or await tx.fetch_one("add_sync_counter", login=login)
        await tx.execute(
            "set_sync_feed",
            login=login,
            visit=visit_id.bytes,
            planned_at=planned_at,
            is_assigned=int(login in assigned),
            active=int(active and login in assigned),
            number=row[0] if row else 0,
        )


async def note_erased(tx: Transaction, logins: Iterable[str], visit_id: UUID) -> None:
    """Tell the phones of all who had a visit that it is gone. Call it last in a transaction."""
    for login in sorted(set(logins)):
        row = await tx.fetch_one("next_sync_number", login=login)
        await tx.execute("add_erased_feed", login=login, visit=visit_id.bytes, number=row[0] if row else 0)


async def lock_counters(tx: Transaction, logins: Iterable[str]) -> None:
    """Lock all counters that a transaction needs, before it writes about several visits."""
    await tx.execute_many("lock_sync_counter", [{"login": login} for login in sorted(set(logins))])


async def was_assigned(tx: Transaction, login: str, visit_id: UUID) -> bool:
    """Whether a technician is or was assigned to a visit."""
    return await tx.fetch_one("sync_feed_of_visit", login=login, visit=visit_id.bytes) is not None


async def latest_sequence(tx: Transaction, login: str) -> int:
    """The newest number in a technician's feed."""
    row = await tx.fetch_one("last_sync_number", login=login)
    return row[0] if row else 0


async def changes_after(tx: Transaction, login: str, since: int, size: int) -> list[FeedEntry]:
    """The next visits that changed after a number, each once, with its newest number."""
    rows = await tx.fetch_all("sync_feed_after", login=login, since=since, size=size)
    return [FeedEntry(UUID(bytes=visit), number, is_assigned == 1) for visit, number, is_assigned in rows]


async def full_snapshot(tx: Transaction, login: str, since: int, recent: int, size: int) -> list[FeedEntry]:
    """The next visits for a phone that has none: active ones, and those planned from `recent` (ms UTC) on."""
    rows = await tx.fetch_all("sync_feed_snapshot", login=login, since=since, recent=recent, size=size)
    return [FeedEntry(UUID(bytes=visit), number, True) for visit, number in rows]


async def entries_at(tx: Transaction, login: str, numbers: Iterable[int]) -> list[FeedEntry]:
    """The visits that still have these numbers: they have not changed since."""
    rows = [await tx.fetch_one("sync_feed_at", login=login, number=number) for number in numbers]
    return [FeedEntry(UUID(bytes=row[0]), row[1], row[2] == 1) for row in rows if row is not None]
