"""Whether the customer knows of a visit as it is planned now, in words for the dispatcher."""

from datetime import datetime
from uuid import UUID

import msgspec

from service.context import AppContext
from service.judge.moments import to_ms
from service.judge.timeline import withdrawn_ids
from service.messages import calls, notices
from service.messages.notice_views import NoticeView
from service.messages.notices import Offer
from service.messages.outbox import ON_THEIR_WAY
from service.messages.quiet_hours import quiet_until
from service.messages.situation import INFORMING_ITEMS
from service.text import sms_number
from service.visits.appointment import is_completed
from service.visits.former_numbers import FormerNumbers
from service.web.language import PageText, TextPair
from service.web.templates import format_day_and_time

from .pages import people_names
from .views import VisitView

NOT_INFORMED = PageText("客户还不知道这个时间，请发通知。")
NO_PHONE = PageText("客户还不知道这个时间，也没有能收短信的电话：请先更正资料。")
FAILED = PageText("通知没有发出，客户还不知道这个时间。")
CANCELLED_INFORMED = PageText("客户收到过上门通知，还不知道已经取消：请打电话告诉客户。")
OFFERED = PageText("有消息还没有发给客户。")
CANCELLED_SILENTLY = PageText("没有给客户发过通知，不用另外告诉客户。")
NOT_NEEDED = PageText("现在不用给客户发通知。")


class Informed(msgspec.Struct, frozen=True):
    """A sentence and its colour; the messages that can be sent; and why the last one was not delivered.

    `call`: the proposed text of a call, where the customer can be informed by telephone. `quiet_until`: when the quiet
    hours end that last now.
    """

    text: PageText
    colour: str
    detail: str = ""
    call: str = ""
    offers: tuple[Offer, ...] = ()
    quiet_until: datetime | None = None


async def whether_informed(ctx: AppContext, token: bytes, visit: VisitView) -> Informed:
    """Whether the customer is informed. For those who may send notices."""
    draft = await notices.draft_notice(ctx, token, UUID(visit.id))
    former = FormerNumbers(visit.customer.phone, visit.trail)
    sent = [
        one for one in draft.sent if one.about != "code" and not former.got(one.channel, one.to, to_ms(one.sent_at))
    ]
    look = _cancelled if visit.state == "cancelled" else _not_cancelled
    found = await look(ctx, visit, sent)
    offers = tuple(one for one in draft.offers if one.due) if sms_number(visit.customer.phone) else ()
    if offers and found.text == NOT_NEEDED:
        found = Informed(OFFERED, "warn")
    elif found.colour in ("warn", "bad"):
        found = msgspec.structs.replace(found, call=await calls.proposed_text(ctx, token, UUID(visit.id)))
    quiet = ctx.company.quiet_hours
    return msgspec.structs.replace(found, offers=offers, quiet_until=quiet_until(ctx.now(), *quiet) if quiet else None)


async def _cancelled(ctx: AppContext, visit: VisitView, sent: list[NoticeView]) -> Informed:
    """A customer who knew of the visit, from a notice or otherwise, has to hear of the cancellation."""
    sent_last = next((one for one in reversed(sent) if one.about == "cancellation" and one.state in ON_THEIR_WAY), None)
    if sent_last is not None:
        return await _called(ctx, sent_last) if sent_last.channel == calls.CHANNEL else _sent(sent_last)
    taken_back = withdrawn_ids(visit.entries)
    if any(one.state in ("delivered", "taken") for one in sent) or any(
        one.what in INFORMING_ITEMS and is_completed(one) and one.id not in taken_back for one in visit.entries
    ):
        return Informed(CANCELLED_INFORMED, "warn")
    return Informed(CANCELLED_SILENTLY, "plain")


async def _not_cancelled(ctx: AppContext, visit: VisitView, sent: list[NoticeView]) -> Informed:
    if "notice_due" in visit.flags:
        if not sms_number(visit.customer.phone):
            return Informed(NO_PHONE, "warn")
        if "notice_failed" in visit.flags:
            return Informed(FAILED, "bad", _last_answer(sent))
        return Informed(NOT_INFORMED, "warn")
    current = next((one for one in reversed(sent) if one.withdrawn is None), None)
    if current is None or visit.state != "planned":
        return Informed(NOT_NEEDED, "plain")
    if current.channel == calls.CHANNEL:
        return await _called(ctx, current)
    return _sent(current)


def _sent(notice: NoticeView) -> Informed:
    """A message that is on its way or arrived."""
    values = {"to": notice.to, "time": _time(notice.sent_at)}
    if notice.state in ("waiting", "taken"):
        return Informed(PageText("通知正在发给 %(to)s（%(time)s 提交）。", values), "info")
    return Informed(PageText("通知已在 %(time)s 发给 %(to)s。", values), "good")


async def _called(ctx: AppContext, call: NoticeView) -> Informed:
    """Who informed the customer when."""
    name = (await people_names(ctx, (call.sent_by,)))[call.sent_by]
    values = {"to": call.to, "time": _time(call.sent_at), "by": name}
    return Informed(PageText("%(by)s已在 %(time)s 电话告知 %(to)s。", values), "good")


def _time(moment: datetime) -> TextPair:
    return TextPair(format_day_and_time(moment, "zh"), format_day_and_time(moment, "en"))


def _last_answer(sent: list[NoticeView]) -> str:
    """What the gateway answered to the last attempt."""
    attempts = sorted((attempt for one in sent for attempt in one.attempts), key=lambda attempt: attempt.at)
    return attempts[-1].detail if attempts else ""
