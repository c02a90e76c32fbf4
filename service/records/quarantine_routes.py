"""Routes of the quarantine."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, put
from litestar.params import FromPath, JSONBody, QueryParameter

from service.accounts.caller import Caller, requires
from service.errors import AlreadyDecided, Erased, NotFound
from service.web.api_document import READ_ERRORS, WRITE_ERRORS, example, problems
from service.web.query import choice_parameter, text_parameter
from service.web.strict_body import StrictBody

from . import quarantine, quarantine_decisions
from .quarantine import QuarantinedInput, QuarantinePage
from .quarantine_decisions import Decision, DecisionResult
from .routes import ErrorsOfRecords

_NOON = datetime.fromisoformat("2026-03-02T12:00:00+08:00")
_WAITS = QuarantinedInput(
    id="01956e2c-8a00-7000-8000-000000000003",
    code="unknown-visit",
    path_id="01956e2c-8a00-7000-8000-000000000004",
    size=1720,
    sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    received_at=_NOON,
    received_from="li",
    decision=None,
    decided_by=None,
    decided_at=None,
    reason=None,
    taken_as=None,
)
_DISCARDED = msgspec.structs.replace(_WAITS, decision="discard", decided_by="wang", decided_at=_NOON, reason="测试数据")


class QuarantineController(Controller):
    """Refused input, for supervisors to read and decide about."""

    tags = ("quarantine",)

    @get(
        "/v1/quarantine",
        summary="Inputs that wait for a decision, or that were decided, oldest first",
        operation_class=example(answer=QuarantinePage((_WAITS,), None)),
        responses=problems(*READ_ERRORS),
    )
    async def list_quarantine(
        self,
        caller: Caller,
        decided: Annotated[
            Literal["false", "true"] | None, choice_parameter("true: those that were decided.", ("false", "true"))
        ] = None,
        after: Annotated[str | None, text_parameter("The cursor from the previous page.")] = None,
    ) -> QuarantinePage:
        """Inputs from people whom the caller supervises, without their bytes."""
        return await quarantine.list_quarantined(*caller, after, decided=decided == "true")

    @get(
        "/v1/quarantine/{quarantine_id:uuid}",
        summary="The bytes; the access is logged with its reason",
        media_type="application/octet-stream",
        response_description="The exact bytes as they arrived.",
        responses=problems(*WRITE_ERRORS, NotFound, Erased),
    )
    async def look_at_quarantine(
        self,
        caller: Caller,
        quarantine_id: FromPath[UUID],
        reason: Annotated[str, QueryParameter(required=True, description="Why you read it.", max_length=500)],
    ) -> Response[bytes]:
        """They are sent as an attachment, so that no browser opens refused input."""
        raw = await quarantine.read_input(*caller, quarantine_id, reason)
        return Response(raw, headers={"Content-Disposition": "attachment"})

    @put(
        "/v1/quarantine/{quarantine_id:uuid}/decision",
        summary="Submit the input again, or discard it",
        dto=StrictBody[Decision],
        return_dto=None,
        guards=[requires("decide quarantine")],
        operation_class=example(
            {"decision": "discard", "reason": "测试数据"}, DecisionResult(_DISCARDED, receipt=None)
        ),
        responses=problems(*ErrorsOfRecords, AlreadyDecided),
    )
    async def decide_quarantine(
        self, caller: Caller, quarantine_id: FromPath[UUID], data: JSONBody[Decision]
    ) -> DecisionResult:
        """The input is submitted in its sender's name. With `body` a mended copy is submitted instead, under the same
        id: the record names who took it in, and the original stays as it arrived; only supervisors may. If it is still
        refused, the problem is returned and it stays undecided. Repeating one's own decision changes nothing."""
        return await quarantine_decisions.decide(*caller, quarantine_id, data)


ROUTES = (QuarantineController,)
