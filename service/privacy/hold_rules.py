"""What holds of visits and of accounts have in common: a row that names another one in `ends` ends that hold."""

from collections.abc import Sequence
from datetime import date, datetime, time, tzinfo
from typing import Protocol, TypeVar
from uuid import UUID

from service.errors import FieldError, InvalidBody

PAST = "这个时间已经过去，保全不会生效 / this time is over: nothing would be held"


class AnyHoldRow(Protocol):
    """A row of either kind; times are ms UTC."""

    @property
    def id(self) -> UUID:
        """Its id."""
        ...

    @property
    def ends(self) -> UUID | None:
        """The hold that it ends."""
        ...

    @property
    def until_at(self) -> int | None:
        """Until when it lasts; None: until it is ended."""
        ...


Row = TypeVar("Row", bound=AnyHoldRow)


def with_ends(rows: Sequence[Row]) -> list[tuple[Row, Row | None]]:
    """Each hold, in the order of the rows, and what ended it."""
    ends = {row.ends: row for row in rows if row.ends is not None}
    return [(row, ends.get(row.id)) for row in rows if row.ends is None]


def is_active(row: AnyHoldRow, end: AnyHoldRow | None, now: int) -> bool:
    """Whether a hold was not ended, and lasts at a time (ms UTC)."""
    return end is None and (row.until_at is None or now < row.until_at)


def end_of_day(day: date, zone: tzinfo | None) -> datetime:
    """Until when a hold lasts that somebody sets until a day: that day is held, too."""
    return datetime.combine(day, time(23, 59, 59), zone)


def require_ahead(until: datetime | None, now: datetime) -> None:
    """InvalidBody for a hold that would have ended before it begins."""
    if until is not None and until <= now:
        raise InvalidBody("", (FieldError("/until", "in-the-past", PAST),))
