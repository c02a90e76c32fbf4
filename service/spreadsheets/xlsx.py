"""Workbooks of Excel, WPS and others (Office Open XML, ECMA-376): openpyxl reads them, cell by cell."""
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import time, timedelta
from typing import Any, NamedTuple

from openpyxl.packaging.relationship import get_dependents, get_rels_path
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.escape import unescape
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser  # pyright: ignore[reportPrivateUsage]
from openpyxl.xml.constants import ARC_STYLE, COMMENTS_NS, SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import fromstring, iterparse

from .number_format import BUILT_IN, formatted_text, number_cell
from .packed import damaged
from .sheet import (
    EMPTY,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    NO_VALUE,
    Area,
    Book,
    Cell,
    Sheet,
    SheetRow,
    SheetTitle,
    Words,
    column_letter,
    comment_notes,
    error_words,
    shown_sheet,
    too_many_rows,
)

_MAIN = {"": SHEET_MAIN_NS}
_TEXT_TAG, _COMMENT_TAG = f"{{{SHEET_MAIN_NS}}}si", f"{{{SHEET_MAIN_NS}}}comment"
_TRUE = ("1", "true")
_LOST: Words = ("这一格的内容读不出", "the value of this cell cannot be read")


def read_xlsx(raw: bytes) -> Book:
    """The sheets of a workbook that has been found to unpack within the limits."""
    reader = ExcelReader(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader.read_manifest()
        reader.read_workbook()
        sheets = [
            (SheetTitle(sheet.name, sheet.state != "visible"), relation.target)
            for sheet, relation in reader.parser.find_sheets()
            if relation.Type.endswith("/worksheet")
        ]
    if not sheets:
        raise damaged()
    codes = _codes(reader)

    def read(index: int) -> Sheet:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _read_sheet(reader, sheets[index][1], codes)

    return Book([title for title, _ in sheets], read)


class _Found(NamedTuple):
    """A cell as openpyxl reads it. `kind` is as in the file, `formula` for one without its value, or `lost`."""

    column: int
    kind: str
    value: Any
    style: int


class _Parser(WorkSheetParser):
    """Reads numbers as they are stored, also those that are dates; and of a shared text its place."""

    def __init__(self, part: Any) -> None:
        super().__init__(part, range(2**31), data_only=True)  # pyright: ignore[reportArgumentType]
        self.count = 0

    def parse_cell(self, element: Any) -> Any:
        try:
            found = super().parse_cell(element)
        except (ValueError, TypeError):
            if at := element.get("r"):
                self.col_counter = coordinate_to_tuple(at)[1]
            return _Found(self.col_counter - 1, "lost", "", 0)
        kind, value = str(found["data_type"]), found["value"]
        if value is None and element.find(FORMULA_TAG) is not None:
            kind = "" if kind == "str" and element.find(VALUE_TAG) is not None else "formula"
        if value is not None or kind == "formula":
            self.count += 1
            if self.count > MAX_CELLS:
                raise too_many_rows()
        return _Found(self.col_counter - 1, kind, value, int(found["style_id"]))

    def rows(self) -> Iterator[tuple[int, list[_Found]]]:
        """The rows with something in them."""
        count = 0
        for number, cells in self.parse():
            if kept := [one for one in cells if one.value is not None or one.kind == "formula"]:
                count += 1
                if count > 2 * MAX_ROWS:
                    raise too_many_rows()
                yield number, kept

    def is_hidden(self, row: int) -> bool:
        given = self.row_dimensions.get(str(row), {})
        default = "1" if (form := vars(self).get("sheet_format")) and form.zeroHeight else "0"
        return _is_zero(given.get("ht")) or given.get("hidden", default) in _TRUE

    def hidden_columns(self) -> frozenset[int]:
        hidden: set[int] = set()
        for given in self.column_dimensions.values():
            if given.get("hidden") in _TRUE or _is_zero(given.get("width")):
                first = int(given["min"])
                hidden.update(range(first - 1, min(int(given.get("max", first)), MAX_COLUMNS)))
        return frozenset(hidden)

    def areas(self) -> tuple[Area, ...]:
        if self.merged_cells is None:
            return ()
        every = (one.bounds for one in self.merged_cells.mergeCell)
        return tuple((top, left - 1, bottom, right - 1) for left, top, right, bottom in every)


def _read_sheet(reader: ExcelReader, path: str, codes: Sequence[str]) -> Sheet:
    with reader.archive.open(path) as part:
        parser = _Parser(part)
        found = list(parser.rows())
    shared = (one.value for _, cells in found for one in cells if one.kind == "s" and isinstance(one.value, int))
    texts = _shared_texts(reader, max(shared, default=-1))
    is_1904 = reader.wb.epoch == CALENDAR_MAC_1904
    rows: list[SheetRow] = []
    first_beyond: int | None = None
    for number, given in found:
        cells: list[Cell] = []
        for one in given:
            if one.column >= MAX_COLUMNS:
                first_beyond = min(one.column, first_beyond or one.column)
                continue
            cells.extend([EMPTY] * (one.column + 1 - len(cells)))
            code = codes[one.style] if 0 <= one.style < len(codes) else "General"
            cells[one.column] = _cell(one, texts, code, is_1904=is_1904)
        rows.append(SheetRow(number, cells, parser.is_hidden(number)))
    notes = comment_notes(_commented_cells(reader, path))
    if first_beyond is not None:
        first = column_letter(first_beyond)
        zh, en = f"{first} 列起的内容没有读（最多 {MAX_COLUMNS} 列）", f"not read: column {first} and further"
        notes = ((zh, en), *notes)
    return shown_sheet(rows, parser.areas(), parser.hidden_columns(), notes)


def _cell(found: _Found, texts: Sequence[str], code: str, *, is_1904: bool) -> Cell:
    value, kind = found.value, found.kind
    if kind == "formula":
        return Cell("", NO_VALUE)
    if kind == "s" and isinstance(value, int):
        return formatted_text(texts[value], code) if 0 <= value < len(texts) else Cell("", _LOST)
    if kind == "s":
        return formatted_text(_unescaped(value), code)
    if kind == "e":
        return Cell(value, error_words(value))
    if kind == "b":
        return Cell("TRUE" if value else "FALSE")
    if kind == "d":
        shown = f"{value:%H:%M}" if isinstance(value, time) else str(value)[:16]
        return Cell(shown, None, (), "" if isinstance(value, timedelta) else shown)
    return number_cell(repr(value), code, is_1904=is_1904) if kind == "n" else Cell("", _LOST)


def _unescaped(text: str) -> str:
    """`_x000D_` as the character that it means; two may make one, and half of one is none."""
    if "_x" not in text:
        return text
    return unescape(text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_zero(size: str | None) -> bool:
    """Whether a width or height is nothing: `0`, `0.0`."""
    return bool(size) and not size.strip("0.")


def _shared_texts(reader: ExcelReader, last: int) -> list[str]:
    """The texts that cells share, up to the last one that is used, without phonetic readings and fonts."""
    found: list[str] = []
    part = reader.package.find(SHARED_STRINGS)
    if part is None or last < 0:
        return found
    with reader.archive.open(part.PartName.lstrip("/")) as source:
        for _, element in iterparse(source):
            if element.tag == _TEXT_TAG:
                parts = (*element.iterfind("t", _MAIN), *element.iterfind("r/t", _MAIN))
                found.append(_unescaped("".join(one.text or "" for one in parts)))
                element.clear()
                if len(found) > last:
                    break
    return found


def _codes(reader: ExcelReader) -> list[str]:
    """The formats of cells, by the index of their style. Fonts and colours, which may be faulty, are not looked at."""
    if ARC_STYLE not in reader.valid_files:
        return []
    styles = fromstring(reader.archive.read(ARC_STYLE))
    given = styles.iterfind("numFmts/numFmt", _MAIN)
    codes: Mapping[int, str] = BUILT_IN | {int(one.attrib["numFmtId"]): one.get("formatCode", "") for one in given}
    return [codes.get(int(one.get("numFmtId", "0")), "General") for one in styles.iterfind("cellXfs/xf", _MAIN)]


def _commented_cells(reader: ExcelReader, path: str) -> list[str]:
    relations = get_rels_path(path)
    if relations not in reader.valid_files:
        return []
    parts = [one.target for one in get_dependents(reader.archive, relations).find(COMMENTS_NS)]
    every = (one for part in parts for one in fromstring(reader.archive.read(part)).iter(_COMMENT_TAG))
    return [one.get("ref", "") for one in every]
