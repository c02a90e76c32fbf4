"""How far a visit and its customer are: the headline of the page, the line of four stations, the three steps."""

from datetime import datetime
from typing import Literal

import msgspec

from service.web.language import AnyText, PageText

from .page import ConfirmationPage, PageDetails

StepName = Literal["check", "sign", "review"]
CHECK, SIGN, REVIEW = "check", "sign", "review"
STATIONS = (PageText("已约"), PageText("出发"), PageText("已到"), PageText("已完成"))
NOT_AGREED, NEVER_AGREED = PageText("待约"), PageText("未约")
RESPONDED: dict[str, AnyText] = {
    "signed": PageText("您已签字"),
    "partly": PageText("您已表示部分不同意"),
    "refused": PageText("您已表示不同意"),
    "unable": PageText("您已说明不方便签字"),
}
"""What the customer answered to what was to be signed."""


class Station(msgspec.Struct, frozen=True):
    """A station of the visit. `at`: when it was passed, where that is known."""

    name: AnyText
    passed: bool
    current: bool
    at: datetime | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the customer. `open`: to be done now, or asked for. `idle`: there is nothing to do in it."""

    name: StepName
    number: int
    done: bool
    open: bool
    idle: bool = False


def stations(page: ConfirmationPage) -> tuple[Station, ...]:
    """The four stations; a later one that was passed passes those before it, but nothing makes an agreement of none."""
    times = (None, page.departed_at, page.arrived_at, page.left_at)
    reached = [page.appointment.agreed, page.departed_at is not None, page.arrived_at is not None, page.state == "over"]
    if page.state == "under_way":
        reached[2] = True
    last = max((number for number, one in enumerate(reached) if one), default=-1)
    agreed = page.appointment.agreed
    names = (STATIONS[0] if agreed else NEVER_AGREED if last > 0 else NOT_AGREED, *STATIONS[1:])
    return tuple(
        Station(name, number <= last and (agreed or number > 0), number == max(last, 0), at)
        for number, (name, at) in enumerate(zip(names, times, strict=True))
    )


def headline(
    details: PageDetails,
    *,
    waiting: int,
    corrected: bool,
    response: AnyText | None,
    done: bool,
    started: bool,
    missed: bool,
) -> AnyText:
    """The one thing to know or to do now. `response`: what the customer answered to all that was to be signed;
    `corrected`: what they answered has changed since."""
    page, appointment = details.page, details.page.appointment
    if page.state == "cancelled":
        return PageText("这次上门已取消")
    if started:
        if corrected:
            return PageText("内容有更正，请重新签认")
        if waiting:
            return PageText("请核对并签认")
        if response is not None:
            return response
        if done:
            return PageText("您已办完，谢谢")
        if details.nobody_home:
            return PageText("来过，家里没有人")
        return PageText("请核对这次上门") if page.state == "over" else PageText("工作人员已经到了")
    if page.departed_at:
        return PageText("工作人员已经出发")
    if missed:
        return PageText("约定的时间已过")
    if appointment.agreed:
        return PageText("✓ 已约好")
    if appointment.asked:
        return PageText("已收到您的改约")
    if appointment.moved:
        return PageText("上门时间有变，请重新确认")
    return PageText("请确认上门时间") if appointment.may_agree else PageText("我们会上门服务")


def steps(
    page: ConfirmationPage, *, waiting: int, to_sign: bool, responded: bool, asked: StepName | None
) -> tuple[Step, ...]:
    """The three steps after a technician has come. One is open: that which was asked for, or the first to be done."""
    answered = page.answered_at is not None
    checked = page.level is not None or responded
    done = {CHECK: checked, SIGN: to_sign and not waiting, REVIEW: answered}
    early = not page.questions and page.state != "over"  # a comment may be sent, but nobody is asked for it
    idle = {CHECK: False, SIGN: not to_sign, REVIEW: early and not answered and asked != REVIEW}
    due = [name for name in (CHECK, SIGN, REVIEW) if not (done[name] or idle[name] or (name == REVIEW and early))]
    now = asked if asked is not None and not idle[asked] else due[0] if due else None
    return tuple(
        Step(name=name, number=number, done=done[name], open=name == now, idle=idle[name])
        for number, name in enumerate((CHECK, SIGN, REVIEW), 1)
    )
