"""The desk's import of a table: first what was read, row by row, then the import itself."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Literal

from litestar import get, post
from litestar.response.base import ASGIResponse

from service.accounts.desk import Desk, DeskController, DeskRequest, explain, render_desk, retry_after
from service.accounts.labels import FIELDS
from service.errors import FieldError, InvalidBody, PermissionDenied, Problem
from service.web.language import PageText
from service.web.responses import raw_response

from . import importing, listing
from .import_columns import COLUMNS, REQUIRED, ZH, TableRow
from .importing import ImportResult
from .technicians import Technicians, known_technicians
from .warnings import in_words

MAX_BYTES = 2 * 2**20
"""Of a table on this page; the API takes larger ones. The page carries the table to the second step."""
NO_FILE = "请选一个表格文件（CSV 或 XLSX） / choose a table (CSV or XLSX)"
TOO_LARGE = "文件太大，最多 2 MB，请分成几个 / too large: at most 2 MB; divide it"
OUTCOMES = {
    "would_create": (PageText("将新建"), "good"),
    "created": (PageText("已新建"), "good"),
    "known": (PageText("已有，不变"), "plain"),
    "refused": (PageText("不能导入"), "bad"),
}


class ImportPagesController(DeskController):
    """The import of a table."""

    path = "/desk/imports"

    @get()
    async def show_form(self, desk: Desk) -> ASGIResponse:
        """Choose a file."""
        return await _page(desk)

    @get("/template")
    async def download_template(self, desk: Desk) -> ASGIResponse:
        """An empty table with the headings."""
        _require_planner(desk)
        table = "\ufeff" + ",".join(COLUMNS) + "\r\n"  # Excel takes a file without the mark for GBK
        headers = (
            (b"content-type", b"text/csv; charset=utf-8"),
            (b"content-disposition", b'attachment; filename="visits.csv"'),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        )
        return raw_response(200, table.encode(), headers)

    @post(status_code=200, upload=2 * MAX_BYTES)
    async def take_table(self, desk: Desk) -> ASGIResponse:
        """Show what was read; with `table`, the file that was shown, import it."""
        carried, raw = desk.form.get("table", ""), desk.files.get("file", b"")
        try:
            if carried:
                raw = _decode(carried)
            if not raw or len(raw) > MAX_BYTES:
                raise InvalidBody("", (FieldError("", "invalid", TOO_LARGE if raw else NO_FILE),))
            form: Literal["csv", "xlsx"] = "xlsx" if raw.startswith(b"PK") else "csv"
            table = await importing.read_table(desk.ctx, desk.token, raw, form)
            result = await importing.import_rows(desk.ctx, desk.token, table, dry_run=not carried)
            people = await known_technicians(desk.ctx, desk.token)
        except Problem as problem:
            if problem.status in (500, 503):
                raise
            return await _page(desk, problem)
        names = {row.number: _names(people, row) for row in table}
        return await _page(desk, table=table, result=result, people=names, carried=urlsafe_b64encode(raw).decode())


def _decode(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text)
    except ValueError:
        raise InvalidBody from None


def _names(people: Technicians, row: TableRow) -> tuple[str, ...]:
    """The names of the technician and crew of a row."""
    texts = (row.cells["technician"], *importing.people_in(row.cells["crew"]))
    return tuple(people.name_of(text, row.cells["area"]) for text in texts)


def _require_planner(desk: DeskRequest) -> None:
    if not desk.person.can("plan a visit"):
        raise PermissionDenied


async def _page(
    desk: DeskRequest,
    problem: Problem | None = None,
    *,
    table: tuple[TableRow, ...] = (),
    result: ImportResult | None = None,
    people: Mapping[int, tuple[str, ...]] = {},
    carried: str = "",
) -> ASGIResponse:
    _require_planner(desk)
    view = {
        "problem": () if problem is None else explain(problem, "file"),
        "labels": FIELDS,
        "types": tuple((await listing.type_names(desk.ctx)).values()),
        "columns": {zh: zh in {ZH[name] for name in REQUIRED} for zh in COLUMNS},
        "rows": {row.number: row for row in table},
        "people": people,
        "result": result,
        "outcomes": OUTCOMES,
        "warnings": {row.row: in_words(row.warnings) for row in result.rows} if result else {},
        "carried": carried,
        "zone": desk.ctx.zone,
        "days": sorted({row.start.date() for row in table if row.start is not None}),
    }
    status, headers = (problem.status, retry_after(problem)) if problem else (200, ())
    return render_desk(desk, "dispatch/import.html", view, status, headers, section="today", back="/desk/imports")


ROUTES = (ImportPagesController,)
