"""The table of inputs in quarantine."""

from typing import Literal
from uuid import UUID, uuid5

import msgspec

from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs, to_params

FIRST_KEY = (-(2**62), UUID(int=0))

DecisionKind = Literal["take", "discard"]


class QuarantineRow(msgspec.Struct, frozen=True, kw_only=True):
    """An input that was refused with the problem `code`.

    `device`: the sender's device id or token as a digest; `path_id`: what the URL had as the record's id; `sent_by`:
    the enrolled device, if it was one; `signature`: of the body, by the device.
    """

    id: UUID
    device: bytes
    sha256: bytes
    path_id: str
    code: str
    body: bytes
    received_at: int
    received_from: str
    decision: DecisionKind | None = None
    decided_by: str | None = None
    decided_at: int | None = None
    reason: str | None = None
    sent_by: UUID | None = None
    signature: bytes | None = None
    length: int | None = None  # of the body, where the row was fetched without it

    @property
    def size(self) -> int:
        """Length of the body in bytes."""
        return len(self.body) if self.length is None else self.length


async def insert_input(tx: Transaction, row: QuarantineRow) -> UUID:
    """Insert an input, or find the one that has the same device and digest; returns its id."""
    salt = log.new_salt()
    leaf = log.leaf_insert("input", row.id, salt, row.sha256, row.received_at, input_commitment(row))
    if await log.add_with_leaf(tx, ("insert_quarantine", to_params(row) | {"salt": salt}), leaf):
        return row.id
    duplicate = await find_duplicate(tx, row.device, row.sha256)
    if duplicate is None:
        raise ValueError("another input has this id")
    return duplicate


async def find_duplicate(tx: Transaction, device: bytes, digest: bytes) -> UUID | None:
    """The id of the input with this device and digest."""
    row = await tx.fetch_one("find_quarantine", device=device, sha256=digest)
    return None if row is None else UUID(bytes=row[0])


async def count_undecided(tx: Transaction) -> tuple[int, int]:
    """The number of undecided inputs, and of their bytes."""
    row = await tx.fetch_one("count_undecided_quarantine")
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


async def accepted_resubmissions(tx: Transaction) -> list[tuple[UUID, str, int]]:
    """Undecided inputs whose bytes have since been accepted as a record: the id, by whom, and when."""
    found: list[tuple[UUID, str, int]] = []
    for row_id, path_id, digest in await tx.fetch_all("undecided_quarantine"):
        try:
            record_id = UUID(path_id)
        except ValueError:
            continue
        row = await tx.fetch_one("accepted_record", id=record_id.bytes, sha256=digest)
        if row is not None:
            found.append((UUID(bytes=row_id), row[0], row[1]))
    return found


async def get_input(tx: Transaction, id: UUID) -> QuarantineRow | None:
    """One input, with its body."""
    return await fetch_struct(tx, QuarantineRow, "quarantine", id=id.bytes)


async def list_inputs(
    tx: Transaction, after: tuple[int, UUID], limit: int, *, include_decided: bool
) -> list[QuarantineRow]:
    """Inputs after a key (time, id), oldest first, without their bodies."""
    return await fetch_structs(
        tx,
        QuarantineRow,
        "quarantine_page",
        after_at=after[0],
        after_id=after[1].bytes,
        size=limit,
        decided=int(include_decided),
    )


async def record_decision(tx: Transaction, id: UUID, decision: DecisionKind, by: str, at: int, reason: str) -> bool:
    """False when there is no such input, or it was decided already."""
    decision_id, salt = uuid5(id, "decision"), log.new_salt()
    given = {"id": id.bytes, "decision": decision, "by": by, "at": at, "reason": reason}
    leaf = log.columns_leaf("decision", decision_id, salt, at, input=id, decision=decision, by=by, reason=reason)
    if await tx.execute("decide_quarantine", **given, decision_id=decision_id.bytes, salt=salt) == 0:
        return False
    await tx.execute(leaf[0], **leaf[1])
    return True


def input_commitment(row: QuarantineRow) -> bytes:
    """What its leaf commits to beside the bytes."""
    signature = None if row.signature is None else row.signature.hex()
    return log.row_commitment(
        device=row.device.hex(),
        path_id=row.path_id,
        code=row.code,
        received_from=row.received_from,
        sent_by=row.sent_by,
        signature=signature,
    )


@finds_rows_of("input")
async def find_logged_input(tx: Transaction, id: UUID) -> LoggedRow | None:
    """An input, as its leaf commits to it."""
    row, salt = await get_input(tx, id), await tx.fetch_one("quarantine_salt", id=id.bytes)
    if row is None or salt is None:
        return None
    return LoggedRow("input", row.received_at, row.body, row.sha256, salt[0], input_commitment(row))


@finds_rows_of("decision")
async def find_logged_decision(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A decision about an input, as its leaf commits to it."""
    row = await tx.fetch_one("quarantine_decision", id=id.bytes)
    if row is None:
        return None
    input_id, decision, by, at, reason, salt = row
    return log.columns_row(
        "decision", id, salt, at, input=UUID(bytes=input_id), decision=decision, by=by, reason=reason
    )
