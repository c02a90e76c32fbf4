"""A sheet as a person sees it: what each cell shows, and what the file says beyond that.

The readers of all kinds of files produce it. They run in a separate process (`dispatch/tabulator`), because nobody
knows in advance what a table costs to read.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from service.errors import FieldError, InvalidBody

MAX_ROWS, MAX_COLUMNS, MAX_CHARACTERS = 5000, 200, 2000
MAX_TEXT = 4_000_000  # characters of all cells: a workbook may share one text between many
MAX_CELLS = 500_000
_MAX_LISTED = 10
Words = tuple[str, str]
"""In Chinese and English."""
Area = tuple[int, int, int, int]
"""Cells that are merged: first row, first column, last row, last column; rows count from 1, columns from 0."""
_ERROR = re.compile(
    r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|GETTING_DATA|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|UNKNOWN!|BUSY!"
    r"|EXTERNAL!|PYTHON!|ERROR!|TIMEOUT!|ERR\d+!?)|(?:Err|错误)[:：]\s*\d{3}",
    re.IGNORECASE,
)
_TOO_NARROW = re.compile(r"#{3,}")
_LOST_LETTERS = re.compile(r"[?？]{2,}")
_OTHER_ENCODING = re.compile("\ufffd|锟斤拷|烫烫烫")


class Cell(NamedTuple):
    """A cell. `moment` is the date or time in it (`2026-03-02 09:00`, `2026-03-02` or `09:00`), if it shows one, and
    `day` a date that it does not show; `fault` says why it has no value that can be used, and `notes` what else the
    file has."""

    text: str = ""
    fault: Words | None = None
    notes: tuple[Words, ...] = ()
    moment: str = ""
    day: str = ""


EMPTY = Cell()
NO_VALUE: Words = (
    "公式没有算出的结果，请用 Excel 或 WPS 打开、保存后再导入",
    "a formula without its result: open the file in a spreadsheet program, save it, and import it again",
)
HIDDEN_VALUE = ("格式把内容藏起来了，存的是", "the format hides what is stored:")


class SheetRow(NamedTuple):
    """A row and its number in the sheet, which starts at 1."""

    number: int
    cells: list[Cell]
    is_hidden: bool = False


class Sheet(NamedTuple):
    """The rows of a sheet that have something in them."""

    rows: list[SheetRow]
    hidden_columns: frozenset[int] = frozenset()
    notes: tuple[Words, ...] = ()
    merged: tuple[Area, ...] = ()
    is_delimited: bool = False


class SheetTitle(NamedTuple):
    """The name of a sheet, and whether it is hidden."""

    name: str
    is_hidden: bool = False


class Book(NamedTuple):
    """The sheets of a file, each read when it is asked for. A text file has one, without a name."""

    titles: Sequence[SheetTitle]
    read: Callable[[int], Sheet]
    notes: tuple[Words, ...] = ()


def unreadable(code: str, detail: str) -> InvalidBody:
    """A file that cannot be read, in Chinese and English."""
    return InvalidBody("", (FieldError("", code, detail),))


def text_cell(text: str, notes: tuple[Words, ...] = ()) -> Cell:
    """The cell with a text, which may be what is left of a value."""
    text = text.replace("\0", "").strip()
    if not text:
        return Cell("", None, notes) if notes else EMPTY
    return Cell(text, _what_is_lost(text), notes)


def _what_is_lost(text: str) -> Words | None:
    if text[0] in "#Ee错":
        if _ERROR.fullmatch(text):
            return error_words(text)
        if _TOO_NARROW.fullmatch(text):
            return (
                f"只有 {text[:8]}：列太窄或日期为负，请改好再存",
                f"only {text[:8]}: widen the column, and save again",
            )
    if _LOST_LETTERS.fullmatch(text):
        return "文字已变成问号，请用 UTF-8 重新导出", "the letters became question marks; export it again as UTF-8"
    if _OTHER_ENCODING.search(text):
        return "有读不出的字（乱码），请用 UTF-8 重新导出", "has letters that cannot be read; export it again as UTF-8"
    return None


def error_words(text: str) -> Words:
    """A cell in which a spreadsheet program shows an error."""
    return f"这一格是公式错误 {text}，请改成真实内容", f"an error of a formula ({text}); write what it should be"


def column_letter(column: int) -> str:
    """`A` for the column 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def too_many_rows() -> InvalidBody:
    """A sheet of more rows than are read."""
    return unreadable("too-many-rows", f"最多 {MAX_ROWS} 行 / at most {MAX_ROWS} rows")


def comment_notes(commented: Sequence[str]) -> tuple[Words, ...]:
    """Which cells have comments, if any have."""
    if not commented:
        return ()
    named = "、".join(commented[:_MAX_LISTED]) + ("…" if len(commented) > _MAX_LISTED else "")
    return ((f"没有读批注：{named}", f"comments are not read: {named}"),)


def check_rows(rows: Iterable[SheetRow]) -> list[SheetRow]:
    """The rows that have something in them. InvalidBody if they exceed a limit."""
    found: list[SheetRow] = []
    size = 0
    for row in rows:
        longest = 0
        for cell in row.cells:
            longest = max(longest, len(cell.text))
            size += len(cell.text)
        if longest > MAX_CHARACTERS:
            zh, en = f"第 {row.number} 行：每格最多", f"row {row.number}: at most {MAX_CHARACTERS} characters in a cell"
            raise unreadable("too-long", f"{zh} {MAX_CHARACTERS} 个字 / {en}")
        if size > MAX_TEXT:
            raise unreadable("too-large", f"最多 {MAX_TEXT} 个字 / at most {MAX_TEXT} characters")
        if not longest and not any(cell is not EMPTY and (cell.notes or cell.fault) for cell in row.cells):
            continue
        if len(found) > MAX_ROWS:
            raise too_many_rows()
        found.append(row)
    return found


def spread_merged(rows: list[SheetRow], areas: Iterable[Area]) -> None:
    """Give each row of a merged area the value that the area shows; further columns of it say that they have none."""
    by_number = {row.number: row.cells for row in rows}
    for first_row, first_column, last_row, last_column in areas:
        value = _cell_at(by_number.get(first_row), first_column)
        if value is EMPTY or first_column >= MAX_COLUMNS:
            continue
        for number in range(first_row, min(last_row, rows[-1].number) + 1):
            cells = by_number.get(number)
            if cells is None:
                continue
            end = min(last_column + 1, MAX_COLUMNS)
            cells.extend([EMPTY] * (end - len(cells)))
            cells[first_column] = value
            for column in range(first_column + 1, end):
                zh = f"和 {column_letter(first_column)} 列的格合并，这一列读作空"
                en = f"merged with column {column_letter(first_column)}: read as empty here"
                cells[column] = Cell("", None, ((zh, en),))


def _cell_at(cells: list[Cell] | None, column: int) -> Cell:
    return cells[column] if cells is not None and column < len(cells) else EMPTY


def shown_sheet(
    rows: Iterable[SheetRow],
    areas: Sequence[Area],
    hidden_columns: frozenset[int] = frozenset(),
    notes: tuple[Words, ...] = (),
) -> Sheet:
    """The sheet of these rows, with the values of its merged areas. InvalidBody if they exceed a limit."""
    kept = check_rows(rows)
    if kept:
        spread_merged(kept, areas)
    return Sheet(kept, hidden_columns, notes, tuple(areas))
