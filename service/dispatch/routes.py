"""Visits: dispatch plans them, the office writes entries, everybody looks."""

from typing import get_args

from litestar import get, post, put
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.errors import (
    ContentDiffers,
    DayFull,
    EntryChanged,
    NotFound,
    TooManyEntries,
    UnknownChecklist,
    UnknownPerson,
    VisitFull,
)
from service.records import office_entries
from service.visits import loading
from service.visits.loading import Judged
from service.visits.plan import Plan
from service.visits.status import Flag, State
from service.visits.wire import OfficeEntries
from service.web.endpoint import MOMENT, READS, WRITES, AnyRequest, Parameter, Says, body_of, id_of, moment_in, query_of
from service.web.responses import answer

from . import listing, planning, views
from .listing import SummaryPage
from .views import VisitView

PLAN = Says(
    tag="visits",
    summary="Plan a visit; it takes the newest published checklist and keeps that version",
    takes=Plan,
    gives={201: VisitView, 200: VisitView},
    problems=(*WRITES, NotFound, ContentDiffers, UnknownPerson, UnknownChecklist),
)
PAGE = Says(
    tag="visits",
    summary="Visits that I may see, by time",
    gives={200: SummaryPage},
    query={
        "state": Parameter("One state.", {"type": "string", "enum": list(get_args(State))}),
        "flag": Parameter(
            "One flag, such as asked_time: the customer waits for an answer about another time.",
            {"type": "string", "enum": list(get_args(Flag))},
        ),
        "technician": Parameter("Login of the technician or of one of the crew."),
        "area": Parameter("One area (片区)."),
        "type": Parameter("One type of visit."),
        "from": Parameter("Planned at or after this time.", MOMENT),
        "to": Parameter("Planned before this time.", MOMENT),
        "q": Parameter("Part of a name, account, address, phone or work order number."),
        "after": Parameter("The cursor of the page before."),
    },
    problems=READS,
)
VISIT = Says(
    tag="visits",
    summary="The visit, its entries, records, judgement now",
    gives={200: VisitView},
    problems=(*READS, NotFound),
)
ENTRIES = Says(
    tag="visits",
    summary="Add entries of the office; ids make it repeatable",
    takes=OfficeEntries,
    gives={201: Judged, 200: Judged},
    problems=(*WRITES, NotFound, EntryChanged, TooManyEntries, VisitFull, DayFull),
)
JUDGEMENT = Says(
    tag="visits",
    summary="What the judge says at any moment",
    gives={200: Judged},
    query={"at": Parameter("The moment; without it, now.", MOMENT)},
    problems=(*READS, NotFound),
)


def etag(revision: int) -> tuple[bytes, bytes]:
    """The ETag of what may change about a visit: how many changes there were."""
    return b"etag", b'"%d"' % revision


@put("/v1/visits/{visit_id:str}", opt={"says": PLAN})
async def plan_visit(request: AnyRequest) -> ASGIApp:
    """Plan a visit."""
    created, visit = await planning.create(*caller(request), id_of(request, "visit_id"), await body_of(request))
    return answer(visit, 201 if created else 200, etag(visit.revision))


@get("/v1/visits", opt={"says": PAGE})
async def list_visits(request: AnyRequest) -> ASGIApp:
    """Visits that I may see."""
    query = query_of(request, PAGE)
    times = {name: moment_in(query[name]) for name in ("from", "to") if name in query}
    return answer(await listing.page(*caller(request), query | times))


@get("/v1/visits/{visit_id:str}", opt={"says": VISIT})
async def show_visit(request: AnyRequest) -> ASGIApp:
    """One visit."""
    visit = await views.show(*caller(request), id_of(request, "visit_id"))
    return answer(visit, 200, etag(visit.revision))


@post("/v1/visits/{visit_id:str}/entries", opt={"says": ENTRIES})
async def add_entries(request: AnyRequest) -> ASGIApp:
    """Add entries of the office."""
    added, judged = await office_entries.add_entries(
        *caller(request), id_of(request, "visit_id"), await body_of(request)
    )
    return answer(judged, 201 if added else 200)


@get("/v1/visits/{visit_id:str}/judgement", opt={"says": JUDGEMENT})
async def show_judgement(request: AnyRequest) -> ASGIApp:
    """The judgement at a moment."""
    query = query_of(request, JUDGEMENT)
    at = moment_in(query["at"]) if "at" in query else None
    return answer(await loading.judgement_at(*caller(request), id_of(request, "visit_id"), at))


ROUTES = (plan_visit, list_visits, show_visit, add_entries, show_judgement)
