"""The page of duties."""

from typing import Annotated, get_args

from litestar import get
from litestar.response.base import ASGIResponse

from service.accounts.desk import REFRESH, Desk, DeskController, DeskRequest, render_desk
from service.accounts.permissions import covers_area
from service.accounts.repository import names_of
from service.db.database import Transaction
from service.visits.owed_duties import OwnerRole
from service.visits.page_words import OWNERS
from service.web.language import AnyText, PageText
from service.web.pagination import query_string
from service.web.query import choice_parameter, text_parameter

from .listing import DutyFilter, DutyState, DutyView, list_duties

STATES: dict[DutyState, AnyText] = {
    "open": PageText("未了"),
    "overdue": PageText("已逾期"),
    "closed": PageText("已了结"),
}


class DutiesPageController(DeskController):
    """The page of duties."""

    @get("/desk/duties")
    async def show_duties(
        self,
        desk: Desk,
        owner: Annotated[OwnerRole | None, choice_parameter("Whose duty it is.", get_args(OwnerRole))] = None,
        area: Annotated[str | None, text_parameter("One area (片区).")] = None,
        technician: Annotated[str | None, text_parameter("Login of the visit's technician.")] = None,
        wanted_state: Annotated[
            DutyState | None, choice_parameter("Without it, what is open or overdue.", get_args(DutyState), "state")
        ] = None,
        after: Annotated[str | None, text_parameter("The cursor of the page before.")] = None,
    ) -> ASGIResponse:
        """By due date, so that what is overdue comes first. A script fetches the page again from time to time."""
        wanted = DutyFilter(
            owner=owner or "", area=area, technician=technician or "", state=wanted_state or "open", after=after
        )
        found = await list_duties(desk.ctx, desk.token, wanted)
        given = {"owner": owner, "area": area, "technician": technician, "state": wanted_state}
        logins = {login for one in found.duties for login in (one.technician, one.dropped_by or "")}
        names = await desk.ctx.db.read(lambda tx: names_of(tx, logins))
        technicians = await _technicians(desk, area)
        view = {
            "technicians": technicians,
            "names": names,
            "found": found,
            "groups": _groups(found.duties, desk),
            "given": {name: value for name, value in given.items() if value},
            "areas": desk.person.areas,
            "query": query_string,
            "owners": OWNERS,
            "states": STATES,
        }
        return render_desk(desk, "duties/duties.html", view, section="duties", assets=REFRESH)


async def _technicians(desk: DeskRequest, area: str | None) -> dict[str, str]:
    """By login, the names of the technicians of whose visits something is owed, in the areas of the list."""

    async def people(tx: Transaction) -> dict[str, str]:
        rows = await tx.fetch_all("duty_people")
        return await names_of(tx, {one for at, one in rows if covers_area(desk.person, at) and area in (None, at)})

    return await desk.ctx.db.read(people)


def _groups(duties: tuple[DutyView, ...], desk: DeskRequest) -> list[tuple[AnyText, list[DutyView]]]:
    """The duties of a page under headings: overdue, due today, later; or done, or dropped."""
    today = desk.ctx.now().date()
    titles: dict[str, AnyText] = {
        "closed": PageText("已办结"),
        "dropped": PageText("不再办理"),
        "overdue": STATES["overdue"],
        "today": PageText("今天到期"),
        "later": PageText("以后到期"),
    }
    found: dict[str, list[DutyView]] = {}
    for one in duties:
        key = (
            "dropped"
            if one.dropped_by
            else one.state
            if one.state != "open"
            else "today"
            if one.due_at.date() <= today
            else "later"
        )
        found.setdefault(key, []).append(one)
    return [(titles[key], group) for key, group in found.items()]


ROUTES = (DutiesPageController,)
