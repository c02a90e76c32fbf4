"""The appointment of a visit: derived from the entries and the current window, never stored."""

from collections.abc import Container
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from service.judge.entries import Entry, FieldValue
from service.judge.moments import later
from service.judge.timeline import withdrawn_ids
from service.judge.visit import Window

from .loading import LoadedVisit

AGREED, MOVED = "appointment_agreed", "reschedule_notified"


class RequestedTime(msgspec.Struct, frozen=True):
    """The customer asked for another time."""

    at: Annotated[datetime, Meta(description="When they asked.")]
    wish: Annotated[str, Meta(description="What they wish, in their words.")]
    window: Annotated[Window | None, Meta(description="The time that they would like, where they chose one.")] = None


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """What was agreed with the customer. `moved`: the window is not the first one; `before` is the one before it.
    `agreed` refers to the current window."""

    window: Annotated[Window | None, Meta(description="The window in force.")]
    before: Annotated[Window | None, Meta(description="The window before it, where it was moved.")] = None
    moved: Annotated[bool, Meta(description="Whether the visit was rescheduled.")]
    agreed: Annotated[bool, Meta(description="Whether the customer agreed to the window in force.")]
    agreed_at: Annotated[datetime | None, Meta(description="When they agreed.")] = None
    agreed_by: Annotated[str | None, Meta(description="Whose entry says so.")] = None
    asked: Annotated[RequestedTime | None, Meta(description="The customer's wish for another time.")] = None
    may_agree: Annotated[bool, Meta(description="Whether the customer may agree now.")] = False
    may_ask_until: Annotated[datetime | None, Meta(description="Until when they may ask for another time.")] = None


def current_appointment(loaded: LoadedVisit, now: datetime, cutoff_hours: int) -> Appointment:
    """The appointment: the first agreement after the window was last moved and after the customer's last request."""
    visit, entries = loaded.visit(), loaded.merged.entries
    last = visit.rescheduled[-1] if visit.rescheduled else None
    after_move = _entries_after_last_move(loaded) if last else frozenset[str]()
    windows = [visit.window, *(Window(moved.start, moved.end) for moved in visit.rescheduled)]
    window = windows[-1]
    withdrawn = withdrawn_ids(entries)
    current = [
        entry
        for entry in entries
        if entry.id not in withdrawn and (last is None or _is_about_current_window(entry, last.at, after_move))
    ]
    request: RequestedTime | None = None
    agreement: Entry | None = None
    for entry in current:  # in the order of arrival: a new request needs a new agreement
        if entry.what != AGREED:
            continue
        if entry.by == "customer" and entry.refused:
            request, agreement = RequestedTime(entry.at, entry.refused.reason or "", wished_window(entry)), None
        elif agreement is None and is_completed(entry):
            agreement = entry
    has_begun = any(entry.by == "technician" for entry in entries)
    is_over = has_begun or loaded.plan_history.cancelled is not None or (window is not None and now > window.end)
    deadline = later(window.start, -timedelta(hours=cutoff_hours)) if window else None
    return Appointment(
        window=window,
        before=windows[-2] if last else None,
        moved=last is not None,
        agreed=agreement is not None,
        agreed_at=agreement.at if agreement else None,
        agreed_by=agreement.by if agreement else None,
        asked=request,
        may_agree=agreement is None and window is not None and not is_over,
        may_ask_until=deadline if deadline is not None and not is_over and now <= deadline else None,
    )


def _entries_after_last_move(visit: LoadedVisit) -> frozenset[str]:
    """The ids of the entries written after the window was last moved, in the order of the visit's lock."""
    moved = max(change.number for change in visit.plan_history.trail if change.kind == "window")
    batches = zip(visit.batch_rows, visit.batches, strict=True)
    return frozenset(entry.id for row, batch in batches if (row.revision or 0) >= moved for entry in batch.entries)


def _is_about_current_window(entry: Entry, moved_at: datetime, after_move: Container[str]) -> bool:
    """A record that arrives after the move may, by the phone's clock, be from before it."""
    return entry.id in after_move and (entry.via != "record" or entry.at >= moved_at)


def window_fields(window: Window) -> dict[str, FieldValue]:
    """The fields by which an entry names the time that a customer would like."""
    return {name: moment.isoformat() for name, moment in (("from", window.start), ("to", window.end))}


def wished_window(entry: Entry) -> Window | None:
    """The time that a customer would like, by these fields."""
    try:
        return msgspec.convert(entry.fields, Window) if entry.fields else None
    except msgspec.ValidationError:  # somebody else's fields
        return None


def awaits_reschedule(visit: LoadedVisit) -> bool:
    """Whether the customer asked for another time, and the window was neither moved nor agreed to since."""
    entries = visit.merged.entries
    if visit.plan_history.cancelled is not None or not any(e.what == AGREED and e.refused for e in entries):
        return False
    appointment = current_appointment(visit, entries[-1].at, 0)
    return appointment.asked is not None and not appointment.agreed


def is_completed(entry: Entry) -> bool:
    """Whether the entry says that its item was done."""
    return entry.holds is not False and not (entry.says or entry.waived or entry.refused)
