"""The calendar of a technician, for the calendar of his phone."""

from litestar import delete, get, put
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.errors import NotFound
from service.web.endpoint import ANYBODY, CHANGES, AnyRequest, Bytes, Says, house_of
from service.web.responses import Answer, answer

from . import calendar
from .calendar import Calendar

OPEN = Says(
    tag="calendar",
    summary="A new secret address of my calendar; the one before ends",
    gives={200: Calendar},
    problems=CHANGES,
)
END = Says(tag="calendar", summary="The address ends", gives={204: None}, problems=CHANGES)
ICS = Says(
    tag="calendar",
    summary="My visits (RFC 5545): time, type and address",
    gives={200: Bytes("text/calendar", "iCalendar.")},
    problems=(*ANYBODY, NotFound),
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
    return answer(await calendar.open_calendar(*caller(request)))


@delete("/v1/me/calendar", opt={"says": END}, status_code=200)
async def end_calendar(request: AnyRequest) -> ASGIApp:
    """The address ends."""
    await calendar.end_calendar(*caller(request))
    return Answer(204)


@get("/calendar/{token:str}", opt={"says": ICS})
async def show_calendar(request: AnyRequest) -> ASGIApp:
    """The calendar."""
    token: str = request.scope["path_params"]["token"]
    if not token.endswith(".ics"):
        raise NotFound
    return Answer(200, await calendar.calendar(house_of(request), token.removesuffix(".ics")), _HEADERS)


ROUTES = (open_calendar, end_calendar, show_calendar)
