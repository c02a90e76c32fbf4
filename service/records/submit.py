"""A technician's record comes in: decoded, kept, judged, and answered with a receipt, in one transaction."""

from hashlib import sha256
from uuid import UUID

import msgspec

from service.accounts.authentication import holder_of, need, person_of
from service.accounts.permissions import Person, may_see, on_visit
from service.audit_log import log
from service.checklists.rules_cache import compiled_rules
from service.context import House
from service.db.database import Tx
from service.devices.signatures import signed
from service.errors import (
    ContentDiffers,
    DeviceRevoked,
    IdMismatch,
    NotFound,
    NotSignedIn,
    NotYourVisit,
    Problem,
    TooManyEntries,
    UnknownChecklist,
    UnknownVisit,
)
from service.judge.batches import Signed
from service.judge.entries import named_files
from service.judge.findings import Judgement
from service.visits import batches, evidence_files, sync_feed, volume
from service.visits import repository as visits_repository
from service.visits.batches import BatchRow
from service.visits.loading import File, load, records, senders
from service.visits.quota import day_full
from service.visits.receipt import Receipt
from service.visits.status import written
from service.visits.wire import Record
from service.web.decoding import check_ids, decode, uuid

from . import quarantine


class Taken(msgspec.Struct, frozen=True):
    """A record as it was decoded, with what its bytes are."""

    id: UUID
    visit: UUID
    record: Record
    raw: bytes
    digest: bytes


class RecordOrigin(msgspec.Struct, frozen=True):
    """Which device sent a record, and what its signature is worth; or who took it in from a file."""

    device: UUID | None = None
    signature: bytes | None = None
    signed: Signed = "none"
    taken_in_by: str | None = None


async def submit(house: House, token: bytes, record_id: UUID, raw: bytes, signature: bytes | None = None) -> Receipt:
    """Keep a record and judge the visit. What a device sent and cannot be taken is kept in quarantine, and told so."""
    try:
        taken = read(house, record_id, raw)

        size = len(taken.record.entries), len(raw)

        async def work(tx: Tx) -> tuple[str, Receipt]:
            holder = await holder_of(tx, token)
            login = holder.person.login
            wait = house.quota.record_wait(login, *size, house.clock())
            if wait and await batches.batch(tx, taken.id) is None:
                raise day_full(wait)
            worth = signed(holder.public_key, signature, raw)
            return login, await keep(house, tx, holder.person, taken, RecordOrigin(holder.device, signature, worth))

        login, receipt = await house.db.write(work, about=taken.visit.bytes)
        if not receipt.replayed:
            house.quota.record_spent(login, *size, house.clock())
        return receipt  # noqa: TRY300 - the problems are of all that
    except (NotSignedIn, DeviceRevoked):
        raise
    except Problem as problem:
        if problem.kept:
            await quarantine.keep(house, token, str(record_id), raw, problem, signature)
        raise


def read(house: House, record_id: UUID, raw: bytes) -> Taken:
    """The record in the bytes. Problems name what is wrong and where."""
    record = decode(records, raw)
    if uuid(record.id, "/id") != record_id:
        raise IdMismatch
    if len(record.entries) > house.max_entries:
        raise TooManyEntries(f"at most {house.max_entries}")
    check_ids([entry.id for entry in record.entries])
    return Taken(record_id, uuid(record.visit, "/visit"), record, raw, sha256(raw).digest())


