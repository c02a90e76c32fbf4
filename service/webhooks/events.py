"""Events about visits for other systems: what is sent, and when there is something to send.

Whatever is written about a visit raises its `news` (see `messages/automatic`); then its current data is compared with
what the last event said. So no way of writing about a visit can be forgotten, and a record costs nothing more. An event
holds no personal data of customers: who wants more asks the API for the visit.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from service.context import AppContext, transaction
from service.db.database import Transaction
from service.db.rows import fetch_struct, to_params
from service.judge.visit import Window
from service.visits.loading import PLAN_DECODER
from service.visits.repository import lock_visit
from service.visits.summaries import VisitSummaryRow, get_summary

EventType = Literal["visit.planned", "visit.updated", "test"]
DeliveryState = Literal["waiting", "delivered", "refused", "given_up"]
Outcome = Literal["delivered", "failed", "refused"]
KEPT_MS = 30 * 86_400_000
"""For so long events can be sent again."""


class VisitData(msgspec.Struct, frozen=True, kw_only=True):
    """A visit, as events and their receivers have it: no name, telephone or address of a customer."""

    visit: Annotated[UUID, Meta(description="The id of the visit; `GET /v1/visits/{id}` has all the rest.")]
    external_ref: Annotated[str | None, Meta(description="The work order number.")]
    type: Annotated[str, Meta(description="The type of visit.")]
    area: Annotated[str, Meta(description="The area (片区).")]
    technician: Annotated[str, Meta(description="Login of the technician.")]
    crew: Annotated[tuple[str, ...], Meta(description="Logins of the crew.")]
    window: Annotated[Window | None, Meta(description="The agreed time.")]
    state: Annotated[str, Meta(description="The state, as in lists of visits.")]
    verdict: Annotated[str, Meta(description="The verdict; empty before any work.")]
    flags: Annotated[tuple[str, ...], Meta(description="What is missing, or differs from the plan.")]
    revision: Annotated[int, Meta(description="How many changes of the plan there are.")]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of an event, as Standard Webhooks has it."""

    type: EventType
    timestamp: datetime
    data: VisitData | dict[str, str]
    previous: dict[str, Any] = {}


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stored event. `at` is ms UTC, `body` the exact bytes that are sent; a test is about no visit."""

    id: UUID
    visit: UUID | None
    type: EventType
    at: int
    body: bytes


async def publish_changes(ctx: AppContext, visit_id: UUID) -> bool:
    """Put an event into the queue of each receiver if a visit is not what its last event says."""
    return bool(ctx.receivers) and await _publish_changes(ctx, visit_id)


@transaction
async def _publish_changes(ctx: AppContext, tx: Transaction, visit_id: UUID) -> bool:
    await lock_visit(tx, visit_id)
    summary = await get_summary(tx, visit_id)
    if summary is None or not summary.state:
        return False
    data = visit_data(summary)
    last = await tx.fetch_one("webhook_snapshot", visit=visit_id.bytes)
    before = None if last is None else msgspec.json.decode(last[0], type=VisitData)
    if data == before:
        return False
    previous = {} if before is None else _differences(before, data)
    await add_event(ctx, tx, "visit.planned" if before is None else "visit.updated", data, previous)
    await tx.execute("put_webhook_snapshot", visit=visit_id.bytes, body=msgspec.json.encode(data))
    return True


def visit_data(summary: VisitSummaryRow) -> VisitData:
    """What receivers get to know of a visit."""
    plan = PLAN_DECODER.decode(summary.plan)
    return VisitData(
        visit=summary.visit,
        external_ref=plan.external_ref,
        type=summary.type,
        area=summary.area,
        technician=summary.technician,
        crew=summary.crew,
        window=plan.window,
        state=summary.state,
        verdict=summary.verdict,
        flags=summary.flags,
        revision=summary.revision,
    )


def _differences(before: VisitData, now: VisitData) -> dict[str, Any]:
    """The former values of the fields that changed."""
    return {
        name: getattr(before, name) for name in now.__struct_fields__ if getattr(before, name) != getattr(now, name)
    }


async def add_event(
    ctx: AppContext,
    tx: Transaction,
    type: EventType,
    data: VisitData | dict[str, str],
    previous: dict[str, Any],
    receivers: tuple[str, ...] | None = None,
) -> UUID:
    """Store an event, due at once for all receivers or for those named. Returns its id."""
    now = ctx.clock()
    body = msgspec.json.encode(Event(type=type, timestamp=ctx.now(), data=data, previous=previous))
    visit = data.visit if isinstance(data, VisitData) else None
    row = EventRow(id=ctx.new_id(), visit=visit, type=type, at=now, body=body)
    await tx.execute("add_webhook_event", **to_params(row))
    names = receivers if receivers is not None else tuple(one.name for one in ctx.receivers)
    await queue(tx, row, names, now)
    return row.id


async def queue(tx: Transaction, event: EventRow, receivers: Iterable[str], next_at: int) -> None:
    """Put an event into the queue of receivers, for the first time or again."""
    rows = [{"event": event.id.bytes, "receiver": one, "since": event.at, "next_at": next_at} for one in receivers]
    await tx.execute_many("queue_webhook", rows)


async def get_event(tx: Transaction, id: UUID) -> EventRow | None:
    """An event."""
    return await fetch_struct(tx, EventRow, "webhook_event", id=id.bytes)


async def forget_visit(tx: Transaction, visit_id: UUID) -> None:
    """Delete all events about a visit, with their deliveries."""
    await tx.execute("forget_webhook_events", visit=visit_id.bytes)
    await tx.execute("forget_webhook_snapshot", visit=visit_id.bytes)


@transaction
async def delete_old_events(ctx: AppContext, tx: Transaction) -> int:
    """Delete events that are too old to be sent again; returns how many."""
    return await tx.execute("delete_old_webhook_events", before=ctx.clock() - KEPT_MS, size=500)
