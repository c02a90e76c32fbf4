"""Delivers events to their receivers, signed as Standard Webhooks has it, at least once.

An event is claimed with a lease; after a crash between sending and recording it is sent again with the same id, which
receivers use to drop repetitions. Redirects are failures: a receiver's address is in the settings. Each receiver has
its own queue, so that one which answers slowly or not at all keeps only itself waiting.
"""

import asyncio
from base64 import b64encode
from contextlib import suppress
from hmac import digest
from uuid import UUID

import msgspec

from service.context import AppContext, Receiver, transaction
from service.db.database import Transaction
from service.db.rows import fetch_structs
from service.errors import Problem
from service.measurements import WEBHOOK_ATTEMPTS
from service.web.outgoing import RequestFailed, send_request

from .events import DeliveryState, Outcome, delete_old_events

POLL_SECONDS = 1.0
BATCH_SIZE = 8  # events on their way to one receiver at once
TIMEOUT_SECONDS = 15.0
LEASE_MS = 60_000  # longer than an attempt
CLEAN_SECONDS = 3600.0
_MINUTE, _HOUR = 60_000, 3_600_000
WAITS_MS = (5_000, 30_000, 5 * _MINUTE, 30 * _MINUTE, *(hours * _HOUR for hours in (2, 5, 10, 14, 20, 24)))
"""After each attempt that failed; after as many the event is given up, until somebody sends it again."""
GONE = 410
"""The receiver wants no more of this event (Standard Webhooks)."""


class Due(msgspec.Struct, frozen=True):
    """An event that is due for a receiver; `next_at` is the lease once it is claimed."""

    event: UUID
    receiver: str
    tries: int
    next_at: int
    body: bytes


async def run(ctx: AppContext) -> None:
    """Deliver to every receiver until cancelled. While the database fails, events wait."""
    async with asyncio.TaskGroup() as group:
        for one in ctx.receivers:
            group.create_task(_serve_receiver(ctx, one))
        group.create_task(_clean(ctx))


async def _serve_receiver(ctx: AppContext, receiver: Receiver) -> None:
    while True:
        try:
            sent = await deliver_due(ctx, receiver)
        except Problem:
            sent = 0
        if sent < BATCH_SIZE:
            await asyncio.sleep(POLL_SECONDS)


async def _clean(ctx: AppContext) -> None:
    while True:
        with suppress(Problem):
            await give_up_former(ctx)
            while await delete_old_events(ctx):
                pass
        await asyncio.sleep(CLEAN_SECONDS)


async def deliver_due(ctx: AppContext, receiver: Receiver) -> int:
    """Deliver what is due for a receiver now. Returns the number of attempts."""
    now = ctx.clock()
    claimed = await ctx.db.write(lambda tx: _claim(tx, receiver, now))
    await asyncio.gather(*(_deliver(ctx, receiver, one) for one in claimed))
    return len(claimed)


@transaction
async def give_up_former(ctx: AppContext, tx: Transaction) -> None:
    """Give up what waits for receivers that were taken out of the settings."""
    names = [one.name for one in ctx.receivers]
    for name, *_ in await tx.fetch_all("webhook_queues"):
        if name not in names:
            await tx.execute("give_up_webhooks", receiver=name)


async def _claim(tx: Transaction, receiver: Receiver, now: int) -> list[Due]:
    lease, late = now + LEASE_MS, now + WAITS_MS[-1] + LEASE_MS
    claimed: list[Due] = []
    limits = {"now": now, "late": late, "size": BATCH_SIZE}
    for one in await fetch_structs(tx, Due, "due_webhooks", receiver=receiver.name, **limits):
        key = {"event": one.event.bytes, "receiver": one.receiver}
        if await tx.execute("claim_webhook", **key, lease=lease, previous=one.next_at) == 1:
            claimed.append(msgspec.structs.replace(one, tries=one.tries + 1, next_at=lease))
    return claimed


async def _deliver(ctx: AppContext, receiver: Receiver, due: Due) -> None:
    try:
        status, detail = await send(receiver, due.event, ctx.clock() // 1000, due.body)
    except asyncio.CancelledError:  # on a stop: it may have arrived, and is sent again after the start
        await ctx.db.write(lambda tx: _settle(tx, due, "waiting", ctx.clock()))
        raise
    outcome: Outcome = "delivered" if 200 <= status < 300 else "refused" if status == GONE else "failed"
    WEBHOOK_ATTEMPTS.labels(outcome).inc()
    await ctx.db.write(lambda tx: _record(tx, due, ctx.clock(), outcome, detail))


async def send(receiver: Receiver, event: UUID, at: int, body: bytes) -> tuple[int, str]:
    """Send an event once; the status of the answer (0: none) and what happened, without anything of the answer."""
    headers = {
        "content-type": "application/json",
        "user-agent": "doorstep-webhooks",
        "webhook-id": str(event),
        "webhook-timestamp": str(at),
        "webhook-signature": signatures(receiver.secrets, str(event), at, body),
    }
    try:
        answer = await send_request(
            "POST", receiver.url, seconds=TIMEOUT_SECONDS, limit=None, headers=headers, content=body
        )
    except RequestFailed as failure:
        return 0, str(failure)
    return answer.status, f"HTTP {answer.status}"


def signatures(secrets: tuple[bytes, ...], event: str, at: int, body: bytes) -> str:
    """The header of Standard Webhooks: HMAC-SHA-256 of id, time and body with each secret."""
    signed = f"{event}.{at}.".encode() + body
    return " ".join(f"v1,{b64encode(digest(secret, signed, 'sha256')).decode()}" for secret in secrets)


async def _record(tx: Transaction, due: Due, now: int, outcome: Outcome, detail: str) -> None:
    if await tx.fetch_one("lock_webhook_event", id=due.event.bytes) is None:
        return  # erased while it was on its way
    key = {"event": due.event.bytes, "receiver": due.receiver}
    await tx.execute("add_webhook_attempt", **key, at=now, outcome=outcome, detail=detail)
    if outcome != "failed":
        await _settle(tx, due, outcome, None)
    elif due.tries > len(WAITS_MS):
        await _settle(tx, due, "given_up", None)
    else:
        await _settle(tx, due, "waiting", now + WAITS_MS[due.tries - 1])


async def _settle(tx: Transaction, due: Due, state: DeliveryState, next_at: int | None) -> None:
    key = {"event": due.event.bytes, "receiver": due.receiver}
    await tx.execute("settle_webhook", **key, state=state, next_at=next_at, lease=due.next_at)
