"""Events over the API: a page as JSON, or many as a table."""

import csv
from io import StringIO
from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.response.base import ASGIResponse

from service.accounts.caller import Caller, requires
from service.web.api_document import READ_ERRORS, answer, problems
from service.web.query import text_parameter, time_parameter
from service.web.responses import raw_response

from .event_listing import SCANNED, EventFilter, EventPage, EventView, list_events
from .event_words import WORDS

TABLE_ROWS = 10_000
_CSV = (
    (b"content-type", b"text/csv; charset=utf-8"),
    (b"content-disposition", b'attachment; filename="events.csv"'),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
Who = Annotated[str | None, text_parameter("Only of this person, by login.", max_length=64)]
What = Annotated[str | None, text_parameter("Only what is called so, such as `signed-in`.", max_length=64)]
Since = Annotated[str | None, time_parameter("Not before this time.")]
Until = Annotated[str | None, time_parameter("Before this time.")]


class EventsController(Controller):
    """What people, devices and customers did that has to be known afterwards."""

    tags = ("people",)
    return_dto = None
    guards = (requires("see events"),)

    @get("/v1/events", summary="Who did what to whom, the newest first", responses=problems(*READ_ERRORS))
    async def list_events(
        self,
        caller: Caller,
        person: Who = None,
        what: What = None,
        since: Since = None,
        until: Until = None,
        after: Annotated[str | None, text_parameter("The cursor of the page before.")] = None,
    ) -> EventPage:
        """Admins get all events, supervisors those of the people in their areas: sign-ins and failures, codes and who
        made them, devices, roles, cards. A failure of an unknown login has its keyed digest only."""
        wanted = EventFilter(person=person or "", what=what or "", since=since, until=until, after=after)
        return await list_events(*caller, wanted)

    @get(
        "/v1/events.csv",
        summary="The same as a table (CSV), at most 10,000 rows",
        responses={200: answer(bytes, "The table.", "text/csv"), **problems(*READ_ERRORS)},
    )
    async def export_events(
        self, caller: Caller, person: Who = None, what: What = None, since: Since = None, until: Until = None
    ) -> ASGIResponse:
        """Time, what happened, to whom, by whom, why, and what else is known."""
        wanted = EventFilter(person=person or "", what=what or "", since=since, until=until)
        table, count = _Table(), 0
        while count < TABLE_ROWS:  # page by page: other requests get their turn in between
            found = await list_events(*caller, wanted, size=min(SCANNED, TABLE_ROWS - count))
            table.add(found.items)
            count += len(found.items)
            if found.after is None:
                break
            wanted = msgspec.structs.replace(wanted, after=found.after)
        return raw_response(200, table.text().encode("utf-8-sig"), _CSV)


class _Table:
    """A table of events, to which more are added."""

    def __init__(self) -> None:
        self._out = StringIO()
        self._rows = csv.writer(self._out)
        self._rows.writerow(("时间", "事件", "what", "对象", "经手", "理由", "其他"))

    def add(self, events: tuple[EventView, ...]) -> None:
        """Add a row for each."""
        for one in events:
            words = WORDS[one.what].zh if one.what in WORDS else one.what
            details = "；".join(f"{name}={value}" for name, value in one.details.items())
            row = (one.at.isoformat(timespec="seconds"), words, one.what, one.person, one.by, one.reason, details)
            self._rows.writerow([_plain(cell) for cell in row])

    def text(self) -> str:
        """All of it."""
        return self._out.getvalue()


def _plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


ROUTES = (EventsController,)
