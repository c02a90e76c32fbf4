"""Times in short texts, for customers."""

from datetime import datetime

from service.judge.visit import Window


def short_window(window: Window) -> str:
    """3月2日 09:00–10:00, in the UTC offset of the times; an empty window as one time."""
    start, end = window.start, window.end
    if end == start:
        return f"{day_of(start)} {start:%H:%M}"
    last_day = "" if start.date() == end.date() else f"{day_of(end)} "
    return f"{day_of(start)} {start:%H:%M}–{last_day}{end:%H:%M}"


def day_of(moment: datetime) -> str:
    """3月2日."""
    return f"{moment.month}月{moment.day}日"


def clock_time(moment: datetime) -> str:
    """09:05."""
    return f"{moment:%H:%M}"
