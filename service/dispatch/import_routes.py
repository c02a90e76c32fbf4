"""Importing a day's plan from a table."""

from litestar import post
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.errors import BodyTooLarge, InvalidQuery, WrongMediaType
from service.web import body
from service.web.endpoint import WRITE_ERRORS, AnyRequest, Bytes, Parameter, RouteMetadata, query_of
from service.web.request_info import get_header
from service.web.responses import json_answer

from . import importing
from .importing import ImportResult

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LARGEST = 8 * 2**20
IMPORT = RouteMetadata(
    tag="visits",
    summary="Plan visits from a table (CSV or XLSX); a dry run only says what is wrong, row by row",
    request_body=Bytes(CSV, f"A table with one visit a row (docs/operations.md); also {XLSX}."),
    responses={200: ImportResult},
    query={"dry_run": Parameter("1: nothing is kept.", {"type": "string", "enum": ["0", "1"]})},
    problems=WRITE_ERRORS,
)


@post("/v1/imports", opt={"says": IMPORT})
async def import_visits(request: AnyRequest) -> ASGIApp:
    """Import a table."""
    query = query_of(request, IMPORT)
    kind = (get_header(request.scope, b"content-type") or b"").decode("latin-1").partition(";")[0].strip().lower()
    if kind not in (CSV, XLSX) or get_header(request.scope, b"content-encoding"):
        raise WrongMediaType(f"send {CSV} or {XLSX}")
    wish = query.get("dry_run", "0")
    if wish not in ("0", "1"):  # a trial that was misspelt must not be carried out
        raise InvalidQuery("dry_run is 0 or 1")
    if body.announced(get_header(request.scope, b"content-length") or b"") > LARGEST:
        raise BodyTooLarge(f"at most {LARGEST} bytes")
    raw = await body.read_limited(request.receive, LARGEST)
    form = "xlsx" if kind == XLSX else "csv"
    return json_answer(await importing.import_visits(*caller(request), raw, form, dry_run=wish == "1"))


ROUTES = (import_visits,)
