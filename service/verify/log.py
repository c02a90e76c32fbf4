"""`doorstep verify`: compares everything stored with the log: nothing changed, nothing missing, no gap.

It only reads: nothing is repaired before it is compared, and leaves are checked before they have a number too. A fault
of one row, whatever it is, does not stop the checks of the others.
"""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import msgspec

from service.audit_log import erasures, log, sequencer
from service.audit_log.merkle import leaf
from service.audit_log.sources import find_source
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.errors import Problem

from . import erased, people, rows, summaries
from .covered import Covered, check_coverage, excused, read_coverage
from .rows import check_rows, check_twice, collect_faults, format_id, list_all_faults
from .tree import open_tree

BATCH_SIZE = 1000  # leaves checked in one transaction
OVERDUE_MS = 600_000  # a leaf gets its number within a second or two
_LISTS = {"rows_without_own_leaf": "{}: {}"}
_SOURCE_MISSING = "what it is about is gone"


class VerificationReport(msgspec.Struct, frozen=True):
    """Which database, its rows by kind, how many leaves have a number, their root (RFC 9162, hex), and the faults."""

    database: str
    rows: dict[str, int]
    leaves: int
    root: str
    faults: list[str]


class _Page(msgspec.Struct):
    """Leaves in order: their bytes, their faults, and the number at which the next page begins (None: the end)."""

    leaves: list[bytes]
    faults: list[str]
    next: int | None


async def verify(ctx: AppContext, kept: Sequence[Path] = (), key: str = "") -> VerificationReport:
    """Check everything. It writes nothing, so it may run while a server does.

    `kept` are files with checkpoints that were kept elsewhere, and `key` is the log's verifier key, by default that of
    the key in the data folder. InvalidNote when it is none.
    """
    tree = await open_tree(ctx, kept, key)
    counts: dict[str, int] = dict.fromkeys(("records", "office_batches", "link_answers", "scans"), 0)
    faults = await collect_faults("rows cannot be counted", _count_rows(ctx, counts))
    faults += await list_all_faults(ctx, "what has no leaf cannot be read", _LISTS)
    covered = await read_coverage(ctx)
    faults += await collect_faults("leaves without a number cannot be read", _check_unnumbered(ctx, covered))
    faults += await check_twice("what has a leaf cannot be listed", lambda: check_coverage(ctx, covered))
    first = 0
    while first is not None:
        page = await _check_page(ctx, first, covered)
        for data in page.leaves:
            tree.add(data)
        faults += page.faults
        first = page.next
        await tree.compare_tiles(ctx)
    tree.end()
    await tree.compare_tiles(ctx)
    faults += tree.faults
    for module in (rows, people, summaries, erased):
        faults += await module.check(ctx)
    return VerificationReport(ctx.db.name, counts, tree.count, tree.root().hex(), faults)


async def _count_rows(ctx: AppContext, counts: dict[str, int]) -> list[str]:
    for kind, count in await ctx.db.read(lambda tx: tx.fetch_all("rows_of_kinds")):
        counts[kind] = counts.get(kind, 0) + count
    return []


async def _check_unnumbered(ctx: AppContext, covered: Covered | None) -> list[str]:
    """Leaves without a number. The sequencer assigns one within a second; it is a fault when it does not."""
    faults = await check_rows(
        ctx,
        "leaves",
        "leaf without a number,",
        lambda ctx, key: _check_unnumbered_leaf(ctx, key, covered),
        "cannot be read",
    )
    if await _overdue_since(ctx):
        await asyncio.sleep(2 * sequencer.POLL_SECONDS)  # after a step of the clock a new leaf has an old time
        if since := await _overdue_since(ctx):
            time = ctx.to_local_time(since).isoformat(timespec="seconds")
            faults.append(f"leaves have waited for a number since {time}")
    return faults


