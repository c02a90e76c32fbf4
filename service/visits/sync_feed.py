"""Whose phone shows which visit. Each technician has a counter; what changes for him takes its next number.

The counter's row stays locked until the transaction ends, so whoever sees a number sees all the smaller ones: a phone
asks for what is newer than its cursor and misses nothing, however writers overlap. Logins are taken in their order,
after the visit: nobody waits in a circle.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from service.db.database import BatchStatement, ResultOf, Transaction


async def bump(
    tx: Transaction,
    logins: Iterable[str],
    visit_id: UUID,
    *,
    active: bool | None = None,
    also: Sequence[BatchStatement] = (),
) -> list[int]:
    """What the phones of those who go show of the visit has changed. Best as the last thing in a transaction.

    `active` says whether their phones still need it, where that is new. `also` is changed on the way; how many rows
    each of those changed.
    """
    counts: list[int] = []
    left, in_order = also, sorted(set(logins))
    if len(in_order) > 1:  # works side by side take all their turns before any of them has a number
        await lock_counters(tx, in_order)
    for login in in_order:
        query, given = (
            "bump_sync_feed",
            {"login": login, "visit": visit_id.bytes, "number": ResultOf("next_sync_number")},
        )
        if active is not None:
            query, given = "bump_sync_feed_active", {**given, "active": int(active)}
        counts += await tx.execute_batch(*left, ("next_sync_number", {"login": login}), (query, given))
        left = ()
    return (counts or await tx.execute_batch(*left))[: len(also)]


async def assign(
    tx: Transaction, logins: Iterable[str], visit_id: UUID, *, planned_at: int, active: bool, gone: Iterable[str] = ()
) -> None:
    """The same, with who goes (`active` while their phones need it), and who no longer does (`gone`)."""
    assigned = set(logins)
    for login in sorted(assigned.union(gone)):
        await tx.execute(
            "set_sync_feed",
            login=login,
            visit=visit_id.bytes,
            planned_at=planned_at,
            is_assigned=int(login in assigned),
            active=int(active and login in assigned),
            number=await _next(tx, login),
        )


async def lock_counters(tx: Transaction, logins: Iterable[str]) -> None:
    """Before several visits are touched in one transaction: those who go, of all of them, in their order."""
    await tx.execute_many("lock_sync_counter", [{"login": login} for login in sorted(set(logins))])


async def _next(tx: Transaction, login: str) -> int:
    row = await tx.fetch_one("next_sync_number", login=login) or await tx.fetch_one("add_sync_counter", login=login)
    return row[0] if row else 0


async def was_assigned(tx: Transaction, login: str, visit_id: UUID) -> bool:
    """Whether somebody goes or went."""
    return await tx.fetch_one("sync_feed_of_visit", login=login, visit=visit_id.bytes) is not None


async def latest_sequence(tx: Transaction, login: str) -> int:
    """The newest number on somebody's agenda."""
    row = await tx.fetch_one("last_sync_number", login=login)
    return row[0] if row else 0


async def changes_after(tx: Transaction, login: str, since: int, size: int) -> list[tuple[UUID, int, bool]]:
    """The next visits that changed after a number: each once, at its newest number, and whether it is still his."""
    rows = await tx.fetch_all("sync_feed_after", login=login, since=since, size=size)
    return [(UUID(bytes=visit), number, is_assigned == 1) for visit, number, is_assigned in rows]


async def full_snapshot(
    tx: Transaction, login: str, since: int, recent: int, size: int
) -> list[tuple[UUID, int, bool]]:
    """The next visits for a phone without any: those that are active, and those planned from `recent` (ms UTC) on."""
    rows = await tx.fetch_all("sync_feed_snapshot", login=login, since=since, recent=recent, size=size)
    return [(UUID(bytes=visit), number, True) for visit, number in rows]


async def numbered(tx: Transaction, login: str, numbers: Iterable[int]) -> list[tuple[UUID, int, bool]]:
    """The visits that still are at these numbers: nothing about them changed since."""
    rows = [await tx.fetch_one("sync_feed_at", login=login, number=number) for number in numbers]
    return [(UUID(bytes=row[0]), row[1], row[2] == 1) for row in rows if row is not None]
