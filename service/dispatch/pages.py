"""The desk's pages of visits: the day, and the search."""

from datetime import date, timedelta
from typing import Annotated, Any, get_args

from litestar import get
from litestar.response.base import ASGIResponse

from service.accounts.authentication import authenticate_token
from service.accounts.desk import Desk, DeskController, explain, render_desk
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.errors import FieldError, InvalidQuery, Problem
from service.judge.bounds import FIRST_YEAR, LAST_YEAR
from service.visits.page_words import FLAGS, state_text
from service.visits.returned import returned_visits
from service.visits.review_rows import OpenCorrection
from service.visits.status import Flag
from service.web.query import choice_parameter, text_parameter

from . import listing
from .board import BoardVisit, board_rows, day_board, hours_of

STATE_COLOURS = {"under_way": "info", "to_review": "warn", "returned": "warn", "closed": "good"}
FLAG_COLOURS: dict[Flag, str] = {
    "notice_failed": "bad",
    "no_technician": "bad",
    "complaint": "bad",
    "asked_time": "warn",
    "notice_due": "warn",
    "not_agreed": "plain",
    "agreed": "good",
    "absent": "warn",
    "open_duties": "warn",
    "awaiting_evidence": "warn",
    "clock": "warn",
    "answered": "info",
}
ON_BOARD = ("no_technician", "asked_time", "notice_failed", "notice_due", "agreed", "absent", "complaint")
"""The flags that a block of the board shows; the list shows all."""
WORDS: dict[str, Any] = {
    "state_text": state_text,
    "calling": None,
    "flags": FLAGS,
    "state_colours": STATE_COLOURS,
    "flag_colours": FLAG_COLOURS,
}


class TodayController(DeskController):
    """The day and the search."""

    @get("/desk/today")
    async def show_day(
        self,
        desk: Desk,
        wanted_date: Annotated[str | None, text_parameter("The day; without it, today.", "date")] = None,
        area: Annotated[str | None, text_parameter("One area (片区).")] = None,
        flag: Annotated[Flag | None, choice_parameter("One flag.", get_args(Flag))] = None,
    ) -> ASGIResponse:
        """The day's visits by technician and hour, and as a list."""
        today = desk.ctx.now().date()
        day = parse_day(wanted_date) if wanted_date else today
        board = await day_board(desk.ctx, desk.token, day, area or "")
        visits = tuple(visit for visit in board.visits if flag is None or flag in visit.flags)
        hours = hours_of(day, visits)
        view = {
            **WORDS,
            "board": board,
            "visits": visits,
            "calling": {visit.id for visit in visits if visit.calls},
            "hours": hours,
            "rows": board_rows(board, visits, hours),
            "counts": _counts(board.visits),
            "names": {person.login: person.name for person in board.technicians},
            "area": area or "",
            "flag": flag,
            "on_board": ON_BOARD,
            "today": today,
            "this_hour": desk.ctx.now().hour if day == today else None,
            "before": day - timedelta(days=1),
            "after": day + timedelta(days=1),
            "returned": await returned_to(desk.ctx, desk.token) if desk.person.can("see own visits") else (),
            "plans": desk.person.can("plan a visit"),
            "notifies": desk.person.can("write entries of the office"),
        }
        return render_desk(desk, "dispatch/today.html", view, section="today")

    @get("/desk/search")
    async def search(
        self,
        desk: Desk,
        q: Annotated[str | None, text_parameter("Part of a name, account, address, phone or order number.")] = None,
        after: Annotated[str | None, text_parameter("The cursor of the previous page.")] = None,
    ) -> ASGIResponse:
        """Visits whose customer or work order number has the text."""
        text = (q or "").strip()
        query = {"q": text} | ({"after": after} if after else {})
        problem: Problem | None = None
        found = listing.VisitList((), None)
        try:
            found = await listing.list_visits(desk.ctx, desk.token, query) if text else found
        except InvalidQuery as error:
            problem = error
        types = await listing.type_names(desk.ctx)
        calling = await listing.calling_visits(desk.ctx, [visit.id for visit in found.items])
        view = {
            **WORDS,
            "q": text,
            "found": found,
            "calling": calling,
            "types": types,
            "problem": explain(problem) if problem else (),
        }
        return render_desk(desk, "dispatch/search.html", view, problem.status if problem else 200)


@read_only
async def returned_to(
    ctx: AppContext, tx: Transaction, token: bytes
) -> tuple[tuple[str, str, tuple[OpenCorrection, ...]], ...]:
    """What was returned to the caller as a technician: the visit, the customer's name, and the open corrections."""
    person = await authenticate_token(tx, token)
    visits = await returned_visits(ctx, tx, person.login)
    return tuple((str(one.row.id), one.plan.customer.name, one.reviews.corrections) for one in visits)


def parse_day(text: str) -> date:
    """A day in a query or form. InvalidQuery."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR < day.year < LAST_YEAR:
        places = (FieldError("/date", "invalid", "日期请写成 2026-03-02 / write the day as 2026-03-02"),)
        raise InvalidQuery("", places)
    return day


def _counts(visits: tuple[BoardVisit, ...]) -> dict[Flag, int]:
    """How many visits of the day have each flag, without those that none has."""
    counts: dict[Flag, int] = {flag: sum(flag in visit.flags for visit in visits) for flag in FLAG_COLOURS}
    return {flag: count for flag, count in counts.items() if count}


ROUTES = (TodayController,)
