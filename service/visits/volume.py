"""The limits of what a visit may hold (`judge/volume`), checked before anything is committed."""

from service.context import AppContext
from service.errors import TooManyRequests, VisitFull
from service.judge.entries import Entry
from service.judge.volume import Written, exceeded

from .loading import LoadedVisit

DAY_SECONDS = 86_400


def check_visit_size(ctx: AppContext, visit: LoadedVisit, kind: str) -> None:
    """VisitFull (TooManyRequests for the customer) if a visit, with its new batch, has too much of a kind."""
    pairs = zip(visit.batch_rows, visit.batches, strict=True)
    written = (Written(row.kind, len(row.body), batch.entries) for row, batch in pairs)
    excess = exceeded(ctx.visit_limits, kind, written)
    if excess and kind in ("link", "scan"):
        raise TooManyRequests("so much was said by this link; call the utility", retry_after=DAY_SECONDS)
    if excess:
        raise VisitFull(excess)


def check_batch_size(ctx: AppContext, size: int, entries: tuple[Entry, ...]) -> None:
    """VisitFull if a record alone is too large for any visit. Needs no query."""
    excess = exceeded(ctx.visit_limits, "record", (Written("record", size, entries),))
    if excess:
        raise VisitFull(excess)
