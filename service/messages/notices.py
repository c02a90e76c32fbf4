"""The message that a dispatcher is offered, and the one that they send."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate_token, require_permission
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.errors import IdReusedWithOtherContent, Problem
from service.judge.bounds import ShortText, check_time
from service.judge.entries import AwareDatetime
from service.text import phone_numbers, sms_number
from service.visits import customer_link
from service.visits.appointment import Appointment
from service.visits.loading import load_visible_visit, load_visit
from service.web.decoding import parse_uuid

from . import outbox
from .composing import (
    AddressLine,
    Channel,
    ComposedNotice,
    MessageText,
    Wanted,
    as_delivered,
    automatic_kinds,
    compose_in,
    due_kinds,
    notice_warnings,
    possible_kinds,
)
from .kinds import MessageKind
from .notice_views import NoticeView, NoticeWarning, get_notice, list_notices
from .segments import count_segments
from .sending import add_to_outbox, content_digest
from .situation import Situation, situation_of


class NoticeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A notice to send. `{link}` and `{word}` in the text are filled in on delivery."""

    channel: Annotated[Channel, Meta(description="How it is sent; `file` writes it to a file on the server.")]
    about: Annotated[
        MessageKind | None, Meta(description="The kind of message; by default the one that is due, or tells the time.")
    ] = None
    text: Annotated[MessageText | None, Meta(description="The text; by default the standard one.")] = None
    to: Annotated[AddressLine | None, Meta(description="The recipient, if not the customer's phone.")] = None
    send_at: Annotated[
        AwareDatetime | None,
        Meta(description="Not before this time, also in the quiet hours; now: at once. By default after them."),
    ] = None
    id: Annotated[ShortText | None, Meta(description="A UUID, so that a repeated request sends nothing twice.")] = None

    def __post_init__(self) -> None:
        check_time("send_at", self.send_at)


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A message that can be sent now."""

    about: Annotated[MessageKind, Meta(description="The kind of message.")]
    text: Annotated[str, Meta(description="Its standard text.")]
    variables: Annotated[dict[str, str], Meta(description="The values in it, as its registered template names them.")]
    segments: Annotated[int, Meta(description="Of how many text messages it consists, with a link of usual length.")]
    due: Annotated[bool, Meta(description="Whether the customer does not know it yet.")]
    automatic: Annotated[bool, Meta(description="Whether it is sent by itself.")]


class NoticeDraft(msgspec.Struct, frozen=True, kw_only=True):
    """The notice to send now, what its text would prove, and the notices sent before."""

    about: Annotated[
        MessageKind | None,
        Meta(description="The kind of message: the one that is due first; null if none can be sent."),
    ]
    text: Annotated[str, Meta(description="The proposed text; empty if none can be sent.")]
    to: Annotated[str, Meta(description="The customer's number that can be dialled; empty if there is none.")]
    proves: Annotated[tuple[str, ...], Meta(description="Items of the checklist that this text proves.")]
    due: Annotated[bool, Meta(description="Whether a message is due.")]
    appointment: Annotated[Appointment, Meta(description="What was agreed with the customer.")]
    offers: Annotated[tuple[Offer, ...], Meta(description="All messages whose condition holds now.")]
    sent: Annotated[tuple[NoticeView, ...], Meta(description="All notices of the visit.")]


@read_only
async def draft_notice(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID) -> NoticeDraft:
    """The proposed notice, and all notices of the visit."""
    person = await authenticate_token(tx, token)
    require_permission(person, "write entries of the office")
    visit = await load_visible_visit(ctx, tx, person, visit_id)
    situation = await situation_of(ctx, tx, visit)
    offers = tuple(_offers(ctx, situation))
    composed = _draft(ctx, situation, next((one.about for one in offers if one.due), None))
    return NoticeDraft(
        about=composed.about if composed else None,  # type: ignore[arg-type]
        text=composed.text if composed else "",
        to=_number(visit.plan.customer.phone),
        proves=composed.items if composed else (),
        due=any(one.due for one in offers),
        appointment=situation.appointment,
        offers=offers,
        sent=await list_notices(ctx, tx, visit_id),
    )


def _number(phone: str) -> str:
    """The number to offer: the one that gets text messages, else one that can be dialled; '' without any."""
    return sms_number(phone) or next(iter(phone_numbers(phone)), "")


def _draft(ctx: AppContext, situation: Situation, about: MessageKind | None) -> ComposedNotice | None:
    """The proposed message, whatever number it would go to; None if none can be sent."""
    try:
        return compose_in(ctx, situation, Wanted(channel="file", about=about))
    except Problem:
        return None


def _offers(ctx: AppContext, situation: Situation) -> list[Offer]:
    due, automatic = due_kinds(situation), automatic_kinds(ctx, situation)
    found: list[Offer] = []
    for about in possible_kinds(situation):
        composed = _draft(ctx, situation, about)
        if composed is not None:
            offer = Offer(
                about=about,
                text=composed.text,
                variables=composed.variables or {},
                segments=count_segments(as_delivered(ctx, composed.text)),
                due=about in due,
                automatic=about in automatic,
            )
            found.append(offer)
    return found


@transaction
async def send(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, wanted: NoticeRequest
) -> tuple[bool, NoticeView]:
    """Put a notice into the outbox. Returns False and the existing notice if its id is known."""
    message_id = parse_uuid(wanted.id, "/id") if wanted.id is not None else ctx.new_id()
    more = (wanted.about or "", wanted.send_at.isoformat() if wanted.send_at else "")
    digest = content_digest(wanted.channel, wanted.text, wanted.to, *(more if any(more) else ()))
    row, person = await customer_link.lock_for_dispatcher(tx, token, visit_id)
    known = await outbox.message(tx, message_id)
    warnings: tuple[NoticeWarning, ...] = ()
    if known is None:
        visit = await load_visit(ctx, tx, row)
        how = Wanted(channel=wanted.channel, about=wanted.about, text=wanted.text, to=wanted.to, send_at=wanted.send_at)
        situation = await situation_of(ctx, tx, visit)
        composed = compose_in(ctx, situation, how)
        warnings = notice_warnings(situation, composed.about)
        await add_to_outbox(ctx, tx, visit, composed, person.login, message_id, digest)
    elif known.visit != visit_id or known.sha256 != digest:
        raise IdReusedWithOtherContent
    sent = await get_notice(ctx, tx, visit_id, message_id)
    return known is None, msgspec.structs.replace(sent, warnings=warnings)
