"""Records: what the phone submits, and the receipt that it gets."""

from uuid import UUID

from litestar import get, put
from litestar.types import ASGIApp, Receive, Scope

from service.accounts.endpoint import caller
from service.accounts.middleware import bearer_digest
from service.context import AppContext
from service.devices.signatures import parse_signature_header
from service.errors import (
    DayFull,
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
from service.web.endpoint import (
    READ_ERRORS,
    WRITE_ERRORS,
    AnyRequest,
    Bytes,
    Parameter,
    RouteMetadata,
    body_of,
    context_of,
    id_of,
    query_of,
)
from service.web.request_info import get_header
from service.web.responses import Answer, json_answer

from . import manual_import, quarantine, submit

SIGNATURE = {"X-Signature": Parameter("Base64 of the device's ES256 signature over the exact bytes: r and s, or DER.")}
TAKEN = (
    *WRITE_ERRORS,
    NotFound,
    UnknownVisit,
    UnknownChecklist,
    NotYourVisit,
    IdMismatch,
    TooManyEntries,
    IdReusedWithOtherContent,
    VisitFull,
)
SUBMIT = RouteMetadata(
    tag="records",
    summary="Submit a record: kept as it came, judged, answered with a receipt; the same again gives the receipt again",
    request_body=Record,
    responses={201: Receipt, 200: Receipt},
    headers=SIGNATURE,
    problems=(*TAKEN, DayFull, QuarantineFull),
)
RECEIPT = RouteMetadata(
    tag="records", summary="The receipt as of now", responses={200: Receipt}, problems=(*READ_ERRORS, NotFound)
)
BODY = RouteMetadata(
    tag="records",
    summary="The exact bytes as they came",
    responses={200: Bytes("application/json", "Byte by byte what the phone sent, after Content-Encoding.")},
    problems=(*READ_ERRORS, NotFound),
)


TAKE_IN = RouteMetadata(
    tag="records",
    summary="A supervisor takes in a record from a file, in the technician's name; it is marked as such",
    request_body=Record,
    responses={201: Receipt, 200: Receipt},
    query={"technician": Parameter("Login of who wrote it, where several were to go and no signature tells.")},
    headers=SIGNATURE,
    problems=TAKEN,
)


async def take(ctx: AppContext, limit: int, record_id: UUID, scope: Scope, receive: Receive) -> Answer:
    """Take a record: the one hot path, so it works on the bare ASGI scope (see `shortcut`)."""
    token = bearer_digest(scope)
    try:
        raw = await body.read_json_body(scope, receive, limit)
    except WrongMediaType as problem:
        await _keep(ctx, limit, str(record_id), problem, scope, receive)
        raise
    receipt = await submit.submit_record(
        ctx, token, record_id, raw, parse_signature_header(get_header(scope, b"x-signature"))
    )
    return json_answer(receipt, 200 if receipt.replayed else 201)


async def _keep(ctx: AppContext, limit: int, name: str, problem: Problem, scope: Scope, receive: Receive) -> None:
    """What cannot even be read as a record is kept too: a phone may have thrown it away when it was answered."""
    raw = await body.read_json_body(scope, receive, limit, whatever=True)
    await quarantine.quarantine_input(
        ctx, bearer_digest(scope), name, raw, problem, parse_signature_header(get_header(scope, b"x-signature"))
    )


@put("/v1/records/{record_id:str}", opt={"says": SUBMIT})
async def submit_record(request: AnyRequest) -> ASGIApp:
    """Submit a record."""
    ctx, limit = context_of(request), request.app.state["max_body"]
    try:
        record_id = id_of(request, "record_id")
    except NotFound as problem:
        name: str = request.scope["path_params"]["record_id"]
        await _keep(ctx, limit, name, problem, request.scope, request.receive)
        raise
    return await take(ctx, limit, record_id, request.scope, request.receive)


@get("/v1/records/{record_id:str}", opt={"says": RECEIPT})
async def show_receipt(request: AnyRequest) -> ASGIApp:
    """The receipt as of now."""
    return json_answer(await submit.receipt(*caller(request), id_of(request, "record_id")))


@get("/v1/records/{record_id:str}/body", opt={"says": BODY})
async def show_body(request: AnyRequest) -> ASGIApp:
    """The exact bytes as they came."""
    return Answer(200, await submit.body(*caller(request), id_of(request, "record_id")))


@put("/v1/visits/{visit_id:str}/taken-in/{record_id:str}", opt={"says": TAKE_IN})
async def take_in_record(request: AnyRequest) -> ASGIApp:
    """Take in a record from a file."""
    ctx, token = caller(request)
    visit, record = id_of(request, "visit_id"), id_of(request, "record_id")
    writer = query_of(request, TAKE_IN).get("technician")
    signature = parse_signature_header(get_header(request.scope, b"x-signature"))
    receipt = await manual_import.import_record(ctx, token, visit, record, await body_of(request), writer, signature)
    return json_answer(receipt, 200 if receipt.replayed else 201)


ROUTES = (submit_record, show_receipt, show_body, take_in_record)
