"""The worker of the outbox: takes due messages with a lease, sends them, and writes down what came of it.

At least once: who dies between sending and writing sends again, with the same id. A delivered notice becomes entries
of the office in the transaction that notes its delivery: the log of the message is the evidence of 4.3.1.
"""

import asyncio
from typing import Literal
from uuid import uuid5

import msgspec

from service.context import AppContext, OutgoingMessage
from service.db.database import Transaction
from service.errors import Problem
from service.judge.entries import Entry
from service.visits import repository as visits_repository
from service.visits.append_batch import append_entries
from service.web.defects import or_unreadable

from . import outbox
from .gateways import PermanentFailure, TemporaryFailure
from .outbox import DeliveryOutcome, MessageRow, MessageState

POLL_SECONDS = 1.0  # seconds between looks at an empty outbox
BATCH_SIZE = 8  # messages on their way at once
LEAST = 6  # attempts of a notice before it is given up: the clock may have stepped ahead
LONG = 45.0  # seconds after which a gateway is given up
LEASE_MS = 60_000  # ms: longer than we wait for any gateway
SUBJECT = {"appointment": "上门服务预约", "reschedule": "上门服务改期"}


async def run(ctx: AppContext) -> None:
    """Deliver until cancelled. What goes wrong with the database is tried again: messages wait there."""
    while True:
        try:
            sent = await deliver_due(ctx)
        except Problem:
            sent = 0
        if sent < BATCH_SIZE:
            await asyncio.sleep(POLL_SECONDS)


async def deliver_due(ctx: AppContext) -> int:
    """Deliver what is due now; how many attempts were made."""
    now = ctx.clock()
    taken = await ctx.db.write(lambda tx: outbox.claim_due(tx, now, now + LEASE_MS, BATCH_SIZE))
    await asyncio.gather(*(_deliver(ctx, row) for row in taken))
    return len(taken)


def backoff(tries: int) -> int:
    """How long after attempt number `tries`: 5 s, 10 s, 20 s … at most an hour."""
    return min(outbox.FIRST << min(tries - 1, 20), outbox.LONGEST)


async def _deliver(ctx: AppContext, row: MessageRow) -> None:
    outcome: DeliveryOutcome
    try:
        detail = await _send(ctx, row)
        outcome = "delivered"
    except PermanentFailure as error:
        outcome, detail = "refused", str(error)
    except TemporaryFailure as error:
        outcome, detail = "failed", str(error)
    except asyncio.CancelledError:  # we stop, and do not know whether it went out: it goes out again after the start
        await ctx.db.write(lambda tx: _record_result(ctx, tx, row, "failed", "stopped"))
        raise
    except Exception as error:  # noqa: BLE001 - a gateway may fail in any way; only the kind is told
        outcome, detail = "failed", type(error).__name__
    settled = ctx.db.write(lambda tx: _record_result(ctx, tx, row, outcome, detail[:200]))
    if await or_unreadable(ctx, row.visit, settled) is None:  # else the customer would get it again and again
        await ctx.db.write(lambda tx: _record_result(ctx, tx, row, outcome, detail[:200], proves=False))


async def _send(ctx: AppContext, row: MessageRow) -> str:
    way = ctx.company.gateways.get(row.channel)
    if way is None:
        raise PermanentFailure(f"no way out for {row.channel}")
    text = row.text
    for name, value in msgspec.json.decode(row.private or b"{}", type=dict[str, str]).items():
        text = text.replace(name, value)
    letter = OutgoingMessage(
        id=str(row.id),
        channel=row.channel,
        to=row.recipient,
        subject=SUBJECT.get(row.about, "上门服务"),
        text=text,
        at=ctx.now(),
    )
    try:
        return await asyncio.wait_for(way(letter), LONG)
    except TimeoutError:
        raise TemporaryFailure(f"no answer within {LONG:.0f} s") from None


async def _record_result(
    ctx: AppContext, tx: Transaction, row: MessageRow, outcome: DeliveryOutcome, detail: str, *, proves: bool = True
) -> Literal[True]:
    """Note what came of it. Where the visit cannot be read, that it was delivered is noted, and `proves` nothing."""
    now = ctx.clock()
    again = now + backoff(row.tries)
    tried = row.tries >= LEAST or row.about == "code"  # a code is of no use to anybody after its time
    state: MessageState = "given_up" if tried and again > row.give_up_at else "waiting"
    if outcome != "failed":
        state = outcome
    next_at = again if state == "waiting" else None
    visit = await visits_repository.lock_visit(tx, row.visit)  # before the message: everybody locks in this order
    if not await outbox.record_attempt(tx, row, now, outcome, detail, state, next_at) or state != "delivered":
        return True
    settled = await outbox.message(tx, row.id)
    if not proves or settled is None or settled.withdrawn_at is not None:
        return True  # it was on its way when it was outdated: he was told something that no longer is so
    at = ctx.to_local_time(now)
    entries = [msgspec.structs.replace(entry, at=at) for entry in msgspec.json.decode(row.entries, type=list[Entry])]
    if visit is not None and entries:
        await append_entries(ctx, tx, visit, uuid5(row.id, "delivered"), "office", row.created_by, entries)
    return True
