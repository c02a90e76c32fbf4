"""A technician's departure for a visit."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, Response, put
from litestar.params import FromPath, JSONBody, RawBody

from service.accounts.caller import Caller, requires
from service.errors import DepartureNotNow, Erased, NotFound, NotYourVisit, VisitCancelled, VisitFull
from service.visits.departures import Departure, DepartureView
from service.web.api_document import WRITE_ERRORS, answer, example, problems
from service.web.strict_body import StrictBody

from .departing import record_departure

_LEFT = datetime.fromisoformat("2026-03-02T08:40:00+08:00")
_ARRIVES = datetime.fromisoformat("2026-03-02T09:05:00+08:00")
_EXAMPLE = DepartureView(at=_LEFT, minutes=25, by="li", received_at=_LEFT, arrives_at=_ARRIVES)


class DeparturesController(Controller):
    """A technician is on the way."""

    tags = ("visits",)
    return_dto = None

    @put(
        "/v1/visits/{visit_id:uuid}/departure",
        summary="The technician is on the way; idempotent",
        status_code=201,
        dto=StrictBody[Departure],
        guards=[requires("submit a record")],
        operation_class=example(Departure(at=_LEFT, minutes=25), _EXAMPLE),
        responses={
            200: answer(DepartureView, "It was recorded before"),
            **problems(*WRITE_ERRORS, NotFound, Erased, NotYourVisit, VisitCancelled, DepartureNotNow, VisitFull),
        },
    )
    async def record_departure(
        self, caller: Caller, visit_id: FromPath[UUID], data: JSONBody[Departure], body: RawBody
    ) -> Response[DepartureView]:
        """By the assigned technician or crew, until somebody has arrived. Another departure of theirs replaces the one
        before, such as when they will be later; after another time or technician a new one is needed."""
        added, departure = await record_departure(*caller, visit_id, data, body)
        return Response(departure, status_code=201 if added else 200)


ROUTES = (DeparturesController,)
