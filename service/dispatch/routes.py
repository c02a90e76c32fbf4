"""Visits: plan, list and show them, and add entries of the office."""

from datetime import datetime
from typing import Annotated, get_args
from uuid import UUID

from litestar import Controller, Response, get, post, put
from litestar.datastructures import ResponseHeader
from litestar.params import FromPath, JSONBody, RawBody

from service import errors
from service.accounts.caller import Caller, requires
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
    name="ETag", value="", documentation_only=True, description="The revision, which changes name in If-Match."
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
    """A visit with its ETag: the revision of its plan, which entries do not change."""
    return Response(visit, status_code=status, headers={"ETag": f'"{visit.revision}"'})


class VisitsController(Controller):
    """Visits."""

    tags = ("visits",)
    return_dto = None

    @put(
        "/v1/visits/{visit_id:uuid}",
        summary="Plan a visit; it keeps the checklist version that is the newest now",
        status_code=201,
        dto=StrictBody[Plan],
        guards=[requires("plan a visit")],
        operation_class=example(_PLAN),
        response_headers=[VISIT_ETAG],
        responses={
            200: answer(VisitView, "It was planned before: the visit in its current state"),
            **problems(
                *WRITE_ERRORS,
                errors.NotFound,
                errors.Erased,
                errors.IdReusedWithOtherContent,
                errors.UnknownPerson,
                errors.UnknownChecklist,
            ),
        },
    )
    async def plan_visit(
        self, caller: Caller, visit_id: FromPath[UUID], data: JSONBody[Plan], body: RawBody
    ) -> Response[VisitView]:
        """The client chooses the id. Repeating the same bytes changes nothing; other bytes are a conflict."""
        created, visit = await planning.create(*caller, visit_id, data, body)
        return visit_response(visit, 201 if created else 200)

    @get("/v1/visits", summary="The visits that the caller may see, by time", responses=problems(*READ_ERRORS))
    async def list_visits(
        self,
        caller: Caller,
        wanted_state: Annotated[State | None, choice_parameter("One state.", get_args(State), "state")] = None,
        flag: Annotated[Flag | None, choice_parameter("One flag, such as asked_time.", get_args(Flag))] = None,
        technician: Annotated[str | None, text_parameter("Login of the technician or of a crew member.")] = None,
        area: Annotated[str | None, text_parameter("One area (片区).")] = None,
        visit_type: Annotated[str | None, text_parameter("One type of visit.", "type")] = None,
        start: Annotated[str | None, time_parameter("Whose window ends after this time.", "from")] = None,
        end: Annotated[str | None, time_parameter("Whose window begins before this time.", "to")] = None,
        q: Annotated[str | None, text_parameter("A part of customer or order number; or a receipt number.")] = None,
        after: Annotated[str | None, text_parameter("The cursor of the previous page.")] = None,
    ) -> VisitList:
        """Technicians get their own visits, others those of their areas. With `q` the order is another one, and a short
        page is not always the last one."""
        filters = {"state": wanted_state, "flag": flag, "technician": technician, "area": area, "type": visit_type}
        filters |= {"from": start, "to": end, "q": q, "after": after}
        return await listing.list_visits(*caller, {name: value for name, value in filters.items() if value is not None})

    @get(
        "/v1/visits/{visit_id:uuid}",
        summary="A visit with its entries, records and current judgement",
        response_headers=[VISIT_ETAG],
        responses=problems(*READ_ERRORS, errors.NotFound, errors.Erased),
    )
    async def show_visit(self, caller: Caller, visit_id: FromPath[UUID]) -> Response[VisitView]:
        """Visits that the caller may not see are not found. The customer's answers are hidden from technicians."""
        return visit_response(await views.get_visit(*caller, visit_id))

    @post(
        "/v1/visits/{visit_id:uuid}/entries",
        summary="Add entries of the office; idempotent by their ids",
        dto=StrictBody[OfficeEntries],
        guards=[requires("write entries of the office")],
        operation_class=example(_ENTRIES, _JUDGEMENT),
        responses={
            200: answer(office_entries.OfficeReceipt, "They were added before: the current judgement"),
            **problems(
                *WRITE_ERRORS,
                errors.NotFound,
                errors.Erased,
                errors.EntryIdReused,
                errors.TooManyEntries,
                errors.VisitFull,
                errors.DayFull,
            ),
        },
    )
    async def add_entries(
        self, caller: Caller, visit_id: FromPath[UUID], data: JSONBody[OfficeEntries], body: RawBody
    ) -> Response[office_entries.OfficeReceipt]:
        """All entries are added, or none. `by` is one of the caller's roles, or `office`. What may be a slip, such as a
        time far ahead, is taken too, and named in `notes`."""
        added, receipt = await office_entries.add_office_entries(*caller, visit_id, data, body)
        return Response(receipt, status_code=201 if added else 200)

    @get(
        "/v1/visits/{visit_id:uuid}/judgement",
        summary="The judgement as of any moment",
        operation_class=example(answer=_JUDGEMENT),
        responses=problems(*READ_ERRORS, errors.NotFound, errors.Erased),
    )
    async def show_judgement(
        self,
        caller: Caller,
        visit_id: FromPath[UUID],
        at: Annotated[str | None, time_parameter("The moment; without it, now.")] = None,
    ) -> JudgementView:
        """The current entries, judged as of a moment: duties that are due later are open."""
        return await loading.judgement_at(*caller, visit_id, at)


ROUTES = (VisitsController,)
