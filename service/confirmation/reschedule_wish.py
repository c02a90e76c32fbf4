"""The wish for another time: an offered time, half a day, a call, own words; stored as one text, and as a time."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from service.context import AppContext
from service.judge.visit import Window
from service.visits.free_times import half_day
from service.visits.windows import format_window
from service.web.form_fields import FormError
from service.web.language import PageText

CALL, DAY = "call", "day"
OPTIONS = {CALL: PageText("请先打电话和我商量")}
HALVES = {"morning": PageText("上午"), "afternoon": PageText("下午")}
FORMER = {"morning": PageText("改到别的日子，上午"), "afternoon": PageText("改到别的日子，下午")}
"""Choices that stored wishes may have."""
MAX_LENGTH = 250  # of the customer's own words
MAX_DAYS = 21  # from tomorrow, from which a day may be chosen
_SEPARATOR = "；"


def days_to_choose(ctx: AppContext) -> tuple[date, ...]:
    """The days that a customer may wish for."""
    today = ctx.now().date()
    return tuple(today + timedelta(days=number) for number in range(1, MAX_DAYS + 1))


def wished_window(ctx: AppContext, fields: Mapping[str, str], offered: tuple[Window, ...]) -> Window | None:
    """The time that a form asks for; None where it asks for none. FormError where it cannot be had."""
    when, day, half = (fields.get(name, "") for name in ("when", "day", "half"))
    if when in ("", CALL) and not (when == "" and (day or half)):
        return None
    if when in ("", DAY):
        if not day or half not in HALVES:
            raise FormError(PageText("请选哪一天，上午还是下午"))
        known = {one.isoformat(): one for one in days_to_choose(ctx)}
        if day not in known:
            raise FormError(PageText("这一天不能选，请另选一天"))
        return half_day(ctx, known[day], half)
    found = next((one for one in offered if window_value(one) == when), None)
    if found is None:
        raise FormError(PageText("这个时间现在不能选了，请另选一个"))
    return found


def window_value(window: Window) -> str:
    """A time as a form sends it."""
    return window.start.isoformat(timespec="minutes")


def join_wish(option: str, window: Window | None, words: str) -> str:
    """The stored text, in Chinese whatever the language of the page, because the office reads it."""
    chosen = OPTIONS.get(option)
    parts = (f"改到 {format_window(window)}" if window else "", chosen.zh if chosen else "", words)
    return _SEPARATOR.join(filter(None, parts))


def split_wish(wish: str, window: Window | None = None) -> tuple[PageText | None, str]:
    """The option, if there is one, and the own words of a stored wish, without the text of its time."""
    if window is not None:
        wish = wish.removeprefix(f"改到 {format_window(window)}").removeprefix(_SEPARATOR)
    first, _, rest = wish.partition(_SEPARATOR)
    option = next((one for one in (*OPTIONS.values(), *FORMER.values()) if one.zh == first), None)
    return (option, rest) if option else (None, wish)


def chosen_moment(text: str) -> datetime | None:
    """A chosen time, to show it again where it was not taken."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
