"""The agenda that a technician's phone asks for, and their calendar for any calendar app."""

from datetime import datetime
from typing import Annotated

from litestar import Controller, Response, delete, get, put

from service.accounts.caller import Caller, Context, limit_by_address
from service.errors import NotFound, StorageFull
from service.web.api_document import CHANGE_ERRORS, COMMON_ERRORS, PUBLIC, READ_ERRORS, example, problems
from service.web.query import path_text, text_parameter

from . import agenda, calendar
from .agenda import Agenda
from .calendar import Calendar

_EXAMPLE = Agenda(
    cursor="AAAAAAAAACr__________w1xN3r9kQ0h",
    server_time=datetime.fromisoformat("2026-03-02T12:00:00+08:00"),
    full=False,
    more=False,
    visits=(),
    gone=("01956e2c-8a00-7000-8000-000000000001",),
    checklists=(),
)


class AgendaController(Controller):
    """A technician's visits."""

    tags = ("agenda",)

    @get(
        "/v1/agenda",
        summary="What changed for me since the cursor; without one, or with one that is not mine, everything",
        operation_class=example(answer=_EXAMPLE),
        responses=problems(*READ_ERRORS, StorageFull),  # (the very first cursor creates the key that signs them)
    )
    async def show_agenda(
        self,
        caller: Caller,
        since: Annotated[str | None, text_parameter("The cursor of the last answer.", max_length=600)] = None,
    ) -> Agenda:
        """A phone replaces its copies with the answer and keeps the cursor, so that it shows the current state, also
        offline."""
        return await agenda.changes_since(*caller, since)


class CalendarController(Controller):
    """A technician's calendar at a secret address."""

    tags = ("calendar",)

    @put(
        "/v1/me/calendar",
        summary="A new secret address of my calendar; the one before ends",
        operation_class=example(answer=Calendar("https://doorstep.example/calendar/kM3v0sTq9m1vJx2bWc8yHw.ics")),
        responses=problems(*CHANGE_ERRORS),
    )
    async def open_calendar(self, caller: Caller) -> Calendar:
        """The address is shown this once. Anyone who knows it can read the calendar."""
        return await calendar.create_calendar(*caller)

    @delete("/v1/me/calendar", summary="The address ends", status_code=204, responses=problems(*CHANGE_ERRORS))
    async def end_calendar(self, caller: Caller) -> None:
        """The address is not found from now on; what a calendar app has fetched stays there."""
        await calendar.revoke_calendar(*caller)

    @get(
        "/calendar/{token:str}",
        summary="My visits (RFC 5545): time, type and address",
        opt={"exclude_from_auth": True, "any_query": True},
        guards=[limit_by_address],
        security=PUBLIC,
        media_type="text/calendar",
        response_description="iCalendar",
        responses=problems(*COMMON_ERRORS, NotFound),
    )
    async def show_calendar(
        self, context: Context, token: Annotated[str, path_text("The secret, and `.ics`.")]
    ) -> Response[str]:
        """For calendar apps, which send no token: visits of the last 30 and the next 180 days."""
        if not token.endswith(".ics"):
            raise NotFound
        content = await calendar.calendar(context, token.removesuffix(".ics"))
        return Response(content.decode(), media_type="text/calendar", headers={"referrer-policy": "no-referrer"})


ROUTES = (AgendaController, CalendarController)
