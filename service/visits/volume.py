"""A visit holds a bounded amount (`judge/volume`): who writes more is told so, and nothing of it is written."""

from service.context import House
from service.errors import TooManyRequests, VisitFull
from service.judge.entries import Entry
from service.judge.volume import Written, exceeded

from .loading import File

DAY = 86_400  # seconds after which it may be worth while to come again


def check(house: House, file: File, kind: str) -> None:
    """VisitFull when there is too much of a kind. `file` has the new batch."""
    pairs = zip(file.rows, file.batches, strict=True)
    said = exceeded(house.most, kind, (Written(row.kind, len(row.body), batch.entries) for row, batch in pairs))
    if said and kind in ("link", "scan"):
        raise TooManyRequests("so much was said by this link; call the utility", retry_after=DAY)
    if said:
        raise VisitFull(said, retry_after=DAY)


def check_alone(house: House, size: int, entries: tuple[Entry, ...]) -> None:
    """VisitFull when a record alone is too much for any visit: before anything is looked up for it."""
    said = exceeded(house.most, "record", (Written("record", size, entries),))
    if said:
        raise VisitFull(said, retry_after=DAY)
