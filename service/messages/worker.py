"""The outbox's worker claims due messages with a lease, sends them and records the result.

Each channel has its own queue: a mail server that does not answer delays no one-time code by text message. Within it
the most urgent go first, and there is room kept for them (`outbox.ROOM`), so that a code waits neither for a thousand
notices nor for those that a slow gateway has.

Delivery is at least once: after a crash between sending and recording, the message is sent again with the same id.
In the transaction that records a delivery the notice becomes entries of the office: it is the evidence for 4.3.1.
"""

import asyncio
from contextlib import suppress
from typing import Literal, get_args
from uuid import UUID, uuid5

import msgspec

from service.context import AppContext, OutgoingMessage
from service.db.database import Transaction
from service.errors import InternalError, InvalidOtp, NoticeNotDue, Problem
from service.judge.entries import Entry
from service.measurements import ATTEMPTS
from service.sealer import CannotOpen
from service.visits import customer_link
from service.visits import repository as visits_repository
from service.visits.append_batch import append_entries
from service.visits.loading import load_visit
from service.visits.repository import VisitRow
from service.visits.status import recompute_after_message
from service.web.defects import or_unreadable

from . import outbox
from .composing import Channel
from .gateways import PermanentFailure, TemporaryFailure
from .kinds import KINDS
from .misdirected import former_numbers, is_misdirected
from .outbox import AttemptOutcome, MessageRow, MessageState
from .situation import situation_of

CHANNELS: tuple[Channel, ...] = get_args(Channel)
POLL_SECONDS = 1.0
MAX_WAIT_AT_THE_DOOR_MS = 20_000  # after a failed attempt: soon after the gateway is back the code is there
MIN_ATTEMPTS = 6  # before a notice is given up: the clock may have stepped ahead
TIMEOUT_SECONDS = 45.0  # for a gateway
LEASE_MS = 60_000  # longer than the timeout of a gateway
SUBJECT = {"appointment": "上门服务预约", "reschedule": "上门服务改期", "cancellation": "上门服务取消"}


async def run(ctx: AppContext) -> None:
    """Deliver on every channel until cancelled. While the database fails, messages wait."""
    async with asyncio.TaskGroup() as group:
        for channel in CHANNELS:
            group.create_task(_serve_channel(ctx, channel))


