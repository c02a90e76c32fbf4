"""When technicians have nothing to do yet: what a dispatcher may plan with one click."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

import msgspec

from service.accounts.authentication import authenticate_token, require_permission
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.judge.moments import to_ms
from service.judge.visit import Window
from service.visits import summaries
from service.visits.loading import PLAN_DECODER
from service.visits.summaries import VisitFilter
from service.visits.windows import local

from .marks import OVER

FIRST_HOUR, LAST_HOUR = 8, 18
"""Of a working day; visits may be earlier or later."""
HOUR, SHORTEST, QUARTER = 60, 30, 15
LONGEST_WINDOW = timedelta(days=1)  # a visit that began earlier is not looked for
MAX_LISTED = 500  # visits of a person around a day
Span = tuple[int, int]
"""From and until a minute of a day."""


class FreeTime(msgspec.Struct, frozen=True):
    """A time that may be planned, in minutes since midnight."""

    start: int
    end: int

    @property
    def begins(self) -> str:
        """When it begins, as a field takes it."""
        return f"{self.start // HOUR:02}:{self.start % HOUR:02}"

    @property
    def ends(self) -> str:
        """When it ends."""
        return f"{self.end // HOUR:02}:{self.end % HOUR:02}"


def free_times(busy: Iterable[Span], first: int, last: int) -> tuple[FreeTime, ...]:
    """What may be planned between two minutes: an hour from each full hour and after each visit, or until the next."""
    found: list[FreeTime] = []
    at = first
    for start, end in [*sorted(busy), (last, last)]:
        while at < start:
            if start - at >= SHORTEST:
                found.append(FreeTime(at, min(at + HOUR, start)))
            at = min((at // HOUR + 1) * HOUR, start)
        at = max(at, end)
    return tuple(found)


def minute_of(day: date, moment: datetime) -> int:
    """Minutes since the day's midnight, from 0 to 24 hours."""
    days = (moment.date() - day).days
    return min(max(days * 1440 + moment.hour * HOUR + moment.minute, 0), 1440)


def past(day: date, now: datetime) -> Span:
    """What of a day is over, in whole quarters of an hour: nobody plans it any more."""
    return 0, -(-minute_of(day, now) // QUARTER) * QUARTER


def span_of(day: date, window: Window) -> Span:
    """The minutes of a day that a window takes."""
    return minute_of(day, window.start), minute_of(day, window.end)


@read_only
async def free_times_of(ctx: AppContext, tx: Transaction, token: bytes, day: date, login: str) -> tuple[FreeTime, ...]:
    """When a technician has no visit yet on a day, alone or in a crew."""
    person = await authenticate_token(tx, token)
    require_permission(person, "plan a visit")
    midnight = datetime.combine(day, time(), ctx.zone)
    from_at, to_at = to_ms(midnight - LONGEST_WINDOW), to_ms(midnight + timedelta(days=1))
    wanted = VisitFilter(technician=login, from_at=from_at, to_at=to_at)
    rows = await summaries.list_summaries(tx, wanted, size=MAX_LISTED)
    windows = [local(ctx, PLAN_DECODER.decode(row.plan).window) for row in rows if row.state not in OVER]
    busy = [span_of(day, window) for window in windows if window is not None]
    return free_times([past(day, ctx.now()), *busy], FIRST_HOUR * HOUR, LAST_HOUR * HOUR)
