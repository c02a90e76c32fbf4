"""What a customer has to be informed of now.

Each function finds the occasions of a kind of message (`kinds`), or raises the problem that says why there is none:
NoticeTooLate, NoticeTooEarly, VisitCancelled or NoticeNotDue.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from service.errors import NoticeNotDue, NoticeTooEarly, NoticeTooLate, VisitCancelled
from service.judge.moments import in_zone, later, to_ms
from service.judge.visit import Window

from .outbox import ON_THEIR_WAY
from .situation import ComplaintState, Situation
from .times import clock_time, day_of, short_window

FAR_AHEAD = timedelta(days=400)
YEAR_NAMED_AFTER = timedelta(days=180)
FRESH = timedelta(days=7)
"""So long after it happened a message about the work, a complaint or its answer is still sent."""
DEPARTED_WITHIN = timedelta(hours=1)
REMINDED_AFTER = timedelta(hours=12)
"""Who was notified within this time needs no reminder yet."""
NOTICES = ("appointment", "reschedule")


class Occasion(msgspec.Struct, frozen=True):
    """Something that the customer has to know. `key`: which one; `since`: when it happened; the text's variables.

    `urgent`: they wait for somebody who does not come, so that it goes out at once and by itself.
    `longer`: values that replace those of the same name where they fit.
    """

    key: str
    since: datetime | None
    values: dict[str, str]
    urgent: bool = False
    longer: tuple[tuple[str, str], ...] = ()


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
    plan = situation.visit.plan
    place = f"{plan.customer.address} {plan.work.place or plan.customer.place or ''}".strip()
    return {
        "time": _time(situation),
        "technician": situation.technician_names[-1],
        "content": plan.work.content,
        "place": place or "您家中",
    }


def _time(situation: Situation) -> str:
    return "近期" if situation.window is None else _time_of(situation, situation.window)


def _time_of(situation: Situation, window: Window) -> str:
    """A window in the utility's zone; with its year where somebody could take it for another one."""
    window = Window(in_zone(window.start, situation.zone), in_zone(window.end, situation.zone))
    year = f"{window.start.year}年" if window.start > later(situation.now, YEAR_NAMED_AFTER) else ""
    return year + short_window(window)


def planned(situation: Situation) -> tuple[Occasion, ...]:
    """The visit is ahead, and the customer knows no other time."""
    values = _visit_ahead(situation)
    if situation.knows_other_time:
        raise NoticeNotDue("时间已改，请发改约通知 / the time has changed: send that message")
    return (msgspec.structs.replace(_of_window(situation, values), longer=_with_weekday(situation)),)


def moved(situation: Situation) -> tuple[Occasion, ...]:
    """The customer knows another time."""
    values = _visit_ahead(situation)
    if not situation.knows_other_time:
        raise NoticeNotDue("客户还不知道原来的时间 / the customer knows of no other time")
    last = situation.last_received((*NOTICES, "on_the_way"))
    longer = _with_weekday(situation)
    if situation.is_as_wished:
        values |= {"change": "已按您的要求改到", "request": "请配合"}
    else:
        values |= {"change": "改到", "request": "请配合答复"}
        if situation.known_window is not None:
            longer = (("change", f"原定{_time_of(situation, situation.known_window)}改到"), *longer)
    occasion = _of_window(situation, values)
    waits = last is not None and last.about == "on_the_way"
    return (msgspec.structs.replace(occasion, urgent=waits, longer=longer),)


def _with_weekday(situation: Situation) -> tuple[tuple[str, str], ...]:
    window = situation.window
    return () if window is None else (("time", f"周{'一二三四五六日'[window.start.weekday()]}{_time(situation)}"),)


def _of_window(situation: Situation, values: dict[str, str]) -> Occasion:
    change, last = situation.last_change("window"), situation.last_received(NOTICES)
    key = f"window {change.number if change else 0}"
    if last is not None and not situation.knows_other_time:  # perhaps moved there and back
        return Occasion(last.occasion if last.occasion.startswith("window ") else key, None, values)
    return Occasion(key, change.at if change else None, values)


def handed_over(situation: Situation) -> tuple[Occasion, ...]:
    """The customer knows of another technician."""
    values = _visit_ahead(situation)
    change = situation.last_change("technician")
    if change is None or not situation.is_informed or _known_technician(situation) == situation.visit.plan.technician:
        raise NoticeNotDue("客户没有听说过别的技术员 / the customer knows of no other technician")
    return (Occasion(f"technician {change.number}", change.at, values),)


