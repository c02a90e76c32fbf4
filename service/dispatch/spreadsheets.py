"""Reads a table: CSV (UTF-8 or GB 18030) or XLSX, within limits. Nothing in it is ever worked out.

It runs in a process of its own (`tabulator`): what a table costs to read is seen only while it is read.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import python_calamine
from python_calamine import SheetTypeEnum

from service.errors import FieldError, InvalidBody

MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 5000, 50, 2000
MOST_UNPACKED, MOST_PARTS = 64 * 2**20, 500
MOST_TEXT = 4_000_000  # characters of all cells: one text of a workbook may stand in many
DIGITS = 10**15  # a number of Excel has no more that count; a longer one stays `1.38E+17`, and is told
Cells = list[str]


def read_csv(raw: bytes) -> list[Cells]:
    """The rows of a CSV. What is not UTF-8 is read as GB 18030, which Excel writes in China."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            raise _wrong("unknown-encoding", "UTF-8 or GB 18030 (请用 UTF-8 或 GB 18030 编码)") from None
    if "\0" in text:
        raise _wrong("null-character", "remove U+0000")
    try:
        return _within(row for row in csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise _wrong("not-csv", str(error)) from None


def read_xlsx(raw: bytes) -> list[Cells]:
    """The rows of the first sheet of an XLSX. Formulas give what was last shown; a zip bomb is refused unopened."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            parts = packed.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
            raise _wrong("too-large", f"at most {MOST_UNPACKED} bytes unpacked")  # noqa: TRY301 - as the rest
        book = python_calamine.load_workbook(io.BytesIO(raw))
        sheets = [one.name for one in book.sheets_metadata if one.typ is SheetTypeEnum.WorkSheet]
        rows = book.get_sheet_by_name(sheets[0]).iter_rows()
        return _within([_text(cell) for cell in row[:MOST_COLUMNS]] for row in rows)
    except (InvalidBody, MemoryError):
        raise
    except BaseException:  # noqa: BLE001 - a broken file may make the library panic, which is no Exception
        raise _wrong("not-xlsx", "cannot be read as XLSX (不是可读的 XLSX)") from None


def _within(rows: Iterator[Cells]) -> list[Cells]:
    """Rows that are not empty, with their limits; a row keeps its place, so empty ones stay as []."""
    found: list[Cells] = []
    text = 0
    for number, row in enumerate(rows):
        if number > MOST_ROWS:
            raise _wrong("too-many-rows", f"at most {MOST_ROWS} rows (最多 {MOST_ROWS} 行)")
        cells = [cell.strip() for cell in row[:MOST_COLUMNS]]
        if any(len(cell) > MOST_CHARACTERS for cell in cells):
            raise _wrong("too-long", f"row {number + 1}: at most {MOST_CHARACTERS} characters in a cell")
        text += sum(map(len, cells))
        if text > MOST_TEXT:
            raise _wrong("too-large", f"at most {MOST_TEXT} characters (最多 {MOST_TEXT} 个字)")
        found.append(cells if any(cells) else [])
    return found


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        cell += timedelta(milliseconds=500)  # Excel's fractions of a day end just before the second
        return cell.date().isoformat() if cell.time() < time(0, 0, 1) else cell.isoformat(" ", "minutes")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < DIGITS:
        return str(int(cell))  # a number on a bill, which Excel took for a quantity
    return str(cell).replace("\0", "")


def _wrong(code: str, detail: str) -> InvalidBody:
    return InvalidBody("", (FieldError("", code, detail),))
