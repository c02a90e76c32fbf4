"""A sheet of an XLSX file: its cells as they are shown, its merged areas, and what is hidden."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from .number_format import formatted_text, number_cell
from .packed import Attributes, damaged, parse_xml
from .sheet import (
    EMPTY,
    MAX_COLUMNS,
    MAX_ROWS,
    Area,
    Cell,
    Sheet,
    SheetRow,
    Words,
    check_rows,
    column_letter,
    error_words,
    spread_merged,
    unreadable,
)

_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MOST_COLUMNS = 16_384
_MAX_LISTED = 10
MAX_CELLS = 500_000
NO_VALUE: Words = (
    "公式没有算出的结果，请用 Excel 或 WPS 打开、保存后再导入",
    "a formula without its result: open the file in a spreadsheet program, save it, and import it again",
)


class XlsxStyle(NamedTuple):
    """The format of a cell's number or text."""

    code: str


class _Raw(NamedTuple):
    """A cell as the file has it."""

    column: int
    kind: str
    style: int
    value: str | None
    has_formula: bool


class SheetReader:
    """Reads the part of a sheet; `build` makes the sheet when the texts that its cells share are there."""

    def __init__(self, part: bytes) -> None:
        self.last_text = -1
        self._rows: list[tuple[int, bool, list[_Raw]]] = []
        self._areas: list[Area] = []
        self._hidden_columns: set[int] = set()
        self._beyond: set[int] = set()
        self._is_hidden_by_default = False
        self._row: list[_Raw] = []
        self._row_number, self._column, self._count = 0, -1, 0
        self._is_row_hidden = False
        self._kind, self._style, self._has_formula = "n", 0, False
        self._value: list[str] | None = None
        self._phonetic, self._is_text = 0, False
        parse_xml(part, self._start, self._end, self._text)

    def build(
        self, texts: Sequence[str], styles: Sequence[XlsxStyle], commented: Sequence[str], *, is_1904: bool
    ) -> Sheet:
        """The sheet as it is shown."""
        found: list[SheetRow] = []
        for number, is_hidden, raws in self._rows:
            cells: list[Cell] = []
            for raw in raws:
                cells.extend([EMPTY] * (raw.column - len(cells)))
                cell = _cell(raw, texts, styles, is_1904=is_1904)
                if raw.column < len(cells):
                    cells[raw.column] = cell
                else:
                    cells.append(cell)
            found.append(SheetRow(number, cells, is_hidden))
        rows = check_rows(found)
        if rows:
            spread_merged(rows, self._areas)
        notes: list[Words] = []
        if self._beyond:
            first = column_letter(min(self._beyond))
            notes.append(
                (f"{first} 列起的内容没有读（最多 {MAX_COLUMNS} 列）", f"not read: column {first} and further")
            )
        if commented:
            cells_named = "、".join(commented[:_MAX_LISTED]) + ("…" if len(commented) > _MAX_LISTED else "")
            notes.append((f"没有读批注：{cells_named}", f"comments are not read: {cells_named}"))
        return Sheet(rows, frozenset(self._hidden_columns), tuple(notes), tuple(self._areas))

    def _start(self, element: str, given: Attributes) -> None:
        if element == "c":
            self._start_cell(given)
        elif element in ("v", "t"):
            self._is_text = not self._phonetic
            if self._is_text and self._value is None:
                self._value = []
        elif element == "f":
            self._has_formula = True
        elif element == "row":
            self._row_number = int(number) if (number := given.get("r", "")).isdecimal() else self._row_number + 1
            self._column, self._row = -1, []
            self._is_row_hidden = _is_zero(given.get("ht")) or given.get(
                "hidden", "1" if self._is_hidden_by_default else "0"
            ) in ("1", "true")
        elif element == "rPh":
            self._phonetic += 1
        elif element == "col":
            if given.get("hidden", "0") in ("1", "true") or _is_zero(given.get("width")):
                first, last = int(given.get("min", "1")), int(given.get("max", "1"))
                self._hidden_columns.update(range(first - 1, min(last, MAX_COLUMNS)))
        elif element == "mergeCell":
            self._areas.append(_area(given.get("ref", "")))
        elif element == "sheetFormatPr":
            self._is_hidden_by_default = given.get("zeroHeight", "0") in ("1", "true")

    def _start_cell(self, given: Attributes) -> None:
        found = _REFERENCE.fullmatch(given.get("r", ""))
        self._column = _column(found[1]) if found else self._column + 1
        if self._column >= _MOST_COLUMNS:
            raise damaged()
        self._kind, self._value, self._has_formula = given.get("t", "n"), None, False
        self._style = int(style) if (style := given.get("s", "0")).isdecimal() else 0

    def _end(self, element: str) -> None:
        if element in ("v", "t", "f"):
            self._is_text = False
        elif element == "rPh":
            self._phonetic -= 1
        elif element == "c":
            self._end_cell()
        elif element == "row" and self._row:
            self._rows.append((self._row_number, self._is_row_hidden, self._row))

    def _end_cell(self) -> None:
        value = None if self._value is None else "".join(self._value)
        if value is None and not self._has_formula:
            return
        if self._column >= MAX_COLUMNS:
            if value:
                self._beyond.add(self._column)
            return
        self._count += 1
        if self._count > MAX_CELLS or len(self._rows) > 2 * MAX_ROWS:
            raise unreadable("too-many-rows", f"最多 {MAX_ROWS} 行 / at most {MAX_ROWS} rows")
        if self._kind == "s" and value is not None and value.strip().isdecimal():
            self.last_text = max(self.last_text, int(value))
        self._row.append(_Raw(self._column, self._kind, self._style, value, self._has_formula))

    def _text(self, content: str) -> None:
        if self._is_text and self._value is not None:
            self._value.append(content)


def _cell(raw: _Raw, texts: Sequence[str], styles: Sequence[XlsxStyle], *, is_1904: bool) -> Cell:
    value, kind = raw.value, raw.kind
    if value is None or (raw.has_formula and not value and kind != "str"):
        return Cell("", NO_VALUE)
    code = styles[raw.style].code if raw.style < len(styles) else "General"
    if kind == "s":
        index = int(value) if value.strip().isdecimal() else -1
        return (
            formatted_text(texts[index], code) if 0 <= index < len(texts) else Cell("", ("这一格的文字读不出", "lost"))
        )
    if kind in ("str", "inlineStr"):
        return formatted_text(unescape(value), code)
    if kind == "e":
        return Cell(value, error_words(value))
    if kind == "b":
        return Cell("TRUE" if value.strip() in ("1", "true") else "FALSE")
    if kind == "d":
        return _iso_date(value)
    return number_cell(value.strip(), code, is_1904=is_1904) if value.strip() else EMPTY


def unescape(text: str) -> str:
    """`_x000D_` as the character that it means; two may make one, and half of one is none."""
    if "_x" not in text:
        return text
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_zero(size: str | None) -> bool:
    """Whether a width or height is nothing: `0`, `0.0`."""
    return size is not None and bool(size) and not size.strip("0.")


def _iso_date(text: str) -> Cell:
    """A date as ISO 8601 has it, which few programs write."""
    try:
        at = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return Cell(text)
    shown = at.strftime("%Y-%m-%d %H:%M" if "T" in text else "%Y-%m-%d")
    return Cell(shown, None, (), shown)


def _area(reference: str) -> Area:
    first, _, last = reference.partition(":")
    one, two = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last or first)
    if one is None or two is None:
        raise damaged()
    return int(one[2]), _column(one[1]), int(two[2]), _column(two[1])


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
