"""Files by their SHA-256: who sent which, which visits name them, what is in the store, what will never come."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.blobs import announcements
from service.db.database import BatchStatement, Transaction
from service.db.rows import Lines, fetch_ids, fetch_struct, fetch_structs, to_params
from service.judge.evidence import EvidenceFiles


class BlobRow(msgspec.Struct, frozen=True):
    """What is in the store under a digest; `stored_at` in ms UTC; not `whole`: a picture that ends too early."""

    sha256: bytes
    size: int
    kind: str
    width: int
    height: int
    stored_at: int
    whole: int = 1


class MissingFileRow(msgspec.Struct, frozen=True):
    """A file of a record that was given up. `body` is JSON; `salt` is of its leaf in the log; `at` in ms UTC."""

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
    """A visit that names a file in a batch of who sent it: who goes, and where."""

    visit: UUID
    sender: str
    technician: str
    crew: Lines
    area: str


async def expect_files(tx: Transaction, visit_id: UUID, senders: Iterable[str], files: Iterable[str]) -> None:
    """A batch of the (locked) visit names files (hex). From here on nobody sends one of them unseen.

    Rows are locked in their order, so that nobody waits in a circle.
    """
    rows = [(bytes.fromhex(file), sender) for file in set(files) for sender in senders]
    named = [{"visit": visit_id.bytes, "sha256": file, "sender": sender} for file, sender in sorted(rows)]
    await tx.execute_many(("lock_received_file", "add_file_reference"), named)


async def lock_file(tx: Transaction, file: bytes, sender: str) -> None:
    """Take the lock of a file and its sender: who names the file and who sends it take turns."""
    await tx.execute("lock_received_file", sha256=file, sender=sender)


async def is_received(tx: Transaction, file: bytes, sender: str) -> bool:
    """Whether somebody has sent a file."""
    row = await tx.fetch_one("received_file", sha256=file, sender=sender)
    return row is not None and row[0] is not None


async def mark_received(tx: Transaction, row: BlobRow, sender: str) -> bool:
    """Somebody has sent a file, which is in the store. From here on nobody names it unseen.

    False, and nothing may be kept: the sweep took it out of the store before this was said.
    """
    sending: BatchStatement = "receive_file", {"sha256": row.sha256, "sender": sender, "at": row.stored_at}
    adding: BatchStatement = "add_blob", msgspec.structs.asdict(row)
    added, landed, _ = await tx.execute_batch(adding, announcements.blob_stored(row.sha256), sending)
    return not added or landed > 0


async def unnamed_size(tx: Transaction, sender: str, since: int) -> int:
    """The bytes of the files that somebody sent since a time (ms UTC) and that no batch of theirs names."""
    row = await tx.fetch_one("unnamed_size", sender=sender, since=since)
    return 0 if row is None else int(row[0])


async def visits_referencing(tx: Transaction, file: bytes, sender: str) -> list[UUID]:
    """The visits that name a file in a batch of a sender, in the order in which they are locked."""
    return await fetch_ids(tx, "visits_referring_to", sha256=file, sender=sender)


async def files_of(tx: Transaction, visit_id: UUID) -> EvidenceFiles:
    """What is known of a visit's files."""
    rows = await tx.fetch_all("files_of_visit", visit=visit_id.bytes)
    return EvidenceFiles(
        frozenset((bytes(file).hex(), sender) for file, sender, record in rows if record is None),
        frozenset((str(UUID(bytes=record)), bytes(file).hex()) for file, _, record in rows if record is not None),
    )


async def access_paths(tx: Transaction, file: bytes) -> Sequence[FileAccess]:
    """The visits through which a file may be read."""
    return await fetch_structs(tx, FileAccess, "references_of_file", sha256=file)


async def get_blob(tx: Transaction, file: bytes) -> BlobRow | None:
    """What is in the store under a digest."""
    return await fetch_struct(tx, BlobRow, "stored_blob", sha256=file)


async def truncated_images(tx: Transaction, visit_id: UUID) -> frozenset[str]:
    """The files (hex) that a visit names and whose pictures end too early."""
    return frozenset(bytes(row[0]).hex() for row in await tx.fetch_all("damaged_of_visit", visit=visit_id.bytes))


def missing_file_commitment(row: MissingFileRow) -> bytes:
    """What its leaf commits to beside its bytes."""
    return log.row_commitment(visit=row.visit, record=row.record, file=row.file.hex(), writer=row.writer)


async def add_given_up(tx: Transaction, row: MissingFileRow) -> bool:
    """A file of a record is given up; False when it was before."""
    return await tx.execute("add_given_up_file", **to_params(row)) == 1


async def get_given_up_file(tx: Transaction, record: UUID, file: bytes) -> MissingFileRow | None:
    """Whether and how a file of a record was given up."""
    return await fetch_struct(tx, MissingFileRow, "given_up_file_of_record", record=record.bytes, file=file)


async def given_up_of_visit(tx: Transaction, visit_id: UUID) -> list[MissingFileRow]:
    """What was given up of a visit's records."""
    return await fetch_structs(tx, MissingFileRow, "given_up_files_of_visit", visit=visit_id.bytes)


async def get_given_up(tx: Transaction, id: UUID) -> MissingFileRow | None:
    """The same, by the id of what was said."""
    return await fetch_struct(tx, MissingFileRow, "given_up_file", id=id.bytes)


@finds_rows_of("visit.amended")
async def find_logged_missing_file(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A file that was given up, as its leaf commits to it."""
    row = await get_given_up(tx, id)
    return row and LoggedRow("visit.amended", row.at, row.body, row.sha256, row.salt, missing_file_commitment(row))
