"""Reads a file as a table, whatever its name and media type say: its bytes tell what it is."""

from collections.abc import Callable
from typing import TypeVar

from service.errors import InvalidBody

from .delimited import read_delimited
from .html_table import read_html
from .ods import read_ods
from .packed import PackedFile, damaged
from .sheet import Book, Sheet, unreadable

T = TypeVar("T")
_COMPOUND = b"\xd0\xcf\x11\xe0"
_SAVE = "请另存为 .xlsx 或 CSV / save it as .xlsx or CSV"
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "这是 PDF"), (b"\x89PNG", "这是图片"), (b"\xff\xd8\xff", "这是图片"), (b"GIF8", "这是图片"),
    (b"Rar!", "这是压缩包"), (b"7z\xbc\xaf", "这是压缩包"), (b"\x1f\x8b", "这是压缩包"), (b"{\\rtf", "这是 RTF 文档"),
)  # fmt: skip


def read_book(raw: bytes, count_headings: Callable[[list[str]], int]) -> Book:
    """The sheets of a file. InvalidBody if it cannot be read."""
    if not raw.strip(b"\0\x1a\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise unreadable("empty", "文件是空的 / the file is empty")
    if raw.startswith(b"PK"):
        return _guarded(lambda: _read_packed(raw))
    if raw.startswith(_COMPOUND):
        from .xls import read_xls  # the libraries are loaded where a file of theirs is read

        return _guarded(lambda: read_xls(raw))
    if other := next((name for beginning, name in _OTHERS if raw.startswith(beginning)), None):
        raise unreadable("not-a-table", f"{other}，不是表格，{_SAVE}")
    beginning = raw[:2000].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if beginning.startswith(b"<"):
        if any(mark in beginning for mark in (b"<html", b"<table", b"<meta", b"<!doctype html")):
            return _guarded(lambda: read_html(raw))
        raise unreadable("not-a-table", f"这是改了名的 XML 文件，请用 Excel 或 WPS 打开，{_SAVE}")
    return read_delimited(raw, count_headings)


def _read_packed(raw: bytes) -> Book:
    file = PackedFile(raw)
    if "content.xml" in file.names:
        return read_ods(file)
    if any(name.endswith(".bin") and name.startswith("xl/workbook") for name in file.names):
        raise unreadable("not-a-table", f"这是 .xlsb，{_SAVE}")
    if not any(name.startswith("xl/") or name == "[content_types].xml" for name in file.names):
        raise unreadable("not-a-table", "这是压缩包，不是表格，请解压后导入里面的表格 / an archive: unpack it")
    if any(name.startswith(("word/", "ppt/")) for name in file.names):
        raise unreadable("not-a-table", f"这是 Word 或 PowerPoint 文档，不是表格，{_SAVE}")
    from .xlsx import read_xlsx

    return read_xlsx(raw)


def _guarded(read: Callable[[], Book]) -> Book:
    """The book; whatever a broken file makes of a reader is that it cannot be read."""
    book = _attempt(read)

    def read_sheet(index: int) -> Sheet:
        return _attempt(lambda: book.read(index))

    return book._replace(read=read_sheet)


def _attempt(read: Callable[[], T]) -> T:
    try:
        return read()
    except (InvalidBody, MemoryError):
        raise
    except Exception:  # noqa: BLE001
        raise damaged() from None
