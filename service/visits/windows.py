"""The window of a visit, for people to read."""

from datetime import datetime, timedelta

from service.context import AppContext
from service.judge.moments import in_zone
from service.judge.visit import Window

from .loading import LoadedVisit

A_YEAR = timedelta(days=365)


def format_window(window: Window) -> str:
    """3月2日（周一）09:00–10:00, in the UTC offset of the times; an empty window as one time."""
    start, end = window.start, window.end
    if end - start > A_YEAR:
        return f"{start.year} 年{_day(start)} {start:%H:%M}–{end.year} 年{_day(end)} {end:%H:%M}"
    day = _day(start)
    if end == start:
        return f"{day} {start:%H:%M}"
    return f"{day} {start:%H:%M}–{'' if _day(end) == day else _day(end) + ' '}{end:%H:%M}"


def _day(moment: datetime) -> str:
    return f"{moment.month}月{moment.day}日（周{'一二三四五六日'[moment.weekday()]}）"


def local(ctx: AppContext, window: Window | None) -> Window | None:
    """The window in the company's time zone."""
    return window and Window(in_zone(window.start, ctx.zone), in_zone(window.end, ctx.zone))


def technician_of(visit: LoadedVisit) -> str:
    """The login of the current technician."""
    return visit.plan.technician
