"""A technician reports that they are on the way to a visit."""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import is_assigned_to
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import DepartureNotNow, FieldError, InvalidBody, NotYourVisit, VisitCancelled, VisitFull
from service.judge.moments import later
from service.visits import departures
from service.visits.departures import Departure, DepartureRow, DepartureView
from service.visits.loading import LoadedVisit, load_visit, lock_visible_visit
from service.visits.status import recompute_status

AROUND_WINDOW = timedelta(hours=12)
"""So long before the window and after it a technician may be on the way."""

AROUND_NOW = timedelta(days=1)
"""A phone without a network sends a departure later; its clock may be off."""


@transaction
async def record_departure(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, departure: Departure, raw: bytes
) -> tuple[bool, DepartureView]:
    """Record that the caller is on the way. Returns False for a departure that was recorded before.

    NotYourVisit unless they are assigned, VisitCancelled, DepartureNotNow.
    """
    person = await authenticate_token(tx, token)
    require_permission(person, "submit a record")
    row = await lock_visible_visit(tx, person, visit_id)
    if not is_assigned_to(person, row.technician, row.crew):
        raise NotYourVisit
    visit = await load_visit(ctx, tx, row)
    for known in visit.departures:
        if known.writer == person.login and known.content() == departure:
            return False, departures.view_of(ctx, known)
    if abs(departure.at - ctx.now()) > AROUND_NOW:
        detail = "时间差一天以上，请核对手机的时钟 / more than a day from now: look at the phone's clock"
        raise InvalidBody("", (FieldError("/at", "far-from-now", detail),))
    _require_possible(visit)
    if row.departures >= ctx.visit_limits.batches:
        most = ctx.visit_limits.batches
        raise VisitFull(f"最多报 {most} 次出发 / at most {most} departures")
    new = DepartureRow(
        id=ctx.new_id(),
        visit=row.id,
        number=row.departures + 1,
        revision=row.revision,
        at=ctx.clock(),
        writer=person.login,
        sha256=sha256(raw).digest(),
        body=raw,
        salt=ctx.new_salt(),
    )
    await departures.add_departure(tx, new)
    await recompute_status(tx, visit)
    return True, departures.view_of(ctx, new)


def _require_possible(visit: LoadedVisit) -> None:
    if visit.plan_history.cancelled is not None:
        raise VisitCancelled
    if visit.evaluate_at().verdict is not None:
        raise DepartureNotNow("已经到场 / the visit has begun")
    window = visit.plan.window
    if window is not None and visit.now > later(window.end, AROUND_WINDOW):
        raise DepartureNotNow("约定的时间早已过去 / the time of the visit is long over")
    if window is not None and visit.now < later(window.start, -AROUND_WINDOW):
        raise DepartureNotNow("离约定的时间还早 / the time of the visit is far away")
