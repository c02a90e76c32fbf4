"""Workbooks of Excel 97 to 2003 (BIFF8, MS-XLS): what their cells show."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from .compound import CompoundFile
from .number_format import BUILT_IN, formatted_text, number_cell
from .packed import damaged
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
    Words,
    check_rows,
    column_letter,
    error_words,
    spread_merged,
    unreadable,
)
from .xlsx_sheet import MAX_CELLS

ENCRYPTED = "文件有打开密码，请去掉密码再存 / it is protected by a password: save it without"
TOO_OLD = "Excel 95 或更早的格式，请另存为 .xlsx / of Excel 95 or older: save it as .xlsx"
_BOF, _EOF, _CONTINUE, _FILEPASS, _DATEMODE, _BOUNDSHEET = 0x809, 0x0A, 0x3C, 0x2F, 0x22, 0x85
_FORMAT, _XF, _SST, _ROW, _COLINFO, _MERGED, _NOTE = 0x41E, 0xE0, 0xFC, 0x208, 0x7D, 0xE5, 0x1C
_LABELSST, _LABEL, _RSTRING, _NUMBER, _RK, _MULRK, _FORMULA, _STRING, _BOOLERR = (
    0xFD, 0x204, 0xD6, 0x203, 0x27E, 0xBD, 0x06, 0x207, 0x205,
)  # fmt: skip
_EMPTY_RESULT: Words = (
    "公式的结果是空的；如果应当有内容，请打开、保存后再导入",
    "the result of a formula is empty: if there should be one, open the file, save it, and import it again",
)
_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # fmt: skip
_BIFF8 = 0x600
_WIDE, _PHONETIC, _RICH = 1, 4, 8  # flags of a string


class _Place(NamedTuple):
    title: SheetTitle
    offset: int


class _Globals:
    """What the sheets share: formats, texts, and where each sheet begins."""

    def __init__(self, stream: bytes) -> None:
        self.stream = stream
        self.sheets: list[_Place] = []
        self.texts: list[str] = []
        self.is_1904 = False
        codes, formats = dict(BUILT_IN), list[int]()
        shared: list[bytes] = []
        before = 0
        for kind, data in _records(stream, 0):
            if kind == _BOF and struct.unpack_from("<H", data)[0] != _BIFF8:
                raise unreadable("too-old", TOO_OLD)
            if kind == _FILEPASS:
                raise unreadable("encrypted", ENCRYPTED)
            if kind == _DATEMODE:
                self.is_1904 = data[:1] == b"\1"
            elif kind == _BOUNDSHEET and data[5] == 0:
                self.sheets.append(
                    _Place(SheetTitle(_characters(data, 6, data[6], 7)[0], data[4] & 3 != 0), *_int(data))
                )
            elif kind == _FORMAT:
                codes[struct.unpack_from("<H", data)[0]] = _text16(data, 2)
            elif kind == _XF:
                formats.append(struct.unpack_from("<H", data, 2)[0])
            elif kind == _SST or (kind == _CONTINUE and before in (_SST, _CONTINUE) and shared):
                shared.append(data)
            elif kind != _CONTINUE and shared and not self.texts:
                self.texts = _shared_texts(shared)
            before = kind
        if shared and not self.texts:
            self.texts = _shared_texts(shared)
        self.codes = [codes.get(number, "General") for number in formats]

    def code(self, style: int) -> str:
        return self.codes[style] if style < len(self.codes) else "General"


def read_xls(file: CompoundFile) -> Book:
    """The sheets of a workbook. InvalidBody if it cannot be read."""
    if "EncryptedPackage" in file:
        raise unreadable("encrypted", ENCRYPTED)
    if "Workbook" not in file:
        raise unreadable("too-old", TOO_OLD) if "Book" in file else damaged()
    shared = _Globals(file.read("Workbook"))
    if not shared.sheets:
        raise damaged()

    def read(index: int) -> Sheet:
        return _Reader(shared).read(shared.sheets[index].offset)

    return Book([one.title for one in shared.sheets], read)


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records up to the end of the globals or of a sheet; an embedded chart is passed over."""
    depth = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        if depth == 1:
            yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _int(data: bytes) -> tuple[int]:
    return struct.unpack_from("<I", data)


def _characters(data: bytes, _: int, count: int, at: int) -> tuple[str, int]:
    """So many characters after their flags, and where they end."""
    if data[at] & _WIDE:
        return data[at + 1 : at + 1 + 2 * count].decode("utf-16-le", "replace"), at + 1 + 2 * count
    return data[at + 1 : at + 1 + count].decode("latin-1"), at + 1 + count


def _text16(data: bytes, at: int) -> str:
    return _characters(data, at, struct.unpack_from("<H", data, at)[0], at + 2)[0]


def _shared_texts(parts: list[bytes]) -> list[str]:
    """The texts that cells share. Where a record ends within one, its characters go on after flags of their own."""
    (count,) = struct.unpack_from("<I", parts[0], 4)
    found: list[str] = []
    part, at = 0, 8
    for _ in range(count):
        while part < len(parts) and at >= len(parts[part]):
            part, at = part + 1, at - len(parts[part])
        if part >= len(parts):
            return found
        length, flags = struct.unpack_from("<HB", parts[part], at)
        at += 3
        runs = phonetic = 0
        if flags & _RICH:
            (runs,) = struct.unpack_from("<H", parts[part], at)
            at += 2
        if flags & _PHONETIC:
            (phonetic,) = struct.unpack_from("<I", parts[part], at)
            at += 4
        letters: list[str] = []
        while True:
            width = 2 if flags & _WIDE else 1
            raw = parts[part][at : at + length * width]
            letters.append(raw.decode("utf-16-le" if width == 2 else "latin-1", "replace"))
            at += len(raw)
            length -= len(raw) // width
            if length <= 0 or part + 1 >= len(parts):
                break
            part, at = part + 1, 1
            flags = parts[part][0] if parts[part] else 0
        found.append("".join(letters))
        at += runs * 4 + phonetic
    return found


