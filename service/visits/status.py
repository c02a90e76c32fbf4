"""The status of a visit: its state and flags, saved in its summary by every transaction that writes about it."""

import logging
import time
from collections.abc import Sequence
from typing import Literal, cast
from uuid import UUID

from service.context import AppContext, transaction
from service.db.database import BatchStatement, Transaction
from service.judge.findings import Judgement
from service.judge.moments import to_ms
from service.text import phone_numbers, search_key
from service.web.defects import or_unreadable

from . import evidence_files, repository, search_index, summaries, sync_feed
from .appointment import awaits_reschedule
from .attention import Attention, Reason, attention, reason_words, urgent_at
from .complaints import receipt_numbers
from .customer_link import extend_links_statement
from .loading import LoadedVisit, batch_senders, load_visit
from .no_place import has_no_place
from .notice_flags import NOTICE_FAILED, appointment_conditions, is_ahead, with_notice_flags
from .owed_duties import Duty, duty_key
from .plan import Plan
from .summaries import VisitStatus
from .unassigned import ACTIVE_STATES, NO_TECHNICIAN, with_assignment_flag

State = Literal["planned", "under_way", "to_review", "returned", "closed", "cancelled"]
Flag = Literal[
    "awaiting_evidence",
    "open_duties",
    "absent",
    "answered",
    "complaint",
    "comment",
    "asked_time",
    "no_technician",
    "clock",
    "no_place",
    "notice_due",
    "notice_failed",
    "agreed",
    "not_agreed",
]
BACKFILL_SIZE = 100
TELL_SECONDS = 10.0
_log = logging.getLogger("doorstep.visits")
PHONE_DAYS = 7
"""So long after the planned day or the last record, whichever is later, phones keep what has nothing left to do."""


def visit_state(visit: LoadedVisit, judgement: Judgement, now: Attention | None = None) -> State:
    """The state follows from the entries, the plan and the reviews. Work done on a cancelled visit is reviewed too."""
    if (now or attention(visit, judgement)).closed:
        return "closed"
    if visit.reviews.corrections:
        return "returned"
    if judgement.verdict is None:
        return "planned" if visit.plan_history.cancelled is None else "cancelled"
    finished = "left" in judgement.facts or visit.plan_history.cancelled is not None
    return "to_review" if finished else "under_way"


def visit_flags(visit: LoadedVisit, judgement: Judgement, now: Attention | None = None) -> tuple[Flag, ...]:
    """What is missing, or differs from the plan."""
    now = now or attention(visit, judgement)
    unassigned = NO_TECHNICIAN in visit.row.flags.split()
    conditions = {
        "awaiting_evidence": now.has_missing_files,
        "open_duties": bool(now.duties),
        "absent": "nobody_home" in judgement.facts,
        "answered": bool(visit.customer_responses),
        "complaint": any(reason.kind == "complaint" for reason in now.reasons),
        "comment": _has_unread_comment(visit),
        "asked_time": judgement.verdict is None and awaits_reschedule(visit),  # obsolete once the work has begun
        "no_technician": unassigned and visit_state(visit, judgement, now) in ACTIVE_STATES,
        "clock": now.is_clock_ahead,
        "no_place": has_no_place(visit.merged.entries),
        **(appointment_conditions(visit, judgement) if not now.closed else {}),
    }
    return tuple(cast("Flag", flag) for flag, is_set in conditions.items() if is_set)


def _has_unread_comment(visit: LoadedVisit) -> bool:
    """Whether the customer wrote something of their own that came after the last review."""
    last = visit.reviews.last_review
    since = visit.batch_rows[last.batches :] if last is not None else visit.batch_rows
    return any((response.said.comment or "").strip() and row in since for row, response in visit.customer_responses)


