"""A file that will never come: who wrote the record, or a supervisor, says so once, with the reason, for the log.

It is the same of entries of the office, by the id of their batch.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

import msgspec

from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Permission, can_view_visit
from service.audit_log import log
from service.context import AppContext
from service.db.database import Transaction
from service.errors import IdReusedWithOtherContent, NotFound, PermissionDenied
from service.judge.entries import named_files
from service.records.submit import build_receipt
from service.visits import batches, evidence_files
from service.visits import repository as visits_repository
from service.visits.evidence_files import MissingFileRow
from service.visits.loading import LoadedVisit, load_visit, to_batch
from service.visits.receipt import Receipt
from service.visits.status import save_status
from service.web.decoding import to_json


class GiveUpRequest(msgspec.Struct, frozen=True):
    """Why a file will never come."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"\S", description="Why.")]


class GivenUpFile(msgspec.Struct, frozen=True):
    """A file that was given up: why, when, and who said so."""

    sha256: Annotated[str, msgspec.Meta(description="SHA-256 of the file, in hex.")]
    reason: Annotated[str, msgspec.Meta(description="Why it will never come.")]
    at: Annotated[datetime, msgspec.Meta(description="When that was said.")]
    by: Annotated[str, msgspec.Meta(description="Login of who said so.")]


class MissingFiles(msgspec.Struct, frozen=True):
    """What the office wrote and what is wrong with its files; `batch` is named where one of them is given up."""

    batch: Annotated[str, msgspec.Meta(description="The id of the batch of entries.")]
    writer: Annotated[str, msgspec.Meta(description="Login of who wrote it.")]
    received_at: Annotated[datetime, msgspec.Meta(description="When it came.")]
    missing_evidence: Annotated[
        tuple[str, ...], msgspec.Meta(description="Files that are still missing: SHA-256 in hex.")
    ]
    lost: Annotated[tuple[GivenUpFile, ...], msgspec.Meta(description="Files that were given up.")]


GivenUp = Mapping[UUID, Sequence[MissingFileRow]]
OWN_PERMISSION: dict[str, Permission] = {"record": "see own records", "office": "write entries of the office"}
"""What the writer has to be still, by the kind of the batch."""
losts = msgspec.json.Decoder(GiveUpRequest)


def _reason(row: MissingFileRow) -> str:
    return losts.decode(row.body).reason


async def given_up_by_batch(tx: Transaction, visit: LoadedVisit) -> GivenUp:
    """What was given up of a visit's batches, by batch. Only for the office: a reason is not for the visit."""
    found: dict[UUID, list[MissingFileRow]] = {}
    for row in await evidence_files.given_up_of_visit(tx, visit.row.id) if visit.office and visit.files.lost else ():
        found.setdefault(row.record, []).append(row)
    return found


def seen(ctx: AppContext, visit: LoadedVisit, number: int, given: GivenUp) -> tuple[GivenUpFile, ...]:
    """What was given up of a record and did not come after all."""
    rows = given.get(visit.batch_rows[number].id)
    if not rows:
        return ()
    lost = visit.lost(number)
    return tuple(
        GivenUpFile(row.file.hex(), _reason(row), ctx.to_local_time(row.at), row.writer)
        for row in rows
        if row.file.hex() in lost
    )


def awaited(ctx: AppContext, visit: LoadedVisit, given: GivenUp) -> tuple[MissingFiles, ...]:
    """The batches of the office with files that have not come. Only for the office."""
    found: list[MissingFiles] = []
    for number, row in enumerate(visit.batch_rows if visit.office else ()):
        missing, gone = visit.missing(number), visit.lost(number)
        if row.kind == "office" and (missing or gone):
            said = seen(ctx, visit, number, given)
            found.append(MissingFiles(str(row.id), row.writer, ctx.to_local_time(row.received_at), missing, said))
    return tuple(found)


async def give_up_file(ctx: AppContext, token: bytes, record: UUID, file: bytes, reason: str) -> Receipt:
    """From now on the file is not awaited, and proves nothing. Should it come after all, it is there again."""
    reason, lost_id = reason.strip(), ctx.new_id()

    async def work(tx: Transaction) -> Receipt:
        person = await authenticate_token(tx, token)
        require_permission(person, "attach evidence")
        kept = await batches.get_batch(tx, record)
        row = (
            await visits_repository.lock_visit(tx, kept.visit)
            if kept is not None and kept.kind in OWN_PERMISSION
            else None
        )
        if kept is None or row is None:
            raise NotFound
        if kept.writer != person.login:
            if not can_view_visit(person, row.technician, row.crew, row.area):
                raise NotFound
            require_permission(person, "give evidence up")
        elif not person.can(OWN_PERMISSION[kept.kind]):
            raise PermissionDenied
        if file.hex() not in named_files(to_batch(kept, ctx.to_local_time(kept.received_at)).entries):
            raise NotFound("the record does not name this file")
        said = {"file": file.hex(), "reason": reason, "record": str(record), "writer": person.login}
        body = to_json(said)
        before = await evidence_files.get_given_up_file(tx, record, file)
        if before is None:
            new = MissingFileRow(
                lost_id, row.id, record, file, ctx.clock(), person.login, sha256(body).digest(), body, ctx.new_salt()
            )
            await evidence_files.add_given_up(tx, new)
            await log.append_leaf(
                tx, "visit.amended", new.id, new.salt, new.sha256, new.at, evidence_files.missing_file_commitment(new)
            )
        elif _reason(before) != reason:
            raise IdReusedWithOtherContent
        found = await load_visit(ctx, tx, row)
        judgement = found.evaluate_at()
        if before is None:
            await save_status(tx, found, judgement)
        return build_receipt(ctx, found, kept, judgement, person, replayed=before is not None)

    return await ctx.db.write(work)
