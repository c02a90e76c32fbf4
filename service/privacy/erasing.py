"""Erasing a visit, so that nothing of it is left but that there was one."""

from hashlib import sha256
from uuid import UUID

import msgspec

from service import errors
from service.audit_log import erasures
from service.audit_log.erasures import ErasedVisit, Erasure, ErasureRow
from service.context import AppContext
from service.db.database import Transaction
from service.durable_files import run_in_disk_thread
from service.evidence import sweeper
from service.judge.entries import Entry
from service.visits import batches, search_index, summaries, sync_feed
from service.visits import repository as visits_repository
from service.visits.complaints import receipt_numbers
from service.visits.loading import PLAN_DECODER, to_batch
from service.visits.plan import Customer
from service.visits.repository import VisitRow
from service.visits.status import search_texts
from service.web.decoding import to_json
from service.web.defects import or_unreadable
from service.webhooks.events import forget_visit

from . import copies, customers, holds, places
from .places import VisitData

_STEPS = (
    "erase_deliveries",
    "erase_delivery_reports",
    "erase_messages",
    "erase_link_otps",
    "erase_links",
    "erase_door_confirmations",
    "erase_given_up_files",
    "erase_departures",
    "erase_reviews",
    "erase_duties",
    "erase_search_texts",
    "erase_file_references",
    "erase_sync_feed",
    "erase_hold_ends",
    "erase_holds",
    "erase_changes",
    "erase_batches",
    "erase_summary",
    "erase_visit",
)


class Erased(msgspec.Struct, frozen=True):
    """What was erased, or would be: how many of each kind. `shared_files` stay, because other visits name them."""

    visit: str
    erasure: str
    counts: dict[str, int]
    shared_files: int = 0


async def preview(ctx: AppContext, visit_id: UUID) -> Erased:
    """What an erasure of a visit would reach."""
    inputs = await places.find_inputs(ctx, visit_id)
    found = await ctx.db.read(lambda tx: _find(tx, visit_id, inputs))
    counts = found.counts + await places.count_copies(ctx, found)
    return Erased(str(visit_id), "", _sorted(counts), found.shared_files)


async def erase_visit(
    ctx: AppContext, visit_id: UUID, by: str, why: str, what: str = "visit", *, scan: bool = True
) -> Erased:
    """Erase a visit in one transaction, then its files and other copies. Raises NotFound, Erased or Held.

    Without `scan`, only those inputs in quarantine are found that came under the id of a record of the visit.

    A repetition finishes what a crash left: files are deleted by the sweeper too, and the rest is in the database.
    """
    inputs = await places.find_inputs(ctx, visit_id) if scan else []
    erasure = ctx.new_id()

    about = Erasure(what=what, subject=str(visit_id), by=by, why=why, rows=0, digest="")

    async def work(tx: Transaction) -> VisitData:
        return await _erase_rows(ctx, tx, visit_id, inputs, about, erasure)

    found = await ctx.db.write(work)
    found.counts += await places.count_copies(ctx, found)
    await remove_copies(ctx, found.files, found.messages)
    return Erased(str(visit_id), str(erasure), _sorted(found.counts), found.shared_files)


async def remove_copies(ctx: AppContext, files: list[bytes], messages: list[UUID]) -> None:
    """Delete the files whose rows are gone, and all copies of them."""
    await sweeper.delete_left_over(ctx, files)
    await run_in_disk_thread(copies.remove, ctx.evidence_storage, files, messages)


def _sorted(counts: dict[str, int]) -> dict[str, int]:
    return {place: counts[place] for place in sorted(counts) if counts[place]}


async def _find(tx: Transaction, visit_id: UUID, inputs: list[bytes]) -> VisitData:
    if await visits_repository.get_visit(tx, visit_id) is None:
        await erasures.refuse_erased(tx, visit_id)
        raise errors.NotFound
    return await places.collect(tx, visit_id, inputs)


