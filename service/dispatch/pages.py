"""The desk's pages of visits: the day, and the search."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Any, get_args

from litestar import get
from litestar.response.base import ASGIResponse

from service.accounts.authentication import authenticate_token
from service.accounts.desk import REFRESH, Desk, DeskController, explain, render_desk
from service.accounts.labels import FIELDS
from service.accounts.repository import names_of
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.errors import FieldError, InvalidQuery, Problem
from service.text import search_key, search_query
from service.visits.page_words import FLAGS, state_text
from service.visits.returned import returned_visits
from service.visits.review_rows import OpenCorrection
from service.visits.status import Flag
from service.web.form_dates import DAYS, FIRST_DAY, LAST_DAY, in_range
from service.web.language import PageText
from service.web.query import choice_parameter, text_parameter

from . import listing
from .board import BoardVisit, board_rows, day_board, hours_of
from .coming import coming_counts
from .marks import MARKS, Mark
from .views import VisitListItem

STATE_COLOURS = {"under_way": "info", "to_review": "warn", "returned": "warn", "closed": "good"}
FLAG_COLOURS: dict[Flag | Mark, str] = {
    "clash": "bad",
    "missed": "bad",
    "notice_failed": "bad",
    "no_technician": "bad",
    "complaint": "bad",
    "comment": "info",
    "asked_time": "warn",
    "notice_due": "warn",
    "not_agreed": "plain",
    "agreed": "good",
    "absent": "warn",
    "open_duties": "warn",
    "awaiting_evidence": "warn",
    "clock": "warn",
    "no_place": "warn",
    "answered": "info",
}
ON_BOARD = frozenset({
    "clash", "missed", "no_technician", "asked_time", "notice_failed", "notice_due", "agreed", "not_agreed", "absent",
    "complaint", "comment",
})  # fmt: skip
"""The flags that a block of the board shows; the list shows all."""
RECEIPT = PageText("投诉受理编号")
CHOICES = (*get_args(Flag), *get_args(Mark))
WORDS: dict[str, Any] = {
    "state_text": state_text,
    "calling": None,
    "flags": {**FLAGS, **MARKS},
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
        flag: Annotated[Flag | Mark | None, choice_parameter("One flag or mark.", CHOICES)] = None,
    ) -> ASGIResponse:
        """The day's visits by technician and hour, and as a list."""
        today = desk.ctx.now().date()
        day = parse_day(wanted_date) if wanted_date else today
        board = await day_board(desk.ctx, desk.token, day, area or "")
        visits = tuple(visit for visit in board.visits if flag is None or flag in visit.flags)
        hours = hours_of(day, board.visits)
        arranges, plans = desk.person.can("change a visit"), desk.person.can("plan a visit")
        view = {
            **WORDS,
            "coming": await coming_counts(desk.ctx, desk.token, today, area or "") if arranges else (),
            "board": board,
            "visits": visits,
            "calling": {visit.id for visit in board.visits if visit.calls},
            "hours": hours,
            "rows": board_rows(board, board.visits, hours, desk.ctx.now() if plans else None),
            "chosen": {visit.id for visit in visits},
            "counts": _counts(board.visits),
            "names": board.names,
            "area": area or "",
            "flag": flag,
            "on_board": ON_BOARD,
            "today": today,
            "this_hour": desk.ctx.now().hour if day == today else None,
            "before": day - timedelta(days=1),
            "after": day + timedelta(days=1),
            "returned": await returned_to(desk.ctx, desk.token) if desk.person.can("see own visits") else (),
            "plans": plans,
            "days": DAYS,
            "notifies": desk.person.can("write entries of the office"),
        }
        return render_desk(desk, "dispatch/today.html", view, section="today", assets=REFRESH)

    @get("/desk/search")
    async def search(
        self,
        desk: Desk,
        q: Annotated[str | None, text_parameter("A part of customer or order number; or a receipt number.")] = None,
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
        visits = sorted(found.items, key=lambda one: one.window.start.timestamp() if one.window else 0.0, reverse=True)
        view = {
            **WORDS,
            "q": text,
            "visits": visits,
            "after": found.after,
            "hits": {one.id: _hits(one, text) for one in visits},
            "names": await people_names(desk.ctx, {one.technician for one in visits}),
            "types": await listing.type_names(desk.ctx),
            "calling": await listing.calling_visits(desk.ctx, [visit.id for visit in visits]),
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
    if day is None or not in_range(day):
        zh = f"日期请写成 2026-03-02，年份在 {FIRST_DAY.year} 到 {LAST_DAY.year} 之间"
        en = f"write the day as 2026-03-02, with a year from {FIRST_DAY.year} to {LAST_DAY.year}"
        raise InvalidQuery("", (FieldError("/date", "invalid", f"{zh} / {en}"),))
    return day


@read_only
async def people_names(_: AppContext, tx: Transaction, logins: Iterable[str]) -> dict[str, str]:
    """The names of people by login, also of former colleagues."""
    return await names_of(tx, logins)


def _hits(visit: VisitListItem, text: str) -> list[tuple[PageText, str]]:
    """Where a visit has the text: the names of fields, and the value of that which lists do not show."""
    customer = visit.customer
    fields = {name: getattr(customer, name) for name in ("name", "phone", "address", "account")}
    fields["external_ref"] = visit.external_ref or ""
    wanted = search_query(text)
    found = [name for name, value in fields.items() if wanted in search_key(value)]
    if not found:  # nothing else leads to a visit
        return [(RECEIPT, "")]
    return [(FIELDS[name], customer.account if name == "account" else "") for name in found]


def _counts(visits: tuple[BoardVisit, ...]) -> dict[Flag | Mark, int]:
    """How many visits of the day have each flag, without those that none has."""
    counts: dict[Flag | Mark, int] = {flag: sum(flag in visit.flags for visit in visits) for flag in FLAG_COLOURS}
    return {flag: count for flag, count in counts.items() if count}


ROUTES = (TodayController,)
