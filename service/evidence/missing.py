"""A file that will never come: who wrote the record, or a supervisor, says so once, with the reason, for the log.

It is the same of entries of the office, by the id of their batch.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

import msgspec

from service.accounts.authentication import need, sign_in
from service.accounts.permissions import Right, may_see
from service.audit_log import log
from service.context import House
from service.db.database import Tx
from service.errors import ContentDiffers, NotAllowed, NotFound
from service.judge.entries import named_files
from service.records.submit import receipt_of
from service.visits import batches, evidence_files
from service.visits import repository as visits_repository
from service.visits.evidence_files import LostRow
from service.visits.loading import File, batch_of, load
from service.visits.receipt import Receipt
from service.visits.status import written
from service.web.decoding import decode, encoded


class Lost(msgspec.Struct, frozen=True):
    """Why a file will never come."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"\S")]


class LostSeen(msgspec.Struct, frozen=True):
    """A file that was given up: why, when, and who said so."""

    sha256: str
    reason: str
    at: datetime
    by: str


class Awaited(msgspec.Struct, frozen=True):
    """What the office wrote and what is wrong with its files; `batch` is named where one of them is given up."""

    batch: str
    writer: str
    received_at: datetime
    missing_evidence: tuple[str, ...]
    lost: tuple[LostSeen, ...]


GivenUp = Mapping[UUID, Sequence[LostRow]]
OWN: dict[str, Right] = {"record": "see own records", "office": "write entries of the office"}
"""What the writer has to be still, by the kind of the batch."""
losts = msgspec.json.Decoder(Lost)


def _reason(row: LostRow) -> str:
    return losts.decode(row.body).reason


async def given_up(tx: Tx, file: File) -> GivenUp:
    """What was given up of a visit's batches, by batch. Only for the office: a reason is not for the visit."""
    found: dict[UUID, list[LostRow]] = {}
    for row in await evidence_files.lost_of_visit(tx, file.row.id) if file.office and file.files.lost else ():
        found.setdefault(row.record, []).append(row)
    return found


def seen(house: House, file: File, number: int, given: GivenUp) -> tuple[LostSeen, ...]:
    """What was given up of a record and did not come after all."""
    rows = given.get(file.rows[number].id)
    if not rows:
        return ()
    lost = file.lost(number)
    return tuple(
        LostSeen(row.file.hex(), _reason(row), house.time(row.at), row.writer) for row in rows if row.file.hex() in lost
    )


def awaited(house: House, file: File, given: GivenUp) -> tuple[Awaited, ...]:
    """The batches of the office with files that have not come. Only for the office."""
    found: list[Awaited] = []
    for number, row in enumerate(file.rows if file.office else ()):
        missing, gone = file.missing(number), file.lost(number)
        if row.kind == "office" and (missing or gone):
            said = seen(house, file, number, given)
            found.append(Awaited(str(row.id), row.writer, house.time(row.received_at), missing, said))
    return tuple(found)


async def give_up(house: House, token: bytes, record: UUID, file: bytes, raw: bytes) -> Receipt:
    """From now on the file is not awaited, and proves nothing. Should it come after all, it is there again."""
    person = await sign_in(house, token, "attach evidence")
    reason = decode(losts, raw).reason.strip()
    lost_id = house.new_id()

    async def work(tx: Tx) -> Receipt:
        kept = await batches.batch(tx, record)
        row = await visits_repository.locked_visit(tx, kept.visit) if kept is not None and kept.kind in OWN else None
        if kept is None or row is None:
            raise NotFound
        if kept.writer != person.login:
            if not may_see(person, row.technician, row.crew, row.area):
                raise NotFound
            need(person, "give evidence up")
        elif not person.may(OWN[kept.kind]):
            raise NotAllowed
        if file.hex() not in named_files(batch_of(kept, house.time(kept.received_at)).entries):
            raise NotFound("the record does not name this file")
        said = {"file": file.hex(), "reason": reason, "record": str(record), "writer": person.login}
        body = encoded(said)
        before = await evidence_files.lost_file(tx, record, file)
        if before is None:
            new = LostRow(
                lost_id, row.id, record, file, house.clock(), person.login, sha256(body).digest(), body, house.salt()
            )
            await evidence_files.add_lost(tx, new)
            await log.note(tx, "visit.amended", new.id, new.salt, new.sha256, new.at, evidence_files.beside(new))
        elif _reason(before) != reason:
            raise ContentDiffers
        found = await load(house, tx, row)
        judgement = found.judged()
        if before is None:
            await written(tx, found, judgement)
        return receipt_of(house, found, kept, judgement, person, replayed=before is not None)

    return await house.db.write(work)
