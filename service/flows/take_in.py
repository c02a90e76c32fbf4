"""A lost or revoked device's records, which a supervisor takes in from a file, in the technician's name."""

from uuid import UUID

from service.domain.errors import IdMismatch, NotFound, NotYourVisit
from service.domain.people import may_see
from service.domain.receipt import Receipt
from service.storage import devices, people, visits
from service.storage.database import Tx

from . import submit
from .access import sign_in
from .house import House
from .signing import signed


async def take_in(
    house: House, token: bytes, visit: UUID, record: UUID, raw: bytes, writer: str | None, signature: bytes | None
) -> Receipt:
    """Keep the file's bytes as a record of `writer` (else the visit's technician), marked with who took it in.

    A signature is held against every device that he has or had.
    """
    caller = await sign_in(house, token, "take in records")
    taken = submit.read(house, record, raw)
    if taken.visit != visit:
        raise IdMismatch

    async def work(tx: Tx) -> Receipt:
        row = await visits.visit(tx, visit)
        if row is None or not may_see(caller, row.technician, row.crew, row.area):
            raise NotFound
        login = writer or row.technician
        known = await people.ever(tx, login)
        if known is None or login == caller.login:
            raise NotYourVisit
        source = submit.Source(taken_in_by=caller.login, signature=signature)
        for device in await devices.of_person(tx, login) if signature is not None else ():
            worth = signed(device.public_key, signature, raw)
            if worth == "verified":
                source = submit.Source(device.id, signature, worth, caller.login)
                break
            if worth == "wrong":
                source = submit.Source(None, signature, worth, caller.login)
        return await submit.keep(house, tx, known[0], taken, source)

    return await house.db.write(work)
