"""`doorstep verify`: everything that is kept, held against the log: nothing changed, nothing missing, no gap.

It only looks: nothing is mended before it is compared, and leaves are looked at also before they have a number. What is
wrong with one row is a fault of that row, whatever it is, and the others are still looked at.
"""

import asyncio
from hashlib import sha256
from uuid import UUID

import msgspec

from service.audit_log import log, sequencer
from service.audit_log.merkle import MerkleTree, leaf
from service.audit_log.sources import find_source
from service.context import AppContext
from service.db.database import Row, Transaction
from service.errors import Problem

from . import people, summaries
from . import rows as compare

BATCH_SIZE = 1000  # leaves looked at in one transaction
OVERDUE = 600_000  # ms: a leaf gets its number within a second or two
_LISTS = {
    "without_leaf": "{}: no leaf in the log",
    "duplicate_ids": "{}: two things have this id, and one leaf cannot be of both",
}
_SOURCE_MISSING = "what it is about is gone"


class VerificationReport(msgspec.Struct, frozen=True):
    """Which database, how many rows of each kind it has, how many leaves have a number, their root (RFC 9162, hex), and
    what is wrong, if anything."""

    database: str
    rows: dict[str, int]
    leaves: int
    root: str
    faults: list[str]


class _Page(msgspec.Struct):
    """Leaves in their order: their bytes, what is wrong with them, and where the next page begins (None: no more)."""

    leaves: list[bytes]
    faults: list[str]
    next: int | None


async def verify(ctx: AppContext) -> VerificationReport:
    """Look at all. It reads and writes nothing: it may run beside the server."""
    rows: dict[str, int] = {}
    faults = await compare.collect_faults("rows cannot be counted", _counted(ctx, rows))
    faults += await compare.collect_faults("leaves without a number cannot be read", _waiting(ctx))
    for query, fault in _LISTS.items():
        listed = ctx.db.read(lambda tx, query=query, fault=fault: compare.list_faults(tx, query, fault))
        faults += await compare.collect_faults("what has no leaf cannot be read", listed)
    peaks, count, first = MerkleTree(), 0, 0
    while first is not None:
        page = await _page(ctx, first)
        for data in page.leaves:
            peaks.add(data)
        faults += page.faults
        count, first = count + len(page.leaves), page.next
    for looked in (compare, people, summaries):
        faults += await looked.check(ctx)
    return VerificationReport(ctx.db.name, rows, count, peaks.root().hex(), faults)


async def _counted(ctx: AppContext, rows: dict[str, int]) -> list[str]:
    rows.update(dict.fromkeys(("records", "office_batches", "link_answers", "scans"), 0))
    for kind, count in await ctx.db.read(lambda tx: tx.fetch_all("rows_of_kinds")):
        rows[kind] = rows.get(kind, 0) + count
    return []


async def _waiting(ctx: AppContext) -> list[str]:
    """Leaves without a number. The sequencer gives it to them a second later; it is a fault when it does not."""
    faults: list[str] = []
    async for key in compare.iterate_keys(ctx, "leaves", faults):

        async def look(tx: Transaction, key: bytes = key) -> list[str]:
            row = await tx.fetch_one("leaf", id=key)
            return [_SOURCE_MISSING] if row is None else await _check_leaf(tx, row[0], row[1], row[2])

        found = await compare.collect_faults("cannot be read", ctx.db.read(look))
        faults += [f"leaf without a number, {compare.format_id(key)}: {fault}" for fault in found]
    if await _overdue(ctx):
        await asyncio.sleep(2 * sequencer.POLL_SECONDS)  # after a step of the clock a new leaf has an old time
        if since := await _overdue(ctx):
            faults.append(
                f"leaves have waited for a number since {ctx.to_local_time(since).isoformat(timespec='seconds')}"
            )
    return faults


async def _overdue(ctx: AppContext) -> int | None:
    """Since when (ms) leaves wait for too long: others came since then (in a copy no time passes), and somebody gives
    numbers here."""
    row = await ctx.db.read(lambda tx: tx.fetch_one("waiting_since"))
    oldest, newest, last = row or (None, None, None)
    if not isinstance(oldest, int) or not isinstance(newest, int) or last is None:  # a time that was changed is told
        return None
    return oldest if min(newest, ctx.clock()) - oldest > OVERDUE else None


async def _page(ctx: AppContext, first: int) -> _Page:
    """The next leaves from a number on. A row that cannot even be read makes the page one of a single leaf."""
    for size in (BATCH_SIZE, 1):
        try:
            return await ctx.db.read(lambda tx, size=size: _check_page(tx, first, size))
        except Problem:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a row that was tampered with makes of itself
            fault = type(error).__name__
    row = await ctx.db.read(lambda tx: tx.fetch_one("next_leaf", first=first))
    number = row[0] if row else None
    return _Page([], [f"leaf {number}: it cannot be read ({fault})"], number + 1 if isinstance(number, int) else None)


async def _check_page(tx: Transaction, first: int, size: int) -> _Page:
    page = _Page([], [], None)
    rows: list[Row] = await tx.fetch_all("leaves_from", first=first, size=size)
    for key, data, at, number in rows:
        name = f"leaf {number if isinstance(number, int) else '?'}, {compare.format_id(key)}"
        if not isinstance(number, int):
            page.faults.append(f"{name}: its number was changed")
            continue
        if number != first:
            gap = f"leaf {first} is" if number == first + 1 else f"leaves {first} to {number - 1} are"
            page.faults.append(f"{gap} missing from the log")
        first = number + 1
        page.leaves.append(data if isinstance(data, bytes) else str(data).encode())
        faults = await compare.collect_faults("cannot be read", _check_leaf(tx, key, data, at))
        page.faults += [f"{name}: {fault}" for fault in faults]
    if len(rows) == size and isinstance(rows[-1][3], int):
        page.next = first
    return page


async def _check_leaf(tx: Transaction, key: bytes, data: bytes, at: int) -> list[str]:
    """A leaf commits to the bytes that are kept and to what stands beside them.

    (Of a look, and of a checklist from before, no salt is kept. Leaves from before commit to the bytes alone.)
    """
    told, about = msgspec.json.decode(data), UUID(bytes=key)
    kind = told["t"]
    wrong = [] if told["s"] == at else ["its time was changed"]
    found = await find_source(tx, kind, about)
    if found is None:
        known = await log.access_exists(tx, about) if kind == "access" else kind == "policy" and "e" not in told
        return wrong if known else [*wrong, _SOURCE_MISSING]
    if sha256(found.body).digest() != found.sha256:
        wrong.append("the bytes were changed")
    beside = found.beside if "e" in told else b""
    if leaf(found.kind, found.salt or b"", found.sha256, found.at, beside) != data:
        wrong.append("the row is not the one that the log saw")
    return wrong