async def save_status(
    tx: Transaction,
    visit: LoadedVisit,
    judgement: Judgement,
    *,
    notify_technicians: bool = True,
    message_changed: bool = False,
    also: Sequence[BatchStatement] = (),
) -> list[int]:
    """Save the status of a locked visit after something was written about it, and bump the sync feeds.

    `visit` includes what was written, `judgement` is of now. Without `notify_technicians` the sync feeds stay as they
    are: nothing that technicians may see has changed. `message_changed`: a message to the customer did. `also` are
    statements to execute on the way; returns how many rows each of those changed.
    """
    visit = await _with_current_notices(tx, visit, judgement, message_changed=message_changed)
    updates, active = await _prepare_status(tx, visit, judgement)
    statements = (*also, *updates)
    if not notify_technicians:
        return (await tx.execute_batch(*statements))[: len(also)]
    has_words = visit.customer_responses or visit.reviews.inquiries  # on them depends what the row does not tell
    unchanged = not has_words and active == _needs_sync(visit.row.state, visit.row.flags.split())
    logins = visit.plan.technician, *visit.plan.crew
    counts = await sync_feed.bump(tx, logins, visit.row.id, active=None if unchanged else active, also=statements)
    return counts[: len(also)]


def _needs_sync(state: str, flags: Sequence[str]) -> bool:
    """Whether phones need the visit however old it is."""
    return state in (*ACTIVE_STATES, "returned") or (
        state not in ("cancelled", "closed") and ("open_duties" in flags or "awaiting_evidence" in flags)
    )


def leaves_phones_at(visit: LoadedVisit, state: str, flags: Sequence[str]) -> int | None:
    """When phones drop the visit (ms UTC): a closed one at once. None while something is left to do."""
    if state == "closed":
        return 0
    if _needs_sync(state, flags) or visit.reviews.open_inquiries(None):
        return None
    records = (row.received_at for row in visit.batch_rows if row.kind == "record")
    return max((visit.planned_at, *records)) + PHONE_DAYS * 86_400_000


