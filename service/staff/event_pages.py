"""The desk's page of events."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated

from litestar import get
from litestar.response.base import ASGIResponse

from service.accounts.desk import Desk, DeskController, render_desk
from service.accounts.events import OPERATOR
from service.accounts.labels import ROLE_NAMES
from service.accounts.repository import names_of
from service.errors import InvalidQuery
from service.web.pagination import query_string
from service.web.query import text_parameter

from .event_listing import EventFilter, list_events
from .event_words import DETAILS, LOCKOUTS, WORDS


class EventsPageController(DeskController):
    """Who did what to whom, and when."""

    @get("/desk/events")
    async def show_events(
        self,
        desk: Desk,
        person: Annotated[str | None, text_parameter("Only of this person, by login.", max_length=64)] = None,
        what: Annotated[str | None, text_parameter("Only what is called so.", max_length=64)] = None,
        first: Annotated[str | None, text_parameter("The first day.", max_length=10)] = None,
        last: Annotated[str | None, text_parameter("The last day.", max_length=10)] = None,
        after: Annotated[str | None, text_parameter("The cursor of the page before.")] = None,
    ) -> ASGIResponse:
        """The newest first, with signs of an attack above."""
        wanted = EventFilter(
            person=(person or "").strip(),
            what=what or "",
            since=_midnight(desk, first),
            until=_midnight(desk, last, days=1),
            after=after,
        )
        page = await list_events(desk.ctx, desk.token, wanted)
        logins = {login for one in page.items for login in (one.person, one.by)} | {one.person for one in page.signs}
        export = {"person": wanted.person, "what": wanted.what, "since": wanted.since, "until": wanted.until}
        given = {"person": person, "what": what, "first": first, "last": last}
        view = {
            "page": page,
            "names": await desk.ctx.db.read(lambda tx: names_of(tx, logins)),
            "words": WORDS,
            "details": DETAILS,
            "lockouts": LOCKOUTS,
            "roles": ROLE_NAMES,
            "operator": OPERATOR,
            "export": _without_empty(export),
            "given": _without_empty(given),
            "query": query_string,
        }
        return render_desk(desk, "staff/events.html", view, section="events")


def _without_empty(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _midnight(desk: Desk, day: str | None, days: int = 0) -> str | None:
    """The beginning of a day in the utility's zone, some days later."""
    if not day:
        return None
    try:
        found = date.fromisoformat(day) + timedelta(days)
    except (ValueError, OverflowError):
        raise InvalidQuery("日期要写成 2026-03-02 / a day is written as 2026-03-02") from None
    return datetime.combine(found, time(), desk.ctx.zone).isoformat()


ROUTES = (EventsPageController,)
