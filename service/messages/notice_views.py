"""What clients see of messages: those in the outbox, with their deliveries."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from service.context import AppContext
from service.db.database import Transaction
from service.judge.entries import Entry

from . import outbox
from .outbox import DeliveryOutcome, DeliveryRow, MessageRow, MessageState


class DeliveryAttempt(msgspec.Struct, frozen=True):
    """One attempt to deliver, or a report of the gateway."""

    at: Annotated[datetime, Meta(description="When it was made.")]
    outcome: Annotated[
        DeliveryOutcome,
        Meta(
            description="The result; after `failed` there is another attempt, unless the gateway reported it."
            " `unknown`: the service stopped meanwhile, and the gateway may have it."
        ),
    ]
    detail: Annotated[str, Meta(description="The gateway's answer, or the reason in its report.")]


class NoticeCancellation(msgspec.Struct, frozen=True):
    """A notice became outdated before it was delivered, or its number was corrected."""

    at: Annotated[datetime, Meta(description="When it was withdrawn.")]
    because: Annotated[
        str,
        Meta(
            description="The kind of change that outdated it (`window`, `cancellation` …), or the code of the problem"
            " for which it could not be sent any more."
        ),
    ]


class NoticeWarning(msgspec.Struct, frozen=True):
    """Something about a text of somebody's own that is probably not meant; it is sent all the same."""

    code: Annotated[
        Literal["cancelled", "over"],
        Meta(
            description="`cancelled`: the visit was cancelled; `over`: the technician has left, or the time of the"
            " visit is over and nobody came."
        ),
    ]
    detail: Annotated[str, Meta(description="In words, Chinese and English.")]


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """A notice in the outbox. `delivered`: the gateway reported it, or accepted it and gives no reports; `taken`: it
    accepted it and its report is awaited; `failed`: it reported that it did not arrive.

    A `withdrawn` notice is not sent; if it was already on its way, or its number was corrected
    since, it is `delivered` and proves nothing.
    """

    id: Annotated[str, Meta(description="The notice's id, a UUID.")]
    about: Annotated[
        str,
        Meta(
            description="The kind of message (`appointment` …), `other` for a text of one's own that announces nothing,"
            " or `code` for a one-time code."
        ),
    ]
    channel: Annotated[str, Meta(description="How it is sent; `phone` for a call that was recorded.")]
    to: Annotated[str, Meta(description="The phone number or address; without one the customer's name.")]
    text: Annotated[str, Meta(description="The text; `{link}` and `{word}` are filled in on delivery.")]
    proves: Annotated[tuple[str, ...], Meta(description="Items of the checklist that its delivery proves.")]
    sent_at: Annotated[datetime, Meta(description="When it was put into the outbox.")]
    sent_by: Annotated[str, Meta(description="Login of the sender; `the service` for one that went out by itself.")]
    state: Annotated[MessageState, Meta(description="The state of its delivery.")]
    next_try: Annotated[datetime | None, Meta(description="When the next attempt is due; null when there is none.")]
    attempts: Annotated[
        tuple[DeliveryAttempt, ...], Meta(description="All attempts to deliver it, and the gateway's reports.")
    ]
    withdrawn: Annotated[NoticeCancellation | None, Meta(description="When and why it became outdated.")]
    warnings: Annotated[
        tuple[NoticeWarning, ...],
        Meta(description="What to look at again; only in the answer to sending a text of one's own."),
    ] = ()


async def list_notices(ctx: AppContext, tx: Transaction, visit_id: UUID) -> tuple[NoticeView, ...]:
    """All notices of a visit, the oldest first."""
    attempts: dict[UUID, list[DeliveryRow]] = {}
    for row in await outbox.deliveries_of(tx, visit_id):
        attempts.setdefault(row.message, []).append(row)
    return tuple(_to_view(ctx, row, attempts.get(row.id, [])) for row in await outbox.messages_of(tx, visit_id))


async def get_notice(ctx: AppContext, tx: Transaction, visit_id: UUID, message_id: UUID) -> NoticeView:
    """One notice of a visit that has it."""
    found = await list_notices(ctx, tx, visit_id)
    return next(notice for notice in found if notice.id == str(message_id))


def _to_view(ctx: AppContext, row: MessageRow, attempts: list[DeliveryRow]) -> NoticeView:
    withdrawn, proves = None, tuple(entry.what for entry in msgspec.json.decode(row.entries, type=list[Entry]))
    if row.withdrawn_at is not None:
        withdrawn, proves = NoticeCancellation(ctx.to_local_time(row.withdrawn_at), row.withdrawn_because or ""), ()
    return NoticeView(
        id=str(row.id),
        about=row.about,
        channel=row.channel,
        to=row.recipient,
        text=row.text,
        proves=proves,
        sent_at=ctx.to_local_time(row.created_at),
        sent_by=row.created_by,
        state=row.state,
        next_try=ctx.to_local_time(row.next_at) if row.next_at is not None else None,
        attempts=tuple(DeliveryAttempt(ctx.to_local_time(one.at), one.outcome, one.detail) for one in attempts),
        withdrawn=withdrawn,
    )
