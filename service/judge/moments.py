"""Times on the clocks of a zone, and sums of times, for whatever time there is.

The calendar has the years 1 to 9999. What a zone, a sum or a phone's clock carries beyond them is shown as its first or
last moment: nothing that was once taken may be impossible to show.
"""

from datetime import datetime, timedelta, tzinfo

_MIDDLE = 5000  # a year: what cannot be shown and is before it is too early


def in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    """A moment on the clocks of a zone."""
    try:
        return moment.astimezone(zone)
    except (OverflowError, ValueError):
        return _end(zone, late=moment.year > _MIDDLE)


def from_ms(ms: int, zone: tzinfo | None) -> datetime:
    """Milliseconds UTC on the clocks of a zone."""
    try:
        return datetime.fromtimestamp(ms / 1000, zone)
    except (OverflowError, ValueError, OSError):
        return _end(zone, late=ms > 0)


def later(moment: datetime, by: timedelta) -> datetime:
    """A moment and so much; earlier where `by` is negative."""
    try:
        return moment + by
    except OverflowError:
        return _end(moment.tzinfo, late=by > timedelta())


def _end(zone: tzinfo | None, *, late: bool) -> datetime:
    return datetime.max.replace(tzinfo=zone) if late else datetime.min.replace(tzinfo=zone)
