"""Reads tables within limits: CSV (UTF-8 or GB 18030) or XLSX. Formulas are not evaluated.

It runs in a separate process (`tabulator`), because nobody knows in advance what a table costs to read.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineWorkbook, SheetTypeEnum

from service.errors import FieldError, InvalidBody

MAX_ROWS, MAX_COLUMNS, MAX_CHARACTERS = 5000, 50, 2000
MAX_UNPACKED, MAX_PARTS = 64 * 2**20, 500
MAX_TEXT = 4_000_000  # characters of all cells: a workbook may share one text between many
MAX_EXACT = 10**15  # Excel keeps 15 digits; a longer number stays `1.38E+17`, which is refused later
Cells = list[str]


def read_csv(raw: bytes) -> list[Cells]:
    """The rows of a CSV file in UTF-8, or in GB 18030, which Excel writes in China."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            raise _wrong("unknown-encoding", "请用 UTF-8 或 GB 18030 编码保存 / save it as UTF-8 or GB 18030") from None
    if "\0" in text:
        raise _wrong("null-character", "不是文字表格，请另存为 CSV / not a table of text: remove U+0000")
    try:
        return _check_limits(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise _wrong("not-csv", f"不是可读的 CSV / cannot be read as CSV: {error}") from None


def read_xlsx(raw: bytes) -> list[Cells]:
    """The rows of the first sheet of an XLSX file. Formulas have their last value; a zip bomb is refused unopened."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            parts = packed.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise _wrong("too-large", f"文件太大 / at most {MAX_UNPACKED} bytes unpacked")  # noqa: TRY301
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        sheets = [sheet.name for sheet in book.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
        rows = book.get_sheet_by_name(sheets[0]).iter_rows()
        return _check_limits([_text(cell) for cell in row[:MAX_COLUMNS]] for row in rows)
    except (InvalidBody, MemoryError):
        raise
    except BaseException:  # noqa: BLE001 - a broken file may make the library panic, which is not an Exception
        raise _wrong("not-xlsx", "不是可读的 XLSX / cannot be read as XLSX") from None


def _check_limits(rows: Iterator[Cells]) -> list[Cells]:
    """The rows, empty ones as []. InvalidBody if they exceed a limit."""
    found: list[Cells] = []
    text = 0
    for number, row in enumerate(rows):
        if number > MAX_ROWS:
            raise _wrong("too-many-rows", f"最多 {MAX_ROWS} 行 / at most {MAX_ROWS} rows")
        cells = [cell.strip() for cell in row[:MAX_COLUMNS]]
        if any(len(cell) > MAX_CHARACTERS for cell in cells):
            zh, en = f"第 {number + 1} 行：每格最多", f"row {number + 1}: at most {MAX_CHARACTERS} characters in a cell"
            raise _wrong("too-long", f"{zh} {MAX_CHARACTERS} 个字 / {en}")
        text += sum(map(len, cells))
        if text > MAX_TEXT:
            raise _wrong("too-large", f"最多 {MAX_TEXT} 个字 / at most {MAX_TEXT} characters")
        found.append(cells if any(cells) else [])
    return found


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        cell += timedelta(milliseconds=500)  # Excel's fractions of a day may end just before the second
        return cell.date().isoformat() if cell.time() < time(0, 0, 1) else cell.isoformat(" ", "minutes")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < MAX_EXACT:
        return str(int(cell))  # an account number that Excel read as a quantity
    return str(cell).replace("\0", "")


def _wrong(code: str, detail: str) -> InvalidBody:
    return InvalidBody("", (FieldError("", code, detail),))
