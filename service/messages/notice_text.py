"""The message before a visit: its proposed text, and which duties of clause 4.3.1 a text fulfils."""

from typing import Literal

import msgspec

from service.judge.visit import Window
from service.visits.windows import format_window

LINK_PLACEHOLDER, WORD_PLACEHOLDER = "{link}", "{word}"  # in a text, for what only the customer receives
MessageKind = Literal["appointment", "reschedule"]
CallKind = Literal["appointment", "reschedule", "cancellation"]
_COOPERATE = ("配合", "合作", "协助", "cooperat")


class NoticeContext(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that a notice is written from."""

    company: str
    hotline: str
    customer: str
    window: Window | None
    content: str
    address: str
    place: str
    technician: str
    badge: str
    title: str


def draft_text(context: NoticeContext, kind: MessageKind) -> str:
    """The proposed text: time, content, place, a request to cooperate, the technician, the word and the link.

    `kind` is the customer's view: without a first appointment there is nothing to reschedule.
    """
    time = format_window(context.window) if context.window else "近期"
    intro = "上门时间有变，改为" if kind == "reschedule" else "我们将于"
    badge = f"，工号 {context.badge}" if context.badge else ""
    hotline = f"服务热线 {context.hotline}。" if context.hotline else ""
    return (
        f"【{context.company}】{context.customer}您好：{intro}{time}上门服务。工作内容：{context.content}；"
        f"工作地点：{f'{context.address} {context.place}'.strip() or '您家中'}。请您届时留人并予以配合。"
        f"来人：{context.title}{context.technician}{badge}。见面时请扫他手机上的码，核对口令“{WORD_PLACEHOLDER}”。"
        f"同意或改约请点：{LINK_PLACEHOLDER} {hotline}"
    ).strip()


def spoken_text(context: NoticeContext, kind: CallKind) -> str:
    """What a dispatcher says on the telephone."""
    time = format_window(context.window) if context.window else "近期"
    if kind == "cancellation":
        return f"电话告知客户：原定{time}的上门已取消。"
    intro = "上门时间有变，改为" if kind == "reschedule" else "将于"
    place = f"{context.address} {context.place}".strip() or "客户家中"
    return f"电话告知客户：{intro}{time}上门。工作内容：{context.content}；工作地点：{place}。请届时留人并予以配合。"


def fulfilled_items(text: str, context: NoticeContext, *, moved: bool) -> tuple[str, ...]:
    """The items that the text fulfils once delivered. `moved`: the visit was rescheduled."""
    found: list[str] = []
    if context.content.strip() and context.content.strip() in text:
        found.append("work_content_told")
    if any(place in text for place in (context.address.strip(), context.place.strip()) if place):
        found.append("work_place_told")
    if any(word in text.lower() for word in _COOPERATE):
        found.append("cooperation_requested")
    if moved and context.window is not None and _names_time(text, context.window):
        found.append("reschedule_notified")
    return tuple(found)


def _names_time(text: str, window: Window) -> bool:
    return format_window(window) in text or (f"{window.start:%H:%M}" in text and f"{window.start.day}" in text)
