"""The status of a visit: its state and flags, saved in its summary by every transaction that writes about it."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from service.context import AppContext, transaction
from service.db.database import BatchStatement, Transaction
from service.judge.findings import Judgement
from service.judge.timeline import withdrawn_ids
from service.web.defects import or_unreadable

from . import evidence_files, repository, search_index, summaries, sync_feed
from .appointment import awaits_reschedule
from .clock_skew import seconds_ahead
from .loading import LoadedVisit, batch_senders, load_visit
from .plan import Plan
from .search_tokens import normalize_text
from .summaries import VisitStatus
from .unassigned import ACTIVE_STATES, NO_TECHNICIAN, with_assignment_flag

State = Literal["planned", "under_way", "to_review", "returned", "closed", "cancelled"]
Flag = Literal[
    "awaiting_evidence", "open_duties", "absent", "answered", "complaint", "asked_time", "no_technician", "clock"
]
COMPLAINT = "complaint_received"
BACKFILL_SIZE = 100


def visit_state(visit: LoadedVisit, judgement: Judgement) -> State:
    """The state follows from the entries and the plan. Work done on a cancelled visit is reviewed too."""
    if judgement.verdict is None:
        return "planned" if visit.plan_history.cancelled is None else "cancelled"
    return "to_review" if "left" in judgement.facts else "under_way"


def visit_flags(visit: LoadedVisit, judgement: Judgement) -> tuple[Flag, ...]:
    """What is missing, or differs from the plan."""
    unassigned = NO_TECHNICIAN in visit.row.flags.split()
    batches = zip(visit.batches, visit.batch_rows, strict=True)
    conditions: dict[Flag, bool] = {
        "awaiting_evidence": visit.has_missing_files,
        "open_duties": any(finding.severity == "open" for finding in judgement.findings),
        "absent": "nobody_home" in judgement.facts,
        "answered": bool(visit.customer_responses),
        "complaint": _has_complaint(visit),
        "asked_time": judgement.verdict is None and awaits_reschedule(visit),  # obsolete once the work has begun
        "no_technician": unassigned and visit_state(visit, judgement) in ACTIVE_STATES,
        "clock": any(seconds_ahead(batch, row.received_at) for batch, row in batches if batch.kind == "record"),
    }
    return tuple(flag for flag, is_set in conditions.items() if is_set)


def _has_complaint(visit: LoadedVisit) -> bool:
    """Whether a complaint was noted, or the customer's last answer to any question is negative.

    A negative answer counts even where the checklist makes no finding of it: the office must read it all the same.
    """
    entries = visit.merged.entries
    noted = [entry.id for entry in entries if entry.what == COMPLAINT and entry.holds is not False]
    if noted and not withdrawn_ids(entries).issuperset(noted):
        return True
    submissions = [response.said for _, response in visit.customer_responses]
    last = {(a.question, a.item, a.thing): a.good for submission in submissions for a in submission.answers}
    return not all(last.values()) or any(submission.raises for submission in submissions)


async def save_status(
    tx: Transaction,
    visit: LoadedVisit,
    judgement: Judgement,
    *,
    notify_technicians: bool = True,
    also: Sequence[BatchStatement] = (),
) -> list[int]:
    """Save the status of a locked visit after something was written about it, and bump the sync feeds.

    `visit` includes what was written, `judgement` is of now. Without `notify_technicians` the sync feeds stay as they
    are: nothing that technicians may see has changed. `also` are statements to execute on the way; returns how many
    rows each of those changed.
    """
    update, active = _status_statement(visit, judgement)
    statements = (*also, update)
    if not notify_technicians:
        return (await tx.execute_batch(*statements))[: len(also)]
    unchanged = not visit.customer_responses and active == _needs_sync(visit.row.state, visit.row.flags.split())
    logins = visit.plan.technician, *visit.plan.crew
    counts = await sync_feed.bump(tx, logins, visit.row.id, active=None if unchanged else active, also=statements)
    return counts[: len(also)]


def _needs_sync(state: str, flags: Sequence[str]) -> bool:
    """Whether phones need the visit however old it is."""
    return state in ACTIVE_STATES or (state != "cancelled" and ("open_duties" in flags or "awaiting_evidence" in flags))


def visit_status(visit: LoadedVisit, judgement: Judgement) -> VisitStatus:
    """The status that follows from a judgement."""
    valid_until = None if judgement.until is None else judgement.until // 1000 + 1
    flags = visit_flags(visit, judgement)
    return VisitStatus(visit_state(visit, judgement), flags, judgement.verdict or "", valid_until)


def _status_statement(visit: LoadedVisit, judgement: Judgement) -> tuple[BatchStatement, bool]:
    """The update of the summary, and whether phones need the visit, judged by what technicians may see."""
    status = visit_status(visit, judgement)
    state, flags = status.state, status.flags
    if visit.customer_responses:
        visible = visit.visible_at(None)
        judgement = visible.evaluate_at()
        state, flags = visit_state(visible, judgement), visit_flags(visible, judgement)
    return summaries.update_status_statement(visit.row.id, status), _needs_sync(state, flags)


async def recompute_status(tx: Transaction, visit: LoadedVisit, *, notify_technicians: bool = True) -> None:
    """Evaluate the visit now and save its status (see `save_status`)."""
    await save_status(tx, visit, visit.evaluate_at(), notify_technicians=notify_technicians)


async def refresh_status(tx: Transaction, visit: LoadedVisit) -> bool:
    """Evaluate the visit now and update its summary only; returns whether phones need it however old it is."""
    update, active = _status_statement(visit, visit.evaluate_at())
    await tx.execute_batch(update)
    return active


def search_texts(plan: Plan) -> tuple[str, ...]:
    """The normalized texts by which a visit is found."""
    customer = plan.customer
    texts = (customer.name, customer.account, customer.address, customer.phone, plan.external_ref or "")
    return tuple(map(normalize_text, texts))


async def backfill_summaries(ctx: AppContext) -> int:
    """Compute all statuses that were never computed; returns how many. Visits that cannot be read are skipped."""
    unreadable: set[UUID] = set()
    total = 0
    while count := await _backfill(ctx, unreadable):
        total += count
    return total


@transaction
async def _backfill(ctx: AppContext, tx: Transaction, unreadable: set[UUID]) -> int:
    stale = await summaries.stale_summaries(tx, BACKFILL_SIZE + len(unreadable))
    visit_ids = [visit_id for visit_id in stale if visit_id not in unreadable]
    for visit_id in visit_ids:
        row = await repository.lock_visit(tx, visit_id)
        if row is None:
            continue
        visit = await or_unreadable(ctx, visit_id, load_visit(ctx, tx, row))
        if visit is None:
            unreadable.add(visit_id)
            continue
        for batch, files in zip(visit.batch_rows, visit.referenced_files, strict=True):
            await evidence_files.expect_files(tx, visit_id, batch_senders(batch), files)
        await search_index.add(tx, visit_id, row.area, search_texts(visit.plan))
        await recompute_status(tx, await with_assignment_flag(tx, visit))
    return len(visit_ids)
