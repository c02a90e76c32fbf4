"""Dispatch changes a visit's time, technicians, details or deadlines, or cancels it.

Clients name the revision that they change (`expected`, from If-Match): the second of two simultaneous changes fails.
"""

from hashlib import sha256
from uuid import UUID

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person
from service.audit_log import log
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import (
    FieldError,
    InvalidBody,
    PreconditionFailed,
    VisitAlreadyStarted,
    VisitCancelled,
    VisitFull,
    json_pointer,
)
from service.judge.bounds import FIRST_YEAR, LAST_YEAR, YEARS
from service.judge.moments import to_ms
from service.messages import outbox
from service.messages.misdirected import take_back_misdirected
from service.readable_json import readable
from service.visits import change_rows, search_index, summaries, sync_feed, unassigned
from service.visits import repository as visits_repository
from service.visits.change_rows import ChangeKind, ChangeRow
from service.visits.changes import (
    Cancellation,
    Content,
    DetailsUpdate,
    DueDates,
    Reassignment,
    Reschedule,
    apply_change,
)
from service.visits.loading import LoadedVisit, load_visit, lock_visible_visit
from service.visits.plan import Plan
from service.visits.status import refresh_status, search_texts
from service.web.decoding import is_plain_key

from .planning import require_technicians, validate_due_dates, window_faults, with_known_logins
from .views import VisitView, build_view
from .warnings import plan_warnings


@transaction
async def change(
    ctx: AppContext,
    tx: Transaction,
    token: bytes,
    visit_id: UUID,
    kind: ChangeKind,
    content: Content,
    raw: bytes,
    expected: frozenset[int],
) -> VisitView:
    """Change a visit as the exact bytes `raw` say. PreconditionFailed unless its revision is one of `expected`, or the
    change is already applied: an answer may get lost."""
    raw = readable(raw)
    if isinstance(content, dict):
        _require_years(content)
    person = await authenticate_token(tx, token)
    require_permission(person, "change a visit")
    if isinstance(content, Reassignment):
        content, raw = await with_known_logins(tx, content, raw)
        # people before visits: the lock order
        await accounts_repository.lock_active(tx, (content.technician, *(content.crew or ())))
    row = await lock_visible_visit(tx, person, visit_id)
    before = await load_visit(ctx, tx, row)
    if _is_already_applied(before, content):
        return await _changed_view(ctx, tx, person, before, content)
    if row.revision not in expected:
        raise PreconditionFailed
    if row.revision >= ctx.visit_limits.batches and not isinstance(content, Cancellation):
        raise VisitFull(f"最多 {ctx.visit_limits.batches} 次修改 / at most {ctx.visit_limits.batches} changes")
    _require_changeable(before, content)
    await _validate(tx, before, content)
    new = ChangeRow(
        id=ctx.new_id(),
        visit=row.id,
        number=row.revision + 1,
        kind=kind,
        at=ctx.clock(),
        writer=person.login,
        sha256=sha256(raw).digest(),
        body=raw,
        salt=ctx.new_salt(),
    )
    await change_rows.add_change(tx, new)
    commitment = change_rows.change_commitment(new)
    await log.append_leaf(tx, "visit.amended", new.id, new.salt, new.sha256, new.at, commitment)
    if _invalidates_notices(before.plan, content):
        await outbox.cancel_pending(tx, row.id, new.at, kind)
    after = await _propagate_change(ctx, tx, before, content, person.login)
    return await _changed_view(ctx, tx, person, after, content)


def _require_years(due: DueDates) -> None:
    """InvalidBody for a date that cannot be shown everywhere."""
    wrong = [name for name, at in due.items() if not FIRST_YEAR <= at.year <= LAST_YEAR]
    if wrong:
        pointers = dict.fromkeys(json_pointer(name) if is_plain_key(name) else "" for name in wrong[:20])
        raise InvalidBody("", tuple(FieldError(pointer, "invalid", YEARS) for pointer in pointers))


async def _changed_view(
    ctx: AppContext, tx: Transaction, person: Person, visit: LoadedVisit, content: Content
) -> VisitView:
    """The visit for the answer, with warnings about what was just changed."""
    planned = isinstance(content, (Reschedule, Reassignment, DetailsUpdate))
    warnings = await plan_warnings(ctx, tx, person, visit.row.id, visit.plan) if planned else ()
    return await build_view(ctx, tx, visit.visible_to(person), warnings)


def _require_changeable(visit: LoadedVisit, content: Content) -> None:
    """VisitAlreadyStarted or VisitCancelled. Work that was done stays with its visit (docs/decisions/0010)."""
    judgement = visit.evaluate_at()
    if judgement.verdict is not None:
        over = isinstance(content, Reschedule) and "left" in judgement.facts  # work may take more than one day
        if over or isinstance(content, Cancellation):
            raise VisitAlreadyStarted
    elif visit.plan_history.cancelled is not None:
        raise VisitCancelled


def _is_already_applied(visit: LoadedVisit, content: Content) -> bool:
    if isinstance(content, Cancellation):
        cancelled = visit.plan_history.cancelled
        return cancelled is not None and cancelled.content == content
    return apply_change(visit.plan, content) == visit.plan


def _invalidates_notices(plan: Plan, content: Content) -> bool:
    """Whether a waiting notice would give the customer outdated information."""
    after = apply_change(plan, content)
    shown = ("window", "technician", "customer", "work")
    return isinstance(content, Cancellation) or any(getattr(plan, name) != getattr(after, name) for name in shown)


async def _validate(tx: Transaction, visit: LoadedVisit, content: Content) -> None:
    faults: list[FieldError] = []
    if isinstance(content, Reschedule):
        faults += window_faults(content.start, content.end, "")
    elif isinstance(content, Reassignment):
        after = apply_change(visit.plan, content)
        await require_technicians(tx, after.technician, content.crew or ())
    elif isinstance(content, dict):
        faults += validate_due_dates(content, visit.rules, "")
    if faults:
        raise InvalidBody("", tuple(faults))


async def _propagate_change(
    ctx: AppContext, tx: Transaction, before: LoadedVisit, content: Content, writer: str
) -> LoadedVisit:
    """Update the summary, the search index and the agendas. Returns the changed visit."""
    row, plan = before.row, apply_change(before.plan, content)
    planned_at = before.planned_at if plan.window is None else to_ms(plan.window.start)
    await summaries.update_plan(tx, row.id, plan, planned_at, row.revision + 1)
    await search_index.change(tx, row.id, row.area, search_texts(before.plan), search_texts(plan))
    if plan.customer != before.plan.customer:
        await search_index.add_former(tx, row.id, (before.plan.customer,))
    after = await load_visit(ctx, tx, await visits_repository.lock_visit(tx, row.id) or row)
    if plan.customer.phone != before.plan.customer.phone:
        after = await take_back_misdirected(ctx, tx, after, writer)
    if isinstance(content, Reassignment):
        after = await unassigned.with_assignment_flag(tx, after)
    after, active = await refresh_status(tx, after)
    logins = (plan.technician, *plan.crew)
    gone = {before.plan.technician, *before.plan.crew}.difference(logins)
    await sync_feed.assign(tx, logins, row.id, planned_at=planned_at, active=active, gone=gone)
    return after
