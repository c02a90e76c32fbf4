"""When technicians have nothing to do yet: what may be planned, and what customers may choose from instead."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

import msgspec

from service.context import AppContext
from service.db.database import Transaction
from service.judge.moments import to_ms
from service.judge.visit import Window

from . import summaries
from .loading import PLAN_DECODER, LoadedVisit
from .summaries import VisitFilter
from .windows import local, technician_of
from .working_days import is_working_day

FIRST_HOUR, LAST_HOUR, NOON = 8, 18, 12
"""Of a working day; visits may be earlier or later."""
HOUR, SHORTEST, QUARTER = 60, 30, 15
LONGEST_WINDOW = timedelta(days=1)  # a visit that began earlier is not looked for
MAX_LISTED = 500  # visits of a person around a day
LOOKED_AT = 14  # days in which offers are looked for
OVER = frozenset({"closed", "cancelled"})
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


async def windows_of(ctx: AppContext, tx: Transaction, login: str, first: date, days: int) -> list[Window]:
    """The windows of a technician's visits, alone or in a crew, on some days."""
    midnight = datetime.combine(first, time(), ctx.zone)
    from_at, to_at = to_ms(midnight - LONGEST_WINDOW), to_ms(midnight + timedelta(days=days))
    wanted = VisitFilter(technician=login, from_at=from_at, to_at=to_at)
    rows = await summaries.list_summaries(tx, wanted, size=MAX_LISTED)
    found = [local(ctx, PLAN_DECODER.decode(row.plan).window) for row in rows if row.state not in OVER]
    return [window for window in found if window is not None]


async def offered_windows(ctx: AppContext, tx: Transaction, visit: LoadedVisit, days: int) -> tuple[Window, ...]:
    """Times that a customer may choose instead of the planned one: on each of the next working days on which the
    technician has one, a free hour before noon and one after it."""
    planned = local(ctx, visit.plan.window)
    first = ctx.now().date() + timedelta(days=1)
    if not days or planned is None or not technician_of(visit):
        return ()
    taken = await windows_of(ctx, tx, technician_of(visit), first, LOOKED_AT)
    found: list[Window] = []
    for day in (first + timedelta(days=number) for number in range(LOOKED_AT)):
        if not is_working_day(day):
            continue
        spans = [span_of(day, window) for window in (*taken, planned)]
        whole = [one for one in free_times(spans, FIRST_HOUR * HOUR, LAST_HOUR * HOUR) if one.end - one.start == HOUR]
        halves = ([one for one in whole if one.end <= NOON * HOUR], [one for one in whole if one.start > NOON * HOUR])
        offers = [half[len(half) // 2] for half in halves if half]
        found += [_window(ctx, day, offer) for offer in offers]
        days -= bool(offers)
        if days == 0:
            break
    return tuple(found)


def half_day(ctx: AppContext, day: date, half: str) -> Window:
    """The working hours before or after noon."""
    return _window(ctx, day, FreeTime(*HALVES[half]))


HALVES: dict[str, Span] = {
    "morning": (FIRST_HOUR * HOUR, NOON * HOUR),
    "afternoon": ((NOON + 1) * HOUR, LAST_HOUR * HOUR),
}


def _window(ctx: AppContext, day: date, free: FreeTime) -> Window:
    midnight = datetime.combine(day, time())
    start, end = ((midnight + timedelta(minutes=minute)).replace(tzinfo=ctx.zone) for minute in (free.start, free.end))
    return Window(start, end)
