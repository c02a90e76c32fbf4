"""The visits of a day, by technician: what a dispatcher looks at."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import cast
from uuid import UUID

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person, require_area
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.judge.checklist import VisitType
from service.judge.moments import to_ms
from service.judge.visit import Window
from service.visits import repository as visits_repository
from service.visits import summaries
from service.visits.free_times import FIRST_HOUR, HOUR, LAST_HOUR, FreeTime, Span, free_times, past, span_of
from service.visits.loading import load_visit
from service.visits.plan import Customer, Work
from service.visits.status import Flag, State, visit_status
from service.visits.summaries import VisitFilter, VisitSummaryRow
from service.visits.windows import local
from service.web.defects import or_unreadable

from .marks import OVER, Mark, clashing, is_missed
from .planning import newest_rules
from .technicians import works_in
from .wishes import Wish, open_wish

MAX_VISITS = 2000
SLOTS = 4  # columns of an hour
MIN_COLUMNS = 2  # of a visit, so that its time can be read


class BoardPlan(msgspec.Struct, frozen=True):
    """What the board shows of a plan: to decode all of it, for each visit of a day, takes twice as long."""

    customer: Customer
    work: Work
    window: Window | None = None
    external_ref: str | None = None


class BoardVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A visit of the day. `window` is in the company's time zone. `calls`: something about it calls for a person."""

    id: UUID
    type: str
    window: Window | None
    technician: str
    area: str
    plan: BoardPlan
    state: State
    flags: tuple[Flag | Mark, ...]
    crew: tuple[str, ...] = ()
    calls: bool = False
    wish: Wish | None = None


class DayBoard(msgspec.Struct, frozen=True, kw_only=True):
    """A day's visits by time, the technicians, and the areas that the person may choose from. `names`: by login."""

    day: date
    visits: tuple[BoardVisit, ...]
    technicians: tuple[Person, ...]
    areas: tuple[str, ...]
    types: dict[str, VisitType]
    incomplete: bool
    names: Mapping[str, str] = {}


class Cell(msgspec.Struct, frozen=True):
    """Some columns of a lane, with a visit or without. `free`: what may be planned there. `late`: ends the day."""

    columns: int
    visit: BoardVisit | None = None
    free: FreeTime | None = None
    late: bool = False


class BoardRow(msgspec.Struct, frozen=True):
    """The visits of a technician, in as many lanes as they overlap."""

    login: str
    name: str
    lanes: tuple[tuple[Cell, ...], ...]

    @property
    def first_free(self) -> FreeTime | None:
        """The first time that may be planned."""
        return next((cell.free for lane in self.lanes for cell in lane if cell.free), None)


_PLAN_DECODER = msgspec.json.Decoder(BoardPlan)


@read_only
async def day_board(ctx: AppContext, tx: Transaction, token: bytes, day: date, area: str) -> DayBoard:
    """The visits of a day in the person's areas, or in one of them ('': all); for technicians their own."""
    person = await authenticate_token(tx, token)
    start, end = _midnight(ctx, day), _midnight(ctx, day + timedelta(days=1))
    if area:
        require_area(person, area)
    office = person.can("see visits of an area")
    if not office:
        require_permission(person, "see own visits")
    wanted = VisitFilter(
        technician=None if office else person.login,
        areas=(area,) if area else (person.areas or None) if office else None,
        from_at=start,
        to_at=end,
    )
    rows = await summaries.list_summaries(tx, wanted, size=MAX_VISITS + 1)
    visits = [await or_unreadable(ctx, row.visit, _to_visit(ctx, tx, person, row)) for row in rows[:MAX_VISITS]]
    found = _marked(ctx, [visit for visit in visits if visit is not None])
    technicians = await accounts_repository.active_technicians(tx) if office else [person]
    every_area = {one for technician in technicians for one in technician.areas} | {visit.area for visit in found}
    areas = person.areas or tuple(sorted(every_area - {""}))
    _, rules = await newest_rules(ctx, tx)
    names = {one.login: one.name for one in technicians}
    others = {visit.technician for visit in found}.difference(names)
    return DayBoard(
        day=day,
        visits=found,
        technicians=tuple(one for one in technicians if works_in(one, (area,) if area else person.areas)),
        areas=areas,
        types=rules.checklist.visit_types,
        incomplete=len(rows) > MAX_VISITS or len(found) < len(visits),
        names=names | await accounts_repository.names_of(tx, others),
    )


async def _to_visit(ctx: AppContext, tx: Transaction, person: Person, row: VisitSummaryRow) -> BoardVisit:
    """A row as the person may see it, judged again if its summary may be out of date, or for the customer's wish."""
    state, flags, reasons = row.state, row.flags, row.reasons
    wish: Wish | None = None
    expired = row.valid_until is not None and row.valid_until <= ctx.clock()
    if not row.state or expired or "asked_time" in flags or (flags and not person.can("see visits of an area")):
        known = await visits_repository.get_visit(tx, row.visit)
        if known is None:
            raise LookupError  # impossible: each summary belongs to a visit
        visit = (await load_visit(ctx, tx, known)).visible_to(person)
        status = visit_status(visit, visit.evaluate_at())
        state, flags, reasons = status.state, status.flags, status.reasons
        wish = open_wish(status.flags, visit.merged.entries)
    plan = _PLAN_DECODER.decode(row.plan)
    return BoardVisit(
        id=row.visit,
        type=row.type,
        window=local(ctx, plan.window),
        technician=row.technician,
        crew=row.crew,
        area=row.area,
        plan=plan,
        state=cast("State", state),
        flags=cast("tuple[Flag, ...]", flags),
        calls=bool(reasons),
        wish=wish,
    )


