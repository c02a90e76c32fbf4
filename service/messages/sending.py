"""Puts messages into the outbox, each with a new link where its text has one."""

from hashlib import sha256
from uuid import UUID

import msgspec

from service.accounts.secrets import get_or_create_door_code_key
from service.context import AppContext
from service.db.database import Transaction
from service.errors import IdReusedWithOtherContent
from service.visits import customer_link, door_code
from service.visits.loading import LoadedVisit
from service.visits.status import recompute_after_message

from . import outbox
from .composing import ComposedNotice, entries_of
from .kinds import LINK, WORD
from .outbox import MessageRow

MAX_AGE_MS = 24 * 3_600_000


def content_digest(channel: str, text: str | None, to: str | None, *more: str) -> bytes:
    """By which a repeated request is recognised."""
    return sha256(msgspec.json.encode((channel, text, to, *more))).digest()


async def add_to_outbox(
    ctx: AppContext,
    tx: Transaction,
    visit: LoadedVisit,
    composed: ComposedNotice,
    sender: str,
    message_id: UUID,
    digest: bytes | None = None,
) -> None:
    """Put a message about a locked visit into the outbox. IdReusedWithOtherContent when its id is taken."""
    now, link = ctx.clock(), None
    placeholders = dict[str, str]()
    if LINK in composed.text:
        link = ctx.new_id()
        token, _ = await customer_link.add_link(ctx, tx, visit, sender, id=link)
        placeholders[LINK] = customer_link.link_url(ctx, token)
    if WORD in composed.text:
        key = await get_or_create_door_code_key(ctx, tx)
        placeholders[WORD] = door_code.verification_words(key, visit.row.id)
    entries = entries_of(message_id, composed.text, composed.facts, composed.items, composed.channel, ctx.now())
    new = MessageRow(
        id=message_id,
        visit=visit.row.id,
        about=composed.about,
        channel=composed.channel,
        recipient=composed.to,
        text=composed.text,
        placeholders=outbox.seal_placeholders(ctx, message_id, placeholders),
        entries=msgspec.json.encode(entries),
        sha256=digest or content_digest(composed.channel, None, None),
        created_at=now,
        created_by=sender,
        give_up_at=(composed.not_before or now) + MAX_AGE_MS,
        occasion=composed.occasion,
        variables=None if composed.variables is None else msgspec.json.encode(composed.variables),
        not_before=composed.not_before,
        link=link,
        priority=composed.priority,
    )
    if not await outbox.add_message(tx, new):
        raise IdReusedWithOtherContent  # a simultaneous request about another visit uses this id
    await recompute_after_message(tx, visit)
