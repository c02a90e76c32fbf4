"""What dispatchers still have to arrange with customers, over all the days to come."""

from collections import Counter
from datetime import date, datetime, time, timedelta

from service.accounts.authentication import authenticate_token, require_permission
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.judge.moments import to_ms
from service.visits import summaries
from service.visits.status import Flag
from service.visits.summaries import VisitFilter

DAYS = 30
MAX_LISTED = 2000
TO_ARRANGE: tuple[Flag, ...] = ("asked_time", "notice_failed", "notice_due")


@read_only
async def coming_counts(
    ctx: AppContext, tx: Transaction, token: bytes, today: date, area: str
) -> tuple[tuple[Flag, tuple[tuple[date, int], ...]], ...]:
    """For each flag that any visit has: the days from today on, and how many visits of each have it."""
    person = await authenticate_token(tx, token)
    require_permission(person, "change a visit")
    start = datetime.combine(today, time(), ctx.zone)
    areas = (area,) if area else person.areas or None
    found: list[tuple[Flag, tuple[tuple[date, int], ...]]] = []
    for flag in TO_ARRANGE:
        wanted = VisitFilter(areas=areas, flag=flag, from_at=to_ms(start), to_at=to_ms(start + timedelta(days=DAYS)))
        rows = await summaries.list_summaries(tx, wanted, size=MAX_LISTED)
        days = Counter(ctx.to_local_time(row.planned_at).date() for row in rows)
        if days:
            found.append((flag, tuple(sorted(days.items()))))
    return tuple(found)