async def _erase_rows(
    ctx: AppContext, tx: Transaction, visit_id: UUID, inputs: list[bytes], erasure: Erasure, erasure_id: UUID
) -> VisitData:
    row = await visits_repository.lock_visit(tx, visit_id)
    if row is None:
        await erasures.refuse_erased(tx, visit_id)
        raise errors.NotFound
    await holds.refuse_held(ctx, tx, visit_id)
    found = await places.collect(tx, visit_id, inputs)
    kept = await _statistics(ctx, tx, row)
    about = msgspec.structs.replace(erasure, counts=_sorted(found.counts), kept=kept)
    await add_erasure(ctx, tx, erasure_id, about, found.rows)
    await tx.execute("add_erased_visit", visit=visit_id.bytes, erasure=erasure_id.bytes, **msgspec.structs.asdict(kept))
    await _erase_search(ctx, tx, row)
    feed = await tx.fetch_all("people_of_feed", visit=visit_id.bytes)
    by_term = erasure.what == "retention"  # phones have dropped such a visit long ago, but for active ones
    logins = [login for login, active in feed if active or not by_term]
    for link in found.links:
        await tx.execute("erase_link_attempts", key=f"link code {link} %")
    await tx.execute("erase_duty_mails", mention=f"%{visit_id}%")
    await forget_visit(tx, visit_id)
    for query in _STEPS:
        await tx.execute(query, visit=visit_id.bytes)
    for key, place in found.rows.items():
        if query := {"quarantine": "erase_input", "access_log": "erase_access"}.get(place):
            await tx.execute(query, id=key)
    await erase_files(tx, found.files)
    await sync_feed.note_erased(tx, logins, visit_id)
    return found


async def add_erasure(ctx: AppContext, tx: Transaction, id: UUID, erasure: Erasure, rows: dict[bytes, str]) -> None:
    """Record an erasure of these rows (table by id), which may be deleted from now on.

    A file that came again after it was erased is named by the earlier erasure already.
    """
    without_leaf = await erasures.count_without_leaf(tx, rows)
    kinds = await _leaf_kinds(tx, {key: rows[key] for key in rows if not await erasures.is_erased(tx, key)})
    row = _erasure_row(ctx, id, msgspec.structs.replace(erasure, without_leaf=without_leaf), kinds)
    await erasures.add_erasure(tx, row, kinds)


async def add_reduction(
    ctx: AppContext, tx: Transaction, id: UUID, erasure: Erasure, digests: dict[bytes, str]
) -> None:
    """Record an erasure of parts of these rows, which stay: the digest of what is left, by id."""
    await erasures.add_erasure(tx, _erasure_row(ctx, id, erasure, digests), {})


def _erasure_row(ctx: AppContext, id: UUID, erasure: Erasure, rows: dict[bytes, str]) -> ErasureRow:
    body = to_json(msgspec.structs.replace(erasure, rows=len(rows), digest=erasures.rows_digest(rows)))
    return ErasureRow(id, ctx.clock(), sha256(body).digest(), body, ctx.new_salt())


async def _leaf_kinds(tx: Transaction, rows: dict[bytes, str]) -> dict[bytes, str]:
    """The kind of the leaf of each row; where it has none, its table."""
    found: dict[bytes, str] = {}
    for key, place in rows.items():
        leaf = await tx.fetch_one("leaf_kind", id=key)
        found[key] = place if leaf is None else msgspec.json.decode(leaf[0])["t"]
    return found


async def erase_files(tx: Transaction, files: list[bytes]) -> None:
    """Delete the rows of files that nothing names any more, and leave their bytes to the sweeper."""
    for file in sorted(files):
        await tx.execute("erase_received_file", sha256=file)
        await tx.execute("erase_copies_of_photo", sha256=file)
        if await tx.execute("erase_blob", sha256=file):
            await tx.execute("file_left_over", sha256=file)


async def _statistics(ctx: AppContext, tx: Transaction, row: VisitRow) -> ErasedVisit:
    summary = await summaries.get_summary(tx, row.id)
    planned_at = row.planned_at if summary is None else summary.planned_at
    return ErasedVisit(
        type=row.type,
        area=row.area,
        day=ctx.to_local_time(planned_at).date().isoformat(),
        checklist=row.checklist,
        checklist_version=row.checklist_version,
        state=row.state,
        verdict="" if summary is None else summary.verdict,
    )


async def _erase_search(ctx: AppContext, tx: Transaction, row: VisitRow) -> None:
    """Remove a visit from the index: by its texts, or where it cannot be read by going through all of the index."""
    known = await or_unreadable(ctx, row.id, _indexed(ctx, tx, row))
    if known is None:
        await tx.execute("erase_search_tokens", visit=row.id.bytes)
    else:
        await search_index.remove(tx, row.id, *known)


async def _indexed(
    ctx: AppContext, tx: Transaction, row: VisitRow
) -> tuple[tuple[str, ...], tuple[str, ...], list[Customer]]:
    summary = await summaries.get_summary(tx, row.id)
    plan = PLAN_DECODER.decode(row.body if summary is None else summary.plan)
    entries: list[Entry] = []
    for batch in await batches.batches_of(tx, row.id):
        entries += to_batch(batch, ctx.to_local_time(batch.received_at)).entries
    return search_texts(plan), receipt_numbers(entries), await customers.named_by(tx, row)
