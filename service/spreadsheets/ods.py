"""Workbooks of LibreOffice and others (OpenDocument): the file has what each cell shows, as text.

A reader of our own: `odfpy` had its last release in 2020 and gives no more of a cell than its XML.
"""

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation

from .number_format import MAX_EXACT, number_cell, plain
from .packed import Attributes, PackedFile, attribute, damaged, parse_xml
from .sheet import (
    EMPTY,
    HIDDEN_VALUE,
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
    error_words,
    shown_sheet,
    text_cell,
    too_many_rows,
)

_CELLS = ("table-cell", "covered-table-cell")
_GROUPED = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d(?:\.\d+)?E[+-]?\d+|-?\d+\.0+", re.IGNORECASE)
_DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
_DAY = re.compile("[-/.年月日]")
_CLOCK = re.compile("[:：时点]")


class _Table:
    def __init__(self, name: str, style: str) -> None:
        self.name, self.style = name, style
        self.rows: list[SheetRow] = []
        self.areas: list[Area] = []
        self.hidden_columns: set[int] = set()
        self.columns, self.next_row = 0, 1
        self.commented = 0


def read_ods(file: PackedFile) -> Book:
    """The sheets of a workbook. InvalidBody if it cannot be read."""
    raw = file.read("content.xml")
    if raw is None:
        raise damaged()
    reader = _Reader()
    parse_xml(raw, reader.start, reader.end, reader.text)
    tables = reader.tables
    if not tables:
        raise damaged()
    titles = [SheetTitle(one.name, one.style in reader.hidden_styles) for one in tables]

    def read(index: int) -> Sheet:
        return _sheet(tables[index])

    return Book(titles, read)


def _sheet(table: _Table) -> Sheet:
    count = table.commented
    notes: tuple[Words, ...] = ((f"没有读 {count} 个批注", f"{count} comments are not read"),) if count else ()
    return shown_sheet(table.rows, table.areas, frozenset(table.hidden_columns), notes)


class _Reader:
    """Collects the tables of `content.xml`."""

    def __init__(self) -> None:
        self.tables: list[_Table] = []
        self.hidden_styles: set[str] = set()
        self._stack: list[str] = []
        self._style = ""
        self._cells: list[Cell] = []
        self._cell: Attributes = {}
        self._paragraphs: list[list[str]] = []
        self._is_text = False
        self._row: Attributes = {}
        self._count = 0

    def start(self, name: str, given: Attributes) -> None:
        parent = self._stack[-1] if self._stack else ""
        self._stack.append(name)
        if name == "style":
            self._style = attribute(given, "name")
        elif name == "table-properties":
            if attribute(given, "display") == "false":
                self.hidden_styles.add(self._style)
        elif name == "table" and parent == "spreadsheet":
            self.tables.append(_Table(attribute(given, "name"), attribute(given, "style-name")))
        elif not self.tables:
            return
        elif name == "table-column":
            table = self.tables[-1]
            count = _count(given, "number-columns-repeated")
            if attribute(given, "visibility") in ("collapse", "filter") and table.columns < MAX_COLUMNS:
                table.hidden_columns.update(range(table.columns, min(table.columns + count, MAX_COLUMNS)))
            table.columns += count
        elif name == "table-row":
            self._row, self._cells = given, []
        elif name in _CELLS:
            self._cell, self._paragraphs = given, []
        elif name == "p" and parent in _CELLS:
            self._paragraphs.append([])
            self._is_text = True
        elif name == "annotation":
            self.tables[-1].commented += 1
            self._is_text = False
        elif self._is_text and name in ("s", "tab", "line-break"):
            self._paragraphs[-1].append("\n" if name == "line-break" else " ")

    def end(self, name: str) -> None:
        self._stack.pop()
        if name == "p" and self._stack and self._stack[-1] in _CELLS:
            self._is_text = False
        elif name in _CELLS and self.tables:
            self._end_cell()
        elif name == "table-row" and self.tables:
            self._end_row()

    def text(self, content: str) -> None:
        if self._is_text:
            self._paragraphs[-1].append(content)

    def _end_cell(self) -> None:
        shown = "\n".join("".join(parts) for parts in self._paragraphs).strip()
        cell = _to_cell(self._cell, shown)
        table, column = self.tables[-1], len(self._cells)
        rows, columns = _count(self._cell, "number-rows-spanned"), _count(self._cell, "number-columns-spanned")
        if rows > 1 or columns > 1:
            table.areas.append((table.next_row, column, table.next_row + rows - 1, column + columns - 1))
        count = min(_count(self._cell, "number-columns-repeated"), MAX_COLUMNS - column)
        self._cells.extend([cell] * count)

    def _end_row(self) -> None:
        table = self.tables[-1]
        count = _count(self._row, "number-rows-repeated")
        while self._cells and self._cells[-1] is EMPTY:
            self._cells.pop()
        if self._cells:
            self._count += len(self._cells) * count
            if self._count > MAX_CELLS or count > MAX_ROWS:
                raise too_many_rows()
            is_hidden = attribute(self._row, "visibility") in ("collapse", "filter")
            numbers = range(table.next_row, table.next_row + count)
            table.rows += [SheetRow(number, list(self._cells), is_hidden) for number in numbers]
        table.next_row += count


