"""What becomes of messages when the number they went to is corrected: the customer did not get them."""

from collections.abc import Iterable
from uuid import UUID, uuid5

import msgspec

from service.context import AppContext
from service.db.database import Transaction
from service.judge.entries import Entry
from service.judge.moments import to_ms
from service.judge.timeline import withdrawn_ids
from service.visits.append_batch import append_entries
from service.visits.appointment import AGREED, MOVED
from service.visits.former_numbers import FormerNumbers
from service.visits.loading import LoadedVisit, load_visit

from . import outbox
from .outbox import MessageRow

REASON = "通知发到了更正以前的电话号码"


async def messages_to_customer(tx: Transaction, visit: LoadedVisit) -> list[MessageRow]:
    """The messages about a visit without those to a number that was corrected since, the oldest first."""
    former = former_numbers(visit)
    return [one for one in await outbox.messages_of(tx, visit.row.id) if not is_misdirected(former, one)]


def former_numbers(visit: LoadedVisit) -> FormerNumbers:
    """The numbers that the visit had."""
    return FormerNumbers(visit.plan.customer.phone, visit.plan_history.trail)


def is_misdirected(former: FormerNumbers, row: MessageRow) -> bool:
    """Whether a message went to a number that was corrected since."""
    return former.got(row.channel, row.recipient, row.created_at)


async def take_back_misdirected(ctx: AppContext, tx: Transaction, visit: LoadedVisit, writer: str) -> LoadedVisit:
    """After a change of a (locked) visit: messages to a number that is no longer its own are withdrawn, the delivered
    ones too, and their links end at once. While the visit is ahead, what they proved is taken back, and what was
    answered over their links, so that the customer is to be informed and asked. Returns the visit."""
    former = former_numbers(visit)
    misdirected = [one for one in await outbox.messages_of(tx, visit.row.id) if is_misdirected(former, one)]
    now = ctx.clock()
    for row in misdirected:
        await tx.execute("withdraw_misdirected", id=row.id.bytes, at=now)
        if row.link is not None:
            await tx.execute("end_link", id=row.link.bytes, at=now)
    if visit.evaluate_at().verdict is not None:
        return visit
    known = {entry.id for entry in visit.merged.entries} - withdrawn_ids(visit.merged.entries)
    proved = [
        entry
        for row in misdirected
        for entry in msgspec.json.decode(row.entries, type=list[Entry])
        if entry.id in known
    ]
    proved += [
        one for one in visit.merged.entries if one.id in known and _is_strangers_answer(former, misdirected, one)
    ]
    if proved:
        batch = ctx.new_id()
        await append_entries(ctx, tx, visit.row, batch, "office", writer, [_undone(ctx, batch, one) for one in proved])
        return await load_visit(ctx, tx, visit.row)
    return visit


def _is_strangers_answer(former: FormerNumbers, misdirected: Iterable[MessageRow], entry: Entry) -> bool:
    """Whether an entry answers about the appointment while the link of such a message was open: the customer did not
    have it. Where they had another one, they are asked again."""
    if entry.via != "link" or entry.what not in (AGREED, MOVED):
        return False
    at = to_ms(entry.came_at)
    return any(row.link is not None and row.created_at <= at <= former.until[row.recipient] for row in misdirected)


def _undone(ctx: AppContext, batch: UUID, entry: Entry) -> Entry:
    return Entry(str(uuid5(batch, entry.id)), ctx.now(), entry.by, withdraws=entry.id, reason=REASON)
