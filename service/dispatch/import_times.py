"""Times as people write them in tables: `2026-03-02 9:00`, `2026/3/2 09:00`, `2026年3月2日 9:00`, an Excel number; and
days and times of day apart: `2026-03-02` and `9点到10点半`."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from service.text import clean_identifier

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
_FRACTION = re.compile(r"0\.\d+")  # of a day
_COMPACT = re.compile(r"20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_WEEKDAY = re.compile(r"\s*[(（]?\s*(?:周|星期|礼拜)([一二三四五六日天])\s*[)）]?\s*")
_WEEKDAYS = "一二三四五六日"
_BETWEEN = re.compile(r"\s*(?:[-–—~〜至到]|--)+\s*")
_HYPHENS = re.compile(r"(20\d{2})-(\d{1,2})-(\d{1,2})")
_NEXT_DAY = re.compile(r"^(?:次日|第二天|翌日)\s*")
_BARE_HOUR = re.compile(r"\d{1,2}|两")
_EARLY = range(1, 6)  # hours that people write of the afternoon as well as of the night
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


class WrongWeekday(ValueError):
    """A date with the name of another day of the week."""


class MissingEnd(ValueError):
    """One time where there should be two."""


class SkippedTime(ValueError):
    """A time that the clocks pass over in spring."""


class RepeatedTime(ValueError):
    """A time that there is twice when the clocks are set back in autumn."""


def parse(text: str, zone: tzinfo, day: date | None = None) -> datetime:
    """The time in `zone`, if it has no offset; full-width characters are accepted. A time alone is on `day`.
    ValueError if it cannot be read; MissingTime, TimeRange or AmbiguousTime if the reason is known."""
    plain = _plain(text)
    if _SERIAL.fullmatch(plain):
        return _from_excel_serial(float(plain), zone)
    if _FRACTION.fullmatch(plain) and day is not None:
        return in_zone(datetime.combine(day, time()) + timedelta(minutes=round(float(plain) * 1440)), zone)
    found = _EXACT.fullmatch(plain)
    if found is not None:
        offset = datetime.strptime(found["offset"], "%z").tzinfo if found["offset"] else None
        at = time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0))
        moment = datetime.combine(_day(found), at)
        return moment.replace(tzinfo=offset) if offset else in_zone(moment, zone)
    if _DAY_ALONE.fullmatch(plain) or _COMPACT.fullmatch(plain):
        raise MissingTime(plain)
    if found := _MOMENT.fullmatch(plain):
        return in_zone(datetime.combine(_day(found), _clock(found)), zone)
    found = _TIME.fullmatch(plain)
    if found is not None and day is not None:
        return in_zone(datetime.combine(day, _clock(found)), zone)
    raise TimeRange(text) if _RANGE.fullmatch(plain) else ValueError(text)


def _plain(text: str) -> str:
    """In ASCII where there are other forms of it, without the day of the week. ValueError if that is another one."""
    if len(text) > _MAX_LENGTH:
        raise ValueError(text)
    plain = " ".join(clean_identifier(text).split())
    weekday = _WEEKDAY.search(plain)
    if weekday is None:
        return plain
    day = _DAY_ALONE.match(plain)
    if day is not None and _WEEKDAYS[_day(day).weekday()] != weekday[1].replace("天", "日"):
        raise WrongWeekday(f"{_day(day)} 星期{_WEEKDAYS[_day(day).weekday()]}")
    return _WEEKDAY.sub(" ", plain).strip()


def parse_day(text: str) -> tuple[date, str]:
    """A date, and what follows it in the cell. ValueError."""
    plain = _plain(text)
    if _COMPACT.fullmatch(plain):
        return date(int(plain[:4]), int(plain[4:6]), int(plain[6:])), ""
    if _SERIAL.fullmatch(plain):
        moment = _EXCEL_EPOCH + timedelta(minutes=round(float(plain) * 1440))
        return moment.date(), "" if float(plain).is_integer() else f"{moment:%H:%M}"
    found = _DAY_ALONE.match(plain)
    if found is None or plain[found.end() : found.end() + 1].isdigit():
        raise ValueError(text)
    return _day(found), plain[found.end() :].lstrip("T ,，").strip()


def parse_slot(text: str, zone: tzinfo, day: date | None, slots: Mapping[str, str]) -> tuple[datetime, datetime]:
    """From when to when a cell says, on `day` unless it has a date itself: `08:00-09:00`, `下午2点-3点半`, `上午`.
    `slots` are the parts of the day. ValueError; MissingTime if there is only a day, MissingEnd if only a start."""
    rest = _plain(text)
    if _SERIAL.fullmatch(rest) or _DAY_ALONE.match(rest) or _COMPACT.fullmatch(rest):
        day, rest = parse_day(rest)
    if not rest:
        raise MissingTime(text)
    if day is None:
        raise ValueError(text)
    rest = slots.get(rest.strip("()（） "), rest)
    rest = _HYPHENS.sub(r"\1.\2.\3", rest)  # any other hyphen is between two times
    first, *others = _BETWEEN.split(_without_slot_name(rest, slots))
    if not others:
        in_zone(datetime.combine(day, _clock_of(first, "")), zone)
        raise MissingEnd(text)
    if len(others) > 1 or not others[0]:
        raise ValueError(text)
    last, following = others[0], day
    if _DAY_ALONE.match(last):
        following, last = parse_day(last)
    elif _NEXT_DAY.match(last):
        following, last = day + timedelta(days=1), _NEXT_DAY.sub("", last)
    if _BARE_HOUR.fullmatch(first):  # 8-9点, 8-10
        first += "点"
    if _BARE_HOUR.fullmatch(last):
        last += "点"
    start = datetime.combine(day, _clock_of(first, "", strict=True))
    return in_zone(start, zone), in_zone(_end_of(start, last, first, following), zone)


def _without_slot_name(text: str, slots: Mapping[str, str]) -> str:
    """`上午 08:00-12:00` and `08:00-12:00（上午）` as `08:00-12:00`, where the name agrees with digits of 24 hours."""
    for name in slots:
        rest = text.removeprefix(name).strip(" ()（）") if text.startswith(name) else ""
        rest = rest or (
            text.rstrip(")） ").removesuffix(name).rstrip("(（ ") if text.rstrip(")） ").endswith(name) else ""
        )
        if re.fullmatch(r"\d\d:\d\d\s*(?:[-–—~〜至到]|--)+\s*\d\d:\d\d", rest):
            return rest
    return text


def _clock_of(text: str, half: str, *, strict: bool = False) -> time:
    """A time of day, in the part of the day of the time before it. With `strict` an hour such as 2 is ambiguous."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(text)
    if half and not found["half"] and not found["m"]:
        found = _TIME.fullmatch(half + text) or found
    elif strict and not found["half"] and not found["m"] and found["hour"] in map(str, _EARLY):
        raise AmbiguousTime(text)
    return _clock(found)


def _end_of(start: datetime, last: str, first: str, day: date) -> datetime:
    """The end of a slot: in the same part of the day as its start if that is later, as in 下午2点-3点半."""
    if last in ("24:00", "24点"):
        return datetime.combine(day + timedelta(days=1), time())
    begun = _TIME.fullmatch(first)
    half = (begun["half"] or "") if begun else ""
    for part in (half, "") if half else ("",):
        try:
            end = datetime.combine(day, _clock_of(last, part))
        except ValueError:
            if not part:
                raise
            continue
        if end > start:
            return end
    end = datetime.combine(day, _clock_of(last, ""))
    if half or end.hour in _EARLY:  # 上午10点-1点
        raise AmbiguousTime(last)
    return end


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """A time of the clocks of a zone. SkippedTime or RepeatedTime where these are set forward or back."""
    first, second = moment.replace(tzinfo=zone), moment.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != moment:
        raise SkippedTime(moment.isoformat(" ", "minutes"))
    raise RepeatedTime(moment.isoformat(" ", "minutes"))


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
    return in_zone(_EXCEL_EPOCH + timedelta(minutes=round(number * 1440)), zone)
