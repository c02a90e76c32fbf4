"""Whether the customer still has to be informed of a visit, and whether they agreed: what dispatchers arrange.

These flags are kept only until the work begins or the window is over, but for a message that failed.
"""

import msgspec

from service.db.database import Transaction
from service.judge.findings import Judgement
from service.judge.moments import to_ms
from service.judge.visit import Window

from .appointment import current_appointment
from .loading import LoadedVisit
from .plan import EXEMPT, Plan

NOTICE_DUE, NOTICE_FAILED, AGREED, NOT_AGREED = "notice_due", "notice_failed", "agreed", "not_agreed"
NOTICE_FLAGS = frozenset({NOTICE_DUE, NOTICE_FAILED})
COVERING_STATES, FAILED_STATES = ("waiting", "taken", "delivered"), ("refused", "failed", "given_up")
TELLING_OF_TIME = ("appointment", "reschedule")
AFTERWARDS = ("cancellation", "please_sign", "signature_void", "complaint_received", "complaint_answered", "other")
"""What messages are about that still matter when a visit has begun or was cancelled."""


def needs_appointment(plan: Plan, now: int) -> bool:
    """Whether a visit that nobody has begun still has to be agreed with the customer (`now` is ms UTC)."""
    window = plan.window
    if window is None or plan.assigned.get(EXEMPT):
        return False
    return now < to_ms(window.end)


def flags_when_planned(plan: Plan, now: int) -> tuple[str, ...]:
    """The flags of a visit that was just planned: the customer was neither informed nor has agreed."""
    return (NOTICE_DUE, NOT_AGREED) if needs_appointment(plan, now) else ()


def is_ahead(visit: LoadedVisit, judgement: Judgement) -> bool:
    """Whether the visit is still to come, and needs an appointment."""
    if judgement.verdict is not None or visit.plan_history.cancelled is not None:
        return False
    return needs_appointment(visit.plan, to_ms(visit.now))


def appointment_conditions(visit: LoadedVisit, judgement: Judgement) -> dict[str, bool]:
    """Each of the flags. Those about notices are as in the visit's row (see `with_notice_flags`)."""
    stored = visit.row.flags.split()
    if not is_ahead(visit, judgement):
        return {NOTICE_FAILED: NOTICE_FAILED in stored}
    agreed = current_appointment(visit, visit.now, 0).agreed
    return {flag: flag in stored for flag in (NOTICE_DUE, NOTICE_FAILED)} | {AGREED: agreed, NOT_AGREED: not agreed}


def _window_at(visit: LoadedVisit, at: int) -> Window | None:
    """The window that was in force at a moment."""
    moves = [Window(one.start, one.end) for one in visit.plan_history.rescheduled if to_ms(one.at) <= at]
    return moves[-1] if moves else visit.original_plan.window


async def with_notice_flags(tx: Transaction, visit: LoadedVisit, *, ahead: bool) -> LoadedVisit:
    """The visit with its flags about notices brought up to date, by its messages. `ahead`: see `is_ahead`.

    While it is ahead, one message about the current window is enough; of other messages the last of each kind counts.
    """
    moved = visit.plan_history.rescheduled
    states, others = list[str](), dict[str, str]()
    for about, state, at in await tx.fetch_all("notice_states", visit=visit.row.id.bytes):
        if about in TELLING_OF_TIME:
            if state in COVERING_STATES and _window_at(visit, at) != visit.plan.window:
                states.clear()  # what came before is not the last that the customer knows
            states += [state] if ahead and (not moved or _window_at(visit, at) == visit.plan.window) else []
        elif ahead or about in AFTERWARDS:
            others[about] = state
    flags = [flag for flag in visit.row.flags.split() if flag not in NOTICE_FLAGS]
    is_notified = any(state in COVERING_STATES for state in states)
    if ahead and not is_notified:
        flags.append(NOTICE_DUE)
    if any(state in FAILED_STATES for state in (*others.values(), *(() if is_notified else states))):
        flags.append(NOTICE_FAILED)
    return msgspec.structs.replace(visit, row=msgspec.structs.replace(visit.row, flags=" ".join(flags)))
