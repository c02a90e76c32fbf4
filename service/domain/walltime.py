"""A time as people write it in a table: `2026-03-02 9:00`, `2026/3/2 09:00`, `2026年3月2日 9:00`, a number of Excel."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta, tzinfo

_DAY = r"(?P<year>\d{4})(?:-|/|\.|年)(?P<month>\d{1,2})(?:-|/|\.|月)(?P<day>\d{1,2})日?"
_CLOCK = (
    r"(?P<half>上午|下午)?\s*(?P<hour>\d{1,2})"
    r"(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?|[时点](?:(?P<spoken>\d{1,2})分?)?)"
    r"\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?"
)
_MOMENT = re.compile(rf"{_DAY}(?:[T\s]*{_CLOCK})?")
_TIME = re.compile(_CLOCK)
_SERIAL = re.compile(r"[2-6]\d{4}(?:\.\d+)?")  # days since 1899-12-30, as Excel counts the years 1954 to 2091
_FIRST = datetime(1899, 12, 30)  # noqa: DTZ001 - a day on the wall


class NoTime(ValueError):
    """There is a day, but no time of it."""


def read(text: str, zone: tzinfo, day: date | None = None) -> datetime:
    """The moment on the clocks of `zone`, if no offset is given; full-width forms are as good as plain ones. A time
    alone is of `day`, where there is one. NoTime when only the day is given, ValueError when it cannot be read."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if _SERIAL.fullmatch(plain):
        return _of_excel(float(plain), zone)
    found = _MOMENT.fullmatch(plain)
    if found is None:
        found = _TIME.fullmatch(plain) if day is not None else None
        if found is None or day is None:
            raise ValueError(text)
        return datetime.combine(day, _clock(found), _zone(found, zone))
    given = date(int(found["year"]), int(found["month"]), int(found["day"]))
    if found["hour"] is None:
        raise NoTime(text)
    return datetime.combine(given, _clock(found), _zone(found, zone))


def _clock(found: re.Match[str]) -> time:
    hour = int(found["hour"])
    if found["half"] and not 1 <= hour <= 12:
        raise ValueError(found[0])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] == "下午" else 0)
    return time(hour, int(found["minute"] or found["spoken"] or 0), int(found["second"] or 0))


def _zone(found: re.Match[str], zone: tzinfo) -> tzinfo:
    return datetime.strptime(found["offset"], "%z").tzinfo or zone if found["offset"] else zone


def _of_excel(number: float, zone: tzinfo) -> datetime:
    if number.is_integer():
        raise NoTime
    return (_FIRST + timedelta(minutes=round(number * 1440))).replace(tzinfo=zone)
