"""Messages that are sent by themselves.

Whatever is written about a visit, in whatever way, raises a number in its row (`news`). This task looks at such visits,
adds the messages of the automatic kinds that are due, tells other systems (`webhooks`), and notes up to where it has
looked. In the evening it also looks at the visits of the next day.
"""

import asyncio
from datetime import datetime, time, timedelta
from uuid import UUID

import msgspec

from service.context import AppContext, read_only, transaction
from service.db.database import Row, Transaction
from service.errors import Problem
from service.judge.moments import to_ms
from service.visits import repository as visits_repository
from service.visits.batches import SERVICE_WRITER
from service.visits.loading import load_visit
from service.web.defects import or_unreadable
from service.webhooks.events import publish_changes

from .composing import ComposedNotice, automatic_kinds, compose_due
from .kinds import KINDS, MessageKind
from .misdirected import messages_to_customer
from .sending import add_to_outbox
from .situation import Situation, has_failed, situation_of

POLL_SECONDS, BUSY_SECONDS = 1.0, 0.5  # records come first
BATCH_SIZE, TODAY_SIZE = 25, 20  # visits to look at, and how many of them may be of today
NEAR_MS = 12 * 3_600_000  # from now, in both directions: today
_FAR = 2**62
REMIND_FROM, REMIND_UNTIL = time(17), time(20)
REMIND_SECONDS = 600.0


async def run(ctx: AppContext) -> None:
    """Send until cancelled. While the database fails, the marks stay."""
    reminded_at = float("-inf")
    while True:
        try:
            if asyncio.get_running_loop().time() - reminded_at > REMIND_SECONDS:
                reminded_at = asyncio.get_running_loop().time()
                await mark_for_reminders(ctx)
            count = await send_owed(ctx)
        except Problem:
            count = 0
        await asyncio.sleep(POLL_SECONDS if count < TODAY_SIZE else BUSY_SECONDS)


async def send_owed(ctx: AppContext) -> int:
    """Look at the visits about which something was written; returns how many those were."""
    if not (ctx.company.automatic or ctx.receivers):
        return await ctx.db.write(lambda tx: tx.execute("skip_all_news", size=BATCH_SIZE))
    rows = await ctx.db.read(lambda tx: _with_news(tx, ctx.clock()))
    for key, news in rows:
        visit_id = UUID(bytes=key)
        if await or_unreadable(ctx, visit_id, _owes_a_message(ctx, visit_id)):
            await or_unreadable(ctx, visit_id, _send_owed_of(ctx, visit_id))
        await or_unreadable(ctx, visit_id, publish_changes(ctx, visit_id))
        await ctx.db.write(lambda tx, key=key, news=news: tx.execute("note_news_checked", visit=key, news=news))
    return len(rows)


async def _with_news(tx: Transaction, now: int) -> list[Row]:
    """The visits to look at now: those of today first, as their customers wait for a technician. They leave room for
    others, so that a busy day holds those up only a little."""
    start, end = now - NEAR_MS, now + NEAR_MS
    found: list[Row] = []
    for since, until, size in ((start, end, TODAY_SIZE), (-_FAR, start, BATCH_SIZE), (end, _FAR, BATCH_SIZE)):
        found += await tx.fetch_all("visits_with_news", start=since, end=until, size=size - len(found))
    return found


@read_only
async def _owes_a_message(ctx: AppContext, tx: Transaction, visit_id: UUID) -> bool:
    """Whether a message is due. Most of what is written makes none due, which holds up no writer."""
    row = await visits_repository.get_visit(tx, visit_id)
    if row is None:
        return False
    situation = await situation_of(ctx, tx, await load_visit(ctx, tx, row))
    return any(_compose(ctx, situation, about) is not None for about in KINDS)


@transaction
async def _send_owed_of(ctx: AppContext, tx: Transaction, visit_id: UUID) -> bool:
    row = await visits_repository.lock_visit(tx, visit_id)
    if row is None:
        return True
    situation = await situation_of(ctx, tx, await load_visit(ctx, tx, row))
    for about in KINDS:
        composed = _compose(ctx, situation, about)
        if composed is not None:
            await add_to_outbox(ctx, tx, situation.visit, composed, SERVICE_WRITER, ctx.new_id())
            situation = msgspec.structs.replace(situation, sent=await messages_to_customer(tx, situation.visit))
    return True


def _compose(ctx: AppContext, situation: Situation, about: MessageKind) -> ComposedNotice | None:
    """A message of an automatic kind that is due. What could not be delivered is left to a dispatcher."""
    if about not in automatic_kinds(ctx, situation):
        return None
    try:
        composed = compose_due(ctx, situation, "sms", about)
    except Problem as problem:
        if problem.status >= 500:
            raise
        return None
    return None if has_failed(situation, about, composed.occasion, composed.to) else composed


async def mark_for_reminders(ctx: AppContext) -> int:
    """In the evening, mark the visits of the next day; returns how many."""
    now = ctx.now()
    if "reminder" not in ctx.company.automatic or not REMIND_FROM <= now.timetz().replace(tzinfo=None) < REMIND_UNTIL:
        return 0
    start = datetime.combine(now.date() + timedelta(days=1), time(), ctx.zone)
    end = start + timedelta(days=1)
    params = {"start": to_ms(start), "end": to_ms(end), "since": to_ms(start - timedelta(days=1))}
    return await ctx.db.write(lambda tx: tx.execute("mark_for_reminders", **params))
