"""Files by their SHA-256: who sent them, which visits refer to them, what is stored, what was given up."""

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid4

import msgspec

from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.blobs import announcements
from service.db.database import BatchStatement, Transaction
from service.db.rows import Lines, fetch_ids, fetch_struct, fetch_structs, to_params
from service.judge.evidence import EvidenceFiles


class BlobRow(msgspec.Struct, frozen=True):
    """A stored file. `stored_at` is ms UTC; `whole` is 0 for a truncated image."""

    sha256: bytes
    size: int
    kind: str
    width: int
    height: int
    stored_at: int
    whole: int = 1


class MissingFileRow(msgspec.Struct, frozen=True):
    """A file of a record that was given up. `body` is JSON; `salt` is the salt of its leaf; `at` is ms UTC."""

    id: UUID
    visit: UUID
    record: UUID
    file: bytes
    at: int
    writer: str
    sha256: bytes
    body: bytes
    salt: bytes


class FileAccess(msgspec.Struct, frozen=True):
    """A visit that refers to a file in a batch of the file's sender."""

    visit: UUID
    sender: str
    technician: str
    crew: Lines
    area: str


async def expect_files(tx: Transaction, visit_id: UUID, senders: Iterable[str], files: Iterable[str]) -> None:
    """A batch of the locked visit refers to files (hex). Until the transaction ends, nobody can add one of them.

    Rows are locked in sorted order to avoid deadlocks.
    """
    rows = sorted((bytes.fromhex(file), sender) for file in set(files) for sender in senders)
    references = [{"visit": visit_id.bytes, "sha256": file, "sender": sender} for file, sender in rows]
    await tx.execute_many(("lock_received_file", "add_file_reference"), references)


async def lock_file(tx: Transaction, file: bytes, sender: str) -> None:
    """Lock a file of a sender: adding the file and referring to it exclude each other."""
    await tx.execute("lock_received_file", sha256=file, sender=sender)


async def is_received(tx: Transaction, file: bytes, sender: str) -> bool:
    """Whether the sender has sent the file."""
    row = await tx.fetch_one("received_file", sha256=file, sender=sender)
    return row is not None and row[0] is not None


async def mark_received(tx: Transaction, row: BlobRow, sender: str) -> bool:
    """Record that a sender has sent a file, whose bytes are stored.

    False if the sweeper has just deleted those bytes: the caller must roll back.
    """
    # a new id each time: the leaf of a file that was erased stays in the log, and the file may come again
    leaf_id, salt, at = uuid4(), log.new_salt(), row.stored_at
    receive: BatchStatement = (
        "receive_file",
        {"sha256": row.sha256, "sender": sender, "at": at, "id": leaf_id.bytes, "salt": salt},
    )
    add: BatchStatement = "add_blob", msgspec.structs.asdict(row)
    leaf = log.columns_leaf("file", leaf_id, salt, at, sender=sender, **_described(row))
    added, announced, _, _ = await tx.execute_batch(add, announcements.blob_stored(row.sha256), receive, leaf)
    return not added or announced > 0


def _described(row: BlobRow) -> dict[str, str | int]:
    """What a file is, whenever its bytes were stored first."""
    return {
        "sha256": row.sha256.hex(),
        "size": row.size,
        "kind": row.kind,
        "width": row.width,
        "height": row.height,
        "whole": row.whole,
    }


