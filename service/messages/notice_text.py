"""What a text tells a customer: which duties of clause 4.3.1 it fulfils; and what a dispatcher says by telephone."""

from typing import Literal

from service.judge.visit import Window
from service.visits.windows import format_window

from .situation import Situation
from .times import short_window

CallKind = Literal["appointment", "reschedule", "cancellation"]
_COOPERATE = ("配合", "合作", "协助", "cooperat")


def spoken_text(situation: Situation, kind: CallKind) -> str:
    """What a dispatcher says on the telephone."""
    time = format_window(situation.window) if situation.window else "近期"
    if kind == "cancellation":
        return f"电话告知客户：原定{time}的上门已取消。"
    intro = "上门时间有变，改为" if kind == "reschedule" else "将于"
    content, address, place = facts_of(situation)
    where = f"{address} {place}".strip() or "客户家中"
    return f"电话告知客户：{intro}{time}上门。工作内容：{content}；工作地点：{where}。请届时留人并予以配合。"


def facts_of(situation: Situation) -> tuple[str, str, str]:
    """The work, the address and the place there."""
    plan = situation.visit.plan
    return plan.work.content, plan.customer.address, plan.work.place or plan.customer.place or ""


def fulfilled_items(text: str, situation: Situation) -> tuple[str, ...]:
    """The items that the text fulfils once delivered."""
    content, *places = (" ".join(part.split()) for part in facts_of(situation))
    text = " ".join(text.split())
    found: list[str] = []
    if content and content in text:
        found.append("work_content_told")
    if any(place in text for place in places if place):
        found.append("work_place_told")
    if any(word in text.lower() for word in _COOPERATE):
        found.append("cooperation_requested")
    if situation.appointment.moved and names_time(text, situation.window):
        found.append("reschedule_notified")
        if situation.is_as_wished:  # they chose the time, and hear that it is taken: nothing is left to answer
            found.append("appointment_agreed")
    return tuple(found)


def names_time(text: str, window: Window | None) -> bool:
    """Whether a text says when the visit is."""
    if window is None:
        return False
    times = (format_window(window), short_window(window))
    return any(time in text for time in times) or (f"{window.start:%H:%M}" in text and f"{window.start.day}" in text)
