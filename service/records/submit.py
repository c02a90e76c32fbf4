"""Submission of a technician's record: it is decoded, stored, judged and answered with a receipt."""

from hashlib import sha256
from uuid import UUID

import msgspec

from service.accounts.authentication import authenticate_token, require_permission, token_owner
from service.accounts.permissions import Person, can_view_visit, is_assigned_to
from service.audit_log import erasures, log
from service.audit_log.receipts import LogEntry, open_prover, unproven_entry
from service.checklists.rules_cache import compiled_rules
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.devices.signatures import verify_signature
from service.errors import (
    DeviceRevoked,
    IdMismatch,
    IdReusedWithOtherContent,
    InvalidBody,
    NotAuthenticated,
    NotFound,
    NotYourVisit,
    Problem,
    TooManyEntries,
    UnknownChecklist,
    UnknownVisit,
)
from service.judge.batches import SignatureStatus
from service.judge.entries import named_files
from service.judge.findings import Judgement
from service.measurements import RECORDS
from service.readable_json import readable
from service.visits import batches, evidence_files, sync_feed, volume
from service.visits import repository as visits_repository
from service.visits.batches import BatchRow
from service.visits.loading import RECORD_DECODER, LoadedVisit, batch_senders, load_visit
from service.visits.notes import EXACT_RECORD_DECODER, notes_about
from service.visits.quota import daily_quota_exceeded
from service.visits.receipt import Receipt
from service.visits.status import save_status
from service.visits.wire import Record
from service.web.decoding import decode_storable, parse_uuid, require_storable_text, require_uuid_ids

from . import quarantine


class DecodedRecord(msgspec.Struct, frozen=True):
    """A record with its bytes and their digest. `is_exact`: there is nothing unknown in it."""

    id: UUID
    visit: UUID
    record: Record
    raw: bytes
    digest: bytes
    is_exact: bool


class RecordOrigin(msgspec.Struct, frozen=True):
    """The device that sent a record, and the state of its signature; or who imported it from a file."""

    device: UUID | None = None
    signature: bytes | None = None
    signed: SignatureStatus = "none"
    taken_in_by: str | None = None


async def submit_record(
    ctx: AppContext, token: bytes, record_id: UUID, raw: bytes, signature: bytes | None = None
) -> Receipt:
    """Store a record and judge the visit. One that is refused is stored in quarantine, and the problem says where."""
    try:
        taken = decode_record(ctx, record_id, raw)
        size = len(taken.record.entries), len(raw)

        async def work(tx: Transaction) -> tuple[str, Receipt]:
            holder = await token_owner(tx, token)
            login = holder.person.login
            wait = ctx.daily_quota.record_wait(login, *size, ctx.clock())
            if wait and await batches.get_batch(tx, taken.id) is None:
                raise daily_quota_exceeded(wait)
            status = verify_signature(holder.public_key, signature, raw)
            return login, await store_record(
                ctx, tx, holder.person, taken, RecordOrigin(holder.device, signature, status)
            )

        login, receipt = await ctx.db.write(work, about=taken.visit.bytes)
        RECORDS.labels("repeated" if receipt.replayed else "stored").inc()
        if not receipt.replayed:
            ctx.daily_quota.record_spent(login, *size, ctx.clock())
        return receipt  # noqa: TRY300 - problems may come from any of it
    except (NotAuthenticated, DeviceRevoked):
        raise
    except Problem as problem:
        if problem.quarantines_input:
            RECORDS.labels("refused").inc()
            await quarantine.quarantine_input(ctx, token, str(record_id), raw, problem, signature)
        raise


def decode_record(ctx: AppContext, record_id: UUID, raw: bytes) -> DecodedRecord:
    """Decode and validate a record; problems name the place."""
    text = readable(raw)
    require_storable_text(text)
    is_exact = True
    try:
        record = decode_storable(EXACT_RECORD_DECODER, text)
    except InvalidBody:  # what nobody knows is kept, and named in the receipt
        record, is_exact = decode_storable(RECORD_DECODER, text), False
    if parse_uuid(record.id, "/id") != record_id:
        raise IdMismatch
    if len(record.entries) > ctx.max_entries:
        raise TooManyEntries(f"at most {ctx.max_entries}")
    require_uuid_ids([entry.id for entry in record.entries])
    visit_id, digest = parse_uuid(record.visit, "/visit"), sha256(raw).digest()
    return DecodedRecord(record_id, visit_id, record, raw, digest, is_exact)


