"""The append-only log: its leaves, their numbers, and who read quarantined input.

A writer adds its leaf without a number, in the transaction that writes the row. Numbers without gaps would make
PostgreSQL's writers wait for one another, so one sequencer assigns them afterwards.
"""

from contextlib import suppress
from hashlib import sha256
from secrets import token_bytes
from uuid import UUID

import msgspec

from service.db.database import BatchStatement, Database, Transaction
from service.errors import IdReusedWithOtherContent

from . import merkle, tiles
from .sources import LoggedRow, finds_rows_of
from .tiles import LogDamaged

FILL_SIZE = 4096
"""Leaves that a transaction adds to the tiles, besides those that it numbers, where tiles are behind."""


def leaf_insert(
    kind: str, id: UUID, salt: bytes, digest: bytes, at: int, row_commitment: bytes = b""
) -> BatchStatement:
    """The statement that adds the leaf of row `id` (see `merkle.leaf`); it changes nothing if that row has one."""
    return insert_of(id, merkle.leaf(kind, salt, digest, at, row_commitment), at)


def insert_of(id: UUID, leaf: bytes, at: int) -> BatchStatement:
    """The same for a leaf that was made before."""
    return "add_leaf", {"id": id.bytes, "leaf": leaf, "at": at}


async def append_leaf(
    tx: Transaction, kind: str, id: UUID, salt: bytes, digest: bytes, at: int, row_commitment: bytes = b""
) -> bool:
    """Add the leaf of row `id`; False if it has one."""
    query, params = leaf_insert(kind, id, salt, digest, at, row_commitment)
    return await tx.execute(query, **params) == 1


def row_commitment(**columns: UUID | str | int | None) -> bytes:
    """The digest of a row's columns other than its bytes, as canonical JSON (RFC 8785)."""
    return sha256(msgspec.json.encode(columns, order="sorted")).digest()


def new_salt() -> bytes:
    """32 random bytes for a leaf."""
    return token_bytes(32)


def columns_leaf(kind: str, id: UUID, salt: bytes, at: int, /, **columns: UUID | str | int | None) -> BatchStatement:
    """The statement that adds the leaf of a row without bytes of its own: it commits to its columns, and to its id."""
    return leaf_insert(kind, id, salt, row_commitment(**columns), at, row_commitment(id=id))


def columns_row(kind: str, id: UUID, salt: bytes | None, at: int, /, **columns: UUID | str | int | None) -> LoggedRow:
    """Such a row, as its leaf commits to it."""
    body = msgspec.json.encode(columns, order="sorted")
    return LoggedRow(kind, at, body, sha256(body).digest(), salt, row_commitment(id=id))


async def add_with_leaf(tx: Transaction, insert: BatchStatement, leaf: BatchStatement) -> bool:
    """Insert a row and its leaf; False if the row is there already. IdReusedWithOtherContent if another row has its
    id: two rows with one id cannot both be in the log."""
    query, params = insert
    if await tx.execute(query, **params) == 0:  # first: the leaf that a row of the same content has may have another id
        return False
    query, params = leaf
    if await tx.execute(query, **params) == 0:
        raise IdReusedWithOtherContent
    return True


async def number_all(db: Database) -> None:
    """Number all leaves that wait."""
    while await assign_sequence_numbers(db):
        pass


async def assign_sequence_numbers(db: Database, size: int = 1000) -> int:
    """Number up to `size` leaves that have no number, oldest first, and add their hashes to the tiles.

    Returns how many it numbered; 0 also while another sequencer holds the lock. One transaction; on PostgreSQL writers
    do not wait for it.
    """

    async def assign(tx: Transaction) -> int:
        if await tx.fetch_one("lock_sequencer") != (1,):
            return 0
        numbered = await tx.execute("number_leaves", first=await numbered_count(tx), size=size)
        with suppress(LogDamaged):  # leaves get their numbers all the same, and no checkpoint is signed
            await tiles.extend(tx, numbered + FILL_SIZE)
        return numbered

    return await db.write(assign)


async def numbered_count(tx: Transaction) -> int:
    """How many leaves have a number."""
    last = await tx.fetch_one("last_leaf_number")
    return 0 if last is None or last[0] is None else last[0] + 1


async def record_access(tx: Transaction, id: UUID, at: int, who: str, what: str, reason: str) -> None:
    """Record that somebody read something, and why, with a leaf; nothing if this look is recorded."""
    salt, columns = new_salt(), {"who": who, "what": what, "reason": reason}
    leaf = columns_leaf("look", id, salt, at, **columns)
    await add_with_leaf(tx, ("add_access", {"id": id.bytes, "at": at, **columns, "salt": salt}), leaf)


@finds_rows_of("look")
async def find_logged_access(tx: Transaction, id: UUID) -> LoggedRow | None:
    """An access, as its leaf commits to it."""
    row = await tx.fetch_one("access", id=id.bytes)
    if row is None:
        return None
    at, who, what, reason, salt = row
    return columns_row("look", id, salt, at, who=who, what=what, reason=reason)


async def access_exists(tx: Transaction, id: UUID) -> bool:
    """Whether an access with this id is recorded."""
    return await tx.fetch_one("access", id=id.bytes) is not None