def _count(given: Attributes, name: str) -> int:
    text = attribute(given, name)
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 9 else 1


def _to_cell(given: Attributes, shown: str) -> Cell:
    kind = attribute(given, "value-type")
    if any(value == "error" for key, value in given.items() if key.endswith("value-type")) and shown:
        return Cell(shown, error_words(shown))
    if not kind and not shown and attribute(given, "formula"):
        return Cell("", NO_VALUE)
    if kind in ("float", "currency", "percentage"):
        return _quantity(attribute(given, "value"), shown)
    if kind == "date":
        return _date(attribute(given, "date-value"), shown)
    if kind == "time":
        found = _DURATION.fullmatch(attribute(given, "time-value"))
        moment = f"{int(found[1]):02}:{found[2]}" if found and int(found[1]) < 24 else ""
        return Cell(shown or moment, None, (), moment)
    if kind == "boolean":
        return Cell("TRUE" if attribute(given, "boolean-value") == "true" else "FALSE")
    return text_cell(shown)


def _quantity(stored: str, shown: str) -> Cell:
    try:
        value = Decimal(stored)
    except InvalidOperation:
        return text_cell(shown)
    if not shown:
        hidden = plain(value)
        return Cell("", None, ((f"{HIDDEN_VALUE[0]} {hidden}", f"{HIDDEN_VALUE[1]} {hidden}"),))
    if abs(value) >= MAX_EXACT:
        return number_cell(stored, "General")
    if _GROUPED.fullmatch(shown) and value == value.to_integral_value():
        read = plain(value)
        return Cell(read, None, ((f"表格里显示为 {shown}，读作 {read}", f"shown as {shown}, read as {read}"),))
    return text_cell(shown)


def _date(stored: str, shown: str) -> Cell:
    try:
        at = datetime.fromisoformat(stored[:19])
    except ValueError:
        return text_cell(shown)
    if "T" not in stored or ((at.hour, at.minute) == (0, 0) and not _CLOCK.search(shown)):
        return Cell(shown or stored, None, (), at.strftime("%Y-%m-%d"))
    notes: tuple[Words, ...] = ()
    if not _CLOCK.search(shown):
        notes = ((f"格里还有没显示的时间 {at:%H:%M}", f"the cell has a time that it does not show: {at:%H:%M}"),)
    elif not _DAY.search(shown):
        return Cell(shown, None, (), at.strftime("%H:%M"), at.strftime("%Y-%m-%d"))
    return Cell(shown or stored, None, notes, at.strftime("%Y-%m-%d %H:%M"))
