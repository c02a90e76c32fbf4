"""The rest of `doorstep verify`: what has no leaf of its own, and files, held against their digests.

Here is also how all of it is looked at, row by row. People and devices are in `roll`, who sees what in `board`.
"""

from collections.abc import AsyncIterator, Awaitable
from hashlib import sha256
from typing import Any
from uuid import UUID

from service.blobs.store import digest_of
from service.context import AppContext
from service.db.database import Row, Transaction
from service.durable_files import run_in_disk_thread
from service.errors import Problem

BATCH_SIZE = 1000
MAX_LISTED = 100  # rows that are named one by one
_KEYS = {
    "quarantine": ("quarantine_malformed", "quarantine_keys"),
    "events": ("events_malformed", "events_keys"),
    "blobs": ("blobs_malformed", "blobs_keys"),
    "visits": ("visits_malformed", "visits_keys"),
    "leaves": ("waiting_malformed", "waiting_keys"),
}
_LISTS = {
    "sent_without_blob": "file {}: it was sent, and its row is gone",
    "blobs_without_sender": "file {}: it is in the store, and who sent it is gone",
    "references_without_file": "file {}: a visit names it, and its row is gone",
}


async def collect_faults(what: str, faults: Awaitable[list[str]]) -> list[str]:
    """The faults that are found. That it is not possible to look is one too: nothing else is left out for it."""
    try:
        return await faults
    except Exception as error:  # whatever a row makes of itself that somebody tampered with
        if isinstance(error, Problem) and error.status >= 500:  # the database or the store is away: nothing can be said
            raise
        return [f"{what} ({type(error).__name__})"]


def format_id(id: object) -> str:
    """An id in a fault."""
    if isinstance(id, bytes):
        return str(UUID(bytes=id)) if len(id) == 16 else id.hex()
    return repr(id)


def diff_facts(expected: dict[str, Any], row: dict[str, Any] | None, says: str) -> list[str]:
    """Which facts of a row are others."""
    if row is None:
        return ["the row is gone"]
    return [f"{fact} is not what {says}" for fact in expected if expected[fact] != row[fact]]


async def list_faults(tx: Transaction, query: str, fault: str) -> list[str]:
    """A fault for each id that a query finds: a hundred of them, and that there are more."""
    rows = await tx.fetch_all(query, size=MAX_LISTED + 1)
    found = [fault.format(format_id(row[0])) for row in rows[:MAX_LISTED]]
    return [*found, f"{fault.format('…')} (and more)"] if len(rows) > MAX_LISTED else found


async def iterate_keys(ctx: AppContext, what: str, faults: list[str]) -> AsyncIterator[bytes]:
    """All keys of a table, as bytes. In SQLite others sort before all bytes: they are counted."""
    strange, page = _KEYS[what]
    odd = await ctx.db.read(lambda tx: tx.fetch_one(strange, least=b""))
    if odd and odd[0]:
        faults.append(f"{what}: {odd[0]} rows have no key of bytes")
    first = b""
    while rows := await ctx.db.read(lambda tx, first=first: tx.fetch_all(page, first=first, size=BATCH_SIZE)):
        for row in rows:
            yield row[0]
        first = rows[-1][0] + b"\0"  # the next key there can be


async def check(ctx: AppContext) -> list[str]:
    """What is wrong beside the log."""
    faults = await collect_faults("checklists cannot be listed", _checklists(ctx))
    faults += await collect_faults("the quarantine cannot be listed", _quarantine(ctx))
    for query, fault in _LISTS.items():
        looked = ctx.db.read(lambda tx, query=query, fault=fault: list_faults(tx, query, fault))
        faults += await collect_faults("who sent what cannot be read", looked)
    return faults + await collect_faults("stored files cannot be listed", _files(ctx))


async def _checklists(ctx: AppContext) -> list[str]:
    faults: list[str] = []
    for name, version in await ctx.db.read(lambda tx: tx.fetch_all("checklist_names")):

        async def look(tx: Transaction, name: str = name, version: str = version) -> list[str]:
            return _same_bytes(await tx.fetch_one("checklist_bytes", id=name, version=version))

        found = await collect_faults("it cannot be read", ctx.db.read(look))
        faults += [f"checklist {name}@{version}: {fault}" for fault in found]
    return faults


async def _quarantine(ctx: AppContext) -> list[str]:
    faults: list[str] = []
    async for key in iterate_keys(ctx, "quarantine", faults):

        async def look(tx: Transaction, key: bytes = key) -> list[str]:
            return _same_bytes(await tx.fetch_one("quarantine_bytes", id=key))

        found = await collect_faults("it cannot be read", ctx.db.read(look))
        faults += [f"quarantine {format_id(key)}: {fault}" for fault in found]
    return faults


def _same_bytes(row: Row | None) -> list[str]:
    if row is None:
        return ["it is gone"]
    return [] if sha256(row[1]).digest() == row[0] else ["the bytes were changed"]


async def _files(ctx: AppContext) -> list[str]:
    """Every file that the database says is in the store is there, with its bytes."""
    faults: list[str] = []
    async for digest in iterate_keys(ctx, "blobs", faults):
        faults += [
            f"file {digest.hex()}: {fault}" for fault in await collect_faults("it cannot be read", _file(ctx, digest))
        ]
    return faults


async def _file(ctx: AppContext, digest: bytes) -> list[str]:
    try:
        async with ctx.evidence_storage.blobs.open_local(digest) as path:
            return [] if await run_in_disk_thread(digest_of, path) == digest else ["the bytes were changed"]
    except FileNotFoundError:
        return ["it is gone from the store"]
