"""Workbooks of Excel 2003 and older: xlrd reads them, and their numbers become what their formats show."""

import io

import xlrd
import xlrd.sheet
from xlrd.biffh import XLRDError, error_text_from_code

from .number_format import BUILT_IN, formatted_text, number_cell
from .sheet import (
    EMPTY,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
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
    unreadable,
)

_ENCRYPTED = "文件有打开密码，请去掉密码再存 / it is protected by a password: save it without"
_PACKAGE = "EncryptedPackage".encode("utf-16-le")  # the stream of an XLSX file with a password
_EMPTY_RESULT: Words = (
    "公式的结果是空的；如果应当有内容，请打开、保存后再导入",
    "the result of a formula is empty: if there should be one, open the file, save it, and import it again",
)


def read_xls(raw: bytes) -> Book:
    """The sheets of a workbook. InvalidBody if it cannot be read."""
    if _PACKAGE in raw:
        raise unreadable("encrypted", _ENCRYPTED)
    try:
        book = xlrd.open_workbook(
            file_contents=raw, logfile=io.StringIO(), formatting_info=True, ragged_rows=True, on_demand=True
        )
    except XLRDError as error:
        if "encrypted" in str(error):
            raise unreadable("encrypted", _ENCRYPTED) from None
        raise
    reader, sheets = _Reader(book), book.sheets()

    def read(index: int) -> Sheet:
        return reader.read(sheets[index])

    return Book([SheetTitle(sheet.name, sheet.visibility != 0) for sheet in sheets], read)


class _Reader:
    """Makes sheets as they are shown of those of a workbook."""

    def __init__(self, book: xlrd.Book) -> None:
        codes = BUILT_IN | {one.format_key: one.format_str for one in book.format_list}
        self._codes = [codes.get(style.format_key, "General") for style in book.xf_list]
        self._is_1904 = book.datemode == 1
        # xlrd does not say what is a formula: an empty text is the result of one if it is none that cells share
        self._empty = EMPTY if "" in vars(book)["_sharedstrings"] else Cell("", None, (_EMPTY_RESULT,))

    def read(self, sheet: xlrd.sheet.Sheet) -> Sheet:
        found: list[SheetRow] = []
        count = 0
        for number in range(sheet.nrows):
            given = sheet.row(number)
            count += len(given)
            if count > MAX_CELLS or len(found) > 2 * MAX_ROWS:
                raise too_many_rows()
            if given:
                info = sheet.rowinfo_map.get(number)
                cells = [self._cell(one) for one in given[:MAX_COLUMNS]]
                found.append(SheetRow(number + 1, cells, info is not None and bool(info.hidden)))
        areas = tuple((top + 1, left, bottom, right - 1) for top, bottom, left, right in sheet.merged_cells)
        hidden = frozenset(at for at, info in sheet.colinfo_map.items() if info.hidden and at < MAX_COLUMNS)
        commented = [f"{column_letter(column)}{row + 1}" for row, column in sorted(sheet.cell_note_map)]
        return shown_sheet(found, areas, hidden, comment_notes(commented))

    def _cell(self, given: xlrd.sheet.Cell) -> Cell:
        value, style = given.value, given.xf_index
        code = self._codes[style] if style is not None and style < len(self._codes) else "General"
        if given.ctype == xlrd.XL_CELL_TEXT:
            return formatted_text(str(value), code) if value else self._empty
        if given.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
            return number_cell(repr(value), code, is_1904=self._is_1904)
        if given.ctype == xlrd.XL_CELL_BOOLEAN:
            return Cell("TRUE" if value else "FALSE")
        if given.ctype == xlrd.XL_CELL_ERROR:
            error = error_text_from_code.get(int(value), "#ERROR!")
            return Cell(error, error_words(error))
        return EMPTY
