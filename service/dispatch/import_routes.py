"""Import of visits from a table."""

from dataclasses import dataclass
from typing import Annotated, Literal

from litestar import Controller, post
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema

from service.accounts.caller import Caller
from service.errors import BodyTooLarge, FieldError, InvalidBody, WrongMediaType
from service.web import body
from service.web.api_document import WRITE_ERRORS, problems
from service.web.forms import read_upload
from service.web.query import choice_parameter
from service.web.request import AnyRequest
from service.web.request_info import get_header

from . import importing
from .importing import ImportResult

MAX_BYTES = 8 * 2**20
FORM_BYTES = 4096  # of a form around the file
_MULTIPART = "multipart/form-data"
_FORMS = (
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/octet-stream",
)
"""Media types that are documented. The bytes of a file tell what it is, so any other is accepted too."""


@dataclass
class ImportOperation(Operation):
    """An operation whose handler reads a table from the body."""

    def __post_init__(self) -> None:
        """Describe the body."""
        text = "A table with one visit a row (docs/import.md). The media type does not matter: CSV, XLSX, XLS and ODS"
        file = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY, description=f"{text} are recognized.")
        form = Schema(
            type=OpenAPIType.OBJECT,
            properties={"file": file},
            required=["file"],
            description="The form of a page: one part is the file.",
        )
        content = {kind: OpenAPIMediaType(schema=file) for kind in _FORMS} | {_MULTIPART: OpenAPIMediaType(schema=form)}
        self.request_body = RequestBody(content=content, required=True)


class ImportsController(Controller):
    """Imports of visits."""

    tags = ("visits",)

    @post(
        "/v1/imports",
        summary="Plan visits from a table (CSV, XLSX, XLS, ODS); a dry run lists what was read and what is wrong",
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
        raw = await _read_file(request)
        return await importing.import_visits(*caller, raw, dry_run=dry_run == "1")


async def _read_file(request: AnyRequest) -> bytes:
    """The table that is the body, or the file of a form."""
    scope = request.scope
    if get_header(scope, b"content-encoding"):
        raise WrongMediaType("send the file as it is, without Content-Encoding")
    if body.announced(get_header(scope, b"content-length") or b"") > MAX_BYTES + FORM_BYTES:
        raise BodyTooLarge(f"at most {MAX_BYTES} bytes")
    kind = (get_header(scope, b"content-type") or b"").decode("latin-1").partition(";")[0].strip().lower()
    if kind != _MULTIPART:
        return await body.read_limited(request.receive, MAX_BYTES)
    fields, files = await read_upload(request, MAX_BYTES + FORM_BYTES)
    if len(files) != 1:
        count = f"{len(files)} files" if files else f"no file, but {len(fields)} other parts"
        raise InvalidBody("", (FieldError("", "file", f"请上传一个表格文件 / send one file; there are {count}"),))
    return next(iter(files.values()))


ROUTES = (ImportsController,)
