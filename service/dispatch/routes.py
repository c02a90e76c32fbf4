"""Visits: dispatch plans them, the office writes entries, everybody looks."""

from typing import get_args

from litestar import get, post, put
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.errors import (
    DayFull,
    EntryIdReused,
    IdReusedWithOtherContent,
    NotFound,
    TooManyEntries,
    UnknownChecklist,
    UnknownPerson,
    VisitFull,
)
from service.records import office_entries
from service.visits import loading
from service.visits.loading import JudgementView
from service.visits.plan import Plan
from service.visits.status import Flag, State
from service.visits.wire import OfficeEntries
from service.web.endpoint import (
    DATE_TIME,
    READ_ERRORS,
    WRITE_ERRORS,
    AnyRequest,
    Parameter,
    RouteMetadata,
    body_of,
    id_of,
    query_of,
    restore_plus,
)
from service.web.responses import json_answer

from . import listing, planning, views
from .listing import VisitList
from .views import VisitView

PLAN = RouteMetadata(
    tag="visits",
    summary="Plan a visit; it takes the newest published checklist and keeps that version",
    request_body=Plan,
    responses={201: VisitView, 200: VisitView},
    problems=(*WRITE_ERRORS, NotFound, IdReusedWithOtherContent, UnknownPerson, UnknownChecklist),
)
PAGE = RouteMetadata(
    tag="visits",
    summary="Visits that I may see, by time",
    responses={200: VisitList},
    query={
        "state": Parameter("One state.", {"type": "string", "enum": list(get_args(State))}),
        "flag": Parameter(
            "One flag, such as asked_time: the customer waits for an answer about another time.",
            {"type": "string", "enum": list(get_args(Flag))},
        ),
        "technician": Parameter("Login of the technician or of one of the crew."),
        "area": Parameter("One area (片区)."),
        "type": Parameter("One type of visit."),
        "from": Parameter("Planned at or after this time.", DATE_TIME),
        "to": Parameter("Planned before this time.", DATE_TIME),
        "q": Parameter("Part of a name, account, address, phone or work order number."),
        "after": Parameter("The cursor of the page before."),
    },
    problems=READ_ERRORS,
)
VISIT = RouteMetadata(
    tag="visits",
    summary="The visit, its entries, records, judgement now",
    responses={200: VisitView},
    problems=(*READ_ERRORS, NotFound),
)
ENTRIES = RouteMetadata(
    tag="visits",
    summary="Add entries of the office; ids make it repeatable",
    request_body=OfficeEntries,
    responses={201: JudgementView, 200: JudgementView},
    problems=(*WRITE_ERRORS, NotFound, EntryIdReused, TooManyEntries, VisitFull, DayFull),
)
JUDGEMENT = RouteMetadata(
    tag="visits",
    summary="What the judge says at any moment",
    responses={200: JudgementView},
    query={"at": Parameter("The moment; without it, now.", DATE_TIME)},
    problems=(*READ_ERRORS, NotFound),
)


def visit_etag(revision: int) -> tuple[bytes, bytes]:
    """The ETag of what may change about a visit: how many changes there were."""
    return b"etag", b'"%d"' % revision


@put("/v1/visits/{visit_id:str}", opt={"says": PLAN})
async def plan_visit(request: AnyRequest) -> ASGIApp:
    """Plan a visit."""
    created, visit = await planning.create(*caller(request), id_of(request, "visit_id"), await body_of(request))
    return json_answer(visit, 201 if created else 200, visit_etag(visit.revision))


@get("/v1/visits", opt={"says": PAGE})
async def list_visits(request: AnyRequest) -> ASGIApp:
    """Visits that I may see."""
    query = query_of(request, PAGE)
    times = {name: restore_plus(query[name]) for name in ("from", "to") if name in query}
    return json_answer(await listing.list_visits(*caller(request), query | times))


@get("/v1/visits/{visit_id:str}", opt={"says": VISIT})
async def show_visit(request: AnyRequest) -> ASGIApp:
    """One visit."""
    visit = await views.get_visit(*caller(request), id_of(request, "visit_id"))
    return json_answer(visit, 200, visit_etag(visit.revision))


@post("/v1/visits/{visit_id:str}/entries", opt={"says": ENTRIES})
async def add_entries(request: AnyRequest) -> ASGIApp:
    """Add entries of the office."""
    added, judged = await office_entries.add_office_entries(
        *caller(request), id_of(request, "visit_id"), await body_of(request)
    )
    return json_answer(judged, 201 if added else 200)


@get("/v1/visits/{visit_id:str}/judgement", opt={"says": JUDGEMENT})
async def show_judgement(request: AnyRequest) -> ASGIApp:
    """The judgement at a moment."""
    query = query_of(request, JUDGEMENT)
    at = restore_plus(query["at"]) if "at" in query else None
    return json_answer(await loading.judgement_at(*caller(request), id_of(request, "visit_id"), at))


ROUTES = (plan_visit, list_visits, show_visit, add_entries, show_judgement)