def _marked(ctx: AppContext, visits: list[BoardVisit]) -> tuple[BoardVisit, ...]:
    """The visits with their marks, which come before the flags."""
    now = ctx.now()
    double = clashing(
        (one.id, one.window, (one.technician, *one.crew))
        for one in visits
        if one.window is not None and one.state not in OVER
    )

    def marked(visit: BoardVisit) -> BoardVisit:
        clash: tuple[Mark, ...] = ("clash",) if visit.id in double else ()
        marks = (*clash, "missed") if is_missed(visit.state, visit.window, now) else clash
        return msgspec.structs.replace(visit, flags=(*marks, *visit.flags)) if marks else visit

    return tuple(map(marked, visits))


def _midnight(ctx: AppContext, day: date) -> int:
    return to_ms(datetime.combine(day, time(), ctx.zone))


def hours_of(day: date, visits: Iterable[BoardVisit]) -> range:
    """The hours that the board shows: those of a working day, and more where there are visits."""
    first, last = FIRST_HOUR, LAST_HOUR
    for visit in visits:
        if visit.window is not None:
            start, end = span_of(day, visit.window)
            first, last = min(first, start // HOUR), max(last, -(-max(end, start + 1) // HOUR))
    return range(first, last)


def board_rows(
    board: DayBoard, visits: Iterable[BoardVisit], hours: range, now: datetime | None = None
) -> tuple[BoardRow, ...]:
    """The board: technicians by name, and those who have visits although they are not among them. Visits are also in
    the rows of their crew. With `now`, rows have the times that are still free then."""
    by_login: dict[str, list[BoardVisit]] = {person.login: [] for person in board.technicians}
    names = board.names
    for visit in visits:
        if visit.window is not None:
            by_login.setdefault(visit.technician, []).append(visit)
            for login in visit.crew:
                if login in by_login and login != visit.technician:
                    by_login[login].append(visit)
    order = sorted(by_login, key=lambda login: (names.get(login, login), login))
    over = (0, 1440) if now is None else past(board.day, now)
    return tuple(
        BoardRow(login, names.get(login, login), _lanes(board.day, by_login[login], hours, over)) for login in order
    )


def _lanes(day: date, visits: list[BoardVisit], hours: range, over: Span) -> tuple[tuple[Cell, ...], ...]:
    """Each visit in the first lane where it overlaps nothing. Nothing is free in `over`."""
    lanes: list[list[tuple[int, int, BoardVisit]]] = [[]]
    busy = [over]
    for visit in sorted(visits, key=lambda one: (one.window.start if one.window else 0, one.id)):
        start, end = _columns(day, visit, hours)
        lane = next((lane for lane in lanes if not lane or lane[-1][1] <= start), None)
        if lane is None:
            lanes.append([(start, end, visit)])
        else:
            lane.append((start, end, visit))
        if visit.state not in OVER:
            busy.append((_minute(start, hours), _minute(end, hours)))
    width = len(hours) * SLOTS
    free = {one.start: one for one in free_times(busy, _minute(0, hours), _minute(width, hours))}
    first, *others = lanes
    return tuple(_cells(first, hours, free)), *(tuple(_cells(lane, hours, {})) for lane in others)


def _columns(day: date, visit: BoardVisit, hours: range) -> tuple[int, int]:
    """The first column of a visit and the one after its last, within the board."""
    if visit.window is None:
        return 0, 1
    offset, length = hours.start * HOUR, HOUR // SLOTS
    start, end = (minute - offset for minute in span_of(day, visit.window))
    first = min(max(start // length, 0), len(hours) * SLOTS - MIN_COLUMNS)
    return first, min(max(-(-end // length), first + MIN_COLUMNS), len(hours) * SLOTS)


def _minute(column: int, hours: range) -> int:
    return hours.start * HOUR + column * HOUR // SLOTS


def _cells(lane: list[tuple[int, int, BoardVisit]], hours: range, free: Mapping[int, FreeTime]) -> Iterable[Cell]:
    """The cells of a lane; free time is divided at full hours, so that the board has lines there."""
    at, width = 0, len(hours) * SLOTS
    for start, end, visit in [*lane, (width, width, None)]:
        while at < start:
            step = min(start - at, SLOTS - at % SLOTS)
            columns = range(at, at + step)
            yield Cell(step, free=next((free[m] for m in (_minute(one, hours) for one in columns) if m in free), None))
            at += step
        if visit is not None:
            yield Cell(end - start, visit, late=end > width - 2 * SLOTS)
            at = end
