"""Import of visits from a table."""

from dataclasses import dataclass
from typing import Annotated, Literal

from litestar import Controller, post
from litestar.openapi.spec import Operation

from service.accounts.caller import Caller
from service.errors import BodyTooLarge, WrongMediaType
from service.web import body
from service.web.api_document import WRITE_ERRORS, bytes_body, problems
from service.web.query import choice_parameter
from service.web.request import AnyRequest
from service.web.request_info import get_header

from . import importing
from .importing import ImportResult

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_BYTES = 8 * 2**20


@dataclass
class ImportOperation(Operation):
    """An operation whose handler reads a table from the body."""

    def __post_init__(self) -> None:
        """Describe the body."""
        self.request_body = bytes_body(CSV, f"A table with one visit a row (docs/operations.md); also {XLSX}.")


class ImportsController(Controller):
    """Imports of visits."""

    tags = ("visits",)

    @post(
        "/v1/imports",
        summary="Plan visits from a table (CSV or XLSX); a dry run only lists the errors, row by row",
        status_code=200,
        operation_class=ImportOperation,
        responses=problems(*WRITE_ERRORS),
    )
    async def import_visits(
        self,
        request: AnyRequest,
        caller: Caller,
        dry_run: Annotated[Literal["0", "1"] | None, choice_parameter("1: nothing is stored.", ("0", "1"))] = None,
    ) -> ImportResult:
        """Each row is accepted or refused by itself. Idempotent: a visit's id is derived from its work order number."""
        scope = request.scope
        kind = (get_header(scope, b"content-type") or b"").decode("latin-1").partition(";")[0].strip().lower()
        if kind not in (CSV, XLSX) or get_header(scope, b"content-encoding"):
            raise WrongMediaType(f"send {CSV} or {XLSX}")
        if body.announced(get_header(scope, b"content-length") or b"") > MAX_BYTES:
            raise BodyTooLarge(f"at most {MAX_BYTES} bytes")
        raw = await body.read_limited(request.receive, MAX_BYTES)
        form = "xlsx" if kind == XLSX else "csv"
        return await importing.import_visits(*caller, raw, form, dry_run=dry_run == "1")


ROUTES = (ImportsController,)
