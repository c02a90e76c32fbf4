"""Visits: dispatch plans them, the office writes entries, everybody looks."""

from datetime import datetime
from typing import Annotated, get_args
from uuid import UUID

from litestar import Controller, Response, get, post, put
from litestar.datastructures import ResponseHeader
from litestar.params import FromPath, JSONBody, RawBody

from service.accounts.caller import Caller, requires
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
from service.judge.checklist import Text
from service.judge.findings import FindingView
from service.records import office_entries
from service.visits import loading
from service.visits.loading import JudgementView
from service.visits.plan import Plan
from service.visits.status import Flag, State
from service.visits.wire import OfficeEntries
from service.web.api_document import READ_ERRORS, WRITE_ERRORS, answer, example, problems
from service.web.query import choice_parameter, text_parameter, time_parameter
from service.web.strict_body import StrictBody

from . import listing, planning, views
from .listing import VisitList
from .views import VisitView

VISIT_ETAG = ResponseHeader(
    name="ETag", value="", documentation_only=True, description="What a change of the visit names in If-Match."
)
_PLAN = {
    "type": "repair_leak",
    "window": {"from": "2026-03-02T09:00:00+08:00", "to": "2026-03-02T10:00:00+08:00"},
    "technician": "li",
    "crew": ["sun"],
    "area": "城东",
    "customer": {"name": "陶女士", "phone": "13800000000", "address": "虚构路 1 号", "account": "1001"},
    "work": {"content": "检修漏水", "place": "厨房"},
    "assigned": {"meter_exchanged": False},
    "external_ref": "GD-1",
}
_ENTRIES = {
    "entries": [
        {
            "id": "e23cd391-e912-5ee6-ac99-89d25c14c1df",
            "what": "appointment_agreed",
            "at": "2026-03-01T16:20:00+08:00",
            "by": "dispatcher",
            "evidence": [{"kind": "message_log", "channel": "sms"}],
        }
    ]
}

_JUDGEMENT = JudgementView(
    visit="01956e2c-8a00-7000-8000-000000000002",
    checklist="onsite@1",
    at=datetime.fromisoformat("2026-03-02T12:00:00+08:00"),
    verdict="compliant_with_remarks",
    findings=(
        FindingView(
            code="order.id_shown.before.entered",
            kind="order",
            item="id_shown",
            thing=None,
            severity="warning",
            clause="4.3.2",
            message=Text("出示工作证应在进门之前", "Showing the ID card comes before entering"),
            entries=("625269f5-9c05-5508-b9d7-2105123d5225",),
        ),
    ),
)


def visit_response(visit: VisitView, status: int = 200) -> Response[VisitView]:
    """A visit with its ETag, which counts the changes: it is for what may change, not for what is written."""
    return Response(visit, status_code=status, headers={"ETag": f'"{visit.revision}"'})


class VisitsController(Controller):
    """Visits, planned and looked at."""

    tags = ("visits",)

    @put(
        "/v1/visits/{visit_id:uuid}",
        summary="Plan a visit; it takes the newest published checklist and keeps that version",
        status_code=201,
        dto=StrictBody[Plan],
        return_dto=None,
        guards=[requires("plan a visit")],
        operation_class=example(_PLAN),
        response_headers=[VISIT_ETAG],
        responses={
            200: answer(VisitView, "It was planned before: the visit as it is now"),
            **problems(*WRITE_ERRORS, NotFound, IdReusedWithOtherContent, UnknownPerson, UnknownChecklist),
        },
    )
    async def plan_visit(
        self,
        caller: Caller,
        visit_id: FromPath[UUID],
        data: JSONBody[Plan],
        body: RawBody,
    ) -> Response[VisitView]:
        """The client makes the id. The same bytes under the same id again are no change; other bytes are a conflict."""
        created, visit = await planning.create(*caller, visit_id, data, body)
        return visit_response(visit, 201 if created else 200)

    @get("/v1/visits", summary="Visits that I may see, by time", responses=problems(*READ_ERRORS))
    async def list_visits(
        self,
        caller: Caller,
        wanted_state: Annotated[State | None, choice_parameter("One state.", get_args(State), "state")] = None,
        flag: Annotated[
            Flag | None,
            choice_parameter(
                "One flag, such as asked_time: the customer waits for an answer about another time.", get_args(Flag)
            ),
        ] = None,
        technician: Annotated[str | None, text_parameter("Login of the technician or of one of the crew.")] = None,
        area: Annotated[str | None, text_parameter("One area (片区).")] = None,
        visit_type: Annotated[str | None, text_parameter("One type of visit.", "type")] = None,
        start: Annotated[str | None, time_parameter("Planned at or after this time.", "from")] = None,
        end: Annotated[str | None, time_parameter("Planned before this time.", "to")] = None,
        q: Annotated[
            str | None, text_parameter("Part of a name, account, address, phone or work order number.")
        ] = None,
        after: Annotated[str | None, text_parameter("The cursor of the page before.")] = None,
    ) -> VisitList:
        """A technician gets the visits of their own, others those of their areas. With `q` they come in another order,
        and a page may be short though `after` leads on."""
        filters = {
            "state": wanted_state,
            "flag": flag,
            "technician": technician,
            "area": area,
            "type": visit_type,
            "from": start,
            "to": end,
            "q": q,
            "after": after,
        }
        return await listing.list_visits(*caller, {name: value for name, value in filters.items() if value is not None})

    @get(
        "/v1/visits/{visit_id:uuid}",
        summary="The visit, its entries, records, judgement now",
        response_headers=[VISIT_ETAG],
        responses=problems(*READ_ERRORS, NotFound),
    )
    async def show_visit(self, caller: Caller, visit_id: FromPath[UUID]) -> Response[VisitView]:
        """A visit that the caller may not see is not found. Technicians do not read here what the customer answered."""
        return visit_response(await views.get_visit(*caller, visit_id))

    @post(
        "/v1/visits/{visit_id:uuid}/entries",
        summary="Add entries of the office; ids make it repeatable",
        dto=StrictBody[OfficeEntries],
        return_dto=None,
        guards=[requires("write entries of the office")],
        operation_class=example(_ENTRIES, _JUDGEMENT),
        responses={
            200: answer(JudgementView, "They were there before: the judgement as it is now"),
            **problems(*WRITE_ERRORS, NotFound, EntryIdReused, TooManyEntries, VisitFull, DayFull),
        },
    )
    async def add_entries(
        self,
        caller: Caller,
        visit_id: FromPath[UUID],
        data: JSONBody[OfficeEntries],
        body: RawBody,
    ) -> Response[JudgementView]:
        """All entries are taken or none. `by` is a role of the caller's own, or `office`."""
        added, judgement = await office_entries.add_office_entries(*caller, visit_id, data, body)
        return Response(judgement, status_code=201 if added else 200)

    @get(
        "/v1/visits/{visit_id:uuid}/judgement",
        summary="What the judge says at any moment",
        operation_class=example(answer=_JUDGEMENT),
        responses=problems(*READ_ERRORS, NotFound),
    )
    async def show_judgement(
        self,
        caller: Caller,
        visit_id: FromPath[UUID],
        at: Annotated[str | None, time_parameter("The moment; without it, now.")] = None,
    ) -> JudgementView:
        """The entries that are there now, judged as of a moment: duties that are due later are open then."""
        return await loading.judgement_at(*caller, visit_id, at)


ROUTES = (VisitsController,)
