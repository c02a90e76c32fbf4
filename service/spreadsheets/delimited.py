"""Tables in text files: CSV, or with other separators, in any encoding that spreadsheet programs write."""

import re
from collections.abc import Callable, Iterator

from .sheet import MAX_COLUMNS, Book, Cell, Sheet, SheetRow, SheetTitle, Words, check_rows, text_cell, unreadable

_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)  # fmt: skip
_SEPARATORS = (",", ";", "\t", "|", "，", "；")
_SEPARATOR_LINE = re.compile('\ufeff?"?sep=(.)"?(?:\r\n|\r|\n|$)', re.IGNORECASE)
_SAMPLE = 20_000  # characters that tell the separator
_CONSTANT = re.compile(r'="([^"]*)"')  # how exports keep Excel from counting with a number
_LINE_END = re.compile("\r\n|\r|\n")
_MANY = 3  # separators in a line within quotes, after which the quotes are taken for a mistake
_QUOTE: Words = ("这一格的引号不成对，请核对这一行", 'a quotation mark (") is not closed here; look at the row again')


def read_delimited(raw: bytes, count_headings: Callable[[list[str]], int]) -> Book:
    """The table in a text file. Its separator is the one with which a line has the most headings."""
    text = decode(raw)
    if found := _SEPARATOR_LINE.match(text):
        separator, text = found[1], text[found.end() :]
        first = 2
    else:
        separator, first = _find_separator(text[:_SAMPLE], count_headings), 1
    beyond: list[int] = []

    def rows() -> Iterator[SheetRow]:
        for number, cells in enumerate(_records(text, separator), first):
            if len(cells) > MAX_COLUMNS and any(cell.text for cell in cells[MAX_COLUMNS:]):
                beyond.append(number)
            yield SheetRow(number, cells[:MAX_COLUMNS])

    sheet = Sheet(check_rows(rows()), is_delimited=True)
    if beyond:
        zh = f"第 {beyond[0]} 行等：{MAX_COLUMNS} 列以后的内容没有读"
        sheet = sheet._replace(notes=((zh, f"row {beyond[0]}: not read beyond {MAX_COLUMNS} columns"),))

    def read(_: int) -> Sheet:
        return sheet

    return Book((SheetTitle(""),), read)


def decode(raw: bytes) -> str:
    """The text of a file in whatever encoding."""
    raw = raw.rstrip(b"\x1a") if raw[-1:] == b"\x1a" else raw  # how files ended on DOS
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if raw.startswith(mark)), None) or _guess_utf16(raw)
    is_wide = encoding not in (None, "utf-8-sig")
    text = raw.decode(encoding or "", "replace") if is_wide else _decode_bytes(raw)
    if "\0" in text.rstrip("\0"):
        raise unreadable("null-character", "不是文字表格，请另存为 CSV / not a table of text: remove U+0000")
    return text.rstrip("\0\x1a").removeprefix("\ufeff")


def _guess_utf16(raw: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of its separators and digits is 0."""
    sample = raw[:2000]
    odd, even = sample[1::2].count(0), sample[::2].count(0)
    least = len(sample) // 10
    return "utf-16-le" if odd > max(least, 4 * even) else "utf-16-be" if even > max(least, 4 * odd) else None


def _decode_bytes(raw: bytes) -> str:
    """UTF-8, or GB 18030, which Excel writes in China. A few wrong bytes only spoil their cells."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    for encoding in ("utf-8-sig", "gb18030"):
        text = raw.decode(encoding, "replace")
        other = sum(character > "\x7f" for character in text)
        if text.count("\ufffd") * 2 <= other:
            return text
    raise unreadable("unknown-encoding", "请用 UTF-8 或 GB 18030 编码保存 / save it as UTF-8 or GB 18030")


def _find_separator(sample: str, count_headings: Callable[[list[str]], int]) -> str:
    best, most = ",", (0, 0)
    for separator in _SEPARATORS:
        if separator not in sample:
            continue
        rows = [[cell.text for cell in cells] for cells in _records(sample, separator)]
        found = max(map(count_headings, rows), default=0), sample.count(separator) if separator in ",;\t|" else 0
        if found > most:
            best, most = separator, found
    return best


def _records(text: str, separator: str) -> Iterator[list[Cell]]:
    """The records, with quotation marks that people forgot to double as part of the text."""
    mark = re.escape(separator)
    quoted = re.compile(
        rf'[ \t]*"((?:[^"]|"")*+)"[ \t]*(?={mark}|\r|\n|\Z)'
        if separator != "\t"
        else r'"((?:[^"]|"")*+)"(?=\t|\r|\n|\Z)'
    )
    bare = re.compile(rf"[^{mark}\r\n]*+")
    at, end = 0, len(text)
    cells: list[Cell] = []
    while at < end:
        found = quoted.match(text, at) if text[at] in '" \t' else None
        if found is not None and not _is_swallowed(found[1], separator):
            cells.append(_cell(found[1].replace('""', '"')))
            at = found.end()
        else:
            plain = bare.match(text, at)
            shown = plain[0].strip() if plain else ""
            cells.append(_cell(shown, is_open=shown.startswith('"') and shown.count('"') % 2 == 1))
            at = plain.end() if plain else end
        if at < end and text[at] == separator:
            at += 1
            if at == end:
                cells.append(_cell(""))
            continue
        yield cells
        cells = []
        at += 2 if text.startswith("\r\n", at) else 1
    if cells:
        yield cells


def _is_swallowed(text: str, separator: str) -> bool:
    """Whether quotation marks enclose whole records: one of them was never closed."""
    return len(lines := _LINE_END.split(text)) > 1 and any(line.count(separator) >= _MANY for line in lines)


def _cell(text: str, *, is_open: bool = False) -> Cell:
    if constant := _CONSTANT.fullmatch(text.strip()):
        return text_cell(constant[1])
    cell = text_cell(text)
    return cell._replace(fault=_QUOTE) if is_open else cell
