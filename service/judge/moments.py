"""Conversions and sums of times that never fail.

`datetime` has the years 1 to 9999. A result beyond them becomes its first or last moment, so that whatever was stored
can be shown.
"""

from datetime import datetime, timedelta, tzinfo

_MIDDLE_YEAR = 5000  # what cannot be converted is too early before it, too late after


def in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    """Convert to a time zone."""
    try:
        return moment.astimezone(zone)
    except (OverflowError, ValueError):
        return _end(zone, late=moment.year > _MIDDLE_YEAR)


def from_ms(ms: int, zone: tzinfo | None) -> datetime:
    """Convert milliseconds since 1970 UTC to a time zone."""
    try:
        return datetime.fromtimestamp(ms / 1000, zone)
    except (OverflowError, ValueError, OSError):
        return _end(zone, late=ms > 0)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC."""
    return int(moment.timestamp() * 1000)


def later(moment: datetime, by: timedelta) -> datetime:
    """The sum of a moment and a duration, which may be negative."""
    try:
        return moment + by
    except OverflowError:
        return _end(moment.tzinfo, late=by > timedelta())


def _end(zone: tzinfo | None, *, late: bool) -> datetime:
    return datetime.max.replace(tzinfo=zone) if late else datetime.min.replace(tzinfo=zone)
