"""Workbooks of Excel, WPS and others (Office Open XML, ECMA-376): the sheets, formats and shared texts of a file."""

import posixpath
from typing import NamedTuple

from .number_format import BUILT_IN
from .packed import Attributes, EnoughRead, PackedFile, attribute, damaged, parse_xml
from .sheet import Book, Sheet, SheetTitle
from .xlsx_sheet import SheetReader, XlsxStyle, unescape

_SHEET_TYPE = "/worksheet"
GENERAL = XlsxStyle("General")


class _Entry(NamedTuple):
    title: SheetTitle
    path: str


def read_xlsx(file: PackedFile) -> Book:
    """The sheets of a workbook. InvalidBody if it cannot be read."""
    main = _main_part(file)
    raw = file.read(main)
    if raw is None:
        raise damaged()
    relations = _relations(file, main)
    entries, is_1904 = _workbook(raw, relations)
    if not entries:
        raise damaged()
    styles = _styles(file.read(_target_of_type(relations, "/styles") or "xl/styles.xml"))
    strings_path = _target_of_type(relations, "/sharedStrings") or "xl/sharedStrings.xml"

    def read(index: int) -> Sheet:
        path = entries[index].path
        part = file.read(path)
        if part is None:
            raise damaged()
        reader = SheetReader(part)
        texts = shared_texts(file.read(strings_path), reader.last_text) if reader.last_text >= 0 else []
        comments = _target_of_type(_relations(file, path), "/comments")
        commented = _commented_cells(file.read(comments)) if comments else ()
        return reader.build(texts, styles or [GENERAL], commented, is_1904=is_1904)

    return Book([entry.title for entry in entries], read)


def _main_part(file: PackedFile) -> str:
    for kind, target in _relations(file, "").values():
        if kind.endswith("/officeDocument"):
            return target
    return "xl/workbook.xml"


def _relations(file: PackedFile, part: str) -> dict[str, tuple[str, str]]:
    """The types and paths of the parts that a part refers to, by their ids."""
    folder, name = posixpath.split(part)
    raw = file.read(f"{folder}/_rels/{name}.rels" if part else "_rels/.rels")
    found: dict[str, tuple[str, str]] = {}

    def start(element: str, given: Attributes) -> None:
        if element == "Relationship" and given.get("TargetMode") != "External":
            target = given.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[given.get("Id", "")] = given.get("Type", ""), path

    if raw is not None:
        parse_xml(raw, start)
    return found


def _target_of_type(relations: dict[str, tuple[str, str]], ending: str) -> str:
    return next((target for kind, target in relations.values() if kind.endswith(ending)), "")


def _workbook(raw: bytes, relations: dict[str, tuple[str, str]]) -> tuple[list[_Entry], bool]:
    """The sheets that have cells, and whether days count from 1904."""
    entries: list[_Entry] = []
    flags: list[bool] = []

    def start(element: str, given: Attributes) -> None:
        if element == "workbookPr":
            flags.append(given.get("date1904", "0") in ("1", "true"))
        if element == "sheet":
            kind, path = relations.get(attribute(given, "id"), ("", ""))
            if kind.endswith(_SHEET_TYPE):
                is_hidden = given.get("state", "visible") != "visible"
                entries.append(_Entry(SheetTitle(given.get("name", ""), is_hidden), path))

    parse_xml(raw, start)
    return entries, any(flags)


def _styles(raw: bytes | None) -> list[XlsxStyle]:
    """The formats of cells, by their index."""
    codes = dict(BUILT_IN)
    formats: list[int] = []
    within: list[str] = []

    def start(element: str, given: Attributes) -> None:
        within.append(element)
        if element == "numFmt":
            codes[_number(given.get("numFmtId"))] = given.get("formatCode", "General")
        elif element == "xf" and "cellXfs" in within:
            formats.append(_number(given.get("numFmtId")))

    def end(_: str) -> None:
        within.pop()

    if raw is not None:
        parse_xml(raw, start, end)
    return [XlsxStyle(codes.get(one, "General")) for one in formats]


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 9 else 0


def shared_texts(raw: bytes | None, last: int) -> list[str]:
    """The texts that cells share, up to the last one that is used. Phonetic readings are not part of them."""
    found: list[str] = []
    parts: list[str] = []
    phonetic = 0
    is_text = False

    def start(element: str, _: Attributes) -> None:
        nonlocal phonetic, is_text
        if element == "rPh":
            phonetic += 1
        is_text = element == "t" and not phonetic

    def end(element: str) -> None:
        nonlocal phonetic, is_text
        is_text = False
        if element == "rPh":
            phonetic -= 1
        elif element == "si":
            found.append(unescape("".join(parts)))
            parts.clear()
            if len(found) > last:
                raise EnoughRead

    def text(content: str) -> None:
        if is_text:
            parts.append(content)

    if raw is not None:
        parse_xml(raw, start, end, text)
    return found


def _commented_cells(raw: bytes | None) -> tuple[str, ...]:
    found: list[str] = []

    def start(element: str, given: Attributes) -> None:
        if element == "comment":
            found.append(given.get("ref", ""))

    if raw is not None:
        parse_xml(raw, start)
    return tuple(found)
