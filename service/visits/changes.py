"""What can change about a visit after it was planned, and the resulting plan. Pure functions."""

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from service.field_kinds import Cleaned, Crew, IdentifierText, LoginText, LongText, visible_text
from service.judge.bounds import check_time
from service.judge.entries import AwareDatetime
from service.judge.visit import Dates, Rescheduled, Window

from .plan import Customer, Plan, Work

Reason = Annotated[str, visible_text(2000)]


class Reschedule(Cleaned, frozen=True, rename={"start": "from", "end": "to"}):
    """Another time (改约)."""

    start: Annotated[AwareDatetime, Meta(description="When the new window begins.")]
    end: Annotated[AwareDatetime, Meta(description="When it ends.")]
    reason: Annotated[Reason, Meta(description="Why.")]

    def __post_init__(self) -> None:
        super().__post_init__()
        check_time("from", self.start)
        check_time("to", self.end)


class Reassignment(Cleaned, frozen=True, omit_defaults=True):
    """Another technician (转派). Without `crew` the crew stays, except for the new technician."""

    technician: Annotated[LoginText, Meta(description="Login of the new technician.")]
    crew: Annotated[Crew | None, Meta(description="Logins of the new crew; without it, the crew stays.")] = None
    reason: Annotated[LongText | None, Meta(description="Why.")] = None


class DetailsUpdate(Cleaned, frozen=True, omit_defaults=True):
    """Corrected details, such as a number or an address; each given field replaces the current one."""

    reason: Annotated[Reason, Meta(description="Why.")]
    customer: Annotated[Customer | None, Meta(description="All of the customer's details.")] = None
    work: Annotated[Work | None, Meta(description="All details of the work.")] = None
    external_ref: Annotated[IdentifierText | None, Meta(description="The work order number.")] = None
    inspectors: Annotated[Annotated[int, Meta(ge=0, le=100)] | None, Meta(description="Number of inspectors.")] = None


class Cancellation(Cleaned, frozen=True):
    """The visit is cancelled (取消)."""

    reason: Annotated[Reason, Meta(description="Why.")]


DueDates = Dates
"""When an open duty is due, by item or `item[thing]`."""

Content = Reschedule | Reassignment | DetailsUpdate | Cancellation | DueDates
CHANGE_DECODERS: dict[str, msgspec.json.Decoder[Content]] = {
    "window": msgspec.json.Decoder(Reschedule),
    "technician": msgspec.json.Decoder(Reassignment),
    "details": msgspec.json.Decoder(DetailsUpdate),
    "due": msgspec.json.Decoder(DueDates),
    "cancellation": msgspec.json.Decoder(Cancellation),
}


class Change(msgspec.Struct, frozen=True):
    """A decoded change. `number` counts from 1."""

    number: int
    kind: str
    at: datetime
    by: str
    content: Content


class ChangeRecord(msgspec.Struct, frozen=True):
    """A change of the plan: old and new values, who, when and why."""

    number: Annotated[int, Meta(description="From 1; the visit's revision after the change.")]
    kind: Annotated[str, Meta(description="What was changed.")]
    at: Annotated[datetime, Meta(description="When.")]
    by: Annotated[str, Meta(description="Login of who changed it.")]
    reason: Annotated[str | None, Meta(description="Why.")]
    old: Annotated[dict[str, Any], Meta(description="The parts of the plan before.")]
    new: Annotated[dict[str, Any], Meta(description="The same parts after.")]


class PlanHistory(msgspec.Struct, frozen=True):
    """The current plan, and how it came about."""

    plan: Plan
    rescheduled: tuple[Rescheduled, ...] = ()
    cancelled: Change | None = None
    trail: tuple[ChangeRecord, ...] = ()
    ever_assigned: frozenset[str] = frozenset()  # the logins of everybody who is or was to go

    @property
    def former_customers(self) -> list[Customer]:
        """The customers that the plan named before changes of its details, in their order."""
        return [record.old["customer"] for record in self.trail if "customer" in record.old]


def apply_change(plan: Plan, content: Content) -> Plan:
    """The plan after a change; an equal plan if the change has no effect."""
    replace = msgspec.structs.replace
    if isinstance(content, Reschedule):
        return replace(plan, window=Window(content.start, content.end))
    if isinstance(content, Reassignment):
        crew = plan.crew if content.crew is None else content.crew
        crew = tuple(dict.fromkeys(login for login in crew if login != content.technician))
        return replace(plan, technician=content.technician, crew=crew)
    if isinstance(content, DetailsUpdate):
        given = {name: getattr(content, name) for name in ("customer", "work", "external_ref", "inspectors")}
        return replace(plan, **{name: value for name, value in given.items() if value is not None})
    if isinstance(content, Cancellation):
        return plan
    return replace(plan, due=plan.due | content)


def apply_changes(plan: Plan, changes: list[Change]) -> PlanHistory:
    """A plan after all its changes, in their order."""
    rescheduled: list[Rescheduled] = []
    trail: list[ChangeRecord] = []
    cancelled: Change | None = None
    ever_assigned = {plan.technician, *plan.crew}
    for change in changes:
        before, plan = plan, apply_change(plan, change.content)
        ever_assigned |= {plan.technician, *plan.crew}
        if isinstance(change.content, Reschedule):
            rescheduled.append(Rescheduled(change.at, change.content.start, change.content.end))
        if isinstance(change.content, Cancellation):
            cancelled = change
        trail.append(_record(change, before, plan))
    return PlanHistory(plan, tuple(rescheduled), cancelled, tuple(trail), frozenset(ever_assigned))


def _record(change: Change, before: Plan, after: Plan) -> ChangeRecord:
    parts = [name for name in Plan.__struct_fields__ if getattr(before, name) != getattr(after, name)]
    reason = None if isinstance(change.content, dict) else change.content.reason
    old, new = ({name: getattr(plan, name) for name in parts} for plan in (before, after))
    return ChangeRecord(change.number, change.kind, change.at, change.by, reason, old, new)


def redact_due_dates(history: PlanHistory, subjects: AbstractSet[str], items: AbstractSet[str]) -> PlanHistory:
    """The history without the due dates of some items and of duties about some subjects."""
    suffixes = tuple(f"[{subject}]" for subject in subjects)

    def redact(parts: dict[str, Any]) -> dict[str, Any]:
        dates = parts.get("due", {}).items()
        due = {key: moment for key, moment in dates if key not in items and not key.endswith(suffixes)}
        return parts | {"due": due} if "due" in parts else parts

    replace = msgspec.structs.replace
    plan = replace(history.plan, due=redact({"due": history.plan.due})["due"])
    trail = tuple(replace(change, old=redact(change.old), new=redact(change.new)) for change in history.trail)
    return replace(history, plan=plan, trail=trail)
