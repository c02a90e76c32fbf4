"""The daily mail about duties: written once for each day and address, and delivered like notices to customers.

The row of the day decides which of several servers writes the mail, and a lease which of them sends it. After a crash
between sending and recording it is sent again with the same id.
"""

import asyncio
from uuid import UUID

import msgspec

from service.context import AppContext, OutgoingMessage, read_only, transaction
from service.db.database import Transaction
from service.db.rows import fetch_structs
from service.errors import Problem
from service.messages import outbox, worker
from service.messages.outbox import AttemptOutcome, MessageState
from service.web.access_log import get_logger

from .mail_text import DAY_MS, compose

POLL_SECONDS = 20.0
HOUR = 7
"""When the mail of a day is written, in the utility's zone; a server that starts later writes it at once."""
BATCH_SIZE = 8


class DutyMailRow(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to deliver; times are ms UTC."""

    id: UUID
    recipient: str
    subject: str
    text: str
    created_at: int
    tries: int
    next_at: int


async def run(ctx: AppContext) -> None:
    """Write and deliver mails until cancelled. While the database fails, they wait."""
    while True:
        try:
            await write_due(ctx)
            await deliver_due(ctx)
        except Problem:
            pass
        await asyncio.sleep(POLL_SECONDS)


async def write_due(ctx: AppContext) -> None:
    """Write the mails of today, from `HOUR` on, to the addresses that have none yet."""
    if ctx.company.duty_mail and ctx.now().hour >= HOUR and await _without_mail(ctx):
        await _write(ctx)


@read_only
async def _without_mail(ctx: AppContext, tx: Transaction) -> bool:
    """Whether an address has no mail of today yet."""
    day = ctx.now().date().isoformat()
    known = [await tx.fetch_one("duty_mail_of_day", day=day, recipient=one) for one in ctx.company.duty_mail]
    return None in known


@transaction
async def _write(ctx: AppContext, tx: Transaction) -> None:
    now, day, mail = ctx.clock(), ctx.now().date().isoformat(), await compose(ctx, tx)
    for recipient in ctx.company.duty_mail:
        await tx.execute(
            "add_duty_mail",
            id=ctx.new_id().bytes,
            day=day,
            recipient=recipient,
            subject=mail.subject if mail else "",
            text=mail.text if mail else "",
            created_at=now,
            state="waiting" if mail else "nothing",
            next_at=now if mail else None,
        )


async def deliver_due(ctx: AppContext) -> int:
    """Deliver the mails that are due now. Returns the number of attempts."""
    claimed = await _claim(ctx) if await _due(ctx) else []
    await asyncio.gather(*(_deliver(ctx, row) for row in claimed))
    return len(claimed)


@read_only
async def _due(ctx: AppContext, tx: Transaction) -> list[DutyMailRow]:
    return await _find_due(tx, ctx.clock())


async def _find_due(tx: Transaction, now: int) -> list[DutyMailRow]:
    late = now + outbox.MAX_WAIT_MS + outbox.CLOCK_SKEW_MS
    return await fetch_structs(tx, DutyMailRow, "duty_mails_due", now=now, late=late, size=BATCH_SIZE)


@transaction
async def _claim(ctx: AppContext, tx: Transaction) -> list[DutyMailRow]:
    lease = ctx.clock() + worker.LEASE_MS
    return [
        msgspec.structs.replace(row, tries=row.tries + 1, next_at=lease)
        for row in await _find_due(tx, ctx.clock())
        if await tx.execute("claim_duty_mail", id=row.id.bytes, lease=lease, previous=row.next_at) == 1
    ]


async def _deliver(ctx: AppContext, row: DutyMailRow) -> None:
    message = OutgoingMessage(
        id=str(row.id), channel="email", to=row.recipient, subject=row.subject, text=row.text, at=ctx.now()
    )
    try:
        outcome, detail = await worker.attempt(ctx, message)
    except asyncio.CancelledError:  # on a stop: it may be on its way, and is sent again after the start
        await _record(ctx, row, "failed", "stopped")
        raise
    await _record(ctx, row, outcome, detail)


@transaction
async def _record(ctx: AppContext, tx: Transaction, row: DutyMailRow, outcome: AttemptOutcome, detail: str) -> None:
    """Record an attempt. A mail that fails until the next one is written is given up."""
    next_at = ctx.clock() + worker.backoff(row.tries)
    given_up = row.tries >= worker.MIN_ATTEMPTS and next_at > row.created_at + DAY_MS
    state: MessageState = "given_up" if given_up else "waiting"
    if outcome != "failed":
        state = outcome
    again = next_at if state == "waiting" else None
    await tx.execute("settle_duty_mail", id=row.id.bytes, state=state, next_at=again, detail=detail, number=row.tries)
    if state in ("refused", "given_up"):  # nobody at the desk would learn of it
        get_logger().error("duty mail not delivered", mail=str(row.id), state=state, detail=detail)
