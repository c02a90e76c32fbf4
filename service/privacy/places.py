"""Where data about a visit are: every row, file and line that an erasure of the visit has to reach."""

from collections import Counter
from uuid import UUID

import msgspec

from service.context import AppContext
from service.db.database import Transaction
from service.durable_files import run_in_disk_thread

from . import copies


class VisitData(msgspec.Struct):
    """What there is about a visit. `rows`: the table of each row that has an id. `inputs`: those in quarantine.
    `files` are named by this visit alone; others stay for the visits that share them (`shared_files`)."""

    rows: dict[bytes, str]
    counts: Counter[str]
    files: list[bytes]
    inputs: list[bytes]
    shared_files: int = 0
    links: list[UUID] = []
    messages: list[UUID] = []


async def find_inputs(ctx: AppContext, visit_id: UUID) -> list[bytes]:
    """The inputs in quarantine that name a visit. It reads all of the quarantine, so it is done before the erasure."""
    text = str(visit_id)
    mention = {"lower": text.encode(), "upper": text.upper().encode()}
    rows = await ctx.db.read(lambda tx: tx.fetch_all("quarantined_mentions", **mention))
    return [bytes(row[0]) for row in rows]


async def collect(tx: Transaction, visit_id: UUID, inputs: list[bytes]) -> VisitData:
    """All that there is about a visit in the database; `inputs` are those of `find_inputs`."""
    key = visit_id.bytes
    rows = await tx.fetch_all("rows_of_visit", visit=key, look=f"visits/{visit_id}")
    found = VisitData({bytes(one): place for place, one in rows}, Counter(), [], list(inputs))
    found.links = [UUID(bytes=bytes(one)) for place, one in rows if place == "links"]
    found.messages = [UUID(bytes=bytes(one)) for place, one in rows if place == "messages"]
    for place, one in rows:
        if place == "batches":
            found.inputs += [
                bytes(row[0])
                for row in await tx.fetch_all("quarantined_by_path", path_id=str(UUID(bytes=bytes(one))))
                if bytes(row[0]) not in found.inputs
            ]
    for kept in found.inputs:
        found.rows[kept] = "quarantine"
        if decision := await tx.fetch_one("decision_of_input", id=kept):
            found.rows[bytes(decision[0])] = "decisions"
        for (look,) in await tx.fetch_all("looks_at_input", what=f"quarantine/{UUID(bytes=kept)}"):
            found.rows[bytes(look)] = "access_log"
    for file, shared, stored in await tx.fetch_all("files_of_visit_alone", visit=key):
        if shared:
            found.shared_files += 1
            continue
        found.files.append(bytes(file))
        found.rows[bytes(file)] = "blobs" if stored else "received_files"
        found.rows |= await rows_of_file(tx, bytes(file))
    found.counts.update(place for place in found.rows.values() if place != "link digests")
    for place, count in await tx.fetch_all("counts_of_visit", visit=key, mention=f"%{visit_id}%"):
        found.counts[place] += count
    return found


async def rows_of_file(tx: Transaction, file: bytes) -> dict[bytes, str]:
    """The rows of a file that have leaves of their own: their tables, by id."""
    return {bytes(one): place for place, one in await tx.fetch_all("rows_of_file", file=file)}


async def count_copies(ctx: AppContext, found: VisitData) -> Counter[str]:
    """The copies outside of the database, by kind."""
    return await run_in_disk_thread(copies.count, ctx.evidence_storage, found.files, found.messages)
