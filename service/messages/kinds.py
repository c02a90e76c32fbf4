"""What happened → which message, to whom, under which condition: the one table of all messages to customers.

Read `KINDS` from top to bottom. Each kind has the text as it is registered with a gateway (报备模板), and a function
that finds its occasions: what has happened that the customer is to be told now. The function raises the problem that
says why there is none. Every sender asks it, so that no message goes out whose condition does not hold: the API, the
desk, messages that are sent by themselves, and the worker, just before it sends.

A text announces nothing that is past, has begun or was cancelled. `{link}` and `{word}` are filled in on delivery; a
text without `{link}` makes no link. Every standard text fits two parts of a text message (`segments`).
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from service.errors import NoticeNotDue, NoticeTooEarly, NoticeTooLate, VisitCancelled
from service.judge.moments import later

from .situation import ComplaintState, Situation, is_settled
from .times import clock_time, day_of, short_window

MessageKind = Literal[
    "appointment",
    "reschedule",
    "handover",
    "reminder",
    "on_the_way",
    "cancellation",
    "please_sign",
    "signature_void",
    "complaint_received",
    "complaint_answered",
]
LINK, WORD = "{link}", "{word}"
FAR_AHEAD = timedelta(days=400)
FRESH = timedelta(days=7)
"""So long after it happened a message about the work, a complaint or its answer is still sent."""
DEPARTED_WITHIN = timedelta(hours=1)
REMINDED_AFTER = timedelta(hours=12)
"""Who was told within this time needs no reminder yet."""


class Occasion(msgspec.Struct, frozen=True):
    """Something that the customer is to be told. `key`: which one; `since`: when it happened; the text's variables."""

    key: str
    since: datetime | None
    values: dict[str, str]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of message to the customer's telephone.

    `occasions` raises a Problem while the condition does not hold. `settled_by`: other kinds that say the same.
    `automatic`: it is sent by itself unless the settings say otherwise; the others are offered to a dispatcher.
    `urgent`: it does not wait for the end of the quiet hours.
    """

    name: MessageKind
    purpose: str
    condition: str
    text: str
    occasions: Callable[[Situation], tuple[Occasion, ...]]
    settled_by: tuple[MessageKind, ...] = ()
    automatic: bool = True
    urgent: bool = False

    def due(self, situation: Situation) -> Occasion:
        """The first occasion that the customer was not told of. NoticeNotDue, or the problem of `occasions`."""
        about = (self.name, *self.settled_by)
        for one in self.occasions(situation):
            if not is_settled(situation, about, one.key, one.since):
                return one
        raise NoticeNotDue

    def current(self, situation: Situation) -> Occasion:
        """The occasion to tell of, again if need be: the first that is due, else the last one."""
        try:
            return self.due(situation)
        except NoticeNotDue:
            occasions = self.occasions(situation)
            if not occasions:
                raise
            return occasions[-1]


def require_announceable(situation: Situation) -> None:
    """VisitCancelled, NoticeTooLate or NoticeTooEarly: a visit is announced while it is ahead, and near."""
    window = situation.window
    if situation.visit.plan_history.cancelled is not None:
        raise VisitCancelled
    if situation.has_begun or (window is not None and situation.now >= window.end):
        raise NoticeTooLate
    if window is not None and window.start > later(situation.now, FAR_AHEAD):
        raise NoticeTooEarly


def _visit_ahead(situation: Situation) -> dict[str, str]:
    require_announceable(situation)
    plan, window = situation.visit.plan, situation.window
    place = f"{plan.customer.address} {plan.work.place or plan.customer.place or ''}".strip()
    return {
        "time": short_window(window) if window else "近期",
        "technician": situation.technician_names[-1],
        "content": plan.work.content,
        "place": place or "您家中",
    }


def _planned(situation: Situation) -> tuple[Occasion, ...]:
    values = _visit_ahead(situation)
    if situation.appointment.moved and situation.is_informed:
        raise NoticeNotDue("时间已改，请发改约通知 / the time has changed: send that message")
    return (_of_window(situation, values),)


def _moved(situation: Situation) -> tuple[Occasion, ...]:
    values = _visit_ahead(situation)
    if not (situation.appointment.moved and situation.is_informed):
        raise NoticeNotDue("客户还不知道原来的时间 / the customer knows of no other time")
    return (_of_window(situation, values),)


def _of_window(situation: Situation, values: dict[str, str]) -> Occasion:
    change = situation.last_change("window")
    return Occasion(f"window {change.number if change else 0}", change.at if change else None, values)


def _handed_over(situation: Situation) -> tuple[Occasion, ...]:
    values = _visit_ahead(situation)
    change = situation.last_change("technician")
    if change is None or "technician" not in change.new or not situation.is_informed:
        raise NoticeNotDue("客户没有听说过别的技术员 / the customer has heard of no other technician")
    return (Occasion(f"technician {change.number}", change.at, values),)


def _tomorrow(situation: Situation) -> tuple[Occasion, ...]:
    values = _visit_ahead(situation)
    window = situation.window
    if window is None or window.start.date() != later(situation.now, timedelta(days=1)).date():
        raise NoticeNotDue("不是明天的上门 / the visit is not tomorrow")
    if not situation.is_informed:
        raise NoticeNotDue("客户还没有收到通知 / the customer was not notified yet")
    return (Occasion(_of_window(situation, values).key, later(situation.now, -REMINDED_AFTER), values),)


def _departed(situation: Situation) -> tuple[Occasion, ...]:
    values = _visit_ahead(situation)
    departure = situation.departure
    if departure is None:
        raise NoticeNotDue("技术员还没有出发 / nobody is on the way")
    arrives = departure.arrives_at
    if situation.now > later(departure.received_at, DEPARTED_WITHIN) or (arrives and situation.now > arrives):
        raise NoticeTooLate
    if abs(departure.received_at - departure.at) > DEPARTED_WITHIN:
        raise NoticeNotDue("出发的消息来得太晚 / the departure was reported too late")
    arrival = f"预计{clock_time(arrives)}到" if arrives else "正在路上"
    key = f"plan {situation.first_departure_number}"
    return (Occasion(key, None, values | {"technician": situation.departed_name, "arrival": arrival}),)


def _cancelled(situation: Situation) -> tuple[Occasion, ...]:
    change, window = situation.visit.plan_history.cancelled, situation.window
    if change is None:
        raise NoticeNotDue("上门没有取消 / the visit was not cancelled")
    if situation.has_begun or (window is not None and situation.now >= window.end):
        raise NoticeTooLate
    if not situation.is_informed:
        raise NoticeNotDue("客户不知道有这次上门 / the customer knew of no visit")
    values = {
        "time": short_window(window) if window else "近期",
        "contact": f"请致电{situation.hotline}" if situation.hotline else "请与我们联系",
    }
    return (Occasion(f"cancellation {change.number}", change.at, values),)


def _work_done(situation: Situation) -> tuple[datetime, dict[str, str]]:
    """When the last record came, and what the work was. NoticeNotDue before the technician left, and long after."""
    came_at = situation.last_record_at()
    if came_at is None or "left" not in situation.judgement.facts:
        raise NoticeNotDue("上门还没有结束 / the visit is not over")
    if situation.now > later(came_at, FRESH) or situation.visit.row.state == "closed":
        raise NoticeTooLate
    return came_at, {"date": day_of(came_at), "content": situation.visit.plan.work.content}


def _to_sign(situation: Situation) -> tuple[Occasion, ...]:
    _, values = _work_done(situation)
    unsigned = situation.unsigned
    if not unsigned:
        raise NoticeNotDue("没有等客户签认的内容 / nothing waits for the customer's signature")
    return (Occasion(" ".join(unsigned)[:200], None, values | {"count": str(len(unsigned))}),)


def _void(situation: Situation) -> tuple[Occasion, ...]:
    _, values = _work_done(situation)
    if not situation.void:
        raise NoticeNotDue("没有失效的签字 / no signature is void")
    return tuple(Occasion(entry, None, values) for entry in situation.void)


def _complained(situation: Situation) -> tuple[Occasion, ...]:
    open_ones = [one for one in situation.complaints if one.answered_at is None and one.due_at is not None]
    return _fresh(
        situation,
        "没有待答复的投诉 / no complaint waits for an answer",
        ((one.came_at, _about(one, one.id, {"due": day_of(one.due_at)})) for one in open_ones if one.due_at),
    )


def _answered(situation: Situation) -> tuple[Occasion, ...]:
    answered = [one for one in situation.complaints if one.answered_at is not None]
    return _fresh(
        situation,
        "没有已答复的投诉 / no complaint was answered",
        ((one.answered_at, _about(one, one.answer, {})) for one in answered if one.answered_at),
    )


def _about(complaint: ComplaintState, key: str, values: dict[str, str]) -> Occasion:
    return Occasion(key, None, {"number": complaint.number, **values})


def _fresh(situation: Situation, none: str, found: Iterable[tuple[datetime, Occasion]]) -> tuple[Occasion, ...]:
    """Those that happened recently. NoticeNotDue without any, NoticeTooLate when all of them are old."""
    every = tuple(found)
    if not every:
        raise NoticeNotDue(none)
    fresh = tuple(one for at, one in every if situation.now <= later(at, FRESH))
    if not fresh:
        raise NoticeTooLate
    return fresh


KINDS: dict[MessageKind, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="appointment",
            purpose="预约：告知时间、内容、地点，请客户配合，并请客户答复（4.3.1）",
            condition="上门还没有开始，约定的时间没有过，在 400 天以内，没有取消",
            text="【{company}】{customer}：{time}，{technician}上门{content}，{place}，口令{word}，请配合并答复{link}",
            occasions=_planned,
            settled_by=("reschedule",),
            automatic=False,
        ),
        Kind(
            name="reschedule",
            purpose="改约：客户已经知道原来的时间",
            condition="同上，并且时间改过，客户收到过通知",
            text="【{company}】{customer}：改到{time}，{technician}上门{content}，{place}，口令{word}，请配合并答复{link}",
            occasions=_moved,
            settled_by=("appointment",),
            automatic=False,
        ),
        Kind(
            name="handover",
            purpose="换人：客户听说过另一位技术员",
            condition="上门还没有开始，没有取消，换过技术员，客户收到过通知",
            text="【{company}】{customer}：{time}上门的人员改为{technician}，口令{word}，见面请核对工作证。",
            occasions=_handed_over,
            settled_by=("appointment", "reschedule"),
        ),
        Kind(
            name="reminder",
            purpose="前一天提醒",
            condition="明天上门，没有取消，客户收到过通知（12 小时内刚通知的不再提醒）",
            text="【{company}】{customer}：明天{time}，{technician}上门{content}，{place}，请留人。口令{word}。",
            occasions=_tomorrow,
            settled_by=("appointment", "reschedule"),
        ),
        Kind(
            name="on_the_way",
            purpose="技术员点了“出发”",
            condition="一小时内出发，还没有到场，没有取消，预计到达的时间没有过",
            text="【{company}】{customer}：{technician}已出发，{arrival}。口令{word}，见面请核对工作证。",
            occasions=_departed,
            urgent=True,
        ),
        Kind(
            name="cancellation",
            purpose="取消：客户知道有这次上门，也包括已经同意的",
            condition="已取消，没有开始，约定的时间没有过，客户收到过通知",
            text="【{company}】{customer}：原定{time}的上门已取消，给您带来不便，敬请谅解。如需另约{contact}。",
            occasions=_cancelled,
            urgent=True,
        ),
        Kind(
            name="please_sign",
            purpose="请签认：上门已经结束，有内容等客户签认",
            condition="技术员已离开，记录在 7 天以内，有没签也没拒签的内容",
            text="【{company}】{customer}：{date}{content}已完成，有{count}份内容请您核对并签认：{link}",
            occasions=_to_sign,
        ),
        Kind(
            name="signature_void",
            purpose="签字后内容有更正，签字失效",
            condition="技术员已离开，记录在 7 天以内，有因更正失效的签字",
            text="【{company}】{customer}：{date}{content}的内容有更正，原签字已失效，请重新核对签认：{link}",
            occasions=_void,
        ),
        Kind(
            name="complaint_received",
            purpose="投诉已受理：编号和答复期限",
            condition="7 天以内的投诉或举报，有编号，还没有答复",
            text="【{company}】{customer}：您反映的问题已受理，编号{number}，我们将在{due}前答复您。",
            occasions=_complained,
        ),
        Kind(
            name="complaint_answered",
            purpose="投诉已答复",
            condition="7 天以内答复的投诉或举报",
            text="【{company}】{customer}：您反映的问题（编号{number}）已有答复，请查看：{link}",
            occasions=_answered,
        ),
    )
}
ANNOUNCING: frozenset[str] = frozenset({"appointment", "reschedule", "handover", "reminder", "on_the_way"})
"""Kinds that say that somebody comes: a change of the time or the technician outdates them while they wait."""