@finds_rows_of("file")
async def find_logged_file(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A file that somebody sent, as its leaf commits to it."""
    row = await tx.fetch_one("received_file_of_leaf", id=id.bytes)
    if row is None:
        return None
    sender, sent_at, salt, *blob = row
    return log.columns_row("file", id, salt, sent_at, sender=sender, **_described(BlobRow(*blob)))


async def unnamed_size(tx: Transaction, sender: str, since: int) -> int:
    """The total size of files sent since a time (ms UTC) that no batch of the sender refers to."""
    row = await tx.fetch_one("unnamed_size", sender=sender, since=since)
    return 0 if row is None else int(row[0])


async def visits_referencing(tx: Transaction, file: bytes, sender: str) -> list[UUID]:
    """The visits that refer to a file in a batch of a sender, in lock order."""
    return await fetch_ids(tx, "visits_referring_to", sha256=file, sender=sender)


async def files_of(tx: Transaction, visit_id: UUID) -> EvidenceFiles:
    """Which files of a visit were received and given up."""
    rows = await tx.fetch_all("files_of_visit", visit=visit_id.bytes)
    return EvidenceFiles(
        frozenset((bytes(file).hex(), sender) for file, sender, record in rows if record is None),
        frozenset((str(UUID(bytes=record)), bytes(file).hex()) for file, _, record in rows if record is not None),
    )


async def access_paths(tx: Transaction, file: bytes) -> Sequence[FileAccess]:
    """The visits through which a file may be read."""
    return await fetch_structs(tx, FileAccess, "references_of_file", sha256=file)


async def get_blob(tx: Transaction, file: bytes) -> BlobRow | None:
    """A stored file by its digest."""
    return await fetch_struct(tx, BlobRow, "stored_blob", sha256=file)


async def truncated_images(tx: Transaction, visit_id: UUID) -> frozenset[str]:
    """The files (hex) of a visit that are truncated images."""
    return frozenset(
        bytes(row[0]).hex() for row in await tx.fetch_all("truncated_images_of_visit", visit=visit_id.bytes)
    )


async def add_copy(tx: Transaction, file: bytes, edition: str, digest: bytes, at: int) -> None:
    """Record the digest of a copy of a photo, with a leaf, unless it is recorded."""
    copy, salt = uuid4(), log.new_salt()  # a new id, as that of the file
    row = {"id": copy.bytes, "file": file, "edition": edition, "sha256": digest, "at": at, "salt": salt}
    leaf = log.columns_leaf("copy", copy, salt, at, file=file.hex(), edition=edition, sha256=digest.hex())
    await log.add_with_leaf(tx, ("add_photo_copy", row), leaf)


async def is_copy(tx: Transaction, file: bytes, edition: str, digest: bytes) -> bool:
    """Whether a copy of a photo with this digest was made here."""
    return await tx.fetch_one("photo_copy", file=file, edition=edition, sha256=digest) is not None


@finds_rows_of("copy")
async def find_logged_copy(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A copy of a photo, as its leaf commits to it."""
    row = await tx.fetch_one("photo_copy_of_leaf", id=id.bytes)
    if row is None:
        return None
    file, edition, digest, at, salt = row
    return log.columns_row("copy", id, salt, at, file=file.hex(), edition=edition, sha256=digest.hex())


def missing_file_commitment(row: MissingFileRow) -> bytes:
    """What the leaf commits to in addition to the bytes."""
    return log.row_commitment(visit=row.visit, record=row.record, file=row.file.hex(), writer=row.writer)


async def add_given_up(tx: Transaction, row: MissingFileRow) -> bool:
    """Give up a file of a record; False if it was given up before."""
    return await tx.execute("add_given_up_file", **to_params(row)) == 1


async def get_given_up_file(tx: Transaction, record: UUID, file: bytes) -> MissingFileRow | None:
    """How a file of a record was given up."""
    return await fetch_struct(tx, MissingFileRow, "given_up_file_of_record", record=record.bytes, file=file)


async def given_up_of_visit(tx: Transaction, visit_id: UUID) -> list[MissingFileRow]:
    """All given-up files of a visit."""
    return await fetch_structs(tx, MissingFileRow, "given_up_files_of_visit", visit=visit_id.bytes)


@finds_rows_of("visit.amended")
async def find_logged_missing_file(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A given-up file, as its leaf commits to it."""
    row = await fetch_struct(tx, MissingFileRow, "given_up_file", id=id.bytes)
    return row and LoggedRow("visit.amended", row.at, row.body, row.sha256, row.salt, missing_file_commitment(row))
