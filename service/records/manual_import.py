"""Import of a lost or revoked device's records from files, by a supervisor."""

from uuid import UUID

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate
from service.accounts.events import FILES_OPENED, Act, record_event
from service.accounts.permissions import Person, can_view_visit
from service.audit_log import erasures
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.devices import repository as devices_repository
from service.devices.signatures import verify_signature
from service.errors import FieldError, IdMismatch, IdReusedWithOtherContent, InvalidQuery, NotFound, NotYourVisit
from service.judge.batches import SignatureStatus
from service.visits import batches, evidence_files
from service.visits import repository as visits_repository
from service.visits.loading import LoadedVisit, batch_senders, load_visit
from service.visits.receipt import Receipt
from service.visits.status import recompute_status

from . import submit


async def import_record(
    ctx: AppContext,
    token: bytes,
    visit_id: UUID,
    record_id: UUID,
    raw: bytes,
    author: str | None,
    signature: bytes | None,
) -> Receipt:
    """Store the file as a record of its author, marked as imported by the caller.

    The author is who signed it, on any device of anyone who is or was assigned; else `author`; else the only person
    who was ever assigned. If the record was stored before, the caller becomes an allowed sender of its missing files.
    """
    caller = await authenticate(ctx, token, "take in records")
    record = submit.decode_record(ctx, record_id, raw)
    if record.visit != visit_id:
        raise IdMismatch
    return await _import(ctx, caller, record, author, signature)


@transaction
async def _import(
    ctx: AppContext,
    tx: Transaction,
    caller: Person,
    record: submit.DecodedRecord,
    author: str | None,
    signature: bytes | None,
) -> Receipt:
    row = await visits_repository.lock_visit(tx, record.visit)
    if row is None:
        await erasures.refuse_erased(tx, record.visit)
    if row is None or not can_view_visit(caller, row.technician, row.crew, row.area):
        raise NotFound
    known = await batches.get_batch(tx, record.id)
    if known is not None:
        if known.kind != "record" or author not in (None, known.writer):
            raise IdReusedWithOtherContent
        login, origin = known.writer, submit.RecordOrigin()
    else:
        visit = await load_visit(ctx, tx, row)
        login, origin = await _identify_author(tx, visit, author, signature, record.raw)
    found = await accounts_repository.find_including_former(tx, login)
    if found is None or login == caller.login:
        raise NotYourVisit
    person = with_technician_role(found[0])
    origin = msgspec.structs.replace(origin, taken_in_by=caller.login)
    receipt = await submit.store_record(ctx, tx, person, record, origin)
    if known is None or not receipt.missing_evidence or caller.login in batch_senders(known):
        return receipt
    await evidence_files.expect_files(tx, row.id, (caller.login,), receipt.missing_evidence)
    opened = Act(what=FILES_OPENED, by=caller.login, subject=str(record.id), visit=str(row.id))
    await record_event(ctx, tx, opened)
    await recompute_status(tx, await load_visit(ctx, tx, row))  # the caller may have sent them already
    return await submit.store_record(ctx, tx, person, record, origin)


async def _identify_author(
    tx: Transaction, visit: LoadedVisit, author: str | None, signature: bytes | None, raw: bytes
) -> tuple[str, submit.RecordOrigin]:
    assigned = sorted(visit.plan_history.ever_assigned, key=lambda login: (login != visit.plan.technician, login))
    if signature is not None:
        for login in assigned:
            for device in await devices_repository.devices_of(tx, login):
                if verify_signature(device.public_key, signature, raw) == "verified":
                    if author not in (None, login):
                        raise _author_problem("not-the-signer", "the signature is of somebody else who went")
                    return login, submit.RecordOrigin(device.id, signature, "verified")
    if author is None and len(assigned) > 1:
        raise _author_problem("required", "several were to go: say who wrote it")
    login = author or assigned[0]
    statuses = [
        verify_signature(device.public_key, signature, raw) for device in await devices_repository.devices_of(tx, login)
    ]
    status: SignatureStatus = "wrong" if "wrong" in statuses else "none"
    return login, submit.RecordOrigin(None, signature, status)


def with_technician_role(person: Person) -> Person:
    """The person as of when they were assigned, whatever their roles are now."""
    return msgspec.structs.replace(person, roles=(*person.roles, "technician"))


def _author_problem(code: str, detail: str) -> InvalidQuery:
    return InvalidQuery("", (FieldError("/technician", code, detail),))
