"""A visit as people see it: in a list, and whole."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
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

    id: str
    type: str
    window: Window | None
    technician: str
    crew: tuple[str, ...]
    area: str
    customer: Customer
    work: Work
    checklist: str
    created_at: datetime
    created_by: str
    external_ref: str | None
    follows: str | None
    state: State
    flags: tuple[Flag, ...]
    verdict: Verdict | None
    revision: int


class RecordView(msgspec.Struct, frozen=True):
    """A record of a visit: who sent it when, which of its entries do not count, and what is wrong with its files.

    `damaged_evidence`: pictures whose bytes end too early. Told to the office only: `lost`; `clock_ahead_seconds`, by
    how much the phone's clock was ahead at least; `clock_behind_seconds`, by how much it was behind at most, since a
    record that was held up on its way looks the same. Both only where it was more than two minutes.
    """

    record: str
    writer: str
    received_at: datetime
    sha256: str
    missing_evidence: tuple[str, ...]
    ignored: tuple[IgnoredEntry, ...]
    signature: SignatureStatus
    taken_in_by: str | None
    damaged_evidence: tuple[str, ...] = ()
    lost: tuple[GivenUpFile, ...] = ()
    clock_ahead_seconds: int | None = None
    clock_behind_seconds: int | None = None


class CustomerAbsence(msgspec.Struct, frozen=True):
    """Nobody was there (客户不在): since when, where, how long he waited, and what shows it."""

    at: datetime
    arrived_at: datetime | None
    place: Place | None
    door_signal_at: datetime | None
    waited_minutes: int | None
    text: str | None
    evidence: tuple[Evidence, ...]
    entries: tuple[str, ...]


class CancellationView(msgspec.Struct, frozen=True):
    """Who cancelled the visit, when and why."""

    at: datetime
    by: str
    reason: str


class VisitView(VisitListItem, frozen=True, kw_only=True):
    """A visit whole: the plan, what was written, and the judgement now. The state is derived, never set."""

    assigned: dict[str, bool]
    exempt_reason: str | None
    policies: dict[str, bool]
    due: dict[str, datetime]
    inspectors: int | None
    entries: tuple[Entry, ...]
    records: tuple[RecordView, ...]
    judgement: JudgementView
    statements: tuple[StatementView, ...]
    said: tuple[CustomerResponse, ...]
    awaited: tuple[MissingFiles, ...]  # of the office's entries, and told to the office only
    absence: CustomerAbsence | None
    cancelled: CancellationView | None
    trail: tuple[ChangeRecord, ...]
    followed_by: tuple[str, ...]


@read_only
async def get_visit(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID) -> VisitView:
    """One visit, for who may see it."""
    return await build_view(ctx, tx, await load_visible_visit(ctx, tx, await authenticate_token(tx, token), visit_id))


async def build_view(ctx: AppContext, tx: Transaction, visit: LoadedVisit) -> VisitView:
    """A visit for a client."""
    plan, entries = visit.plan, tuple(visit.merged.entries)
    case = CustomerView(visit)
    judgement = case.judgement
    gone, given = visit.plan_history.cancelled, await missing.given_up_by_batch(tx, visit)
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
        statements=case.shown(),
        said=customer_responses(ctx, visit),
        awaited=missing.awaited(ctx, visit, given),
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
    ctx: AppContext, tx: Transaction, visit: LoadedVisit, given: missing.GivenUp
) -> tuple[RecordView, ...]:
    damaged = (
        await evidence_files.truncated_images(tx, visit.row.id) if any(visit.referenced_files) else frozenset[str]()
    )
    return tuple(
        [
            _record(ctx, visit, number, damaged, missing.seen(ctx, visit, number, given))
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
