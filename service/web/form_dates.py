"""Dates and times in fields of forms, as browsers send them: within years that everything later can show."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import TypeVar

import msgspec

from service.errors import FieldError, InvalidBody
from service.judge.bounds import FIRST_YEAR, LAST_YEAR

T = TypeVar("T", date, datetime, time)
FIRST_DAY, LAST_DAY = date(FIRST_YEAR + 1, 1, 1), date(LAST_YEAR - 1, 12, 31)
"""A zone moves a time into the next year at most."""


class Days(msgspec.Struct, frozen=True):
    """The first and the last day of a field, as its attributes `min` and `max`."""

    first: str = FIRST_DAY.isoformat()
    last: str = LAST_DAY.isoformat()


DAYS = Days()
_YEARS = (
    f"年份须在 {FIRST_DAY.year} 到 {LAST_DAY.year} 之间 / the year has to be from {FIRST_DAY.year} to {LAST_DAY.year}"
)


def in_range(day: date) -> bool:
    """Whether a form may have the day."""
    return FIRST_DAY.year <= day.year <= LAST_DAY.year


def parse_date(form: Mapping[str, str], name: str) -> date:
    """The day in a field. InvalidBody about this field."""
    return _within(name, _parse(date.fromisoformat, form, name, "2026-03-02"))


def parse_time(form: Mapping[str, str], name: str) -> time:
    """The time of day in a field. InvalidBody about this field."""
    return _parse(time.fromisoformat, form, name, "09:00")


def parse_local(form: Mapping[str, str], name: str) -> datetime:
    """The day and time of day in a field, without a zone. InvalidBody about this field."""
    return _within(name, _parse(datetime.fromisoformat, form, name, "2026-03-02T09:00").replace(tzinfo=None))


def _parse(read: Callable[[str], T], form: Mapping[str, str], name: str, like: str) -> T:
    text = form.get(name, "").strip()
    if not text:
        raise InvalidBody("", (FieldError(f"/{name}", "missing", ""),))
    try:
        return read(text)
    except ValueError:
        detail = f"请写成 {like} / write it as {like}"
        raise InvalidBody("", (FieldError(f"/{name}", "invalid", detail),)) from None


def _within(name: str, day: T) -> T:
    if isinstance(day, date) and not in_range(day):
        raise InvalidBody("", (FieldError(f"/{name}", "out-of-range", _YEARS),))
    return day
