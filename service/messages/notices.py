"""The notice before a visit: proposed, sent by a dispatcher through the outbox, and listed with its deliveries."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal
from uuid import UUID, uuid5

import msgspec
from msgspec import Meta

from service.accounts import cards
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.secrets import get_or_create_door_code_key
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.errors import (
    FieldError,
    IdReusedWithOtherContent,
    InvalidBody,
    NoRecipient,
    NoticeNotDue,
    NoticeTooLate,
    VisitCancelled,
)
from service.judge.bounds import ShortText
from service.judge.entries import Entry, Evidence, FieldValue
from service.text import can_be_dialled
from service.visits import customer_link, door_code
from service.visits.appointment import AGREED, MOVED, Appointment, current_appointment, is_completed
from service.visits.loading import LoadedVisit, load_visible_visit, load_visit
from service.visits.notice_flags import NOTICE_DUE, is_ahead, with_notice_flags
from service.visits.status import recompute_status
from service.visits.windows import local
from service.web.decoding import parse_uuid

from . import outbox
from .notice_text import LINK_PLACEHOLDER, WORD_PLACEHOLDER, MessageKind, NoticeContext, draft_text, fulfilled_items
from .outbox import DeliveryOutcome, DeliveryRow, MessageRow, MessageState

MAX_AGE_MS = 24 * 3_600_000
INFORMING_ITEMS = frozenset({AGREED, MOVED, "work_content_told", "work_place_told", "cooperation_requested"})
"""Items by which the customer learns that somebody is coming."""
Channel = Literal["sms", "wecom", "email", "file"]
AddressLine = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\S\r\n]*\S[^\r\n]*$(?!\n)")]
MessageText = Annotated[str, Meta(min_length=1, max_length=1000, pattern=r"\S")]


class NoticeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A notice to send. `{link}` and `{word}` in the text are filled in on delivery."""

    channel: Annotated[Channel, Meta(description="How it is sent; `file` writes it to a file on the server.")]
    text: Annotated[MessageText | None, Meta(description="The text; by default the proposed one.")] = None
    to: Annotated[AddressLine | None, Meta(description="The recipient, if not the customer's phone.")] = None
    id: Annotated[ShortText | None, Meta(description="A UUID, so that a repeated request sends nothing twice.")] = None


class DeliveryAttempt(msgspec.Struct, frozen=True):
    """One attempt to deliver."""

    at: Annotated[datetime, Meta(description="When it was made.")]
    outcome: Annotated[DeliveryOutcome, Meta(description="The result; after `failed` there is another attempt.")]
    detail: Annotated[str, Meta(description="The gateway's answer.")]


class NoticeCancellation(msgspec.Struct, frozen=True):
    """A notice became outdated before it was delivered."""

    at: Annotated[datetime, Meta(description="When it was withdrawn.")]
    because: Annotated[str, Meta(description="The kind of change that outdated it (`window`, `cancellation` …).")]


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """A notice in the outbox. `delivered` means that the gateway accepted it.

    A `withdrawn` notice is not sent; if it was already on its way, it is `delivered` and proves nothing.
    """

    id: Annotated[str, Meta(description="The notice's id, a UUID.")]
    about: Annotated[
        str, Meta(description="`appointment`, `reschedule`, `cancellation`, or `code` for a one-time code.")
    ]
    channel: Annotated[str, Meta(description="How it is sent; `phone` for a call that was recorded.")]
    to: Annotated[str, Meta(description="The phone number or address; without one the customer's name.")]
    text: Annotated[str, Meta(description="The text; `{link}` and `{word}` are filled in on delivery.")]
    proves: Annotated[tuple[str, ...], Meta(description="Items of the checklist that its delivery proves.")]
    sent_at: Annotated[datetime, Meta(description="When it was put into the outbox.")]
    sent_by: Annotated[str, Meta(description="Login of the sender.")]
    state: Annotated[MessageState, Meta(description="The state of its delivery.")]
    next_try: Annotated[datetime | None, Meta(description="When the next attempt is due; null when there is none.")]
    attempts: Annotated[tuple[DeliveryAttempt, ...], Meta(description="All attempts to deliver it.")]
    withdrawn: Annotated[NoticeCancellation | None, Meta(description="When and why it became outdated.")]


class NoticeDraft(msgspec.Struct, frozen=True, kw_only=True):
    """The notice to send now, what its text would prove, and the notices sent before."""

    about: Annotated[MessageKind, Meta(description="`reschedule` for a customer who knows another time.")]
    text: Annotated[str, Meta(description="The proposed text.")]
    to: Annotated[str, Meta(description="The customer's phone number.")]
    proves: Annotated[tuple[str, ...], Meta(description="Items of the checklist that this text proves.")]
    due: Annotated[bool, Meta(description="Whether the current window still needs a notice.")]
    appointment: Annotated[Appointment, Meta(description="What was agreed with the customer.")]
    sent: Annotated[tuple[NoticeView, ...], Meta(description="All notices of the visit.")]


