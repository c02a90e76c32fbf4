"""What may change about a visit. Each takes `If-Match` with the ETag that was seen: nobody overwrites unknowingly."""

import re
from typing import Any

from litestar import put
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.errors import (
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    UnknownPerson,
    VisitAlreadyStarted,
    VisitCancelled,
    VisitFull,
)
from service.visits.change_rows import ChangeKind
from service.visits.changes import Cancellation, DetailsUpdate, DueDates, Reassignment, Reschedule
from service.web.endpoint import WRITE_ERRORS, AnyRequest, Parameter, RouteMetadata, body_of, id_of
from service.web.responses import json_answer

from .rescheduling import change
from .routes import visit_etag
from .views import VisitView

_TAG = re.compile(r'"(\d{1,15})(?:-gzip)?"')  # a packed answer has an ETag of its own (`answers`)
_MATCH = {"If-Match": Parameter('The ETag of the visit as you saw it, such as "3".', required=True)}
_PROBLEMS = (*WRITE_ERRORS, NotFound, VisitCancelled, PreconditionRequired, PreconditionFailed)


def _says(summary: str, takes: Any, *more: type[Problem]) -> RouteMetadata:
    return RouteMetadata(
        tag="visits",
        summary=summary,
        request_body=takes,
        responses={200: VisitView},
        headers=_MATCH,
        problems=(*_PROBLEMS, *more),
    )


WINDOW = _says(
    "Another time, until he has left; with a reason, and what was stays in the trail",
    Reschedule,
    VisitAlreadyStarted,
    VisitFull,
)
TECHNICIAN = _says("Somebody else goes; who went before may still submit", Reassignment, UnknownPerson, VisitFull)
DETAILS = _says("Mend a wrong number, address or work, with a reason", DetailsUpdate, VisitFull)
DUE = _says("Date open duties, by `item` or `item[thing]`", DueDates, VisitFull)
CANCELLATION = _says(
    "Nobody goes, with a reason; records are still taken, and are reviewed", Cancellation, VisitAlreadyStarted
)


def expected_revisions(request: AnyRequest) -> frozenset[int]:
    """The revisions in If-Match. PreconditionRequired without; `*` says nothing of what was seen."""
    given = ",".join(value.decode("latin-1") for name, value in request.scope["headers"] if name == b"if-match")
    if given.strip() in ("", "*"):
        raise PreconditionRequired
    return frozenset(int(number) for number in _TAG.findall(re.sub(r'W/"[^"]*"', "", given)))


async def _change(request: AnyRequest, kind: ChangeKind) -> ASGIApp:
    seen = expected_revisions(request)
    visit = await change(*caller(request), id_of(request, "visit_id"), kind, await body_of(request), seen)
    return json_answer(visit, 200, visit_etag(visit.revision))


@put("/v1/visits/{visit_id:str}/window", opt={"says": WINDOW})
async def change_window(request: AnyRequest) -> ASGIApp:
    """Another time."""
    return await _change(request, "window")


@put("/v1/visits/{visit_id:str}/technician", opt={"says": TECHNICIAN})
async def change_technician(request: AnyRequest) -> ASGIApp:
    """Somebody else goes."""
    return await _change(request, "technician")


@put("/v1/visits/{visit_id:str}/details", opt={"says": DETAILS})
async def change_details(request: AnyRequest) -> ASGIApp:
    """A number or address is mended."""
    return await _change(request, "details")


@put("/v1/visits/{visit_id:str}/due", opt={"says": DUE})
async def change_due(request: AnyRequest) -> ASGIApp:
    """A duty gets its date."""
    return await _change(request, "due")


@put("/v1/visits/{visit_id:str}/cancellation", opt={"says": CANCELLATION})
async def cancel_visit(request: AnyRequest) -> ASGIApp:
    """Nobody goes."""
    return await _change(request, "cancellation")


ROUTES = (change_window, change_technician, change_details, change_due, cancel_visit)
