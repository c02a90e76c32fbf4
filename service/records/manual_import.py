"""A lost or revoked device's records, which a supervisor takes in from a file, in the technician's name."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate
from service.accounts.permissions import Person, can_view_visit
from service.context import AppContext
from service.db.database import Transaction
from service.devices import repository as devices_repository
from service.devices.signatures import verify_signature
from service.errors import FieldError, IdMismatch, IdReusedWithOtherContent, InvalidQuery, NotFound, NotYourVisit
from service.judge import batches as judge_batches
from service.visits import batches, evidence_files
from service.visits import repository as visits_repository
from service.visits.loading import LoadedVisit, batch_senders, load_visit
from service.visits.receipt import Receipt
from service.visits.status import recompute_status

from . import submit


async def import_record(
    ctx: AppContext, token: bytes, visit_id: UUID, record: UUID, raw: bytes, writer: str | None, signature: bytes | None
) -> Receipt:
    """Keep the file's bytes as a record of who wrote it, marked with who took it in.

    A signature tells who that was: it is held against every device of all who go or went. Else it is `writer`, and
    the visit's technician where nobody else ever was to go. Of a record that is here already he becomes a sender: what
    it names and its writer can no longer send may then come from him.
    """
    caller = await authenticate(ctx, token, "take in records")
    taken = submit.decode_record(ctx, record, raw)
    if taken.visit != visit_id:
        raise IdMismatch

    async def work(tx: Transaction) -> Receipt:
        row = await visits_repository.lock_visit(tx, visit_id)
        if row is None or not can_view_visit(caller, row.technician, row.crew, row.area):
            raise NotFound
        known = await batches.get_batch(tx, record)
        if known is not None:
            if known.kind != "record" or writer not in (None, known.writer):
                raise IdReusedWithOtherContent  # it is here, as somebody else's
            login, source = known.writer, submit.RecordOrigin(taken_in_by=caller.login)
        else:
            visit = await load_visit(ctx, tx, row)
            login, source = await _identify_writer(tx, visit, writer, signature, raw)
            source = msgspec.structs.replace(source, taken_in_by=caller.login)
        person = await accounts_repository.find_including_former(tx, login)
        if person is None or login == caller.login:
            raise NotYourVisit
        receipt = await submit.store_record(ctx, tx, with_technician_role(person[0]), taken, source)
        if known is None or not receipt.missing_evidence or caller.login in batch_senders(known):
            return receipt
        await evidence_files.expect_files(tx, visit_id, (caller.login,), receipt.missing_evidence)
        await recompute_status(tx, await load_visit(ctx, tx, row))  # he may have sent them before
        return await submit.store_record(ctx, tx, with_technician_role(person[0]), taken, source)

    return await ctx.db.write(work)


async def _identify_writer(
    tx: Transaction, visit: LoadedVisit, named: str | None, signature: bytes | None, raw: bytes
) -> tuple[str, submit.RecordOrigin]:
    """Who wrote it, and what a signature is worth."""
    went = sorted(visit.plan_history.ever_assigned, key=lambda login: (login != visit.plan.technician, login))
    if signature is not None:
        for login in went:
            for device in await devices_repository.devices_of(tx, login):
                if verify_signature(device.public_key, signature, raw) == "verified":
                    if named not in (None, login):
                        raise _say("not-the-signer", "the signature is of somebody else who went")
                    return login, submit.RecordOrigin(device.id, signature, "verified")
    if named is None and len(went) > 1:
        raise _say("required", "several were to go: say who wrote it")
    login = named or went[0]
    return login, submit.RecordOrigin(None, signature, await _signature_status(tx, login, signature, raw))


async def _signature_status(
    tx: Transaction, login: str, signature: bytes | None, raw: bytes
) -> judge_batches.SignatureStatus:
    """`wrong` where he has a key, and it is not of that: what is good was found before."""
    keys: Sequence[bytes | None] = [device.public_key for device in await devices_repository.devices_of(tx, login)]
    return "wrong" if "wrong" in [verify_signature(key, signature, raw) for key in keys] else "none"


def with_technician_role(person: Person) -> Person:
    """He was a technician when he went, whatever he is now."""
    return msgspec.structs.replace(person, roles=(*person.roles, "technician"))


def _say(code: str, detail: str) -> InvalidQuery:
    return InvalidQuery("", (FieldError("/technician", code, detail),))
