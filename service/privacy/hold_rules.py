"""What holds of visits and of accounts have in common: a row that names another one in `ends` ends that hold."""

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID


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
