"""The calendar of a technician, for the calendar of his phone."""

from litestar import delete, get, put
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.errors import NotFound
from service.web.endpoint import CHANGE_ERRORS, COMMON_ERRORS, AnyRequest, Bytes, RouteMetadata, context_of
from service.web.responses import Answer, json_answer

from . import calendar
from .calendar import Calendar

OPEN = RouteMetadata(
    tag="calendar",
    summary="A new secret address of my calendar; the one before ends",
    responses={200: Calendar},
    problems=CHANGE_ERRORS,
)
END = RouteMetadata(tag="calendar", summary="The address ends", responses={204: None}, problems=CHANGE_ERRORS)
ICS = RouteMetadata(
    tag="calendar",
    summary="My visits (RFC 5545): time, type and address",
    responses={200: Bytes("text/calendar", "iCalendar.")},
    problems=(*COMMON_ERRORS, NotFound),
    public=True,
)
_HEADERS = (
    (b"content-type", b"text/calendar; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


@put("/v1/me/calendar", opt={"says": OPEN})
async def open_calendar(request: AnyRequest) -> ASGIApp:
    """A new address."""
    return json_answer(await calendar.create_calendar(*caller(request)))


@delete("/v1/me/calendar", opt={"says": END}, status_code=200)
async def end_calendar(request: AnyRequest) -> ASGIApp:
    """The address ends."""
    await calendar.revoke_calendar(*caller(request))
    return Answer(204)


@get("/calendar/{token:str}", opt={"says": ICS})
async def show_calendar(request: AnyRequest) -> ASGIApp:
    """The calendar."""
    token: str = request.scope["path_params"]["token"]
    if not token.endswith(".ics"):
        raise NotFound
    return Answer(200, await calendar.calendar(context_of(request), token.removesuffix(".ics")), _HEADERS)


ROUTES = (open_calendar, end_calendar, show_calendar)
