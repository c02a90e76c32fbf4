"""The appointment as it stands: derived from the entries and the window in force, never set."""

from collections.abc import Container
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from service.judge.entries import Entry
from service.judge.moments import later
from service.judge.timeline import withdrawn_ids
from service.judge.visit import Window

from .loading import LoadedVisit

AGREED, MOVED = "appointment_agreed", "reschedule_notified"


class RequestedTime(msgspec.Struct, frozen=True):
    """The customer asked for another time."""

    at: Annotated[datetime, Meta(description="When they asked.")]
    wish: Annotated[str, Meta(description="What they wish, in their words.")]


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """What was agreed with the customer. `moved`: the window is not the first one; `before` is the one before it.
    `agreed` is for the one in force."""

    window: Annotated[Window | None, Meta(description="The window in force.")]
    before: Annotated[Window | None, Meta(description="The window before it, where it was moved.")] = None
    moved: Annotated[bool, Meta(description="Whether the visit was rescheduled.")]
    agreed: Annotated[bool, Meta(description="Whether the customer agreed to the window in force.")]
    agreed_at: Annotated[datetime | None, Meta(description="When they agreed.")] = None
    agreed_by: Annotated[str | None, Meta(description="Whose entry says so.")] = None
    asked: Annotated[RequestedTime | None, Meta(description="The customer's wish for another time.")] = None
    may_agree: Annotated[bool, Meta(description="Whether the customer may agree now.")] = False
    may_ask_until: Annotated[datetime | None, Meta(description="Until when they may ask for another time.")] = None


def current_appointment(file: LoadedVisit, now: datetime, cutoff_hours: int) -> Appointment:
    """The appointment now."""
    visit = file.visit()
    last = visit.rescheduled[-1] if visit.rescheduled else None
    late = _after_last_move(file) if last else frozenset[str]()
    windows = [visit.window, *(Window(one.start, one.end) for one in visit.rescheduled)]
    window = windows[-1]
    entries = file.merged.entries
    slips = withdrawn_ids(entries)
    seen = [one for one in entries if one.id not in slips and (last is None or _after(one, last.at, late))]
    asks = [n for n, one in enumerate(seen) if one.what == AGREED and one.by == "customer" and one.refused]
    asked = seen[asks[-1]] if asks else None
    since = seen[asks[-1] + 1 :] if asks else seen  # in the order in which they came: who asks anew agrees anew
    agreed = next((one for one in since if one.what == AGREED and is_completed(one)), None)
    begun = any(entry.by == "technician" for entry in entries)
    over = begun or file.plan_history.cancelled is not None or (window is not None and now > window.end)
    until = later(window.start, -timedelta(hours=cutoff_hours)) if window else None
    return Appointment(
        window=window,
        before=windows[-2] if last else None,
        moved=last is not None,
        agreed=agreed is not None,
        agreed_at=agreed.at if agreed else None,
        agreed_by=agreed.by if agreed else None,
        asked=_reschedule_request(asked),
        may_agree=agreed is None and window is not None and not over,
        may_ask_until=until if until is not None and not over and now <= until else None,
    )


def _after_last_move(visit: LoadedVisit) -> frozenset[str]:
    """The ids of the entries that came after the window was moved last, in the order of the visit's lock."""
    moved = max(step.number for step in visit.plan_history.trail if step.kind == "window")
    batches = zip(visit.batch_rows, visit.batches, strict=True)
    return frozenset(entry.id for row, batch in batches if (row.revision or 0) >= moved for entry in batch.entries)


def _after(entry: Entry, moved_at: datetime, late: Container[str]) -> bool:
    """Whether an entry speaks of the window in force. What a phone sends late may be of before, by its own clock."""
    return entry.id in late and (entry.via != "record" or entry.at >= moved_at)


def awaits_reschedule(visit: LoadedVisit) -> bool:
    """Whether the customer waits for an answer: he asked for another time, and nothing was moved or agreed since."""
    entries = visit.merged.entries
    if visit.plan_history.cancelled is not None or not any(one.what == AGREED and one.refused for one in entries):
        return False
    stands = current_appointment(visit, entries[-1].at, 0)
    return stands.asked is not None and not stands.agreed


def is_completed(entry: Entry) -> bool:
    """Whether the entry says that its item was done."""
    return entry.holds is not False and not (entry.says or entry.waived or entry.refused)


def _reschedule_request(entry: Entry | None) -> RequestedTime | None:
    if entry is None or entry.refused is None:
        return None
    return RequestedTime(entry.at, entry.refused.reason or "")
