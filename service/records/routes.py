"""Routes of records."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, get, put
from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
)
from litestar.params import FromPath, HeaderParameter, JSONBody, PathParameter
from litestar.response.base import ASGIResponse

from service.accounts.caller import Caller, CallerInfo, caller_of, requires
from service.devices.signatures import parse_signature_header
from service.errors import (
    DayFull,
    Erased,
    IdMismatch,
    IdReusedWithOtherContent,
    NotFound,
    NotYourVisit,
    Problem,
    QuarantineFull,
    TooManyEntries,
    UnknownChecklist,
    UnknownVisit,
    VisitFull,
    WrongMediaType,
)
from service.visits.receipt import Receipt
from service.visits.wire import Record
from service.web import body
from service.web.api_document import READ_ERRORS, WRITE_ERRORS, answer, example, problems
from service.web.decoding import is_uuid, to_json
from service.web.query import text_parameter
from service.web.request import AnyRequest
from service.web.request_info import get_header
from service.web.strict_body import ExactBody

from . import manual_import, quarantine, submit

_SIGNATURE = "Base64 of the device's ES256 signature over the exact bytes: r and s, or DER."
SignatureHeader = Annotated[str | None, HeaderParameter(name="X-Signature", required=False, description=_SIGNATURE)]
ErrorsOfRecords = (
    *WRITE_ERRORS,
    NotFound,
    Erased,
    UnknownVisit,
    UnknownChecklist,
    NotYourVisit,
    IdMismatch,
    TooManyEntries,
    IdReusedWithOtherContent,
    VisitFull,
)
REPLAYED = {200: answer(Receipt, "It was stored before: the receipt as of now")}

_RECORD = {
    "id": "01956e2c-8a00-7000-8000-000000000004",
    "visit": "01956e2c-8a00-7000-8000-000000000002",
    "checklist": "onsite@1",
    "entries": [
        {
            "id": "4cb6600c-015b-51c6-ae5f-e169ac80adc9",
            "what": "arrived",
            "at": "2026-03-02T09:12:00+08:00",
            "by": "technician",
            "evidence": [{"kind": "gps", "lat": 31.2304, "lon": 121.4737, "accuracy_m": 8}],
        },
        {
            "id": "625269f5-9c05-5508-b9d7-2105123d5225",
            "what": "id_shown",
            "at": "2026-03-02T09:13:45+08:00",
            "by": "technician",
        },
    ],
    "app": "doorstep 1.2",
    "device_clock": {"at": "2026-03-02T09:20:00+08:00", "tick": 480000, "session": "k3v0"},
}


@dataclass
class RecordOperation(Operation):
    """Documents the body, which the handler reads itself."""

    def __post_init__(self) -> None:
        schema = Reference(ref="#/components/schemas/Record")
        self.request_body = RequestBody(
            content={"application/json": OpenAPIMediaType(schema=schema, example=_RECORD)}, required=True
        )
        text = Schema(one_of=[Schema(type=OpenAPIType.STRING), Schema(type=OpenAPIType.NULL)])
        header = Parameter("X-Signature", "header", text, _SIGNATURE, required=False)
        text.description = _SIGNATURE
        self.parameters = [*(self.parameters or ()), header]


class RecordsController(Controller):
    """Records of visits, which phones submit."""

    tags = ("records",)

    @put(
        "/v1/records/{record_id:str}",
        summary="Submit a record: it is stored as it is, judged, and answered with a receipt",
        status_code=201,
        operation_class=RecordOperation,
        responses={
            201: answer(Receipt, "Document created, URL follows"),
            **REPLAYED,
            **problems(*ErrorsOfRecords, DayFull, QuarantineFull),
        },
    )
    async def submit_record(
        self,
        request: AnyRequest,
        record_id: Annotated[str, PathParameter(description="A UUID that the phone made.", format="uuid")],
    ) -> ASGIResponse:
        """Repeating the request with the same bytes returns the receipt again. A record that is refused is stored in
        quarantine, even if it is not JSON."""
        # nearly all load comes here: without injection and a `Response` Litestar takes half the time
        caller, header = caller_of(request), get_header(request.scope, b"x-signature")
        signature = parse_signature_header(None if header is None else header.decode("latin-1"))
        if not is_uuid(record_id):
            problem = NotFound("the id in the address must be a UUID")
            await _quarantine_unread(request, caller, record_id, problem, signature)
            raise problem
        try:
            raw = await request.body()
        except WrongMediaType as problem:
            await _quarantine_unread(request, caller, record_id, problem, signature)
            raise
        receipt = await submit.submit_record(*caller, UUID(record_id), raw, signature)
        return ASGIResponse(status_code=200 if receipt.replayed else 201, body=to_json(receipt))

    @get(
        "/v1/records/{record_id:uuid}",
        summary="The receipt as of now",
        responses=problems(*READ_ERRORS, NotFound, Erased),
    )
    async def show_receipt(self, caller: Caller, record_id: FromPath[UUID]) -> Receipt:
        """With the verdict and the findings of its visit as of now."""
        return await submit.receipt(*caller, record_id)

    @get(
        "/v1/records/{record_id:uuid}/body",
        summary="The exact bytes as they arrived",
        media_type="application/json",
        responses={200: answer(Record, "The record as it was sent"), **problems(*READ_ERRORS, NotFound, Erased)},
    )
    async def show_body(self, caller: Caller, record_id: FromPath[UUID]) -> bytes:
        """As the phone sent them, before Content-Encoding."""
        return await submit.body(*caller, record_id)

    @put(
        "/v1/visits/{visit_id:uuid}/taken-in/{record_id:uuid}",
        summary="Import a record from a file, in the technician's name; it is marked as such",
        status_code=201,
        dto=ExactBody[Record],
        return_dto=None,
        guards=[requires("take in records")],
        operation_class=example(_RECORD),
        responses={**REPLAYED, **problems(*ErrorsOfRecords)},
    )
    async def take_in_record(
        self,
        caller: Caller,
        visit_id: FromPath[UUID],
        record_id: FromPath[UUID],
        data: JSONBody[bytes],
        technician: Annotated[
            str | None, text_parameter("Login of the author, if several were assigned and no signature tells.")
        ] = None,
        signature: SignatureHeader = None,
    ) -> Response[Receipt]:
        """For a phone that can no longer send. The exact bytes are stored."""
        receipt = await manual_import.import_record(
            *caller, visit_id, record_id, data, technician, parse_signature_header(signature)
        )
        return _receipt(receipt)


def _receipt(receipt: Receipt) -> Response[Receipt]:
    return Response(receipt, status_code=200 if receipt.replayed else 201)


async def _quarantine_unread(
    request: AnyRequest, caller: CallerInfo, name: str, problem: Problem, signature: bytes | None
) -> None:
    """Store a body that cannot be read as a record: the phone may delete it after the response."""
    limit: int = request.app.state["max_body"]
    raw = await body.read_json_body(request.scope, request.receive, limit, whatever=True)
    await quarantine.quarantine_input(*caller, name, raw, problem, signature)


ROUTES = (RecordsController,)
