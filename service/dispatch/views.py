"""Views of a visit: an item of a list, and the whole visit."""

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

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
from service.visits.attention import attention
from service.visits.changes import ChangeRecord
from service.visits.clock_skew import behind, seconds_ahead
from service.visits.departures import DepartureView, view_of
from service.visits.loading import JudgementView, LoadedVisit, load_visible_visit
from service.visits.plan import Customer, Plan, Work
from service.visits.repository import VisitRow
from service.visits.review_rows import OpenInquiry
from service.visits.status import Flag, State, visit_flags, visit_state

from .warnings import PlanWarning

ARRIVAL_ENTRIES = ("arrived", "door_signal", "nobody_home")


class VisitListItem(msgspec.Struct, frozen=True, kw_only=True):
    """A visit in a list."""

    id: Annotated[str, Meta(description="The visit's id.")]
    type: Annotated[str, Meta(description="The type of visit.")]
    window: Annotated[Window | None, Meta(description="The current agreed time.")]
    technician: Annotated[str, Meta(description="Login of the technician.")]
    crew: Annotated[tuple[str, ...], Meta(description="Logins of the others who go along.")]
    area: Annotated[str, Meta(description="The area (片区).")]
    customer: Annotated[Customer, Meta(description="The customer.")]
    work: Annotated[Work, Meta(description="The work to be done.")]
    checklist: Annotated[str, Meta(description="The checklist and version that it is judged by.")]
    created_at: Annotated[datetime, Meta(description="When it was planned.")]
    created_by: Annotated[str, Meta(description="Login of the person who planned it.")]
    external_ref: Annotated[str | None, Meta(description="The work order number.")]
    follows: Annotated[str | None, Meta(description="The id of the visit that this one follows up.")]
    state: Annotated[State, Meta(description="The state, derived from the entries.")]
    flags: Annotated[tuple[Flag, ...], Meta(description="What is missing or differs from the plan.")]
    verdict: Annotated[Verdict | None, Meta(description="Null until something was done.")]
    revision: Annotated[int, Meta(description="The number of changes, as in the ETag.")]


class RecordView(msgspec.Struct, frozen=True):
    """A record of a visit.

    Differences of the phone's clock are shown to the office only, and only if they exceed two minutes.
    """

    record: Annotated[str, Meta(description="The record's id.")]
    writer: Annotated[str, Meta(description="Login of the author.")]
    received_at: Annotated[datetime, Meta(description="When it was received.")]
    sha256: Annotated[str, Meta(description="SHA-256 of the exact bytes, in hex.")]
    missing_evidence: Annotated[tuple[str, ...], Meta(description="Files that are still missing: SHA-256 in hex.")]
    ignored: Annotated[tuple[IgnoredEntry, ...], Meta(description="Entries that are kept but do not count.")]
    signature: Annotated[SignatureStatus, Meta(description="Whether the device's signature is valid.")]
    taken_in_by: Annotated[str | None, Meta(description="Login of the person who imported it from a file.")]
    damaged_evidence: Annotated[tuple[str, ...], Meta(description="Truncated images: SHA-256 in hex.")] = ()
    lost: Annotated[tuple[GivenUpFile, ...], Meta(description="Files that were given up; for the office only.")] = ()
    clock_ahead_seconds: Annotated[int | None, Meta(description="The phone's clock was at least this ahead.")] = None
    clock_behind_seconds: Annotated[int | None, Meta(description="It was at most this behind, or was delayed.")] = None


class CustomerAbsence(msgspec.Struct, frozen=True):
    """The customer was absent (客户不在)."""

    at: Annotated[datetime, Meta(description="When the absence was recorded.")]
    arrived_at: Annotated[datetime | None, Meta(description="When the technician arrived.")]
    place: Annotated[Place | None, Meta(description="Where.")]
    door_signal_at: Annotated[datetime | None, Meta(description="When they knocked or rang.")]
    waited_minutes: Annotated[int | None, Meta(description="How long they waited.")]
    text: Annotated[str | None, Meta(description="What they wrote.")]
    evidence: Annotated[tuple[Evidence, ...], Meta(description="The evidence.")]
    entries: Annotated[tuple[str, ...], Meta(description="Ids of the entries that record it.")]


class CancellationView(msgspec.Struct, frozen=True):
    """The cancellation of a visit."""

    at: Annotated[datetime, Meta(description="When.")]
    by: Annotated[str, Meta(description="Login of the person who cancelled it.")]
    reason: Annotated[str, Meta(description="Why.")]


class VisitView(VisitListItem, frozen=True, kw_only=True):
    """A visit with its plan, entries, records and current judgement."""

    assigned: Annotated[dict[str, bool], Meta(description="Facts that were known when it was planned.")]
    exempt_reason: Annotated[str | None, Meta(description="Why it needs no appointment.")]
    policies: Annotated[dict[str, bool], Meta(description="Policies of the checklist, switched on or off.")]
    due: Annotated[dict[str, datetime], Meta(description="Deadlines of duties, by item or `item[thing]`.")]
    inspectors: Annotated[int | None, Meta(description="The number of inspectors.")]
    entries: Annotated[tuple[Entry, ...], Meta(description="The entries that count, in order of arrival.")]
    records: Annotated[tuple[RecordView, ...], Meta(description="The technicians' records.")]
    judgement: Annotated[JudgementView, Meta(description="The current judgement.")]
    statements: Annotated[tuple[StatementView, ...], Meta(description="Statements to sign, and their signatures.")]
    said: Annotated[tuple[CustomerResponse, ...], Meta(description="The customer's answers; for the office only.")]
    awaited: Annotated[tuple[MissingFiles, ...], Meta(description="Missing files of the office; for the office only.")]
    absence: Annotated[CustomerAbsence | None, Meta(description="The customer's absence, if any.")]
    cancelled: Annotated[CancellationView | None, Meta(description="The cancellation, if any.")]
    departure: Annotated[
        DepartureView | None, Meta(description="The departure for it, as the technician reported it last.")
    ] = None
    trail: Annotated[tuple[ChangeRecord, ...], Meta(description="All changes, the oldest first.")]
    followed_by: Annotated[tuple[str, ...], Meta(description="Ids of the visits that follow this one up.")]
    inquiries: Annotated[tuple[OpenInquiry, ...], Meta(description="What a supervisor asked and nobody answered yet.")]
    warnings: Annotated[
        tuple[PlanWarning, ...],
        Meta(description="What to look at again; only in the answer to planning and changing a visit."),
    ] = ()


