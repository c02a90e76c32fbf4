"""A visit holds a bounded amount (`judge/volume`): who writes more is told so, and nothing of it is written."""

from service.context import AppContext
from service.errors import TooManyRequests, VisitFull
from service.judge.entries import Entry
from service.judge.volume import Written, exceeded

from .loading import LoadedVisit

DAY = 86_400  # seconds after which it may be worth while to come again


def check_visit_size(ctx: AppContext, visit: LoadedVisit, kind: str) -> None:
    """VisitFull when there is too much of a kind. `file` has the new batch."""
    pairs = zip(visit.batch_rows, visit.batches, strict=True)
    said = exceeded(ctx.visit_limits, kind, (Written(row.kind, len(row.body), batch.entries) for row, batch in pairs))
    if said and kind in ("link", "scan"):
        raise TooManyRequests("so much was said by this link; call the utility", retry_after=DAY)
    if said:
        raise VisitFull(said, retry_after=DAY)


def check_batch_size(ctx: AppContext, size: int, entries: tuple[Entry, ...]) -> None:
    """VisitFull when a record alone is too much for any visit: before anything is looked up for it."""
    said = exceeded(ctx.visit_limits, "record", (Written("record", size, entries),))
    if said:
        raise VisitFull(said, retry_after=DAY)
