"""Quarantine: what was refused and kept, for those who decide what becomes of it."""

from litestar import get, put
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.errors import (
    AlreadyDecided,
    IdMismatch,
    IdReusedWithOtherContent,
    InvalidQuery,
    NotFound,
    NotYourVisit,
    TooManyEntries,
    UnknownChecklist,
    UnknownVisit,
    VisitFull,
)
from service.web.endpoint import (
    READ_ERRORS,
    WRITE_ERRORS,
    AnyRequest,
    Bytes,
    Parameter,
    RouteMetadata,
    body_of,
    id_of,
    query_of,
)
from service.web.responses import Answer, json_answer

from . import quarantine, quarantine_decisions
from .quarantine import QuarantinePage
from .quarantine_decisions import Decision, DecisionResult

PAGE = RouteMetadata(
    tag="quarantine",
    summary="What could not be taken and waits for a decision, oldest first; or what was decided",
    responses={200: QuarantinePage},
    query={
        "decided": Parameter("true: what was decided.", {"type": "string", "enum": ["false", "true"]}),
        "after": Parameter("The cursor of the page before."),
    },
    problems=READ_ERRORS,
)
LOOK = RouteMetadata(
    tag="quarantine",
    summary="The bytes; who looks says why, and that is logged",
    responses={200: Bytes("application/octet-stream", "Byte by byte what came.")},
    query={"reason": Parameter("Why you look.", {"type": "string", "maxLength": 500}, required=True)},
    problems=(*WRITE_ERRORS, NotFound),
)
DECIDE = RouteMetadata(
    tag="quarantine",
    summary="Take the input again, or discard it, with a reason",
    request_body=Decision,
    responses={200: DecisionResult},
    problems=(
        *WRITE_ERRORS,
        NotFound,
        AlreadyDecided,
        UnknownVisit,
        UnknownChecklist,
        NotYourVisit,
        IdMismatch,
        TooManyEntries,
        IdReusedWithOtherContent,
        VisitFull,
    ),
)
_ATTACHED = (
    (b"content-type", b"application/octet-stream"),
    (b"content-disposition", b"attachment"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


@get("/v1/quarantine", opt={"says": PAGE})
async def list_quarantine(request: AnyRequest) -> ASGIApp:
    """What could not be taken."""
    query = query_of(request, PAGE)
    wish = query.get("decided", "false")
    if wish not in ("false", "true"):
        raise InvalidQuery("decided is false or true")
    return json_answer(await quarantine.list_quarantined(*caller(request), query.get("after"), decided=wish == "true"))


@get("/v1/quarantine/{quarantine_id:str}", opt={"says": LOOK})
async def look_at_quarantine(request: AnyRequest) -> ASGIApp:
    """The bytes."""
    reason = query_of(request, LOOK)["reason"]
    return Answer(
        200, await quarantine.read_input(*caller(request), id_of(request, "quarantine_id"), reason), _ATTACHED
    )


@put("/v1/quarantine/{quarantine_id:str}/decision", opt={"says": DECIDE})
async def decide_quarantine(request: AnyRequest) -> ASGIApp:
    """Take it again, or discard it."""
    return json_answer(
        await quarantine_decisions.decide(*caller(request), id_of(request, "quarantine_id"), await body_of(request))
    )


ROUTES = (list_quarantine, look_at_quarantine, decide_quarantine)
