"""Changes of a visit. `If-Match` prevents overwriting a change unknown to the client."""

import re
from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, put
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, HeaderParameter, JSONBody, RawBody

from service import errors
from service.accounts.caller import Caller, CallerInfo, Connection, requires
from service.visits.change_rows import ChangeKind
from service.visits.changes import Cancellation, Content, DetailsUpdate, DueDates, Reassignment, Reschedule
from service.web.api_document import WRITE_ERRORS, example, problems
from service.web.preconditions import required_tags
from service.web.strict_body import StrictBody

from .rescheduling import change
from .routes import VISIT_ETAG, visit_response
from .views import VisitView

_REVISION = re.compile(r"[0-9]{1,15}")
_ERRORS = (
    *WRITE_ERRORS,
    errors.InvalidHeader,
    errors.NotFound,
    errors.Erased,
    errors.VisitCancelled,
    errors.PreconditionRequired,
    errors.PreconditionFailed,
)
VisitId = FromPath[UUID]
IfMatch = Annotated[
    str, HeaderParameter(name="If-Match", description='The ETag of the last known state of the visit, such as "3".')
]


def expected_revisions(if_match: str) -> frozenset[int]:
    """The revisions that an If-Match header names."""
    return frozenset(int(tag) for tag in required_tags(if_match) if _REVISION.fullmatch(tag))


async def _require_if_match(connection: Connection, _: BaseRouteHandler) -> None:
    """A guard: PreconditionRequired without If-Match; `*` names no state."""
    required_tags(connection.headers.get("if-match", ""))


class ChangesController(Controller):
    """Changes of a visit by dispatch."""

    tags = ("visits",)
    path = "/v1/visits/{visit_id:uuid}"
    return_dto = None
    guards = (_require_if_match, requires("change a visit"))
    response_headers = (VISIT_ETAG,)

    @put(
        "/window",
        summary="Reschedule, with a reason, until the technician has left; the trail keeps the old time",
        operation_class=example(
            {"from": "2026-03-02T14:00:00+08:00", "to": "2026-03-02T15:00:00+08:00", "reason": "客户下午才在家"}
        ),
        dto=StrictBody[Reschedule],
        responses=problems(*_ERRORS, errors.VisitAlreadyStarted, errors.VisitFull),
    )
    async def change_window(
        self, caller: Caller, visit_id: VisitId, data: JSONBody[Reschedule], body: RawBody, if_match: IfMatch = ""
    ) -> Response[VisitView]:
        """The visit is judged by its first window, and by whether the customer was notified of later ones."""
        return await _change(caller, visit_id, "window", data, body, if_match)

    @put(
        "/technician",
        summary="Reassign; the former technician may still submit records",
        operation_class=example({"technician": "sun", "crew": ["li"], "reason": "李师傅请假"}),
        dto=StrictBody[Reassignment],
        responses=problems(*_ERRORS, errors.UnknownPerson, errors.VisitFull),
    )
    async def change_technician(
        self, caller: Caller, visit_id: VisitId, data: JSONBody[Reassignment], body: RawBody, if_match: IfMatch = ""
    ) -> Response[VisitView]:
        """The visit moves to the agendas of the new technician and crew. Without `crew` the crew stays."""
        return await _change(caller, visit_id, "technician", data, body, if_match)

    @put(
        "/details",
        summary="Correct the phone, address or work, with a reason",
        operation_class=example(
            {"reason": "电话写错", "customer": {"name": "陶女士", "phone": "13900000000", "address": "虚构路 1 号"}}
        ),
        dto=StrictBody[DetailsUpdate],
        responses=problems(*_ERRORS, errors.VisitFull),
    )
    async def change_details(
        self, caller: Caller, visit_id: VisitId, data: JSONBody[DetailsUpdate], body: RawBody, if_match: IfMatch = ""
    ) -> Response[VisitView]:
        """`customer` and `work` are replaced as a whole; what is left out stays."""
        return await _change(caller, visit_id, "details", data, body, if_match)

    @put(
        "/due",
        summary="Set deadlines of open duties, by `item` or `item[thing]`",
        operation_class=example({"damage_made_good[tile]": "2026-03-09T18:00:00+08:00"}),
        dto=StrictBody[DueDates],
        responses=problems(*_ERRORS, errors.VisitFull),
    )
    async def change_due(
        self, caller: Caller, visit_id: VisitId, data: JSONBody[DueDates], body: RawBody, if_match: IfMatch = ""
    ) -> Response[VisitView]:
        """Deadlines of other duties stay."""
        return await _change(caller, visit_id, "due", data, body, if_match)

    @put(
        "/cancellation",
        summary="Cancel, with a reason; records are still accepted, and reviewed",
        operation_class=example({"reason": "客户退单"}),
        dto=StrictBody[Cancellation],
        responses=problems(*_ERRORS, errors.VisitAlreadyStarted),
    )
    async def cancel_visit(
        self, caller: Caller, visit_id: VisitId, data: JSONBody[Cancellation], body: RawBody, if_match: IfMatch = ""
    ) -> Response[VisitView]:
        """Final: plan another visit instead. A visit that has begun cannot be cancelled."""
        return await _change(caller, visit_id, "cancellation", data, body, if_match)


async def _change(
    caller: CallerInfo, visit_id: UUID, kind: ChangeKind, content: Content, raw: bytes, if_match: str
) -> Response[VisitView]:
    return visit_response(await change(*caller, visit_id, kind, content, raw, expected_revisions(if_match)))


ROUTES = (ChangesController,)