class _Reader:
    """Reads a sheet."""

    def __init__(self, shared: _Globals) -> None:
        self._shared = shared
        self._rows: dict[int, dict[int, Cell]] = {}
        self._hidden_rows: set[int] = set()
        self._hidden_columns: set[int] = set()
        self._areas: list[Area] = []
        self._commented: list[str] = []
        self._awaited: tuple[int, int, int] | None = None  # the formula whose text comes next
        self._count = 0

    def read(self, offset: int) -> Sheet:
        for kind, data in _records(self._shared.stream, offset):
            self._take(kind, data)
        found: list[SheetRow] = []
        for number in sorted(self._rows):
            row = self._rows[number]
            cells = [row.get(column, EMPTY) for column in range(max(row) + 1)]
            found.append(SheetRow(number + 1, cells, number in self._hidden_rows))
        rows = check_rows(found)
        if rows:
            spread_merged(rows, self._areas)
        named = "、".join(self._commented[:10])
        notes: tuple[Words, ...] = ((f"没有读批注：{named}", f"comments are not read: {named}"),) if named else ()
        return Sheet(rows, frozenset(self._hidden_columns), notes, tuple(self._areas))

    def _take(self, kind: int, data: bytes) -> None:
        if kind == _STRING and self._awaited:
            row, column, style = self._awaited
            self._awaited = None
            self._put(row, column, formatted_text(_text16(data, 0), self._shared.code(style)))
        elif kind in (_LABELSST, _LABEL, _RSTRING, _NUMBER, _RK, _FORMULA, _BOOLERR):
            row, column, style = struct.unpack_from("<HHH", data)
            self._take_cell(kind, data, row, column, style)
        elif kind == _MULRK:
            row, column = struct.unpack_from("<HH", data)
            for at in range(4, len(data) - 6, 6):
                style, number = struct.unpack_from("<HI", data, at)
                self._put_number(row, column + (at - 4) // 6, style, _from_rk(number))
        elif kind == _ROW:
            (row,) = struct.unpack_from("<H", data)
            if struct.unpack_from("<H", data, 12)[0] & 0x20:
                self._hidden_rows.add(row)
        elif kind == _COLINFO:
            first, last, _, _, flags = struct.unpack_from("<5H", data)
            if flags & 1:
                self._hidden_columns.update(range(first, min(last + 1, MAX_COLUMNS)))
        elif kind == _MERGED:
            (count,) = struct.unpack_from("<H", data)
            for number in range(count):
                first_row, last_row, first, last = struct.unpack_from("<4H", data, 2 + 8 * number)
                self._areas.append((first_row + 1, first, last_row + 1, last))
        elif kind == _NOTE:
            row, column = struct.unpack_from("<HH", data)
            self._commented.append(f"{column_letter(column)}{row + 1}")

    def _take_cell(self, kind: int, data: bytes, row: int, column: int, style: int) -> None:
        code = self._shared.code(style)
        if kind == _LABELSST:
            (index,) = struct.unpack_from("<I", data, 6)
            texts = self._shared.texts
            lost = Cell("", ("这一格的文字读不出", "the text of this cell is lost"))
            self._put(row, column, formatted_text(texts[index], code) if index < len(texts) else lost)
        elif kind in (_LABEL, _RSTRING):
            self._put(row, column, formatted_text(_text16(data, 6), code))
        elif kind == _NUMBER:
            self._put_number(row, column, style, struct.unpack_from("<d", data, 6)[0])
        elif kind == _RK:
            self._put_number(row, column, style, _from_rk(struct.unpack_from("<I", data, 6)[0]))
        elif kind == _BOOLERR:
            self._put(row, column, _bool_or_error(data[6], is_error=data[7] == 1))
        elif data[12:14] != b"\xff\xff":
            self._put_number(row, column, style, struct.unpack_from("<d", data, 6)[0])
        elif data[6] == 0:
            self._awaited = row, column, style
        elif data[6] == 3:
            self._put(row, column, Cell("", None, (_EMPTY_RESULT,)))
        else:
            self._put(row, column, _bool_or_error(data[8], is_error=data[6] == 2))

    def _put_number(self, row: int, column: int, style: int, value: float) -> None:
        self._put(row, column, number_cell(repr(value), self._shared.code(style), is_1904=self._shared.is_1904))

    def _put(self, row: int, column: int, cell: Cell) -> None:
        self._count += 1
        if self._count > MAX_CELLS or len(self._rows) > 2 * MAX_ROWS:
            raise unreadable("too-many-rows", f"最多 {MAX_ROWS} 行 / at most {MAX_ROWS} rows")
        if column < MAX_COLUMNS and cell is not EMPTY:
            self._rows.setdefault(row, {})[column] = cell


def _bool_or_error(value: int, *, is_error: bool) -> Cell:
    if not is_error:
        return Cell("TRUE" if value else "FALSE")
    error = _ERRORS.get(value, "#ERROR!")
    return Cell(error, error_words(error))


def _from_rk(number: int) -> float:
    """The number in its short form: an integer or half a double, maybe a hundredth of it."""
    if number & 2:
        value = float(struct.unpack("<i", struct.pack("<I", number))[0] >> 2)
    else:
        value = struct.unpack("<d", struct.pack("<II", 0, number & 0xFFFFFFFC))[0]
    return value / 100 if number & 1 else value
