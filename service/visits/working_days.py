"""Working days by China's official calendar, for utilities that count the days of answer so."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, cast

import chinese_calendar  # pyright: ignore[reportMissingTypeStubs]

_is_workday = cast("Callable[[date], bool]", cast("Any", chinese_calendar).is_workday)


def is_working_day(day: date) -> bool:
    """Whether people work. A year whose calendar is not published yet (see `is_known`) counts Monday to Friday."""
    return _is_workday(day) if is_known(day) else day.weekday() < 5


def is_known(day: date) -> bool:
    """Whether the official calendar of the year is known."""
    try:
        _is_workday(day)
    except NotImplementedError:  # how the library says that it does not have the year
        return False
    return True


def end_of_working_day(start: datetime, days: int) -> datetime:
    """The end of the last of so many working days after the day of `start`, in the zone of `start`."""
    day = start.date()
    while days > 0:
        day += timedelta(days=1)
        days -= is_working_day(day)
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), start.tzinfo)
