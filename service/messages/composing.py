"""Composes a message: which kind, to whom, with which text, and from when on it may be sent."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

import msgspec
from msgspec import Meta

from service.context import AppContext
from service.errors import FieldError, InvalidBody, NoRecipient, NoticeNotDue, NoticeTooLong, Problem
from service.judge.entries import Entry, Evidence, FieldValue
from service.text import mail_address, sms_number
from service.visits.customer_link import link_url

from .kinds import KINDS, LINK, WORD, Kind, MessageKind
from .notice_text import facts_of, fulfilled_items, names_time
from .notice_views import NoticeWarning
from .occasions import Occasion, require_announceable
from .outbox import NORMAL, URGENT
from .quiet_hours import after_quiet_hours, is_urgent
from .segments import MAX_STANDARD_SEGMENTS, count_segments
from .situation import Situation

OTHER = "other"
"""A text of somebody's own that announces nothing."""
MAX_TEXT = 1000
VARIABLE = re.compile(r"\{(\w+)\}")
_NO_PLACEHOLDERS = str.maketrans("{}", "（）")
Channel = Literal["sms", "wecom", "email", "file"]
AddressLine = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\S\r\n]*\S[^\r\n]*$(?!\n)")]
MessageText = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT, pattern=r"\S")]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A message that somebody wants to send. Without `about`: the one that is due first, or may be repeated."""

    channel: Channel
    about: MessageKind | None = None
    text: str | None = None
    to: str | None = None
    send_at: datetime | None = None


class ComposedNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A message that can be sent now. `variables` are those of the registered template; None for a text of somebody's
    own. `not_before` is ms UTC; `priority` is that of the outbox."""

    about: str
    channel: Channel
    to: str
    text: str
    items: tuple[str, ...]
    facts: tuple[str, str, str]
    occasion: str = ""
    variables: dict[str, str] | None = None
    not_before: int | None = None
    priority: int = NORMAL


def compose_in(ctx: AppContext, situation: Situation, wanted: Wanted) -> ComposedNotice:
    """The message, if its condition holds. The problem of its kind, InvalidBody without a recipient, NoticeTooLong."""
    if wanted.text is None:
        kind, occasion = _chosen(situation, wanted.about)
        return of_kind(ctx, situation, kind, occasion, wanted)
    about, occasion = _own_text_about(situation, wanted.about, wanted.text)
    return _finished(ctx, situation, wanted, about, wanted.text, Occasion(occasion, None, {}))


def compose_due(
    ctx: AppContext, situation: Situation, channel: Channel, about: MessageKind, send_at: datetime | None = None
) -> ComposedNotice:
    """A message of a kind that is due. NoticeNotDue when the customer was notified, NoRecipient, or the problem of the
    kind."""
    kind = KINDS[about]
    kind.occasions(situation)
    wanted = Wanted(channel=channel, about=about, send_at=send_at)
    if not _can_receive(wanted, _recipient(situation, wanted)):
        raise NoRecipient
    return of_kind(ctx, situation, kind, kind.due(situation), wanted)


def due_kinds(situation: Situation) -> list[MessageKind]:
    """The kinds of message that are due now, in the order of the table."""
    return [name for name, kind in KINDS.items() if _occasion(kind.due, situation) is not None]


def automatic_kinds(ctx: AppContext, situation: Situation) -> list[MessageKind]:
    """The kinds of message that are sent by themselves now if they are due. Who was informed of a departure is so of
    another time, too."""
    automatic = ctx.company.automatic

    def must_know(kind: Kind) -> bool:
        occasion = _occasion(kind.current, situation) if "on_the_way" in automatic else None
        return occasion is not None and occasion.urgent

    return [name for name, kind in KINDS.items() if name in automatic or must_know(kind)]


def possible_kinds(situation: Situation) -> list[MessageKind]:
    """The kinds of message whose condition holds now."""
    return [name for name, kind in KINDS.items() if _occasion(kind.current, situation) is not None]


def _occasion(find: Any, situation: Situation) -> Occasion | None:
    try:
        return find(situation)
    except Problem:
        return None


def _chosen(situation: Situation, about: MessageKind | None) -> tuple[Kind, Occasion]:
    """The kind to send, and what it is about: the one that is wanted; else the first that is due; else one that tells
    the time again."""
    if about is None:
        about = next(iter(due_kinds(situation)), None)
    if about is None:
        require_announceable(situation)
        about = "reschedule" if situation.knows_other_time else "appointment"
    return KINDS[about], KINDS[about].current(situation)


def _own_text_about(situation: Situation, about: MessageKind | None, text: str) -> tuple[str, str]:
    """What a text of somebody's own is about: a text that announces the visit needs a visit that can be announced."""
    if about is not None:
        return about, KINDS[about].current(situation).key
    if not fulfilled_items(text, situation) and not names_time(text, situation.window):
        return OTHER, ""
    require_announceable(situation)
    kind, occasion = _chosen_announcement(situation)
    return kind, occasion.key


