"""What is urgent, and quiet hours: other messages wait until the morning."""

from datetime import datetime, time, timedelta

from service.context import AppContext
from service.errors import FieldError, InvalidBody
from service.judge.moments import to_ms

from .kinds import KINDS
from .occasions import Occasion
from .situation import Situation

MAX_AHEAD = timedelta(days=60)
SOON = timedelta(hours=1)


def is_urgent(situation: Situation, about: str, occasion: Occasion) -> bool:
    """Whether somebody waits for a technician, or soon will: the message goes before others."""
    return occasion.urgent or _is_urgent_kind(about) or _is_pressing(situation, situation.now)


def after_quiet_hours(
    ctx: AppContext, situation: Situation, about: str, send_at: datetime | None, *, urgent: bool = False
) -> int | None:
    """From when on a message may be sent (ms UTC); None: at once.

    A time that somebody chose counts, also in the quiet hours: `send_at` of now means now. A message that would come
    too late in the morning does not wait.
    """
    now = situation.now
    if send_at is not None:
        window = situation.window
        last = now + MAX_AHEAD if window is None else max(now, min(now + MAX_AHEAD, window.end))
        if send_at > last:
            words = "发送时间太晚 / this time is too late for the message"
            raise InvalidBody("", (FieldError("/send_at", "invalid", words),))
        return to_ms(send_at) if send_at > now else None
    if ctx.company.quiet_hours is None or urgent or _is_urgent_kind(about):
        return None
    end = quiet_until(now, *ctx.company.quiet_hours)
    if end is None or (about in KINDS and _is_pressing(situation, end)):
        return None
    return to_ms(end)


def quiet_until(now: datetime, start: time, end: time) -> datetime | None:
    """When the quiet hours end that last now; None outside of them. They may last over midnight."""
    today = now.timetz().replace(tzinfo=None)
    if start <= end:
        return _at(now, end) if start <= today < end else None
    if today >= start:
        return _at(now + timedelta(days=1), end)
    return _at(now, end) if today < end else None


def _at(day: datetime, moment: time) -> datetime:
    return datetime.combine(day.date(), moment, day.tzinfo)


def _is_urgent_kind(about: str) -> bool:
    return about in KINDS and KINDS[about].urgent  # type: ignore[index]


def _is_pressing(situation: Situation, moment: datetime) -> bool:
    """Whether the visit has still to begin, and does before, or soon after, a moment."""
    window = situation.window
    if window is None or situation.has_begun:
        return False
    return situation.now < window.end and window.start < moment + SOON
