"""Legal holds over the API, and what was erased."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from service import errors
from service.accounts.caller import Caller, requires
from service.web.api_document import CHANGE_ERRORS, READ_ERRORS, WRITE_ERRORS, answer, example, problems
from service.web.strict_body import StrictBody

from . import holds
from .holds import Hold, HoldView

_VISIT = "01956e2c-8a00-7000-8000-000000000002"
_HOLD = HoldView(
    id="01956e2c-8a00-7000-8000-000000000009",
    visit=_VISIT,
    reason="(2026) 沪 0101 民初 77 号",
    by="wang",
    at=datetime.fromisoformat("2026-03-02T12:00:00+08:00"),
    until=None,
    ended_at=None,
    ended_by=None,
    active=True,
)


class Holds(msgspec.Struct, frozen=True):
    """The visits that must not be erased."""

    holds: Annotated[tuple[HoldView, ...], Meta(description="The active holds, the oldest first.")]


class HoldsController(Controller):
    """Legal holds: nothing of a visit that is held is erased."""

    tags = ("privacy",)
    return_dto = None

    @put(
        "/v1/visits/{visit_id:uuid}/holds/{hold_id:uuid}",
        summary="Hold a visit: it must not be erased, whatever its term",
        status_code=201,
        dto=StrictBody[Hold],
        guards=[requires("hold visits")],
        operation_class=example({"reason": _HOLD.reason}, _HOLD),
        responses={
            200: answer(HoldView, "It was held before with the same content"),
            **problems(*WRITE_ERRORS, errors.NotFound, errors.Erased, errors.IdReusedWithOtherContent),
        },
    )
    async def set_hold(
        self, caller: Caller, visit_id: FromPath[UUID], hold_id: FromPath[UUID], data: JSONBody[Hold]
    ) -> Response[HoldView]:
        """The client chooses the id. Repeating the same content changes nothing; other content is a conflict."""
        first, hold = await holds.set_hold(*caller, visit_id, hold_id, data)
        return Response(hold, status_code=201 if first else 200)

    @delete(
        "/v1/visits/{visit_id:uuid}/holds/{hold_id:uuid}",
        summary="End a hold",
        guards=[requires("hold visits")],
        responses=problems(*CHANGE_ERRORS, errors.NotFound, errors.Erased),
    )
    async def end_hold(self, caller: Caller, visit_id: FromPath[UUID], hold_id: FromPath[UUID]) -> None:
        """From now on the visit is erased when its term is over. A repetition changes nothing."""
        await holds.end_hold(*caller, visit_id, hold_id)

    @get(
        "/v1/holds",
        summary="The visits that must not be erased",
        guards=[requires("hold visits")],
        operation_class=example(answer=Holds((_HOLD,))),
        responses=problems(*READ_ERRORS),
    )
    async def list_holds(self, caller: Caller) -> Holds:
        """Those of the caller's areas."""
        return Holds(await holds.list_holds(*caller))


ROUTES = (HoldsController,)