@read_only
async def get_visit(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID) -> VisitView:
    """A visit, if the caller may see it."""
    return await build_view(ctx, tx, await load_visible_visit(ctx, tx, await authenticate_token(tx, token), visit_id))


async def build_view(
    ctx: AppContext, tx: Transaction, visit: LoadedVisit, warnings: tuple[PlanWarning, ...] = ()
) -> VisitView:
    """The view of a loaded visit."""
    plan, history, entries = visit.plan, visit.plan_history, tuple(visit.merged.entries)
    customer_view = CustomerView(visit)
    judgement, cancelled = customer_view.judgement, history.cancelled
    now = attention(visit, judgement)
    given_up = await missing.given_up_by_batch(ctx, tx, visit)
    return VisitView(
        **summary_fields(ctx, visit.row, plan),
        technician=plan.technician,
        crew=plan.crew,
        state=visit_state(visit, judgement, now),
        flags=visit_flags(visit, judgement, now),
        verdict=judgement.verdict,
        revision=len(history.trail),
        assigned=plan.assigned,
        exempt_reason=plan.exempt_reason,
        policies=plan.policies,
        due=visit.visit().due,
        inspectors=plan.inspectors,
        entries=entries,
        records=await _records(ctx, tx, visit, given_up),
        judgement=visit.to_view_at(judgement, customer_view.now),
        statements=customer_view.statements(),
        said=customer_responses(ctx, visit),
        awaited=missing.office_batches_with_missing_files(ctx, visit, given_up),
        absence=absence_of(entries),
        cancelled=cancelled
        and CancellationView(cancelled.at, cancelled.by, history.trail[cancelled.number - 1].reason or ""),
        departure=visit.departure and view_of(ctx, visit.departure),
        trail=history.trail,
        followed_by=tuple(str(visit_id) for visit_id in await summaries.follow_up_visits(tx, visit.row.id)),
        inquiries=visit.reviews.open_inquiries(ctx.zone),
        warnings=warnings,
    )


def summary_fields(ctx: AppContext, row: VisitRow, plan: Plan) -> dict[str, Any]:
    """The fields of a list item that need no judgement."""
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
    ctx: AppContext, tx: Transaction, visit: LoadedVisit, given_up: missing.GivenUpByBatch
) -> tuple[RecordView, ...]:
    truncated: Set[str] = frozenset()
    if any(visit.referenced_files):
        truncated = await evidence_files.truncated_images(tx, visit.row.id)
    views: list[RecordView] = []
    for number, (row, batch) in enumerate(zip(visit.batch_rows, visit.batches, strict=True)):
        if row.kind == "record":
            view = RecordView(
                record=str(row.id),
                writer=row.writer,
                received_at=ctx.to_local_time(row.received_at),
                sha256=row.sha256.hex(),
                missing_evidence=visit.missing(number),
                ignored=visit.merged.ignored[str(row.id)],
                signature=row.signed,
                taken_in_by=row.taken_in_by,
                damaged_evidence=tuple(name for name in visit.referenced_files[number] if name in truncated),
                lost=given_up.get(row.id, ()),
                clock_ahead_seconds=seconds_ahead(batch, row.received_at) if visit.office else None,
                clock_behind_seconds=behind(batch, row.received_at) if visit.office else None,
            )
            views.append(view)
    return tuple(views)


def absence_of(entries: Sequence[Entry]) -> CustomerAbsence | None:
    """The customer's absence, from the technician's entries: arrival with its place, knocking, and waiting."""
    withdrawn = withdrawn_ids(entries)
    first: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda entry: entry.at):
        if entry.what in ARRIVAL_ENTRIES and entry.holds is not False and entry.id not in withdrawn:
            first.setdefault(entry.what, entry)
    absent, arrived, knocked = first.get("nobody_home"), first.get("arrived"), first.get("door_signal")
    if absent is None:
        return None
    relevant = [entry for entry in (arrived, knocked, absent) if entry is not None]
    texts = [*(piece.text for piece in absent.evidence), absent.label]
    minutes = absent.fields.get("waited_minutes")
    waited = minutes if isinstance(minutes, int) and not isinstance(minutes, bool) else None
    if waited is None and arrived is not None:
        waited = int((absent.at - arrived.at).total_seconds() // 60)
    return CustomerAbsence(
        at=absent.at,
        arrived_at=arrived.at if arrived else None,
        place=arrived.place if arrived and arrived.place else absent.place,
        door_signal_at=knocked.at if knocked else None,
        waited_minutes=waited,
        text=next(filter(None, texts), None),
        evidence=tuple(piece for entry in relevant for piece in entry.evidence),
        entries=tuple(entry.id for entry in relevant),
    )
