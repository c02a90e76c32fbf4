"""How `doorstep verify` checks rows one by one, and the checks of rows without a leaf and of stored files."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

from service.blobs.store import blob_path, digest_of
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.durable_files import run_in_disk_thread
from service.errors import Problem

BATCH_SIZE = 1000
MAX_LISTED = 100
_LISTS = {
    "sent_without_blob": "file {}: it was sent, and its row is gone",
    "blobs_without_sender": "file {}: it is in the store, and who sent it is gone",
    "references_without_file": "file {}: a visit names it, and its row is gone",
}


async def collect_faults(unreadable: str, faults: Awaitable[list[str]], prefix: str = "") -> list[str]:
    """The faults that a check finds, with a prefix. An exception is a fault too (`unreadable`), so that a row somebody
    tampered with does not end the whole run. Raises when the database or the store is not available."""
    try:
        found = await faults
    except Exception as error:
        if isinstance(error, Problem) and error.status >= 500:
            raise
        found = [f"{unreadable} ({type(error).__name__})"]
    return [prefix + fault for fault in found]


async def check_twice(unreadable: str, check: Callable[[], Awaitable[list[str]]]) -> list[str]:
    """The faults found both times: what is just being written is consistent at the second attempt."""
    found = await collect_faults(unreadable, check())
    again = await collect_faults(unreadable, check()) if found else []
    return [fault for fault in found if fault in again]


async def list_all_faults(ctx: AppContext, unreadable: str, lists: Mapping[str, str]) -> list[str]:
    """The faults of several queries: `lists` has the text of a fault for each."""
    faults: list[str] = []
    for query, fault in lists.items():
        faults += await collect_faults(unreadable, _list_faults(ctx, query, fault))
    return faults


async def check_rows(
    ctx: AppContext,
    table: str,
    label: str,
    check: Callable[[AppContext, bytes], Awaitable[list[str]]],
    unreadable: str = "it cannot be read",
) -> list[str]:
    """The faults of each row of a table."""
    faults: list[str] = []
    async for key in iterate_keys(ctx, table, faults):
        faults += await collect_faults(unreadable, check(ctx, key), f"{label} {format_id(key)}: ")
    return faults


def format_id(id: object) -> str:
    """An id in a fault."""
    if isinstance(id, bytes):
        return str(UUID(bytes=id)) if len(id) == 16 else id.hex()
    return repr(id)


def diff_facts(expected: dict[str, Any], row: dict[str, Any] | None, source: str) -> list[str]:
    """Which facts of a row differ from what the source says."""
    if row is None:
        return ["the row is gone"]
    return [f"{fact} is not what {source}" for fact in expected if expected[fact] != row[fact]]


@read_only
async def _list_faults(_: AppContext, tx: Transaction, query: str, fault: str) -> list[str]:
    """A fault for each row that a query finds (an id, then what else the text contains): the first hundred, and whether
    there are more."""
    rows = await tx.fetch_all(query, size=MAX_LISTED + 1)
    found = [fault.format(format_id(row[0]), *row[1:]) for row in rows[:MAX_LISTED]]
    return [*found, f"{fault.format('…', *rows[-1][1:])} (and more)"] if len(rows) > MAX_LISTED else found


async def iterate_keys(ctx: AppContext, table: str, faults: list[str]) -> AsyncIterator[bytes]:
    """All keys of a table that are bytes. In SQLite other values sort before all bytes: they are counted."""
    count = await ctx.db.read(lambda tx: tx.fetch_one(f"{table}_malformed", least=b""))
    if count and count[0]:
        faults.append(f"{table}: {count[0]} rows have no key of bytes")
    first = b""
    while rows := await ctx.db.read(
        lambda tx, first=first: tx.fetch_all(f"{table}_keys", first=first, size=BATCH_SIZE)
    ):
        for row in rows:
            yield row[0]
        first = rows[-1][0] + b"\0"  # the smallest key that can follow


async def check(ctx: AppContext) -> list[str]:
    """The faults of checklists, quarantine and files, whose digests are not in the log."""
    faults = await collect_faults("checklists cannot be listed", _check_checklists(ctx))
    quarantine = check_rows(ctx, "quarantine", "quarantine", _check_quarantined)
    faults += await collect_faults("the quarantine cannot be listed", quarantine)
    faults += await list_all_faults(ctx, "who sent what cannot be read", _LISTS)
    files = check_rows(ctx, "blobs", "file", _check_file)
    faults += await collect_faults("stored files cannot be listed", files)
    copies = check_rows(ctx, "photo_copies", "copy", _check_copy)
    return faults + await collect_faults("copies of photos cannot be listed", copies)


async def _check_checklists(ctx: AppContext) -> list[str]:
    faults: list[str] = []
    for name, version in await ctx.db.read(lambda tx: tx.fetch_all("checklist_names")):
        checked = _check_bytes(ctx, "checklist_bytes", id=name, version=version)
        faults += await collect_faults("it cannot be read", checked, f"checklist {name}@{version}: ")
    return faults


async def _check_quarantined(ctx: AppContext, key: bytes) -> list[str]:
    return await _check_bytes(ctx, "quarantine_bytes", id=key)


@read_only
async def _check_bytes(_: AppContext, tx: Transaction, query: str, **key: Any) -> list[str]:
    row = await tx.fetch_one(query, **key)
    if row is None:
        return ["it is gone"]
    return [] if sha256(row[1]).digest() == row[0] else ["the bytes were changed"]


async def _check_copy(ctx: AppContext, key: bytes) -> list[str]:
    """The copy that is there now, if any, is one that was made here."""
    row = await ctx.db.read(lambda tx: tx.fetch_one("copied_photo", id=key))
    if row is None:
        return []
    file, edition = row
    path = ctx.evidence_storage.copies / edition / f"{blob_path(file)}.jpg"
    try:
        digest = await run_in_disk_thread(digest_of, path)
    except FileNotFoundError:  # it is made again when somebody looks
        return []
    known = await ctx.db.read(lambda tx: tx.fetch_one("copy_known", file=file, edition=edition, sha256=digest))
    return [] if known else ["the bytes were changed"]


async def _check_file(ctx: AppContext, digest: bytes) -> list[str]:
    try:
        async with ctx.evidence_storage.blobs.open_local(digest) as path:
            return [] if await run_in_disk_thread(digest_of, path) == digest else ["the bytes were changed"]
    except FileNotFoundError:
        return ["it is gone from the store"]
