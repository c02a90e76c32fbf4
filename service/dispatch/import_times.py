"""Times as people write them in tables: `2026-03-02 9:00`, `2026/3/2 09:00`, `2026年3月2日 9:00`, an Excel number."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta, tzinfo

_DAY = r"(?P<year>\d{4})(?:-|/|\.|年)(?P<month>\d{1,2})(?:-|/|\.|月)(?P<day>\d{1,2})[日号]?"
_MINUTE = r"(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
_HALF = "凌晨|早上|上午|中午|下午|晚上"
_CLOCK = (
    rf"(?P<half>{_HALF})?\s*(?P<hour>\d{{1,2}}|两)"
    rf"(?::{_MINUTE}|[时点](?:(?P<spoken>\d{{1,2}})分?|(?P<thirty>半))?)"
    r"(?:\s*(?P<m>[AaPp][Mm]))?"
)
_DAY_ALONE = re.compile(_DAY)
_MOMENT = re.compile(rf"{_DAY}\s*{_CLOCK}")
_TIME = re.compile(_CLOCK)
# only RFC 3339 has an offset: `2026-03-02 9:00-10:00` is a range
_EXACT = re.compile(rf"{_DAY}T(?P<hour>\d{{2}}):{_MINUTE}(?P<offset>Z|[+-]\d{{2}}:\d{{2}})?")
_RANGE = re.compile(rf"(?:{_DAY}\s*)?{_CLOCK}\s*(?:[-–—~至到]|--).*")  # dashes as people type them
_SERIAL = re.compile(r"[2-6]\d{4}(?:\.\d+)?")  # days since 1899-12-30, as Excel counts the years 1954 to 2091
_MAX_LENGTH = 100
_EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a local date
_NOON = 12
_MORNING, _AFTERNOON = {hour: hour for hour in range(1, 12)}, {12: 12} | {hour: hour + 12 for hour in range(1, 12)}
_HOURS = {
    "凌晨": {hour: hour for hour in range(1, 7)},
    "早上": {hour: hour for hour in range(4, 12)},
    "上午": _MORNING,
    "中午": {11: 11, 12: 12, 1: 13, 2: 14},
    "下午": _AFTERNOON,
    "晚上": {hour: hour + 12 for hour in range(5, 12)},
    "am": _MORNING,
    "pm": _AFTERNOON,
}
"""The hour on a 24-hour clock, by the word for a part of the day. Twelve in the morning or at night is ambiguous."""


class MissingTime(ValueError):
    """A date without a time."""


class TimeRange(ValueError):
    """A range instead of a time."""


class AmbiguousTime(ValueError):
    """An hour that may be before or after noon: twelve in the morning, or half past two."""


def parse(text: str, zone: tzinfo, day: date | None = None) -> datetime:
    """The time in `zone`, if it has no offset; full-width characters are accepted. A time alone is on `day`.
    ValueError if it cannot be read; MissingTime, TimeRange or AmbiguousTime if the reason is known."""
    if len(text) > _MAX_LENGTH:
        raise ValueError(text)
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    if _SERIAL.fullmatch(plain):
        return _from_excel_serial(float(plain), zone)
    found = _EXACT.fullmatch(plain)
    if found is not None:
        offset = datetime.strptime(found["offset"], "%z").tzinfo if found["offset"] else None
        at = time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0))
        return datetime.combine(_day(found), at, offset or zone)
    if found := _DAY_ALONE.fullmatch(plain):
        raise MissingTime(_day(found).isoformat())
    if found := _MOMENT.fullmatch(plain):
        return datetime.combine(_day(found), _clock(found), zone)
    found = _TIME.fullmatch(plain)
    if found is not None and day is not None:
        return datetime.combine(day, _clock(found), zone)
    raise TimeRange(text) if _RANGE.fullmatch(plain) else ValueError(text)


def _day(found: re.Match[str]) -> date:
    return date(int(found["year"]), int(found["month"]), int(found["day"]))


def _clock(found: re.Match[str]) -> time:
    hour, half = 2 if found["hour"] == "两" else int(found["hour"]), found["half"] or (found["m"] or "").lower()
    if found["half"] and found["m"]:
        raise ValueError(found[0])
    if half:
        if hour == _NOON and hour not in _HOURS[half]:
            raise AmbiguousTime(found[0])
        if hour not in _HOURS[half]:
            raise ValueError(found[0])
        hour = _HOURS[half][hour]
    elif found["hour"] == "两":  # 两点 may mean the afternoon
        raise AmbiguousTime(found[0])
    minute = 30 if found["thirty"] else int(found["minute"] or found["spoken"] or 0)
    return time(hour, minute, int(found["second"] or 0))


def _from_excel_serial(number: float, zone: tzinfo) -> datetime:
    if number.is_integer():
        raise MissingTime
    return (_EXCEL_EPOCH + timedelta(minutes=round(number * 1440))).replace(tzinfo=zone)
