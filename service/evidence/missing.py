"""Files that will never arrive: the writer of a batch that names one, or a supervisor, gives it up once, with a reason.

Batches are records and entries of the office.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Permission, Person, can_view_visit
from service.audit_log import erasures, log
from service.audit_log.receipts import open_prover
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import IdReusedWithOtherContent, NotFound, PermissionDenied
from service.field_kinds import Cleaned, visible_text
from service.judge.entries import named_files
from service.records.submit import build_receipt
from service.visits import batches, evidence_files
from service.visits import repository as visits_repository
from service.visits.batches import BatchRow
from service.visits.evidence_files import MissingFileRow
from service.visits.loading import LoadedVisit, load_visit, to_batch
from service.visits.receipt import Receipt
from service.visits.repository import VisitRow
from service.visits.status import save_status
from service.web.decoding import to_json


class GiveUpRequest(Cleaned, frozen=True):
    """Why a file will never come."""

    reason: Annotated[Annotated[str, visible_text(500)], Meta(description="Why.")]


class GivenUpFile(msgspec.Struct, frozen=True):
    """A file that was given up: why, when, and by whom."""

    sha256: Annotated[str, Meta(description="SHA-256 of the file, in hex.")]
    reason: Annotated[str, Meta(description="Why it will never come.")]
    at: Annotated[datetime, Meta(description="When it was given up.")]
    by: Annotated[str, Meta(description="Login of the person who gave it up.")]


class MissingFiles(msgspec.Struct, frozen=True):
    """A batch of the office with files that are missing or given up; `batch` is the id to give one up by."""

    batch: Annotated[str, Meta(description="The id of the batch of entries.")]
    writer: Annotated[str, Meta(description="Login of the person who wrote it.")]
    received_at: Annotated[datetime, Meta(description="When it came.")]
    missing_evidence: Annotated[tuple[str, ...], Meta(description="Files that are still missing: SHA-256 in hex.")]
    lost: Annotated[tuple[GivenUpFile, ...], Meta(description="Files that were given up.")]


GivenUpByBatch = Mapping[UUID, tuple[GivenUpFile, ...]]
OWN_PERMISSION: dict[str, Permission] = {"record": "see own records", "office": "write entries of the office"}
"""By the kind of a batch, the permission that its writer still needs."""
_decoder = msgspec.json.Decoder(GiveUpRequest)


def _reason(row: MissingFileRow) -> str:
    return _decoder.decode(row.body).reason


async def given_up_by_batch(ctx: AppContext, tx: Transaction, visit: LoadedVisit) -> GivenUpByBatch:
    """The files of a visit that were given up and did not arrive after all; nothing for a reader outside the office."""
    found: dict[UUID, tuple[GivenUpFile, ...]] = {}
    if visit.office and visit.files.lost:
        lost = {row.id: visit.lost(number) for number, row in enumerate(visit.batch_rows)}
        for row in await evidence_files.given_up_of_visit(tx, visit.row.id):
            if row.file.hex() in lost[row.record]:
                file = GivenUpFile(row.file.hex(), _reason(row), ctx.to_local_time(row.at), row.writer)
                found[row.record] = (*found.get(row.record, ()), file)
    return found


def office_batches_with_missing_files(
    ctx: AppContext, visit: LoadedVisit, given_up: GivenUpByBatch
) -> tuple[MissingFiles, ...]:
    """The batches of the office with missing or given-up files; nothing for a reader outside the office."""
    rows = enumerate(visit.batch_rows if visit.office else ())
    return tuple(
        MissingFiles(str(row.id), row.writer, ctx.to_local_time(row.received_at), missing, given_up.get(row.id, ()))
        for number, row in rows
        if row.kind == "office" and ((missing := visit.missing(number)) or visit.lost(number))
    )


@transaction
async def give_up_file(
    ctx: AppContext, tx: Transaction, token: bytes, batch_id: UUID, file: bytes, reason: str
) -> Receipt:
    """Stop waiting for a file, which then proves nothing. If it arrives after all, it counts again."""
    reason = reason.strip()
    person = await authenticate_token(tx, token)
    batch, row = await _lock_batch(tx, person, batch_id)
    if file.hex() not in named_files(to_batch(batch, ctx.to_local_time(batch.received_at)).entries):
        raise NotFound
    before = await evidence_files.get_given_up_file(tx, batch_id, file)
    if before is None:
        content = {"file": file.hex(), "reason": reason, "record": str(batch_id), "writer": person.login}
        body, at, salt = to_json(content), ctx.clock(), ctx.new_salt()
        digest = sha256(body).digest()
        new = MissingFileRow(ctx.new_id(), row.id, batch_id, file, at, person.login, digest, body, salt)
        commitment = evidence_files.missing_file_commitment(new)
        await evidence_files.add_given_up(tx, new)
        await log.append_leaf(tx, "visit.amended", new.id, salt, digest, at, commitment)
    elif _reason(before) != reason:
        raise IdReusedWithOtherContent
    visit = await load_visit(ctx, tx, row)
    judgement = visit.evaluate_at()
    if before is None:
        await save_status(tx, visit, judgement)
    entry = await batches.log_entry(await open_prover(tx), batch)
    return build_receipt(ctx, visit, batch, judgement, person, log_entry=entry, replayed=before is not None)


async def _lock_batch(tx: Transaction, person: Person, batch_id: UUID) -> tuple[BatchRow, VisitRow]:
    """The batch and its locked visit. NotFound or PermissionDenied unless the person may give up its files."""
    require_permission(person, "attach evidence")
    batch = await batches.get_batch(tx, batch_id)
    if batch is None:
        await erasures.refuse_erased(tx, batch_id)
    if batch is None or batch.kind not in OWN_PERMISSION:
        raise NotFound
    row = await visits_repository.lock_visit(tx, batch.visit)
    if row is None:
        raise NotFound
    if batch.writer != person.login:
        if not can_view_visit(person, row.technician, row.crew, row.area):
            raise NotFound
        require_permission(person, "give evidence up")
    elif not person.can(OWN_PERMISSION[batch.kind]):
        raise PermissionDenied
    return batch, row
