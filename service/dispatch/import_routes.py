"""Importing a day's plan from a table."""

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
LARGEST = 8 * 2**20


@dataclass
class ImportOperation(Operation):
    """The operation that takes a table: it reads the body itself."""

    def __post_init__(self) -> None:
        """Describe the body."""
        self.request_body = bytes_body(CSV, f"A table with one visit a row (docs/operations.md); also {XLSX}.")


class ImportsController(Controller):
    """Tables of visits."""

    tags = ("visits",)

    @post(
        "/v1/imports",
        summary="Plan visits from a table (CSV or XLSX); a dry run only says what is wrong, row by row",
        status_code=200,
        operation_class=ImportOperation,
        responses=problems(*WRITE_ERRORS),
    )
    async def import_visits(
        self,
        request: AnyRequest,
        caller: Caller,
        dry_run: Annotated[Literal["0", "1"] | None, choice_parameter("1: nothing is kept.", ("0", "1"))] = None,
    ) -> ImportResult:
        """Each row is taken or refused by itself. The same table may be sent again: a visit's id follows from its work
        order number."""
        scope = request.scope
        kind = (get_header(scope, b"content-type") or b"").decode("latin-1").partition(";")[0].strip().lower()
        if kind not in (CSV, XLSX) or get_header(scope, b"content-encoding"):
            raise WrongMediaType(f"send {CSV} or {XLSX}")
        if body.announced(get_header(scope, b"content-length") or b"") > LARGEST:
            raise BodyTooLarge(f"at most {LARGEST} bytes")
        raw = await body.read_limited(request.receive, LARGEST)
        form = "xlsx" if kind == XLSX else "csv"
        return await importing.import_visits(*caller, raw, form, dry_run=dry_run == "1")


ROUTES = (ImportsController,)