def notice_warnings(situation: Situation, about: str) -> tuple[NoticeWarning, ...]:
    """What is probably not meant about a text of somebody's own, of which nothing else is known."""
    if about != OTHER:
        return ()
    if situation.visit.plan_history.cancelled is not None:
        words = "这次上门已取消，请核对这条消息 / the visit was cancelled: look at the text"
        return (NoticeWarning("cancelled", words),)
    window = situation.window
    missed = not situation.has_begun and window is not None and situation.now >= window.end
    if missed or "left" in situation.judgement.facts:
        return (NoticeWarning("over", "这次上门已经结束，请核对这条消息 / the visit is over: look at the text"),)
    return ()


def _chosen_announcement(situation: Situation) -> tuple[MessageKind, Occasion]:
    try:
        return "reschedule", KINDS["reschedule"].current(situation)
    except NoticeNotDue:
        return "appointment", KINDS["appointment"].current(situation)


def of_kind(ctx: AppContext, situation: Situation, kind: Kind, occasion: Occasion, wanted: Wanted) -> ComposedNotice:
    """A message with the registered text of its kind."""
    values = {"company": situation.company, "customer": situation.visit.plan.customer.name, **occasion.values}
    text, variables = _filled_in(kind.text, values)
    for part, value in occasion.longer:
        longer, with_part = _filled_in(kind.text, values | {part: value})
        if count_segments(as_delivered(ctx, longer)) <= MAX_STANDARD_SEGMENTS:
            values, text, variables = values | {part: value}, longer, with_part
    for name in reversed(situation.technician_names[:-1]):  # longer and longer, while it fits
        if values.get("technician") != situation.technician_names[-1]:
            break
        longer, with_name = _filled_in(kind.text, values | {"technician": name})
        if count_segments(as_delivered(ctx, longer)) > MAX_STANDARD_SEGMENTS:
            break
        text, variables = longer, with_name
    return _finished(ctx, situation, wanted, kind.name, text, occasion, variables)


def _filled_in(template: str, values: dict[str, str]) -> tuple[str, dict[str, str]]:
    """A text, and the values of its variables; those that only the customer gets stay open."""
    variables = {
        name: " ".join(values[name].translate(_NO_PLACEHOLDERS).split()) if name in values else f"{{{name}}}"
        for name in VARIABLE.findall(template)
    }
    return VARIABLE.sub(lambda found: variables[found[1]], template), variables


def as_delivered(ctx: AppContext, text: str) -> str:
    """A text as the customer will get it, with a link and words of the usual length."""
    return text.replace(LINK, link_url(ctx, "a" * 26)).replace(WORD, "青山 绿水")


def _finished(
    ctx: AppContext,
    situation: Situation,
    wanted: Wanted,
    about: str,
    text: str,
    occasion: Occasion,
    variables: dict[str, str] | None = None,
) -> ComposedNotice:
    to = _recipient(situation, wanted)
    if not _can_receive(wanted, to):
        words = "没有能收通知的电话号码，请先更正客户资料 / there is no number that a notice can be sent to"
        raise InvalidBody("", (FieldError("/to", "invalid" if to else "missing", words),))
    if len(text) > MAX_TEXT:
        raise NoticeTooLong(f"{len(text)} 字，最多 {MAX_TEXT} 字 / {len(text)} characters, at most {MAX_TEXT}")
    proves = about in ("appointment", "reschedule")
    return ComposedNotice(
        about=about,
        channel=wanted.channel,
        to=to or situation.visit.plan.customer.name,
        text=text,
        items=fulfilled_items(text, situation) if proves else (),
        facts=facts_of(situation),
        occasion=occasion.key,
        variables=variables,
        not_before=after_quiet_hours(ctx, situation, about, wanted.send_at, urgent=occasion.urgent),
        priority=URGENT if is_urgent(situation, about, occasion) else NORMAL,
    )


def _recipient(situation: Situation, wanted: Wanted) -> str:
    """As the channel wants it: of the customer's numbers, a text message goes to the first that can receive one."""
    if wanted.channel == "email":
        return mail_address(wanted.to or "")
    to = wanted.to or situation.visit.plan.customer.phone
    return sms_number(to) if wanted.channel == "sms" else to


def _can_receive(wanted: Wanted, to: str) -> bool:
    return bool(to) or wanted.channel == "file"


def entries_of(
    message_id: UUID, text: str, facts: tuple[str, str, str], items: tuple[str, ...], channel: str, at: datetime
) -> list[Entry]:
    """The entries that the delivery of a text proves; their `at` is replaced with the time of the delivery."""
    content, address, place = facts
    evidence = (Evidence(kind="message_log", channel=channel, text=text), Evidence(kind="text", text=text))
    fields: dict[str, dict[str, FieldValue]] = {
        "work_content_told": {"content": content},
        "work_place_told": {"place": f"{address} {place}".strip()},
    }
    return [
        Entry(str(uuid5(message_id, item)), at, "dispatcher", item, evidence=evidence, fields=fields.get(item, {}))
        for item in items
    ]
