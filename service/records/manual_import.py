"""A lost or revoked device's records, which a supervisor takes in from a file, in the technician's name."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import sign_in
from service.accounts.permissions import Person, may_see
from service.context import House
from service.db.database import Tx
from service.devices import repository as devices_repository
from service.devices.signatures import signed
from service.errors import ContentDiffers, FieldError, IdMismatch, InvalidQuery, NotFound, NotYourVisit
from service.judge import batches as judge_batches
from service.visits import batches, evidence_files
from service.visits import repository as visits_repository
from service.visits.loading import File, load, senders
from service.visits.receipt import Receipt
from service.visits.status import written_now

from . import submit


async def take_in(
    house: House, token: bytes, visit: UUID, record: UUID, raw: bytes, writer: str | None, signature: bytes | None
) -> Receipt:
    """Keep the file's bytes as a record of who wrote it, marked with who took it in.

    A signature tells who that was: it is held against every device of all who go or went. Else it is `writer`, and
    the visit's technician where nobody else ever was to go. Of a record that is here already he becomes a sender: what
    it names and its writer can no longer send may then come from him.
    """
    caller = await sign_in(house, token, "take in records")
    taken = submit.read(house, record, raw)
    if taken.visit != visit:
        raise IdMismatch

    async def work(tx: Tx) -> Receipt:
        row = await visits_repository.locked_visit(tx, visit)
        if row is None or not may_see(caller, row.technician, row.crew, row.area):
            raise NotFound
        known = await batches.batch(tx, record)
        if known is not None:
            if known.kind != "record" or writer not in (None, known.writer):
                raise ContentDiffers  # it is here, as somebody else's
            login, source = known.writer, submit.RecordOrigin(taken_in_by=caller.login)
        else:
            file = await load(house, tx, row)
            login, source = await _writer(tx, file, writer, signature, raw)
            source = msgspec.structs.replace(source, taken_in_by=caller.login)
        person = await accounts_repository.ever(tx, login)
        if person is None or login == caller.login:
            raise NotYourVisit
        receipt = await submit.keep(house, tx, as_he_went(person[0]), taken, source)
        if known is None or not receipt.missing_evidence or caller.login in senders(known):
            return receipt
        await evidence_files.expect(tx, visit, (caller.login,), receipt.missing_evidence)
        await written_now(tx, await load(house, tx, row))  # he may have sent them before
        return await submit.keep(house, tx, as_he_went(person[0]), taken, source)

    return await house.db.write(work)


async def _writer(
    tx: Tx, file: File, named: str | None, signature: bytes | None, raw: bytes
) -> tuple[str, submit.RecordOrigin]:
    """Who wrote it, and what a signature is worth."""
    went = sorted(file.standing.went, key=lambda login: (login != file.plan.technician, login))
    if signature is not None:
        for login in went:
            for device in await devices_repository.of_person(tx, login):
                if signed(device.public_key, signature, raw) == "verified":
                    if named not in (None, login):
                        raise _say("not-the-signer", "the signature is of somebody else who went")
                    return login, submit.RecordOrigin(device.id, signature, "verified")
    if named is None and len(went) > 1:
        raise _say("required", "several were to go: say who wrote it")
    login = named or went[0]
    return login, submit.RecordOrigin(None, signature, await _worth(tx, login, signature, raw))


async def _worth(tx: Tx, login: str, signature: bytes | None, raw: bytes) -> judge_batches.Signed:
    """`wrong` where he has a key, and it is not of that: what is good was found before."""
    keys: Sequence[bytes | None] = [device.public_key for device in await devices_repository.of_person(tx, login)]
    return "wrong" if "wrong" in [signed(key, signature, raw) for key in keys] else "none"


def as_he_went(person: Person) -> Person:
    """He was a technician when he went, whatever he is now."""
    return msgspec.structs.replace(person, roles=(*person.roles, "technician"))


def _say(code: str, detail: str) -> InvalidQuery:
    return InvalidQuery("", (FieldError("/technician", code, detail),))