@read_only
async def draft_notice(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID) -> NoticeDraft:
    """The proposed notice, and all notices of the visit."""
    person = await authenticate_token(tx, token)
    require_permission(person, "write entries of the office")
    visit = await load_visible_visit(ctx, tx, person, visit_id)
    sent = await list_notices(ctx, tx, visit_id)
    context, kind, appointment = await build_context(ctx, tx, visit, sent)
    text = draft_text(context, kind)
    may_be_due = appointment.window is not None and visit.plan_history.cancelled is None and not _is_too_late(visit)
    return NoticeDraft(
        about=kind,
        text=text,
        to=visit.plan.customer.phone,
        proves=fulfilled_items(text, context, moved=appointment.moved),
        due=may_be_due and not any(_covers_current_window(visit, notice) for notice in sent),
        appointment=appointment,
        sent=sent,
    )


def _is_too_late(visit: LoadedVisit) -> bool:
    """Whether the visit can no longer be announced: work has begun, or the window is over."""
    window = visit.plan.window
    return (window is not None and visit.now >= window.end) or visit.evaluate_at().verdict is not None


def _covers_current_window(visit: LoadedVisit, notice: NoticeView) -> bool:
    """Whether a notice is about the current window and was, or may still be, delivered."""
    moved = visit.visit().rescheduled
    if notice.about == "code" or notice.withdrawn is not None or notice.state not in ("waiting", "delivered"):
        return False
    return not moved or notice.sent_at >= moved[-1].at


@transaction
async def send(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, wanted: NoticeRequest
) -> tuple[bool, NoticeView]:
    """Put a notice into the outbox, with a new link. Returns False and the existing notice if its id is known."""
    message_id = parse_uuid(wanted.id, "/id") if wanted.id is not None else ctx.new_id()
    digest = _digest(wanted)
    row, person = await customer_link.lock_for_dispatcher(tx, token, visit_id)
    known = await outbox.message(tx, message_id)
    if known is None:
        visit = await load_visit(ctx, tx, row)
        composed = await _compose(ctx, tx, visit, wanted)
        await _add_message(ctx, tx, visit, wanted.channel, composed, message_id, digest, person.login)
    elif known.visit != visit_id or known.sha256 != digest:
        raise IdReusedWithOtherContent
    notices = await list_notices(ctx, tx, visit_id)
    return known is None, next(notice for notice in notices if notice.id == str(message_id))


class ComposedNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice that can be sent now."""

    about: MessageKind
    to: str
    text: str
    items: tuple[str, ...]
    context: NoticeContext


@read_only
async def preview_due_notice(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, channel: Channel
) -> ComposedNotice:
    """What `send_due_notice` would send, or the same problem."""
    person = await authenticate_token(tx, token)
    require_permission(person, "write entries of the office")
    return await _compose_due(ctx, tx, await load_visible_visit(ctx, tx, person, visit_id), channel)


@transaction
async def send_due_notice(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, channel: Channel
) -> ComposedNotice:
    """Send the proposed notice, if one is due. NotFound, VisitCancelled, NoticeTooLate, NoticeNotDue or NoRecipient."""
    row, person = await customer_link.lock_for_dispatcher(tx, token, visit_id)
    visit = await load_visit(ctx, tx, row)
    composed = await _compose_due(ctx, tx, visit, channel)
    digest = _digest(NoticeRequest(channel=channel))
    await _add_message(ctx, tx, visit, channel, composed, ctx.new_id(), digest, person.login)
    return composed


async def _compose_due(ctx: AppContext, tx: Transaction, visit: LoadedVisit, channel: Channel) -> ComposedNotice:
    wanted = NoticeRequest(channel=channel)
    if not _can_receive(wanted, _recipient(visit, wanted)):
        require_announceable(visit)
        raise NoRecipient
    composed = await _compose(ctx, tx, visit, wanted)
    current = await with_notice_flags(tx, visit)
    if NOTICE_DUE not in current.row.flags.split() or not is_ahead(visit, visit.evaluate_at()):
        raise NoticeNotDue
    return composed


def _digest(wanted: NoticeRequest) -> bytes:
    return sha256(msgspec.json.encode((wanted.channel, wanted.text, wanted.to))).digest()


def _recipient(visit: LoadedVisit, wanted: NoticeRequest) -> str:
    return wanted.to or ("" if wanted.channel == "email" else visit.plan.customer.phone)


def _can_receive(wanted: NoticeRequest, to: str) -> bool:
    """Whether a message to this recipient can arrive: a text message needs a number that can be dialled."""
    return wanted.channel == "file" or (can_be_dialled(to) if wanted.channel == "sms" else bool(to))


def require_announceable(visit: LoadedVisit) -> None:
    """VisitCancelled or NoticeTooLate."""
    if visit.plan_history.cancelled is not None:
        raise VisitCancelled
    if _is_too_late(visit):
        raise NoticeTooLate


async def _compose(ctx: AppContext, tx: Transaction, visit: LoadedVisit, wanted: NoticeRequest) -> ComposedNotice:
    """VisitCancelled, NoticeTooLate, or InvalidBody without a recipient. A text of one's own that announces nothing,
    such as a request to sign, may be sent after the work."""
    if visit.plan_history.cancelled is not None:
        raise VisitCancelled
    context, kind, appointment = await build_context(ctx, tx, visit, await list_notices(ctx, tx, visit.row.id))
    text = wanted.text or draft_text(context, kind)
    items = fulfilled_items(text, context, moved=appointment.moved)
    if wanted.text is None or items:
        require_announceable(visit)
    to = _recipient(visit, wanted)
    if not _can_receive(wanted, to):
        text = "没有能收通知的电话号码，请先更正客户资料 / there is no number that a notice can be sent to"
        raise InvalidBody("", (FieldError("/to", "invalid" if to else "missing", text),))
    return ComposedNotice(about=kind, to=to or visit.plan.customer.name, text=text, items=items, context=context)


async def _add_message(
    ctx: AppContext,
    tx: Transaction,
    visit: LoadedVisit,
    channel: Channel,
    composed: ComposedNotice,
    message_id: UUID,
    digest: bytes,
    sender: str,
) -> None:
    """Put a notice into the outbox, with a new link."""
    visit_id = visit.row.id
    link, _ = await customer_link.replace_link(ctx, tx, visit_id, customer_link.window_end(visit), sender)
    word = door_code.verification_words(await get_or_create_door_code_key(ctx, tx), visit_id)
    now = ctx.clock()
    entries = entries_of(message_id, composed.text, composed.context, composed.items, channel, ctx.now())
    new = MessageRow(
        id=message_id,
        visit=visit_id,
        about=composed.about,
        channel=channel,
        recipient=composed.to,
        text=composed.text,
        placeholders=msgspec.json.encode({LINK_PLACEHOLDER: customer_link.link_url(ctx, link), WORD_PLACEHOLDER: word}),
        entries=msgspec.json.encode(entries),
        sha256=digest,
        created_at=now,
        created_by=sender,
        give_up_at=now + MAX_AGE_MS,
    )
    if not await outbox.add_message(tx, new):
        raise IdReusedWithOtherContent  # a simultaneous request about another visit uses this id
    await recompute_status(tx, visit, notify_technicians=False)  # no notice is due any more


def entries_of(
    message_id: UUID, text: str, context: NoticeContext, items: tuple[str, ...], channel: str, at: datetime
) -> list[Entry]:
    """The entries that the delivery of a text proves; their `at` is replaced with the time of the delivery."""
    evidence = (Evidence(kind="message_log", channel=channel, text=text), Evidence(kind="text", text=text))
    fields: dict[str, dict[str, FieldValue]] = {
        "work_content_told": {"content": context.content},
        "work_place_told": {"place": f"{context.address} {context.place}".strip()},
    }
    return [
        Entry(str(uuid5(message_id, item)), at, "dispatcher", item, evidence=evidence, fields=fields.get(item, {}))
        for item in items
    ]


async def build_context(
    ctx: AppContext, tx: Transaction, visit: LoadedVisit, sent: tuple[NoticeView, ...]
) -> tuple[NoticeContext, MessageKind, Appointment]:
    """What a notice is written from, what it is about for this customer, and the appointment."""
    plan = visit.plan
    card = await cards.get_card(tx, plan.technician)
    appointment = current_appointment(visit, ctx.now(), ctx.company.cutoff_hours)
    context = NoticeContext(
        company=ctx.company.company,
        hotline=ctx.company.hotline,
        customer=plan.customer.name,
        window=local(ctx, appointment.window),
        content=plan.work.content,
        address=plan.customer.address,
        place=plan.work.place or plan.customer.place or "",
        technician=card.name if card else plan.technician,
        badge=card.badge if card else "",
        title=card.title if card else "",
    )
    informed = appointment.moved and _customer_was_informed(visit, sent)
    return context, "reschedule" if informed else "appointment", appointment


def _customer_was_informed(visit: LoadedVisit, sent: tuple[NoticeView, ...]) -> bool:
    """Whether the customer may know of the visit, from a delivered message or from an entry."""
    return any(notice.about != "code" and notice.state == "delivered" for notice in sent) or any(
        entry.what in INFORMING_ITEMS and is_completed(entry) for entry in visit.merged.entries
    )


async def list_notices(ctx: AppContext, tx: Transaction, visit_id: UUID) -> tuple[NoticeView, ...]:
    """All notices of a visit, the oldest first."""
    attempts: dict[UUID, list[DeliveryRow]] = {}
    for row in await outbox.deliveries_of(tx, visit_id):
        attempts.setdefault(row.message, []).append(row)
    return tuple(_to_view(ctx, row, attempts.get(row.id, [])) for row in await outbox.messages_of(tx, visit_id))


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
