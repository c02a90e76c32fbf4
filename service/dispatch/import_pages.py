"""The desk's import of a table: first what was read, row by row, then the import itself."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from litestar import get, post
from litestar.response.base import ASGIResponse

from service.accounts.desk import Desk, DeskController, DeskRequest, explain, render_desk, retry_after
from service.accounts.labels import FIELDS
from service.errors import FieldError, InvalidBody, PermissionDenied, Problem
from service.judge.checklist import VisitType
from service.text import identifier_key
from service.web.language import PageText
from service.web.query import text_parameter
from service.web.responses import raw_response
from service.web.templates import redirect

from . import importing, listing
from .import_columns import COLUMNS, EXAMPLE, REQUIRED, ZH
from .import_rows import TableRow
from .importing import ImportResult, ImportRow
from .pages import parse_day
from .tabulator import TableOutcome
from .technicians import Technicians, known_technicians
from .warnings import in_words

MAX_BYTES = 2 * 2**20
"""Of a table on this page; the API takes larger ones. The page carries the table to the second step."""
MAX_NAMED, MAX_DAYS = 100, 7
"""How many refused rows and days the page of the result names."""
NO_FILE = "请选一个表格文件（XLSX、XLS、ODS 或 CSV） / choose a table (XLSX, XLS, ODS or CSV)"
TOO_LARGE = "文件太大，最多 2 MB，请分成几个 / too large: at most 2 MB; divide it"
NO_TABLE = TableOutcome()
OUTCOMES = {
    "would_create": (PageText("将新建"), "good"),
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
        """A table with the headings, and an example that is not imported."""
        _require_planner(desk)
        example = ",".join(EXAMPLE.get(name, "") for name in COLUMNS.values())
        table = f"\ufeff{','.join(COLUMNS)}\r\n{example}\r\n"  # Excel takes a file without the mark for GBK
        headers = (
            (b"content-type", b"text/csv; charset=utf-8"),
            (b"content-disposition", b'attachment; filename="visits.csv"'),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        )
        return raw_response(200, table.encode(), headers)

    @post(status_code=200, upload=2 * MAX_BYTES)
    async def show_table(self, desk: Desk) -> ASGIResponse:
        """What was read, row by row. Nothing is stored, so a reload does no harm."""
        raw = desk.files.get("file", b"")
        try:
            table, result = await _import(desk, raw, dry_run=True)
            people = await known_technicians(desk.ctx, desk.token)
        except Problem as problem:
            if problem.status in (500, 503):
                raise
            return await _page(desk, problem)
        names = {row.number: _names(people, row) for row in table.rows}
        return await _page(desk, table=table, result=result, people=names, carried=urlsafe_b64encode(raw).decode())

    @post("/rows", status_code=303, upload=2 * MAX_BYTES)
    async def import_table(self, desk: Desk) -> ASGIResponse:
        """Import the file that was shown, which the form carries."""
        try:
            table, result = await _import(desk, _decode(desk.form.get("table", "")), dry_run=False)
        except Problem as problem:
            if problem.status in (500, 503):
                raise
            return await _page(desk, problem)
        refused = [str(row.row) for row in result.rows if row.outcome == "refused"]
        days = sorted({row.start.date().isoformat() for row in table.rows if row.start is not None})
        done = {
            "created": result.created,
            "known": result.known,
            "refused": result.refused,
            "rows": " ".join(refused[:MAX_NAMED]),
            "days": " ".join(days[:MAX_DAYS]),
        }
        return redirect(f"/desk/imports/done?{urlencode(done)}")

    @get("/done")
    async def show_result(
        self,
        desk: Desk,
        created: Annotated[str | None, text_parameter("How many visits are new.")] = None,
        known: Annotated[str | None, text_parameter("How many were there before.")] = None,
        refused: Annotated[str | None, text_parameter("How many rows were refused.")] = None,
        rows: Annotated[str | None, text_parameter("The numbers of refused rows.")] = None,
        days: Annotated[str | None, text_parameter("The days of the visits.")] = None,
    ) -> ASGIResponse:
        """The result of an import, after its redirect."""
        _require_planner(desk)
        view = {
            "created": _number(created),
            "known": _number(known),
            "refused": _number(refused),
            "refused_rows": [one for one in (rows or "").split() if one.isdecimal()][:MAX_NAMED],
            "days": [parse_day(one) for one in (days or "").split()[:MAX_DAYS]],
        }
        return render_desk(desk, "dispatch/imported.html", view, section="today")


async def _import(desk: DeskRequest, raw: bytes, *, dry_run: bool) -> tuple[TableOutcome, ImportResult]:
    if not raw or len(raw) > MAX_BYTES:
        raise InvalidBody("", (FieldError("", "invalid", TOO_LARGE if raw else NO_FILE),))
    table = await importing.read_table(desk.ctx, desk.token, raw)
    return table, await importing.import_table(desk.ctx, desk.token, table, dry_run=dry_run)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _decode(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text)
    except ValueError:
        raise InvalidBody from None


def _names(people: Technicians, row: TableRow) -> tuple[str, ...]:
    """The names of the technician and crew of a row."""
    texts = (row.cells["technician"], *importing.people_in(row.cells["crew"]))
    return tuple(people.name_of(text, row.cells["area"]) for text in texts)


def _originals(row: ImportRow, types: Mapping[str, VisitType]) -> dict[str, str]:
    """What the table has where the page shows something else: not a login where it shows the name, nor the name of a
    type in another spelling."""
    original = {name: text for name, text in row.original.items() if name not in ("technician", "crew")}
    name = types.get(row.read.get("type", ""))
    if name is not None and identifier_key(original.get("type", "")) in map(identifier_key, (name.zh, name.en)):
        del original["type"]
    return original


def _require_planner(desk: DeskRequest) -> None:
    if not desk.person.can("plan a visit"):
        raise PermissionDenied


async def _page(
    desk: DeskRequest,
    problem: Problem | None = None,
    *,
    table: TableOutcome = NO_TABLE,
    result: ImportResult | None = None,
    people: Mapping[int, tuple[str, ...]] = {},
    carried: str = "",
) -> ASGIResponse:
    _require_planner(desk)
    types = await listing.type_names(desk.ctx)
    view = {
        "problem": () if problem is None else explain(problem, "file"),
        "labels": FIELDS,
        "types": types,
        "columns": {zh: zh in {ZH[name] for name in REQUIRED} for zh in COLUMNS},
        "rows": {row.number: row for row in table.rows},
        "headings": ZH | table.headings,
        "originals": {row.row: _originals(row, types) for row in result.rows} if result else {},
        "people": people,
        "result": result,
        "outcomes": OUTCOMES,
        "warnings": {row.row: in_words(row.warnings) for row in result.rows} if result else {},
        "carried": carried,
    }
    status, headers = (problem.status, retry_after(problem)) if problem else (200, ())
    return render_desk(desk, "dispatch/import.html", view, status, headers, section="today", back="/desk/imports")


ROUTES = (ImportPagesController,)