async def store_record(
    ctx: AppContext,
    tx: Transaction,
    person: Person,
    taken: DecodedRecord,
    source: RecordOrigin = RecordOrigin(),  # noqa: B008 - immutable
) -> Receipt:
    """Store a record, or find it, and return its receipt."""
    require_permission(person, "submit a record")
    row = await visits_repository.lock_visit(tx, taken.visit)
    if row is None:
        await erasures.refuse_erased(tx, taken.visit)
        raise UnknownVisit
    if not is_assigned_to(person, row.technician, row.crew) and not await sync_feed.was_assigned(
        tx, person.login, row.id
    ):
        raise NotYourVisit
    rows = await batches.batches_of(tx, row.id)  # after the lock: the same record may be sent twice at once
    known = next((batch for batch in rows if batch.id == taken.id), None)
    if known is not None:
        if known.sha256 != taken.digest or known.kind != "record":
            raise IdReusedWithOtherContent
        return await _receipt(ctx, tx, await load_visit(ctx, tx, row, rows), known, person)
    version = await _version(ctx, tx, row.checklist, taken.record.checklist)
    new = BatchRow(
        id=taken.id,
        visit=row.id,
        number=rows[-1].number + 1 if rows else 1,
        revision=row.revision,
        kind="record",
        writer=person.login,
        received_at=ctx.clock(),
        checklist_version=version,
        sha256=taken.digest,
        body=taken.raw,
        salt=ctx.new_salt(),
        device=source.device,
        signature=source.signature,
        signed=source.signed,
        taken_in_by=source.taken_in_by,
    )
    volume.check_batch_size(ctx, len(taken.raw), taken.record.entries)
    if named := named_files(taken.record.entries):
        await evidence_files.expect_files(
            tx, row.id, batch_senders(new), named
        )  # before loading which of them were received
    visit = await load_visit(ctx, tx, row, rows, (new, taken.record))
    if rows:  # alone, it was checked before
        volume.check_visit_size(ctx, visit, "record")
    judgement = visit.evaluate_at()
    leaf = batches.leaf_of(new)
    also = batches.batch_insert(new), log.insert_of(new.id, leaf, new.received_at)
    added, logged = await save_status(tx, visit, judgement, also=also)
    if not (added and logged):
        raise IdReusedWithOtherContent  # the id is used by a batch of another visit, or by something else in the log
    entry = unproven_entry(leaf, new.salt)
    return build_receipt(ctx, visit, new, judgement, person, log_entry=entry, is_exact=taken.is_exact)


async def _version(ctx: AppContext, tx: Transaction, checklist: str, named: str) -> str:
    """A record may name any published version of the visit's checklist."""
    name, _, version = named.partition("@")
    if name != checklist:
        raise UnknownChecklist
    await compiled_rules(ctx, tx, name, version)
    return version


async def _receipt(ctx: AppContext, tx: Transaction, visit: LoadedVisit, row: BatchRow, person: Person) -> Receipt:
    """The receipt of a stored record, as of now."""
    entry = await batches.log_entry(await open_prover(tx), row)
    return build_receipt(ctx, visit, row, visit.evaluate_at(), person, log_entry=entry, replayed=True)


def _batch_index(visit: LoadedVisit, row: BatchRow) -> int:
    record_id = str(row.id)
    return next(number for number, batch in enumerate(visit.batches) if batch.id == record_id)


def build_receipt(
    ctx: AppContext,
    visit: LoadedVisit,
    row: BatchRow,
    judgement: Judgement,
    person: Person,
    *,
    log_entry: LogEntry,
    replayed: bool = False,
    is_exact: bool = False,
) -> Receipt:
    """The receipt of a record, with the visit's findings as far as the person may see them.

    `is_exact`: there is known to be nothing unknown in it.
    """
    record_id, number, visible = str(row.id), _batch_index(visit, row), visit.visible_to(person)
    batch, missing, raw = visit.batches[number], visit.missing(number), None if is_exact else row.body
    if len(visible.merged.entries) != len(visit.merged.entries):
        judgement = visible.evaluate_at()
    return Receipt(
        record=record_id,
        visit=str(row.visit),
        received_at=ctx.to_local_time(row.received_at),
        sha256=row.sha256.hex(),
        state="awaiting_evidence" if missing else "complete",
        missing_evidence=missing,
        verdict=judgement.verdict,
        findings=visit.format_findings(judgement),
        ignored=visit.merged.ignored[record_id],
        notes=notes_about(visit.rules, raw, batch.entries, visit.merged.entries, batch.received_at),
        replayed=replayed,
        signature=row.signed,
        taken_in_by=row.taken_in_by,
        log=log_entry,
    )


@read_only
async def receipt(ctx: AppContext, tx: Transaction, token: bytes, record_id: UUID) -> Receipt:
    """The receipt of a record as of now, for a person who may see it."""
    person = await authenticate_token(tx, token)
    row, visit = await _load_stored(ctx, tx, person, record_id)
    return await _receipt(ctx, tx, visit, row, person)


@read_only
async def body(ctx: AppContext, tx: Transaction, token: bytes, record_id: UUID) -> bytes:
    """The exact bytes of a record, for a person who may see it."""
    return (await _load_stored(ctx, tx, await authenticate_token(tx, token), record_id))[0].body


async def _load_stored(
    ctx: AppContext, tx: Transaction, person: Person, record_id: UUID
) -> tuple[BatchRow, LoadedVisit]:
    row = await batches.get_batch(tx, record_id)
    if row is None:
        await erasures.refuse_erased(tx, record_id)
    visit = await visits_repository.get_visit(tx, row.visit) if row is not None and row.kind == "record" else None
    if row is None or visit is None:
        raise NotFound
    own = row.writer == person.login and person.can("see own records")  # also after the visit was handed over
    if not own and not can_view_visit(person, visit.technician, visit.crew, visit.area):
        raise NotFound
    loaded = await load_visit(ctx, tx, visit)
    loaded.note_look(ctx, person)
    return row, loaded
