"""Quarantine: what a device sent and cannot be taken is kept, and who may see it looks with a reason."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from service.domain.errors import InvalidQuery, NotFound, Problem
from service.domain.people import Person, oversees
from service.storage import batches, log, people
from service.storage import quarantine as rows
from service.storage.database import Tx
from service.storage.quarantine import KeptRow

from .access import holder_of, need, person_of
from .cursor import cursor_read, cursor_write
from .house import House

PAGE = 50
NAME = 100  # characters that are kept of what stands in an address instead of an id
AGAIN = "已重新提交并收下 / it came again and was taken"


class Kept(msgspec.Struct, frozen=True):
    """An input in quarantine, without its bytes. What came again and was taken is decided with that, by who sent it."""

    id: str
    code: str
    path_id: str
    size: int
    sha256: str
    received_at: datetime
    received_from: str
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None


class KeptPage(msgspec.Struct, frozen=True):
    """A page of the quarantine, oldest first; `after` leads to the next one."""

    items: tuple[Kept, ...]
    after: str | None


async def keep(
    house: House, token: bytes, path_id: str, raw: bytes, problem: Problem, signature: bytes | None = None
) -> None:
    """Keep what a device sent; the problem then carries where. One row per device and digest.

    `path_id` is the id in the address, or what stood there instead.
    """
    row_id = house.new_id()

    async def work(tx: Tx) -> UUID:
        holder = await holder_of(tx, token)
        person = holder.person
        need(person, "submit a record")
        row = KeptRow(
            id=row_id,
            device=sha256(holder.device.bytes).digest() if holder.device else token,
            sha256=sha256(raw).digest(),
            path_id="".join(sign if sign.isprintable() else "\ufffd" for sign in path_id[:NAME]),
            code=problem.code,
            body=raw,
            received_at=house.clock(),
            received_from=person.login,
            sent_by=holder.device,
            signature=signature,
        )
        return await rows.keep(tx, row)

    problem.extra["quarantine"] = str(await house.db.write(work))


async def page(house: House, token: bytes, after: str | None, *, decided: bool = False) -> KeptPage:
    """What waits for a decision, or what was `decided`: for who may see it, from people whom he oversees."""
    start = cursor_read(after) if after else rows.FIRST

    async def work(tx: Tx) -> tuple[list[KeptRow], str | None]:
        person = await person_of(tx, token)
        need(person, "see quarantine")
        found = await rows.page(tx, start, PAGE + 1, decided=decided)
        more = cursor_write(found[PAGE - 1].key) if len(found) > PAGE else None
        his = [await settled(tx, row) for row in found[:PAGE] if await concerns(tx, person, row)]
        return [row for row in his if (row.decision is not None) == decided], more

    found, more = await house.db.read(work)
    return KeptPage(tuple(shown(house, row) for row in found), more)


async def settled(tx: Tx, row: KeptRow) -> KeptRow:
    """The input as it now is: if the same bytes came again as this record, and were taken, nobody has to decide."""
    if row.decision is not None:
        return row
    try:
        record = await batches.batch(tx, UUID(row.path_id))
    except ValueError:
        return row
    if record is None or record.sha256 != row.sha256:
        return row
    by, at = record.taken_in_by or record.writer, record.received_at
    return msgspec.structs.replace(row, decision="take", decided_by=by, decided_at=at, reason=AGAIN)


async def concerns(tx: Tx, person: Person, row: KeptRow) -> bool:
    """Whether the input came from somebody whom the person oversees."""
    sender = await people.ever(tx, row.received_from)
    return sender is not None and oversees(person, "see quarantine", sender[0])


async def look(house: House, token: bytes, kept: UUID, reason: str | None) -> bytes:
    """The bytes. Who looks says why, and that is kept in the log."""
    if reason is None or not reason.strip():
        raise InvalidQuery("say why you look: ?reason=…")
    access, salt = house.new_id(), house.salt()

    async def work(tx: Tx) -> bytes:
        person = await person_of(tx, token)
        need(person, "see quarantine")
        row = await rows.one(tx, kept)
        if row is None or not await concerns(tx, person, row):
            raise NotFound
        at = house.clock()
        await log.add_access(tx, access, at, person.login, f"quarantine/{kept}", reason)
        said = sha256(f"{person.login} {kept} {reason}".encode()).digest()
        await log.note(tx, "access", access, salt, said, at)
        return row.body

    return await house.db.write(work)


def shown(house: House, row: KeptRow) -> Kept:
    """A row for a client."""
    return Kept(
        str(row.id),
        row.code,
        row.path_id,
        len(row.body),
        row.sha256.hex(),
        house.time(row.received_at),
        row.received_from,
        row.decision,
        row.decided_by,
        house.time(row.decided_at) if row.decided_at is not None else None,
        row.reason,
    )