async def keep(house: House, tx: Tx, person: Person, taken: Taken, source: RecordOrigin = RecordOrigin()) -> Receipt:  # noqa: B008
    """The transaction of one record: all of it, or nothing."""
    need(person, "submit a record")
    row = await visits_repository.locked_visit(tx, taken.visit)
    if row is None:
        raise UnknownVisit
    if not on_visit(person, row.technician, row.crew) and not await sync_feed.went(tx, person.login, row.id):
        raise NotYourVisit
    rows = await batches.batches_of(tx, row.id)  # after the lock: the same record may be on its way twice
    known = next((one for one in rows if one.id == taken.id), None)
    if known is not None:
        if known.sha256 != taken.digest or known.kind != "record":
            raise ContentDiffers
        return _receipt(house, await load(house, tx, row, rows), known, person)
    version = await _version(house, tx, row.checklist, taken.record.checklist)
    new = BatchRow(
        id=taken.id,
        visit=row.id,
        number=rows[-1].number + 1 if rows else 1,
        revision=row.revision,
        kind="record",
        writer=person.login,
        received_at=house.clock(),
        checklist_version=version,
        sha256=taken.digest,
        body=taken.raw,
        salt=house.salt(),
        device=source.device,
        signature=source.signature,
        signed=source.signed,
        taken_in_by=source.taken_in_by,
    )
    volume.check_alone(house, len(taken.raw), taken.record.entries)
    if named := named_files(taken.record.entries):
        await evidence_files.expect(tx, row.id, senders(new), named)  # before it is looked which of them are here
    file = await load(house, tx, row, rows, (new, taken.record))
    volume.check(house, file, "record")
    judgement = file.judged()
    leaf = log.noting("visit.submitted", new.id, new.salt, new.sha256, new.received_at, batches.beside(new))
    added, noted = await written(tx, file, judgement, also=(batches.adding(new), leaf))
    if not (added and noted):
        raise ContentDiffers  # the id is that of a batch of another visit, or of something else in the log
    return receipt_of(house, file, new, judgement, person, replayed=False)


async def _version(house: House, tx: Tx, checklist: str, named: str) -> str:
    """A record may name any published version of the visit's checklist."""
    name, _, version = named.partition("@")
    if name != checklist:
        raise UnknownChecklist
    await compiled_rules(house, tx, name, version)
    return version


def _receipt(house: House, file: File, row: BatchRow, person: Person) -> Receipt:
    """The receipt of a record that is kept, as of now."""
    return receipt_of(house, file, row, file.judged(), person, replayed=True)


def _place(file: File, row: BatchRow) -> int:
    record_id = str(row.id)
    return next(number for number, batch in enumerate(file.batches) if batch.id == record_id)


def receipt_of(
    house: House, file: File, row: BatchRow, judgement: Judgement, person: Person, *, replayed: bool
) -> Receipt:
    """The receipt of a record: state, missing files and findings are the visit's after it, as he may know them."""
    place = _place(file, row)
    record_id, missing, told = str(row.id), file.missing(place), file.told(person)
    if len(told.gathered.entries) != len(file.gathered.entries):
        judgement = told.judged()
    return Receipt(
        record=record_id,
        visit=str(row.visit),
        received_at=house.time(row.received_at),
        sha256=row.sha256.hex(),
        state="awaiting_evidence" if missing else "complete",
        missing_evidence=missing,
        verdict=judgement.verdict,
        findings=file.shown(judgement),
        ignored=file.gathered.ignored[record_id],
        replayed=replayed,
        signature=row.signed,
        taken_in_by=row.taken_in_by,
    )


async def receipt(house: House, token: bytes, record_id: UUID) -> Receipt:
    """The receipt of a record as of now, for who may see its visit."""

    async def work(tx: Tx) -> Receipt:
        person = await person_of(tx, token)
        row, file = await _kept(house, tx, person, record_id)
        return _receipt(house, file, row, person)

    return await house.db.read(work)


async def body(house: House, token: bytes, record_id: UUID) -> bytes:
    """The exact bytes of a record, for who may see its visit."""

    async def work(tx: Tx) -> bytes:
        return (await _kept(house, tx, await person_of(tx, token), record_id))[0].body

    return await house.db.read(work)


async def _kept(house: House, tx: Tx, person: Person, record_id: UUID) -> tuple[BatchRow, File]:
    row = await batches.batch(tx, record_id)
    visit = await visits_repository.visit(tx, row.visit) if row is not None and row.kind == "record" else None
    if row is None or visit is None:
        raise NotFound
    own = row.writer == person.login and person.may("see own records")  # also after the visit was handed over
    if not own and not may_see(person, visit.technician, visit.crew, visit.area):
        raise NotFound
    return row, await load(house, tx, visit)
