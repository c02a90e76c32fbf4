"""A visit as people see it: in a list, and whole."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from service.accounts.authentication import authenticate_token
from service.confirmation.statements import CustomerResponse, CustomerView, StatementView, customer_responses
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.evidence import missing
from service.evidence.missing import GivenUpFile, MissingFiles
from service.judge.batches import IgnoredEntry, SignatureStatus
from service.judge.entries import Entry, Evidence, Place
from service.judge.findings import Verdict
from service.judge.timeline import withdrawn_ids
from service.judge.visit import Window
from service.visits import evidence_files, summaries
from service.visits.changes import ChangeRecord
from service.visits.clock_skew import behind, seconds_ahead
from service.visits.loading import JudgementView, LoadedVisit, load_visible_visit
from service.visits.plan import Customer, Plan, Work
from service.visits.repository import VisitRow
from service.visits.status import Flag, State, visit_flags, visit_state

ARRIVAL_ENTRIES = ("arrived", "door_signal", "nobody_home")


class VisitListItem(msgspec.Struct, frozen=True, kw_only=True):
    """A visit in a list, as it stands now."""

    id: Annotated[str, msgspec.Meta(description="The visit's id.")]
    type: Annotated[str, msgspec.Meta(description="The type of visit.")]
    window: Annotated[Window | None, msgspec.Meta(description="The agreed time as it stands now.")]
    technician: Annotated[str, msgspec.Meta(description="Login of the technician.")]
    crew: Annotated[tuple[str, ...], msgspec.Meta(description="Logins of who goes along.")]
    area: Annotated[str, msgspec.Meta(description="The area (片区).")]
    customer: Annotated[Customer, msgspec.Meta(description="Whom the visit is for.")]
    work: Annotated[Work, msgspec.Meta(description="What will be done.")]
    checklist: Annotated[str, msgspec.Meta(description="The checklist and version that it is judged by.")]
    created_at: Annotated[datetime, msgspec.Meta(description="When it was planned.")]
    created_by: Annotated[str, msgspec.Meta(description="Login of who planned it.")]
    external_ref: Annotated[str | None, msgspec.Meta(description="The work order number.")]
    follows: Annotated[str | None, msgspec.Meta(description="The id of the visit that this one goes on.")]
    state: Annotated[State, msgspec.Meta(description="How it stands; it follows from what was written.")]
    flags: Annotated[tuple[Flag, ...], msgspec.Meta(description="What is lacking, or came otherwise than planned.")]
    verdict: Annotated[Verdict | None, msgspec.Meta(description="Null while nothing was done.")]
    revision: Annotated[int, msgspec.Meta(description="How many changes there were; the ETag names it.")]


class RecordView(msgspec.Struct, frozen=True):
    """A record of a visit: who sent it when, which of its entries do not count, and what is wrong with its files.

    `damaged_evidence`: pictures whose bytes end too early. Told to the office only: `lost`; `clock_ahead_seconds`, by
    how much the phone's clock was ahead at least; `clock_behind_seconds`, by how much it was behind at most, since a
    record that was held up on its way looks the same. Both only where it was more than two minutes.
    """

    record: Annotated[str, msgspec.Meta(description="The record's id.")]
    writer: Annotated[str, msgspec.Meta(description="Login of who wrote it.")]
    received_at: Annotated[datetime, msgspec.Meta(description="When it came.")]
    sha256: Annotated[str, msgspec.Meta(description="SHA-256 of the exact bytes, in hex.")]
    missing_evidence: Annotated[
        tuple[str, ...], msgspec.Meta(description="Files that are still missing: SHA-256 in hex.")
    ]
    ignored: Annotated[tuple[IgnoredEntry, ...], msgspec.Meta(description="Entries that are kept and do not count.")]
    signature: Annotated[SignatureStatus, msgspec.Meta(description="What the device's signature is worth.")]
    taken_in_by: Annotated[str | None, msgspec.Meta(description="Login of who took it in from a file.")]
    damaged_evidence: Annotated[
        tuple[str, ...], msgspec.Meta(description="Pictures whose bytes end too early: SHA-256 in hex.")
    ] = ()
    lost: Annotated[
        tuple[GivenUpFile, ...], msgspec.Meta(description="Files that were given up; for the office only.")
    ] = ()
    clock_ahead_seconds: Annotated[
        int | None, msgspec.Meta(description="How much the phone's clock was ahead at least; for the office only.")
    ] = None
    clock_behind_seconds: Annotated[
        int | None, msgspec.Meta(description="How much it was behind at most; for the office only.")
    ] = None


class CustomerAbsence(msgspec.Struct, frozen=True):
    """Nobody was there (客户不在): since when, where, how long he waited, and what shows it."""

    at: Annotated[datetime, msgspec.Meta(description="When it was noted.")]
    arrived_at: Annotated[datetime | None, msgspec.Meta(description="When the technician arrived.")]
    place: Annotated[Place | None, msgspec.Meta(description="Where.")]
    door_signal_at: Annotated[datetime | None, msgspec.Meta(description="When they knocked or rang.")]
    waited_minutes: Annotated[int | None, msgspec.Meta(description="How long they waited.")]
    text: Annotated[str | None, msgspec.Meta(description="What they wrote.")]
    evidence: Annotated[tuple[Evidence, ...], msgspec.Meta(description="What shows it.")]
    entries: Annotated[tuple[str, ...], msgspec.Meta(description="Ids of the entries that say so.")]


class CancellationView(msgspec.Struct, frozen=True):
    """Who cancelled the visit, when and why."""

    at: Annotated[datetime, msgspec.Meta(description="When.")]
    by: Annotated[str, msgspec.Meta(description="Login of who cancelled it.")]
    reason: Annotated[str, msgspec.Meta(description="Why.")]


class VisitView(VisitListItem, frozen=True, kw_only=True):
    """A visit whole: the plan, what was written, and the judgement now. The state is derived, never set."""

    assigned: Annotated[dict[str, bool], msgspec.Meta(description="Facts that were known when it was planned.")]
    exempt_reason: Annotated[str | None, msgspec.Meta(description="Why no appointment is needed.")]
    policies: Annotated[dict[str, bool], msgspec.Meta(description="Policies of the checklist, switched on or off.")]
    due: Annotated[
        dict[str, datetime], msgspec.Meta(description="By item or `item[thing]`: when a duty is to be done.")
    ]
    inspectors: Annotated[int | None, msgspec.Meta(description="How many inspectors come.")]
    entries: Annotated[
        tuple[Entry, ...], msgspec.Meta(description="The entries that count, in the order in which they came.")
    ]
    records: Annotated[tuple[RecordView, ...], msgspec.Meta(description="The technicians' records.")]
    judgement: Annotated[JudgementView, msgspec.Meta(description="The judgement now.")]
    statements: Annotated[
        tuple[StatementView, ...], msgspec.Meta(description="What is to be signed, and the signatures.")
    ]
    said: Annotated[
        tuple[CustomerResponse, ...],
        msgspec.Meta(description="What the customer answered by the link; for the office only."),
    ]
    awaited: Annotated[
        tuple[MissingFiles, ...],
        msgspec.Meta(description="Files that the office named and that have not come; for the office only."),
    ]
    absence: Annotated[CustomerAbsence | None, msgspec.Meta(description="That nobody was there.")]
    cancelled: Annotated[CancellationView | None, msgspec.Meta(description="That it was cancelled.")]
    trail: Annotated[tuple[ChangeRecord, ...], msgspec.Meta(description="All changes, in their order.")]
    followed_by: Annotated[tuple[str, ...], msgspec.Meta(description="Ids of the visits that go on with this one.")]


@read_only
async def get_visit(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID) -> VisitView:
    """One visit, for who may see it."""
    return await build_view(ctx, tx, await load_visible_visit(ctx, tx, await authenticate_token(tx, token), visit_id))


async def build_view(ctx: AppContext, tx: Transaction, visit: LoadedVisit) -> VisitView:
    """A visit for a client."""
    plan, entries = visit.plan, tuple(visit.merged.entries)
    case = CustomerView(visit)
    judgement = case.judgement
    gone, given = visit.plan_history.cancelled, await missing.given_up_by_batch(ctx, tx, visit)
    return VisitView(
        **summary_fields(ctx, visit.row, plan),
        technician=plan.technician,
        crew=plan.crew,
        state=visit_state(visit, judgement),
        flags=visit_flags(visit, judgement),
        verdict=judgement.verdict,
        revision=len(visit.plan_history.trail),
        assigned=plan.assigned,
        exempt_reason=plan.exempt_reason,
        policies=plan.policies,
        due=plan.due,
        inspectors=plan.inspectors,
        entries=entries,
        records=await _records(ctx, tx, visit, given),
        judgement=visit.to_view_at(judgement, case.now),
        statements=case.statements(),
        said=customer_responses(ctx, visit),
        awaited=missing.office_batches_with_missing_files(ctx, visit, given),
        absence=absence_of(entries),
        cancelled=CancellationView(gone.at, gone.by, visit.plan_history.trail[gone.number - 1].reason or "")
        if gone
        else None,
        trail=visit.plan_history.trail,
        followed_by=tuple(str(one) for one in await summaries.follow_up_visits(tx, visit.row.id)),
    )


def summary_fields(ctx: AppContext, row: VisitRow, plan: Plan) -> dict[str, Any]:
    """What a summary says of a visit without judging it."""
    return {
        "id": str(row.id),
        "type": plan.type,
        "window": plan.window,
        "area": row.area,
        "customer": plan.customer,
        "work": plan.work,
        "checklist": f"{row.checklist}@{row.checklist_version}",
        "created_at": ctx.to_local_time(row.created_at),
        "created_by": row.created_by,
        "external_ref": plan.external_ref,
        "follows": plan.follows,
    }


async def _records(
    ctx: AppContext, tx: Transaction, visit: LoadedVisit, given: missing.GivenUpByBatch
) -> tuple[RecordView, ...]:
    damaged = (
        await evidence_files.truncated_images(tx, visit.row.id) if any(visit.referenced_files) else frozenset[str]()
    )
    return tuple(
        [
            _record(ctx, visit, number, damaged, given.get(visit.batch_rows[number].id, ()))
            for number, row in enumerate(visit.batch_rows)
            if row.kind == "record"
        ]
    )


def _record(
    ctx: AppContext, visit: LoadedVisit, number: int, damaged: frozenset[str], gone: tuple[GivenUpFile, ...]
) -> RecordView:
    row, batch = visit.batch_rows[number], visit.batches[number]
    return RecordView(
        str(row.id),
        row.writer,
        ctx.to_local_time(row.received_at),
        row.sha256.hex(),
        visit.missing(number),
        visit.merged.ignored[str(row.id)],
        row.signed,
        row.taken_in_by,
        tuple(name for name in visit.referenced_files[number] if name in damaged),
        gone,
        seconds_ahead(batch, row.received_at) if visit.office else None,
        behind(batch, row.received_at) if visit.office else None,
    )


def absence_of(entries: Sequence[Entry]) -> CustomerAbsence | None:
    """That nobody was there, from the technician's entries: arrival with its place, knocking, calling, waiting."""
    slips = withdrawn_ids(entries)
    first: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda one: one.at):
        if entry.what in ARRIVAL_ENTRIES and entry.holds is not False and entry.id not in slips:
            first.setdefault(entry.what, entry)
    gone, arrived, knocked = first.get("nobody_home"), first.get("arrived"), first.get("door_signal")
    if gone is None:
        return None
    seen = [entry for entry in (arrived, knocked, gone) if entry is not None]
    evidence = tuple(piece for entry in seen for piece in entry.evidence)
    said = [piece.text for piece in gone.evidence if piece.text] + [gone.label or ""]
    told = gone.fields.get("waited_minutes")
    waited = told if isinstance(told, int) and not isinstance(told, bool) else None
    if waited is None and arrived is not None:
        waited = int((gone.at - arrived.at).total_seconds() // 60)
    return CustomerAbsence(
        at=gone.at,
        arrived_at=arrived.at if arrived else None,
        place=arrived.place if arrived and arrived.place else gone.place,
        door_signal_at=knocked.at if knocked else None,
        waited_minutes=waited,
        text=next(iter(filter(None, said)), None),
        evidence=evidence,
        entries=tuple(entry.id for entry in seen),
    )
