"""Erasures: what was erased on purpose, so that it differs from what somebody deleted.

An erasure names the ids of all rows that it removes, and its leaf commits to their digest. The leaves of the rows stay
in the log: without bytes and salt they reveal nothing.
"""

from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

import msgspec

from service.db.database import Transaction
from service.db.rows import fetch_struct, to_params
from service.errors import Erased

from . import log
from .sources import LoggedRow, finds_rows_of

LEAF = "erased"
ERASED_NAME = "已删除"
"""The name of a person that was erased."""
_OLDER_THAN_LEAVES = ("visits", "messages", "links", "access_log", "quarantine", "blobs", "received_files")
"""Tables whose rows, or those that go with them, may have no leaf."""


class ErasedVisit(msgspec.Struct, frozen=True, kw_only=True):
    """What remains of a visit that was erased, for statistics.

    `day` is when it was planned for; `verdict` is empty if it was never judged.
    """

    type: str
    area: str
    day: str
    checklist: str
    checklist_version: str
    state: str
    verdict: str


class Erasure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who erased what, and why. It must hold no personal data: it is kept for good.

    `what`: visit, person, customer (holds of their account), retention (a term ended) or positions. `subject`: the id
    of the visit, the login, or the kind. `rows` is how many rows are gone, `digest` commits to their ids
    (`rows_digest`). `kept` is what remains of a visit. `without_leaf`: how many rows are gone that were older than the
    leaves of their kind, by table.
    """

    what: str
    subject: str
    by: str
    why: str
    rows: int
    digest: str
    counts: dict[str, int] = {}
    kept: ErasedVisit | None = None
    without_leaf: dict[str, int] = {}


class ErasureRow(msgspec.Struct, frozen=True):
    """A stored erasure. `body` is an `Erasure` as JSON; `at` is ms UTC."""

    id: UUID
    at: int
    sha256: bytes
    body: bytes
    salt: bytes


def person_key(login: str) -> bytes:
    """The id under which it is noted that a person was erased."""
    return sha256(b"person " + login.encode()).digest()


def rows_digest(rows: Mapping[bytes, str]) -> str:
    """The digest of rows (kind by id), whatever their order."""
    return sha256(b"".join(b"%s %s\n" % (key.hex().encode(), rows[key].encode()) for key in sorted(rows))).hexdigest()


async def add_erasure(tx: Transaction, row: ErasureRow, rows: Mapping[bytes, str]) -> None:
    """Insert an erasure with its leaf, and the rows that may be deleted from now on (none, if they only change)."""
    await tx.execute("add_erasure", **to_params(row))
    await log.append_leaf(tx, LEAF, row.id, row.salt, row.sha256, row.at, log.row_commitment(id=str(row.id)))
    named = [{"id": key, "kind": kind, "erasure": row.id.bytes} for key, kind in rows.items()]
    await tx.execute_many("add_erased_row", named)


async def count_without_leaf(tx: Transaction, rows: Mapping[bytes, str]) -> dict[str, int]:
    """How many rows go with these (table by id) that have no leaf because they are older than those of their kind, by
    table. `accounts/coverage` counts all of them, so `doorstep verify` has to know which of them are gone."""
    found = Counter[str]()
    for key, place in rows.items():
        if place in _OLDER_THAN_LEAVES:
            found.update(table for (table,) in await tx.fetch_all("older_than_leaves", id=key))
    return dict(found)


async def is_erased(tx: Transaction, key: bytes) -> bool:
    """Whether a row, a link or a file was erased."""
    return await tx.fetch_one("erased_row", id=key) is not None


async def reduced_digest(tx: Transaction, key: bytes) -> bytes | None:
    """The digest of what is left of a record whose positions were reduced."""
    row = await tx.fetch_one("reduced_record", id=key)
    return None if row is None else bytes(row[0])


async def refuse_erased(tx: Transaction, key: UUID | bytes) -> None:
    """Raise Erased if it was erased; to be asked when something is not there."""
    if await is_erased(tx, key if isinstance(key, bytes) else key.bytes):
        raise Erased


@finds_rows_of(LEAF)
async def find_logged_erasure(tx: Transaction, id: UUID) -> LoggedRow | None:
    """An erasure, as its leaf commits to it."""
    row = await fetch_struct(tx, ErasureRow, "erasure", id=id.bytes)
    return row and LoggedRow(LEAF, row.at, row.body, row.sha256, row.salt, log.row_commitment(id=str(row.id)))
