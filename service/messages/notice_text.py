"""The message before a visit: its proposed text, and which duties of 4.3.1 a text fulfils."""

from typing import Literal

import msgspec

from service.judge.visit import Window
from service.visits.windows import format_window

LINK_PLACEHOLDER, WORD_PLACEHOLDER = "{link}", "{word}"  # in a text they stand for what only the customer gets
MessageKind = Literal["appointment", "reschedule"]
_COOPERATE = ("配合", "合作", "协助", "cooperat")


class NoticeContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice tells."""

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


def draft_text(told: NoticeContext, about: MessageKind) -> str:
    """The text to offer: time, content, place, please cooperate; who comes, the word, the link.

    `about` is what it is to the customer: who was never told a time is not told that it changed.
    """
    time = format_window(told.window) if told.window else "近期"
    moved = "上门时间有变，改为" if about == "reschedule" else "我们将于"
    badge = f"，工号 {told.badge}" if told.badge else ""
    hotline = f"服务热线 {told.hotline}。" if told.hotline else ""
    return (
        f"【{told.company}】{told.customer}您好：{moved}{time}上门服务。工作内容：{told.content}；"
        f"工作地点：{f'{told.address} {told.place}'.strip() or '您家中'}。请您届时留人并予以配合。"
        f"来人：{told.title}{told.technician}{badge}。见面时请扫他手机上的码，核对口令“{WORD_PLACEHOLDER}”。"
        f"同意或改约请点：{LINK_PLACEHOLDER} {hotline}"
    ).strip()


def fulfilled_items(text: str, told: NoticeContext, *, moved: bool) -> tuple[str, ...]:
    """The items that a delivered text fulfils: only what it really says. `moved`: the window is not the first one."""
    found: list[str] = []
    if told.content.strip() and told.content.strip() in text:
        found.append("work_content_told")
    if any(place in text for place in (told.address.strip(), told.place.strip()) if place):
        found.append("work_place_told")
    if any(word in text.lower() for word in _COOPERATE):
        found.append("cooperation_requested")
    if moved and told.window is not None and _tells_time(text, told.window):
        found.append("reschedule_notified")
    return tuple(found)


def _tells_time(text: str, window: Window) -> bool:
    return format_window(window) in text or (f"{window.start:%H:%M}" in text and f"{window.start.day}" in text)
