"""Legal holds over the API, and what was erased."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from service import errors
from service.accounts.caller import Caller, requires
from service.web.api_document import READ_ERRORS, WRITE_ERRORS, answer, example, problems
from service.web.query import choice_parameter
from service.web.strict_body import StrictBody

from . import holds
from .holds import Hold, HoldEnd, HoldView

_REASON = "(2026) 沪 0101 民初 77 号"
_VISIT = "01956e2c-8a00-7000-8000-000000000002"
_HOLD = HoldView(
    id="01956e2c-8a00-7000-8000-000000000009",
    visit=_VISIT,
    account=None,
    reason=_REASON,
    by="wang",
    at=datetime.fromisoformat("2026-03-02T12:00:00+08:00"),
    until=None,
    ended_at=None,
    ended_by=None,
    ended_because=None,
    active=True,
)
_ENDED = msgspec.structs.replace(
    _HOLD,
    ended_at=datetime.fromisoformat("2026-04-01T12:00:00+08:00"),
    ended_by="wang",
    ended_because="和解",
    active=False,
)


class Holds(msgspec.Struct, frozen=True):
    """What must not be erased, or for how long it had not to be."""

    holds: Annotated[tuple[HoldView, ...], Meta(description="The oldest first.")]


class HoldsController(Controller):
    """Legal holds: nothing of a visit that is held, or whose account is, is erased."""

    tags = ("privacy",)
    return_dto = None
    guards = (requires("hold visits"),)

    @put(
        "/v1/holds/{hold_id:uuid}",
        summary="Hold a visit, or all visits with an account: they must not be erased, whatever their term",
        status_code=201,
        dto=StrictBody[Hold],
        operation_class=example({"visit": _VISIT, "reason": _REASON}, _HOLD),
        responses={
            200: answer(HoldView, "It was held before with the same content"),
            **problems(*WRITE_ERRORS, errors.NotFound, errors.Erased, errors.IdReusedWithOtherContent),
        },
    )
    async def set_hold(self, caller: Caller, hold_id: FromPath[UUID], data: JSONBody[Hold]) -> Response[HoldView]:
        """The client chooses the id. Repeating the same content changes nothing; other content is a conflict. An
        account is that of at least one visit of the caller's areas."""
        first, hold = await holds.set_hold(*caller, hold_id, data)
        return Response(hold, status_code=201 if first else 200)

    @put(
        "/v1/holds/{hold_id:uuid}/end",
        summary="End a hold, with a reason",
        dto=StrictBody[HoldEnd],
        operation_class=example({"reason": "和解"}, _ENDED),
        responses=problems(*WRITE_ERRORS, errors.NotFound, errors.Erased),
    )
    async def end_hold(self, caller: Caller, hold_id: FromPath[UUID], data: JSONBody[HoldEnd]) -> HoldView:
        """From now on its visits are erased when their term is over. A repetition changes nothing; the answer says who
        ended it, when and why."""
        return await holds.end_hold(*caller, hold_id, data)

    @get(
        "/v1/holds",
        summary="What must not be erased",
        operation_class=example(answer=Holds((_HOLD,))),
        responses=problems(*READ_ERRORS),
    )
    async def list_holds(
        self,
        caller: Caller,
        ended: Annotated[
            Literal["false", "true"] | None, choice_parameter("true: those that ended.", ("false", "true"))
        ] = None,
    ) -> Holds:
        """The active holds of the caller's areas, or those that somebody ended or whose time is over."""
        found = await holds.list_holds(*caller)
        return Holds(tuple(one for one in found if one.active != (ended == "true")))


ROUTES = (HoldsController,)