def visit_status(visit: LoadedVisit, judgement: Judgement, now: Attention | None = None) -> VisitStatus:
    """The status that follows from a judgement."""
    now = now or attention(visit, judgement)
    changes = [at for at in (judgement.until and judgement.until // 1000 + 1, now.next_at) if at is not None]
    queued: Sequence[Reason] = now.reasons
    due = min((to_ms(one.due) for one in visit.reviews.corrections), default=0)
    if to_ms(visit.now) < due:  # it is the technician's turn: the queue does not show it before the date
        queued = ()
        changes.append(due)
    if visit.plan.window is not None and is_ahead(visit, judgement):
        changes.append(to_ms(visit.plan.window.end))
    state, flags = visit_state(visit, judgement, now), visit_flags(visit, judgement, now)
    dropped = leaves_phones_at(visit, state, flags)
    if dropped is not None and to_ms(visit.now) < dropped:
        changes.append(dropped)
    return VisitStatus(
        state,
        flags,
        judgement.verdict or "",
        min(changes, default=None),
        reason_words(queued),
        urgent_at(queued),
        to_ms(min(reason.since for reason in queued)) if queued else None,
        visit.reviews.assignee,
    )


async def _prepare_status(
    tx: Transaction, visit: LoadedVisit, judgement: Judgement
) -> tuple[tuple[BatchStatement, ...], bool]:
    """Save the duties. Returns the updates of the summary and of the customer's links, and whether phones need the
    visit, judged by what technicians may see."""
    now = attention(visit, judgement)
    status = visit_status(visit, judgement, now)
    state, flags = status.state, status.flags
    await _save_duties(tx, visit, judgement, now.duties)
    answers = (to_ms(one.due_at) for one in now.reasons if one.kind == "complaint" and one.due_at is not None)
    links = extend_links_statement(visit, answers)
    if visit.customer_responses:
        visible = visit.visible_at(None)
        judgement = visible.evaluate_at()
        then = attention(visible, judgement)
        state, flags = visit_state(visible, judgement, then), visit_flags(visible, judgement, then)
    is_needed = _needs_sync(state, flags) or bool(visit.reviews.open_inquiries(None))
    return (summaries.update_status_statement(visit.row.id, status), links), is_needed


async def _save_duties(tx: Transaction, visit: LoadedVisit, judgement: Judgement, duties: Sequence[Duty]) -> None:
    """Close the duties that are done or dropped, and open those that are owed: nothing where there never was one.

    One after the other, because PostgreSQL changes a row only once in a statement.
    """
    if not duties and "open_duties" not in visit.row.flags.split():
        return
    await tx.execute("close_duties", visit=visit.row.id.bytes, closed_at=to_ms(visit.now))
    rows = [
        {
            "visit": visit.row.id.bytes,
            "duty": duty.key,
            "item": duty.item,
            "thing": duty.thing or "",
            "label": judgement.labels.get(duty.thing, duty.thing) if duty.thing else "",
            "owner": duty.owner,
            "technician": visit.plan.technician,
            "area": visit.row.area,
            "since": to_ms(duty.since),
            "due_at": to_ms(duty.due_at),
        }
        for duty in duties
    ]
    await tx.execute_many("open_duty", list({row["duty"]: row for row in rows}.values()))
    dropped = [
        {
            "visit": visit.row.id.bytes,
            "duty": duty_key(finding),
            "dropped_by": decision.by,
            "dropped_reason": decision.reason,
        }
        for finding in judgement.findings
        if finding.kind in ("open", "missing") and (decision := visit.reviews.decision_for(finding))
    ]
    await tx.execute_many("drop_duty", dropped)


async def recompute_status(tx: Transaction, visit: LoadedVisit, *, notify_technicians: bool = True) -> None:
    """Evaluate the visit now and save its status (see `save_status`)."""
    await save_status(tx, visit, visit.evaluate_at(), notify_technicians=notify_technicians)


async def recompute_after_message(tx: Transaction, visit: LoadedVisit) -> None:
    """The same after something happened to a message, of which technicians see nothing."""
    await save_status(tx, visit, visit.evaluate_at(), notify_technicians=False, message_changed=True)


async def refresh_status(tx: Transaction, visit: LoadedVisit) -> tuple[LoadedVisit, bool]:
    """Evaluate the visit now and update its summary only. Returns the visit with its current flags, and whether phones
    need it however old it is."""
    judgement = visit.evaluate_at()
    visit = await _with_current_notices(tx, visit, judgement)
    updates, active = await _prepare_status(tx, visit, judgement)
    await tx.execute_batch(*updates)
    return visit, active


async def _with_current_notices(
    tx: Transaction, visit: LoadedVisit, judgement: Judgement, *, message_changed: bool = False
) -> LoadedVisit:
    """Once the work has begun, only a message that failed matters: a record costs no query."""
    ahead = is_ahead(visit, judgement)
    if not (ahead or message_changed or NOTICE_FAILED in visit.row.flags.split()):
        return visit
    return await with_notice_flags(tx, visit, ahead=ahead)


def search_texts(plan: Plan) -> tuple[str, ...]:
    """The texts by which a visit is found, the work order number last."""
    customer = plan.customer
    numbers = [one for one in phone_numbers(customer.phone) if one not in search_key(customer.phone)]
    phones = " ".join((customer.phone, *numbers))
    return (customer.name, customer.account, customer.address, phones, plan.external_ref or "")


async def backfill_summaries(ctx: AppContext) -> int:
    """Compute all statuses that were never computed; returns how many. Visits that cannot be read are skipped.

    It is done before the server listens, and takes minutes for many visits: the log says how far it is.
    """
    unreadable: set[UUID] = set()
    total, said_at = 0, time.monotonic()
    while count := await _backfill(ctx, unreadable):
        total += count
        if time.monotonic() >= said_at + TELL_SECONDS:
            said_at = time.monotonic()
            _log.info("computing how lists show visits: %d done", total)
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
        await summaries.set_end(tx, visit_id, visit.ends_at)
        await search_index.add_receipts(tx, visit_id, receipt_numbers(visit.merged.entries))
        await search_index.add_former(tx, visit_id, visit.plan_history.former_customers)
        await recompute_status(tx, await with_assignment_flag(tx, visit))
    return len(visit_ids)
