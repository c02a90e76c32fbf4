"""Calls about a visit, another time or a cancellation: notices that were given by voice."""

from hashlib import sha256
from typing import Annotated
from uuid import UUID, uuid5

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate_token, require_permission
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.errors import IdReusedWithOtherContent
from service.visits import customer_link
from service.visits.append_batch import append_entries
from service.visits.loading import load_visible_visit, load_visit
from service.visits.status import recompute_after_message

from . import outbox
from .composing import AddressLine, entries_of
from .notice_text import CallKind, facts_of, fulfilled_items, spoken_text
from .notice_views import NoticeView, get_notice
from .occasions import require_announceable
from .outbox import MessageRow
from .situation import Situation, situation_of

CHANNEL = "phone"
MAX_TEXT = 2000


class NoticeCall(msgspec.Struct, frozen=True):
    """The customer was informed by telephone."""

    called: Annotated[AddressLine, Meta(description="Who was called: a name, a number, or both.")]
    text: Annotated[
        Annotated[str, Meta(min_length=1, max_length=MAX_TEXT, pattern=r"\S")],
        Meta(description="What was said."),
    ]


@read_only
async def proposed_text(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID) -> str:
    """What a dispatcher says now, to correct before it is recorded."""
    person = await authenticate_token(tx, token)
    require_permission(person, "write entries of the office")
    situation = await situation_of(ctx, tx, await load_visible_visit(ctx, tx, person, visit_id))
    return spoken_text(situation, _about(situation))[:MAX_TEXT]


@transaction
async def record_call(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, call_id: UUID, call: NoticeCall
) -> tuple[bool, NoticeView]:
    """Record a call about the visit as it is now. Returns False and the stored notice if its id is known.

    NoticeTooLate once the window is over or work has begun, unless the visit was cancelled.
    """
    row, person = await customer_link.lock_for_dispatcher(tx, token, visit_id)
    digest = sha256(msgspec.json.encode((CHANNEL, call.called, call.text))).digest()
    known = await outbox.message(tx, call_id)
    if known is not None and (known.visit != visit_id or known.sha256 != digest):
        raise IdReusedWithOtherContent
    if known is None:
        visit = await load_visit(ctx, tx, row)
        situation = await situation_of(ctx, tx, visit)
        about, items = _about(situation), tuple[str, ...]()
        if about != "cancellation":
            require_announceable(situation)
            items = fulfilled_items(call.text, situation)
        now = ctx.clock()
        entries = entries_of(call_id, call.text, facts_of(situation), items, CHANNEL, ctx.now())
        message = MessageRow(
            id=call_id,
            visit=visit_id,
            about=about,
            channel=CHANNEL,
            recipient=call.called,
            text=call.text,
            placeholders=None,
            entries=msgspec.json.encode(entries),
            sha256=digest,
            created_at=now,
            created_by=person.login,
            give_up_at=now,
        )
        if not await outbox.add_message(tx, message):
            raise IdReusedWithOtherContent  # a simultaneous request about another visit uses this id
        await outbox.record_attempt(tx, message, now, "delivered", "", "delivered", None)
        if entries:
            await append_entries(ctx, tx, row, uuid5(call_id, "delivered"), "office", person.login, entries)
        else:
            await recompute_after_message(tx, visit)  # no notice is due any more
    return known is None, await get_notice(ctx, tx, visit_id, call_id)


def _about(situation: Situation) -> CallKind:
    """What a call now is about."""
    if situation.visit.plan_history.cancelled is not None:
        return "cancellation"
    return "reschedule" if situation.knows_other_time else "appointment"
