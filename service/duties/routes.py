"""Duties: what is owed to customers, and calls to them about it."""

from typing import Annotated, get_args
from uuid import UUID

from litestar import Controller, Response, get, put
from litestar.params import FromPath, JSONBody

from service import errors
from service.accounts.caller import Caller, requires
from service.visits.loading import JudgementView
from service.visits.owed_duties import OwnerRole
from service.web.api_document import READ_ERRORS, WRITE_ERRORS, answer, example, problems
from service.web.query import choice_parameter, text_parameter, time_parameter
from service.web.strict_body import StrictBody

from . import callbacks, listing
from .callbacks import Callback
from .listing import DutyFilter, DutyList, DutyState

_CALLBACK = {
    "called": "陶女士 13800000000",
    "at": "2026-03-04T10:00:00+08:00",
    "text": "柜门已修好，很满意",
    "answers": [{"item": "damage_customer_satisfied", "thing": "cabinet", "good": True}],
}


class DutiesController(Controller):
    """What is owed to customers."""

    tags = ("duties",)
    return_dto = None

    @get("/v1/duties", summary="What is owed to customers, by due date", responses=problems(*READ_ERRORS))
    async def list_duties(
        self,
        caller: Caller,
        owner: Annotated[OwnerRole | None, choice_parameter("Whose duty it is.", get_args(OwnerRole))] = None,
        area: Annotated[str | None, text_parameter("One area (片区).")] = None,
        wanted_state: Annotated[
            DutyState | None, choice_parameter("Without it, what is open or overdue.", get_args(DutyState), "state")
        ] = None,
        due_before: Annotated[str | None, time_parameter("Due before this time.")] = None,
        after: Annotated[str | None, text_parameter("The cursor of the page before.")] = None,
    ) -> DutyList:
        """Dispatchers and supervisors get the duties of their areas."""
        wanted = DutyFilter(
            owner=owner or "", area=area, state=wanted_state or "open", due_before=due_before, after=after
        )
        return await listing.list_duties(*caller, wanted)

    @put(
        "/v1/visits/{visit_id:uuid}/callbacks/{callback_id:uuid}",
        summary="Write down a call to the customer",
        status_code=201,
        dto=StrictBody[Callback],
        guards=(requires("review visits"),),
        operation_class=example(_CALLBACK),
        responses={
            200: answer(JudgementView, "It was written down before: the judgement as it is now"),
            **problems(
                *WRITE_ERRORS, errors.NotFound, errors.VisitFull, errors.OwnVisit, errors.IdReusedWithOtherContent
            ),
        },
    )
    async def record_callback(
        self, caller: Caller, visit_id: FromPath[UUID], callback_id: FromPath[UUID], data: JSONBody[Callback]
    ) -> Response[JudgementView]:
        """What the customer says counts as theirs, also where only they may attest it; its entries say `via`
        callback."""
        added, judgement = await callbacks.record_callback(*caller, visit_id, callback_id, data)
        return Response(judgement, status_code=201 if added else 200)


ROUTES = (DutiesController,)