async def _serve_channel(ctx: AppContext, channel: Channel) -> None:
    """A message that the gateway does not answer keeps its place, and no other waits for it."""
    on_their_way: set[asyncio.Task[None]] = set()
    async with asyncio.TaskGroup() as group:
        while True:
            with suppress(Problem):
                claimed = await _claim(ctx, channel, len(on_their_way))
                on_their_way |= {group.create_task(_deliver_claimed(ctx, row)) for row in claimed}
            if on_their_way:
                _, on_their_way = await asyncio.wait(
                    on_their_way, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
            else:
                await asyncio.sleep(POLL_SECONDS)


async def _deliver_claimed(ctx: AppContext, row: MessageRow) -> None:
    with suppress(Problem):  # the database failed: it is due again when its lease ends
        await _deliver(ctx, row)


async def deliver_due(ctx: AppContext) -> int:
    """Deliver the messages that are due now, as many as there is room for. Returns the number of attempts."""
    claimed = [row for channel in CHANNELS for row in await _claim(ctx, channel)]
    return sum(await asyncio.gather(*(_deliver(ctx, row) for row in claimed)))


async def _claim(ctx: AppContext, channel: Channel, on_their_way: int = 0) -> list[MessageRow]:
    now = ctx.clock()
    return await ctx.db.write(lambda tx: outbox.claim_due(tx, channel, now, now + LEASE_MS, on_their_way))


def backoff(tries: int) -> int:
    """The wait (ms) after attempt number `tries`: 5 s, 10 s, 20 s … at most an hour."""
    return min(outbox.MIN_WAIT_MS << min(tries - 1, 20), outbox.MAX_WAIT_MS)


async def _deliver(ctx: AppContext, row: MessageRow) -> bool:
    """Hand over a claimed message, if what it says still holds, and record the result. Returns whether it was tried."""
    try:
        if not await _still_holds(ctx, row):
            return False
        outcome, detail = await _attempt(ctx, row)
    except asyncio.CancelledError:  # on a stop: it may be on its way, and is sent again after the start
        await ctx.db.write(lambda tx: _record_result(ctx, tx, row, "failed", "stopped"))
        raise
    if outcome == "delivered" and awaits_report(ctx, row.channel):
        outcome = "taken"
    recorded = ctx.db.write(lambda tx: _record_result(ctx, tx, row, outcome, detail))
    if await or_unreadable(ctx, row.visit, recorded) is None:  # otherwise the customer would get it again and again
        await ctx.db.write(lambda tx: _record_result(ctx, tx, row, outcome, detail, proves=False))
    return True


def awaits_report(ctx: AppContext, channel: str) -> bool:
    """Whether the gateway of a channel will report what becomes of a message."""
    return bool(ctx.company.report_secret) and channel in ("sms", "wecom")


async def _still_holds(ctx: AppContext, row: MessageRow) -> bool:
    """Whether what a message says is still true, just before it is sent. If not, it is withdrawn; where the visit
    cannot be read, it waits."""
    problem = await or_unreadable(ctx, row.visit, ctx.db.read(lambda tx: _problem_with(ctx, tx, row)))
    if problem is None:
        await ctx.db.write(lambda tx: _record_result(ctx, tx, row, "failed", InternalError.code, proves=False))
    elif problem:
        await ctx.db.write(lambda tx: _withdraw(ctx, tx, row, problem))
    return problem == ""


async def _problem_with(ctx: AppContext, tx: Transaction, row: MessageRow) -> str:
    """The code of the problem for which a message must not be sent any more; '' if there is none."""
    current = await outbox.message(tx, row.id)
    if current is None or current.state != "waiting":
        return "withdrawn"
    visit = await visits_repository.get_visit(tx, row.visit)
    if row.about not in KINDS or visit is None:
        is_expired = row.about == "code" and ctx.clock() > row.give_up_at
        return InvalidOtp.code if is_expired else ""
    try:
        situation = await situation_of(ctx, tx, await load_visit(ctx, tx, visit))
        occasions = KINDS[row.about].occasions(situation)  # type: ignore[index]
    except Problem as problem:
        if problem.status >= 500:
            raise
        return problem.code
    is_current = not row.occasion or row.occasion in [one.key for one in occasions]
    return "" if is_current else NoticeNotDue.code


async def _withdraw(ctx: AppContext, tx: Transaction, row: MessageRow, because: str) -> None:
    visit = await visits_repository.lock_visit(tx, row.visit)
    if visit is not None and await outbox.withdraw(tx, row.id, ctx.clock(), because):
        await recompute_after_message(tx, await load_visit(ctx, tx, visit))


async def _attempt(ctx: AppContext, row: MessageRow) -> tuple[AttemptOutcome, str]:
    try:
        message = _message(ctx, row)
    except CannotOpen:  # somebody changed it in the database
        return "refused", "what the message carries cannot be opened"
    return await attempt(ctx, message)


async def attempt(ctx: AppContext, message: OutgoingMessage) -> tuple[AttemptOutcome, str]:
    """Hand a message to the gateway of its channel. Returns the outcome, and an answer that is safe to show."""
    outcome: AttemptOutcome
    try:
        outcome, detail = "delivered", await _hand_over(ctx, message)
    except PermanentFailure as error:
        outcome, detail = "refused", str(error)
    except TemporaryFailure as error:
        outcome, detail = "failed", str(error)
    except Exception as error:  # noqa: BLE001 - a gateway may fail in any way; only the kind is shown
        outcome, detail = "failed", type(error).__name__
    ATTEMPTS.labels(message.channel, outcome).inc()
    return outcome, detail[:200]


async def _hand_over(ctx: AppContext, message: OutgoingMessage) -> str:
    gateway = ctx.company.gateways.get(message.channel)
    if gateway is None:
        raise PermanentFailure(f"no way out for {message.channel}")
    try:
        return await asyncio.wait_for(gateway(message), TIMEOUT_SECONDS)
    except TimeoutError:
        raise TemporaryFailure(f"no answer within {TIMEOUT_SECONDS:.0f} s") from None


def _message(ctx: AppContext, row: MessageRow) -> OutgoingMessage:
    values = outbox.open_placeholders(ctx, row)

    def filled(text: str) -> str:
        for name, value in values.items():
            text = text.replace(name, value)
        return text

    variables = msgspec.json.decode(row.variables or b"{}", type=dict[str, str])
    return OutgoingMessage(
        id=str(row.id),
        channel=row.channel,
        to=row.recipient,
        subject=SUBJECT.get(row.about, "上门服务"),
        text=filled(row.text),
        at=ctx.now(),
        about=row.about,
        template=ctx.company.templates.get(row.about, "") if row.variables else "",
        variables={name: filled(value) for name, value in variables.items()},
    )


async def _record_result(
    ctx: AppContext, tx: Transaction, row: MessageRow, outcome: AttemptOutcome, detail: str, *, proves: bool = True
) -> Literal[True]:
    """Record an attempt. A delivered message proves its entries, unless the visit cannot be read (`proves`)."""
    now = ctx.clock()
    wait = backoff(row.tries)
    next_at = now + (min(wait, MAX_WAIT_AT_THE_DOOR_MS) if row.priority == outbox.AT_THE_DOOR else wait)
    may_give_up = row.tries >= MIN_ATTEMPTS or row.about == "code"  # an expired code is useless
    state: MessageState = "given_up" if may_give_up and next_at > row.give_up_at else "waiting"
    if outcome != "failed":
        state = outcome
    next_at = next_at if state == "waiting" else None
    visit = await visits_repository.lock_visit(tx, row.visit)  # before the message: the lock order
    if visit is None:  # erased meanwhile
        return True
    recorded = await outbox.record_attempt(tx, row, now, outcome, detail, state, next_at)
    if not recorded or state == "waiting" or row.about == "code" or not proves:
        return True
    if state == "delivered":
        await confirm_delivery(ctx, tx, visit, row.id)
    else:
        await recompute_after_message(tx, await load_visit(ctx, tx, visit))  # it is due again, or its report awaited
    return True


async def confirm_delivery(ctx: AppContext, tx: Transaction, visit: VisitRow, message_id: UUID) -> None:
    """The customer has a message: its link is handed out, and what it proves becomes entries of the office, unless it
    was outdated while it was on its way; a link to a number that was corrected meanwhile opens nothing."""
    row = await outbox.message(tx, message_id)
    if row is None:
        return
    if row.link is not None and not is_misdirected(former_numbers(await load_visit(ctx, tx, visit)), row):
        await customer_link.hand_out(tx, visit.id, row.link, ctx.clock())
    at = ctx.now()
    entries = [msgspec.structs.replace(entry, at=at) for entry in msgspec.json.decode(row.entries, type=list[Entry])]
    if entries and row.withdrawn_at is None:
        await append_entries(ctx, tx, visit, uuid5(row.id, "delivered"), "office", row.created_by, entries)
    else:
        await recompute_after_message(tx, await load_visit(ctx, tx, visit))
