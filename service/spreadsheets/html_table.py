"""Web pages with a table that exports name `.xls`: what a browser shows of them."""

import re
from html.parser import HTMLParser

from .delimited import decode
from .sheet import (
    EMPTY,
    MAX_COLUMNS,
    MAX_ROWS,
    Area,
    Book,
    Cell,
    Sheet,
    SheetRow,
    SheetTitle,
    shown_sheet,
    text_cell,
    unreadable,
)

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*(gb2312|gbk|gb18030)", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_BREAKS = ("br", "p", "div", "li")
_UNSEEN = ("script", "style", "head", "title")


def read_html(raw: bytes) -> Book:
    """The tables of a page, each as a sheet."""
    encoding = "gb18030" if _CHARSET.search(raw[:2000]) else None
    page = _Page()
    page.feed(raw.decode(encoding, "replace") if encoding else decode(raw))
    page.close()
    tables = [table for table in page.tables if table.rows]
    if not tables:
        raise unreadable("not-a-table", "这是网页，里面没有表格 / a web page without a table")

    def read(index: int) -> Sheet:
        table = tables[index]
        return shown_sheet(table.rows, table.areas)

    return Book([SheetTitle(f"表格 {number}") for number in range(1, len(tables) + 1)], read)


class _Table:
    def __init__(self) -> None:
        self.rows: list[SheetRow] = []
        self.areas: list[Area] = []
        self.taken: dict[int, int] = {}  # by column: the last row of a cell above that reaches down


class _Page(HTMLParser):
    """Collects the tables. Those within a cell belong to its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self._depth, self._unseen = 0, 0
        self._cells: list[Cell] | None = None
        self._is_hidden = False
        self._number = 0
        self._text: list[str] | None = None
        self._span = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append(_Table())
                self._number = 0
        elif self._depth != 1 and tag not in _BREAKS:
            return
        elif tag == "tr":
            self._end_row()
            self._cells, self._is_hidden = [], _HIDDEN.search(given.get("style", "")) is not None
            self._number += 1
        elif tag in ("td", "th"):
            self._end_cell()
            self._cells = [] if self._cells is None else self._cells
            self._span = _span(given.get("rowspan", "")), _span(given.get("colspan", ""))
            self._text = []
        elif tag in _BREAKS and self._text:
            self._text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "table" and self._depth:
            if self._depth == 1:
                self._end_row()
            self._depth -= 1
        elif self._depth == 1 and tag in ("td", "th"):
            self._end_cell()
        elif self._depth == 1 and tag == "tr":
            self._end_row()

    def handle_data(self, data: str) -> None:
        if self._text is not None and not self._unseen:
            self._text.append(" ".join(data.split()) if data.strip() else " ")

    def _end_cell(self) -> None:
        if self._text is None or self._cells is None:
            return
        table, cells = self.tables[-1], self._cells
        while table.taken.get(len(cells), 0) >= self._number and len(cells) < MAX_COLUMNS:
            cells.append(EMPTY)
        rows, columns = self._span
        column = len(cells)
        if rows > 1 or columns > 1:
            table.areas.append((self._number, column, self._number + rows - 1, column + columns - 1))
            table.taken.update(
                dict.fromkeys(range(column, min(column + columns, MAX_COLUMNS)), self._number + rows - 1)
            )
        if column < MAX_COLUMNS:
            cells.extend([text_cell("".join(self._text)), *[EMPTY] * (min(columns, MAX_COLUMNS - column) - 1)])
        self._text = None

    def _end_row(self) -> None:
        self._end_cell()
        if self._cells and self.tables:
            if len(self.tables[-1].rows) > 2 * MAX_ROWS:
                raise unreadable("too-many-rows", f"最多 {MAX_ROWS} 行 / at most {MAX_ROWS} rows")
            self.tables[-1].rows.append(SheetRow(self._number, self._cells, self._is_hidden))
        self._cells = None


def _span(text: str) -> int:
    return max(1, min(int(text), MAX_ROWS)) if text.isascii() and text.isdecimal() and len(text) < 6 else 1