@read_only
async def _check_unnumbered_leaf(ctx: AppContext, tx: Transaction, key: bytes, covered: Covered | None) -> list[str]:
    row = await tx.fetch_one("leaf", id=key)
    return [_SOURCE_MISSING] if row is None else await _check_leaf(ctx, tx, row[0], row[1], row[2], None, covered)


async def _overdue_since(ctx: AppContext) -> int | None:
    """Since when (ms) leaves wait for too long. Only where a sequencer runs and newer leaves came: in a copy of a
    database no time passes."""
    row = await ctx.db.read(lambda tx: tx.fetch_one("unnumbered_since"))
    oldest, newest, last = row or (None, None, None)
    if not isinstance(oldest, int) or not isinstance(newest, int) or last is None:  # a changed time is another fault
        return None
    return oldest if min(newest, ctx.clock()) - oldest > OVERDUE_MS else None


async def _check_page(ctx: AppContext, first: int, covered: Covered | None) -> _Page:
    """The next leaves from a number on. If a row cannot even be read, a page of that single leaf."""
    for size in (BATCH_SIZE, 1):
        try:
            return await _check_leaves(ctx, first, size, covered)
        except Problem:
            raise
        except Exception as error:  # noqa: BLE001 - a row that was tampered with may raise anything
            fault = type(error).__name__
    row = await ctx.db.read(lambda tx: tx.fetch_one("next_leaf", first=first))
    number = row[0] if row else None
    return _Page([], [f"leaf {number}: it cannot be read ({fault})"], number + 1 if isinstance(number, int) else None)


@read_only
async def _check_leaves(ctx: AppContext, tx: Transaction, first: int, size: int, covered: Covered | None) -> _Page:
    page = _Page([], [], None)
    leaves = await tx.fetch_all("leaves_from", first=first, size=size)
    for key, data, at, number in leaves:
        name = f"leaf {number if isinstance(number, int) else '?'}, {format_id(key)}"
        if not isinstance(number, int):
            page.faults.append(f"{name}: its number was changed")
            continue
        if number != first:
            gap = f"leaf {first} is" if number == first + 1 else f"leaves {first} to {number - 1} are"
            page.faults.append(f"{gap} missing from the log")
        first = number + 1
        page.leaves.append(data if isinstance(data, bytes) else str(data).encode())
        page.faults += await collect_faults(
            "cannot be read", _check_leaf(ctx, tx, key, data, at, number, covered), f"{name}: "
        )
    if len(leaves) == size and isinstance(leaves[-1][3], int):
        page.next = first
    return page


async def _check_leaf(
    ctx: AppContext, tx: Transaction, key: bytes, data: bytes, at: int, number: int | None, covered: Covered | None
) -> list[str]:
    """A leaf commits to the stored bytes and to the other columns of their row.

    (The salts of accesses and of old checklists are not stored. Old leaves commit to the bytes alone.)
    """
    content, source = msgspec.json.decode(data), UUID(bytes=key)
    kind = content["t"]
    faults = [] if content["s"] == at else ["its time was changed"]
    row = await find_source(tx, kind, source)
    is_erased = await erasures.is_erased(tx, key)
    if row is None and is_erased:  # `erased.check` compares what was erased with the leaves of the erasures
        return faults
    if row is not None and is_erased:
        faults.append("it is said to be erased, and it is there")
    is_old = "e" not in content
    if is_old and covered is not None and covered.covers(number):
        faults.append("it does not commit to the columns of its row, as all do by now")
    if row is None:
        if excused(kind, at, ctx.clock()):
            return faults
        exists = is_old and (await log.access_exists(tx, source) if kind == "access" else kind == "policy")
        return faults if exists else [*faults, _SOURCE_MISSING]
    digest = sha256(row.body).digest()
    if digest != row.sha256 and await erasures.reduced_digest(tx, key) != digest:
        faults.append("the bytes were changed")
    row_commitment = row.row_commitment if "e" in content else b""
    if leaf(row.kind, row.salt or b"", row.sha256, row.at, row_commitment) != data:
        faults.append("the row is not the one that the log saw")
    return faults
