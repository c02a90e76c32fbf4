"""What became of events, for admins: their receivers, the events and each attempt; and sending events again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate_token, require_permission
from service.context import AppContext, read_only, transaction
from service.db.database import Row, Transaction
from service.db.rows import fetch_structs
from service.errors import NotFound
from service.judge.bounds import check_time
from service.judge.moments import to_ms
from service.web.pagination import decode_cursor, encode_cursor

from .events import DeliveryState, EventRow, EventType, Outcome, add_event, get_event, queue

PAGE_SIZE = 50
MAX_ATTEMPTS = 50  # of one event, the latest
STEP_SIZE = 500  # events that a transaction puts into a queue
LAST_KEY = (2**62, UUID(int=2**128 - 1))


class Attempt(msgspec.Struct, frozen=True):
    """One attempt to deliver an event."""

    number: Annotated[int, Meta(description="From 1, also when the event was sent again.")]
    at: Annotated[datetime, Meta(description="When it ended.")]
    outcome: Annotated[Outcome, Meta(description="`refused`: the receiver answered 410, and wants it no more.")]
    detail: Annotated[str, Meta(description="The status of the answer, or the kind of failure.")]


class WebhookReceiver(msgspec.Struct, frozen=True):
    """A receiver of events, as the settings have it."""

    name: Annotated[str, Meta(description="Its name in the settings.")]
    host: Annotated[str, Meta(description="Its address without the path, which may be secret.")]
    waiting: Annotated[int, Meta(description="How many events wait for it.")]
    waiting_since: Annotated[datetime | None, Meta(description="When the oldest of them happened.")]
    last: Annotated[Attempt | None, Meta(description="The last attempt.")]


class WebhookReceivers(msgspec.Struct, frozen=True):
    """All receivers."""

    items: Annotated[tuple[WebhookReceiver, ...], Meta(description="In the order of the settings.")]


class Delivery(msgspec.Struct, frozen=True):
    """What became of an event at one receiver."""

    receiver: Annotated[str, Meta(description="The receiver's name.")]
    state: Annotated[
        DeliveryState,
        Meta(description="`waiting` for the next attempt; `given_up` after the last, or when the receiver is no more."),
    ]
    next_at: Annotated[datetime | None, Meta(description="When the next attempt is due.")]
    attempts: Annotated[tuple[Attempt, ...], Meta(description="All attempts, the latest first.")]


class SentEvent(msgspec.Struct, frozen=True):
    """An event and what became of it."""

    id: Annotated[UUID, Meta(description="The same for every attempt: `webhook-id`.")]
    type: Annotated[EventType, Meta(description="What happened.")]
    at: Annotated[datetime, Meta(description="When.")]
    visit: Annotated[UUID | None, Meta(description="The visit that it is about; none for a test.")]
    body: Annotated[str, Meta(description="The exact text that is sent (JSON).")]
    deliveries: Annotated[tuple[Delivery, ...], Meta(description="One for each receiver.")]


class SentEvents(msgspec.Struct, frozen=True):
    """A page of events, the latest first."""

    items: Annotated[tuple[SentEvent, ...], Meta(description="The events of this page.")]
    after: Annotated[str | None, Meta(description="The cursor of the next page; null at the end.")]


class SendAgain(msgspec.Struct, frozen=True):
    """Which events to send again to a receiver: all since a time."""

    since: Annotated[datetime, Meta(description="From this time on; events are kept for 30 days.", tz=True)]

    def __post_init__(self) -> None:
        check_time("since", self.since)


class Queued(msgspec.Struct, frozen=True):
    """How many deliveries were put into the queue."""

    queued: Annotated[int, Meta(description="How many.")]


class _DeliveryRow(msgspec.Struct, frozen=True):
    event: UUID
    receiver: str
    state: DeliveryState
    tries: int
    next_at: int | None


async def _require_admin(tx: Transaction, token: bytes) -> None:
    require_permission(await authenticate_token(tx, token), "see webhooks")


@read_only
async def list_receivers(ctx: AppContext, tx: Transaction, token: bytes) -> WebhookReceivers:
    """All receivers, with what waits for them."""
    await _require_admin(tx, token)
    queues = {name: (count, since) for name, count, since in await tx.fetch_all("webhook_queues")}
    items: list[WebhookReceiver] = []
    for one in ctx.receivers:
        count, since = queues.get(one.name, (0, None))
        last = await tx.fetch_one("last_webhook_attempt", receiver=one.name)
        since_at = None if since is None else ctx.to_local_time(since)
        items.append(WebhookReceiver(one.name, one.host, count, since_at, _attempt(ctx, last) if last else None))
    return WebhookReceivers(tuple(items))


@read_only
async def list_events(
    ctx: AppContext, tx: Transaction, token: bytes, after: str | None, state: DeliveryState | None
) -> SentEvents:
    """Events with what became of them; with `state`, those with a delivery in that state."""
    await _require_admin(tx, token)
    at, key = decode_cursor(after) if after else LAST_KEY
    start, size = {"before_at": at, "before_id": key.bytes}, PAGE_SIZE + 1
    if state is None:
        rows = await fetch_structs(tx, EventRow, "webhook_events_page", **start, size=size)
    else:
        rows = await fetch_structs(tx, EventRow, "webhook_events_in_state", **start, state=state, size=size)
    page, has_more = rows[:PAGE_SIZE], len(rows) > PAGE_SIZE
    items = tuple([await _sent_event(ctx, tx, row) for row in page])
    return SentEvents(items, encode_cursor((page[-1].at, page[-1].id)) if has_more else None)


async def _sent_event(ctx: AppContext, tx: Transaction, row: EventRow) -> SentEvent:
    attempts: dict[str, list[Attempt]] = {}
    for receiver, *attempt in await tx.fetch_all("webhook_attempts_of", event=row.id.bytes, size=MAX_ATTEMPTS):
        attempts.setdefault(receiver, []).append(_attempt(ctx, attempt))
    deliveries = [
        Delivery(
            one.receiver,
            one.state,
            None if one.next_at is None else ctx.to_local_time(one.next_at),
            tuple(attempts.get(one.receiver, ())),
        )
        for one in await fetch_structs(tx, _DeliveryRow, "webhook_deliveries_of", event=row.id.bytes)
    ]
    return SentEvent(row.id, row.type, ctx.to_local_time(row.at), row.visit, row.body.decode(), tuple(deliveries))


def _attempt(ctx: AppContext, row: Row | list[object]) -> Attempt:
    number, at, outcome, detail = row
    return Attempt(number, ctx.to_local_time(at), outcome, detail)  # type: ignore[arg-type]


@transaction
async def send_test(ctx: AppContext, tx: Transaction, token: bytes, receiver: str) -> Queued:
    """Send a receiver an event of the type `test`. NotFound."""
    await _require_admin(tx, token)
    _require_receiver(ctx, receiver)
    await add_event(ctx, tx, "test", {"receiver": receiver}, {}, (receiver,))
    return Queued(1)


@transaction
async def send_again(ctx: AppContext, tx: Transaction, token: bytes, event: UUID) -> Queued:
    """Send one event again, to all receivers that there are; a test to whom it was sent. NotFound."""
    await _require_admin(tx, token)
    row = await get_event(tx, event)
    if row is None:
        raise NotFound
    sent = [one.receiver for one in await fetch_structs(tx, _DeliveryRow, "webhook_deliveries_of", event=event.bytes)]
    names = [one.name for one in ctx.receivers if row.type != "test" or one.name in sent]
    await queue(tx, row, names, ctx.clock())
    return Queued(len(names))


async def send_all_again(ctx: AppContext, token: bytes, receiver: str, since: datetime) -> Queued:
    """Send a receiver everything since a time again, such as after it lost data. NotFound. It is put into the queue in
    small transactions, so that nobody who writes waits for it."""
    count, after = 0, (to_ms(since), b"")
    while after is not None:
        queued, after = await _queue_next(ctx, token, receiver, after)
        count += queued
    return Queued(count)


@transaction
async def _queue_next(
    ctx: AppContext, tx: Transaction, token: bytes, receiver: str, after: tuple[int, bytes]
) -> tuple[int, tuple[int, bytes] | None]:
    """Queue the next events after one; how many, and the last of them, unless there are no more."""
    await _require_admin(tx, token)
    _require_receiver(ctx, receiver)
    start = {"after_at": after[0], "after_id": after[1]}
    row = await tx.fetch_one("webhook_step", **start, steps=STEP_SIZE - 1)
    end = (LAST_KEY[0], LAST_KEY[1].bytes) if row is None else (row[0], bytes(row[1]))
    params = {"receiver": receiver, "next_at": ctx.clock(), "end_at": end[0], "end_id": end[1], **start}
    return await tx.execute("queue_webhooks_between", **params), None if row is None else end


def _require_receiver(ctx: AppContext, name: str) -> None:
    if name not in [one.name for one in ctx.receivers]:
        raise NotFound