def _known_technician(situation: Situation) -> str:
    """Of whom the customer was last informed."""
    later_ones = (
        one.old["technician"]
        for one in situation.visit.plan_history.trail
        if one.number > situation.known_revision and "technician" in one.old and one.kind == "technician"
    )
    return next(later_ones, situation.visit.plan.technician)


def tomorrow(situation: Situation) -> tuple[Occasion, ...]:
    """The visit is tomorrow, and the customer knows of it."""
    values = _visit_ahead(situation)
    window = situation.window
    if window is None or window.start.date() != later(situation.now, timedelta(days=1)).date():
        raise NoticeNotDue("不是明天的上门 / the visit is not tomorrow")
    if not situation.is_informed:
        raise NoticeNotDue("客户还没有收到通知 / the customer was not notified yet")
    since = later(situation.now, -REMINDED_AFTER)
    if any(
        one.about in NOTICES
        and one.withdrawn_at is None
        and one.state in ON_THEIR_WAY
        and one.created_at > to_ms(since)
        for one in situation.sent
    ):
        raise NoticeNotDue("12 小时内刚通知过 / the customer was notified within the last twelve hours")
    return (Occasion(_of_window(situation, values).key, since, values),)


def departed(situation: Situation) -> tuple[Occasion, ...]:
    """The technician is on the way."""
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
    key = f"plan {situation.departure_number}"
    return (Occasion(key, None, values | {"technician": situation.departed_name, "arrival": arrival}),)


def cancelled(situation: Situation) -> tuple[Occasion, ...]:
    """The visit was cancelled, and the customer knows of it."""
    change, window = situation.visit.plan_history.cancelled, situation.window
    if change is None:
        raise NoticeNotDue("上门没有取消 / the visit was not cancelled")
    if situation.has_begun or (window is not None and situation.now >= window.end):
        raise NoticeTooLate
    if not situation.is_informed:
        raise NoticeNotDue("客户不知道有这次上门 / the customer knew of no visit")
    values = {
        "time": _time(situation),
        "contact": f"请致电{situation.hotline}" if situation.hotline else "请与我们联系",
    }
    return (Occasion(f"cancellation {change.number}", change.at, values),)


def _work_done(situation: Situation) -> tuple[datetime, dict[str, str]]:
    """When the last record came; on which day the technician left, whenever the record came, and what the work was.
    NoticeNotDue before the technician left, and long after."""
    came_at = situation.last_record_at()
    if came_at is None or "left" not in situation.judgement.facts:
        raise NoticeNotDue("上门还没有结束 / the visit is not over")
    if situation.now > later(came_at, FRESH) or situation.visit.row.state == "closed":
        raise NoticeTooLate
    left_at = min(situation.left_at or came_at, came_at)
    return came_at, {"date": day_of(left_at), "content": situation.visit.plan.work.content}


def to_sign(situation: Situation) -> tuple[Occasion, ...]:
    """The technician has left, and something waits for the customer's signature."""
    _, values = _work_done(situation)
    unsigned = situation.unsigned
    if not unsigned:
        raise NoticeNotDue("没有等客户签认的内容 / nothing waits for the customer's signature")
    return (Occasion(" ".join(unsigned)[:200], None, values | {"count": str(len(unsigned))}),)


def signature_void(situation: Situation) -> tuple[Occasion, ...]:
    """What the customer signed, or would not sign, has changed since."""
    _, values = _work_done(situation)
    if not situation.void:
        raise NoticeNotDue("签过或拒签的内容没有更正 / nothing that the customer answered has changed")
    return tuple(Occasion(entry, None, values) for entry in situation.void)


def complained(situation: Situation) -> tuple[Occasion, ...]:
    """Complaints that have a number and wait for an answer."""
    open_ones = [one for one in situation.complaints if one.answered_at is None and one.due_at is not None]
    return _fresh(
        situation,
        "没有待答复的投诉 / no complaint waits for an answer",
        ((one.came_at, _about(one, one.id, {"due": _last_day(one.due_at)})) for one in open_ones if one.due_at),
    )


def _last_day(due_at: datetime) -> str:
    """The last day on which something is in time: that before it where it is due at midnight, as working days end."""
    return day_of(later(due_at, -timedelta(milliseconds=1)))


def answered(situation: Situation) -> tuple[Occasion, ...]:
    """Complaints that were answered."""
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
