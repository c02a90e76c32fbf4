"""Reads a table in a separate process: `python tabulator.py OPTIONS < TABLE > ROWS`.

A malicious table only affects this process, which has half a gigabyte of address space, twenty seconds of processor
time, and no files but its two streams. The output is JSON: the rows of the table, or its errors (`TableOutcome`).
"""

import os
import re
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from service.dispatch import import_neighbours
from service.dispatch.import_columns import TableNote, is_example
from service.dispatch.import_heading import Heading, Headings, listed, require_columns
from service.dispatch.import_rows import RowReader, TableRow, hidden_titles, unused_values
from service.errors import FieldError, InvalidBody
from service.spreadsheets.reading import read_book
from service.spreadsheets.sheet import Book, Sheet, SheetRow, Words
from service.spreadsheets.words import Lists

if __name__ == "__main__":  # a script's path has its own folder, not that of the package
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

MEMORY, SECONDS = 512 * 2**20, 20
COSTLY_STATUS = 3
COSTLY = FieldError(
    "", "too-costly", "太复杂，请改小或另存为 CSV / costs too much to read; make it smaller, or send CSV"
)
MAX_QUOTED = 60  # characters of a text of the table
_MAX_SHEETS = 20  # in which a heading is looked for
_TOTAL = re.compile(
    r"(?:合\s*计|总\s*计|小\s*计|本页小计|本页合计|总数|共计|共\s*\d+\s*[条行单户].*|total)\s*[:：]?.*", re.IGNORECASE
)
_FOOTER = re.compile(
    r"(?:制表|审核|打印|导出|填表|复核|签字|备注|说明|注)[^:：]{0,6}[:：].*|第\s*\d+\s*页.*|page\s*\d+.*", re.IGNORECASE
)


class TableOptions(msgspec.Struct, frozen=True):
    """The utility's zone, and the words of its tables."""

    zone: str
    columns: Lists
    slots: dict[str, str]


class TableOutcome(msgspec.Struct, frozen=True):
    """The rows of a table, or its errors. `headings` are those of its columns, by name."""

    rows: tuple[TableRow, ...] = ()
    faults: tuple[FieldError, ...] = ()
    headings: dict[str, str] = {}
    sheet: str = ""
    heading_row: int = 1
    notes: tuple[TableNote, ...] = ()


def read_table(options: TableOptions, raw: bytes) -> TableOutcome:
    """The rows of a table that are visits, and what else there is in the file; or its errors."""
    try:
        headings = Headings(options.columns)
        book = read_book(raw, headings.count)
        index, sheet, found = _choose_sheet(book, headings)
        heading = require_columns(found, sheet)
        rows, notes = _visits(sheet, heading, headings)
        reader = RowReader(heading, ZoneInfo(options.zone), options.slots, is_delimited=sheet.is_delimited)
        read = [reader.read(row) for row in rows]
        kept = import_neighbours.compare([row for row in read if not is_example(row.cells)])
        titles = {name: heading.titles[places[0]] for name, places in heading.columns.items()}
        every = [*_sheet_notes(book, index), *book.notes, *sheet.notes, *_column_notes(sheet, heading, rows), *notes]
        return TableOutcome(
            rows=tuple(kept),
            headings=titles,
            sheet=book.titles[index].name,
            heading_row=heading.number,
            notes=tuple(TableNote(*words) for words in every),
        )
    except InvalidBody as problem:
        return TableOutcome(faults=problem.errors)
    except MemoryError:
        return TableOutcome(faults=(COSTLY,))


def _choose_sheet(book: Book, headings: Headings) -> tuple[int, Sheet, Heading | None]:
    """The first sheet with a heading, those that are shown before hidden ones; else the first one."""
    order = sorted(range(len(book.titles)), key=lambda index: book.titles[index].is_hidden)[:_MAX_SHEETS]
    best: tuple[int, Sheet, Heading | None] | None = None
    for index in order:
        sheet = book.read(index)
        heading = headings.find(sheet)
        if best is None or (heading is not None and best[2] is None):
            best = index, sheet, heading
        if heading is not None and len(heading.columns) > 2:
            return index, sheet, heading
    if best is None:
        raise InvalidBody("", (FieldError("", "empty", "没有工作表 / there is no sheet"),))
    return best


def _sheet_notes(book: Book, read: int) -> list[Words]:
    name, is_hidden = book.titles[read]
    if is_hidden:
        return [
            (
                f"只有隐藏的工作表“{name}”有列名，读的是它",
                f"only the hidden sheet “{name}” has the headings; it was read",
            )
        ]
    others = [one for index, one in enumerate(book.titles) if index != read]
    if not others:
        return []
    zh = "、".join(f"“{one.name}”{'（隐藏的）' if one.is_hidden else ''}" for one in others[:10])
    en = ", ".join(f"“{one.name}”{' (hidden)' if one.is_hidden else ''}" for one in others[:10])
    return [(f"读的是工作表“{name}”，没有读：{zh}", f"the sheet “{name}” was read; not read: {en}")]


def _column_notes(sheet: Sheet, heading: Heading, rows: Sequence[SheetRow]) -> list[Words]:
    notes: list[Words] = []
    if unused := unused_values(heading, rows):
        notes.append(
            (f"没有用到的列：{listed(unused, MAX_QUOTED)}", f"columns that were not used: {listed(unused, MAX_QUOTED)}")
        )
    if hidden := hidden_titles(heading, sheet.hidden_columns):
        notes.append(
            (
                f"隐藏的列也读了：{listed(hidden, MAX_QUOTED)}",
                f"hidden columns were read too: {listed(hidden, MAX_QUOTED)}",
            )
        )
    return notes


def _visits(sheet: Sheet, heading: Heading, headings: Headings) -> tuple[list[SheetRow], list[Words]]:
    """The rows that are visits, and which others there are."""
    above = [cell.text for row in sheet.rows[: heading.end - 1] for cell in row.cells[:50] if cell.text]
    above = [text for text in dict.fromkeys(above) if headings.recognize(text) is None]
    notes: list[Words] = []
    if above:
        notes.append(
            (
                f"标题行上面的没有读：{listed(above, MAX_QUOTED)}",
                f"not read above the heading: {listed(above, MAX_QUOTED)}",
            )
        )
    visits: list[SheetRow] = []
    hidden: list[int] = []
    repeated: list[int] = []
    for row in sheet.rows[heading.end :]:
        texts = [cell.text for cell in row.cells if cell.text]
        if not texts:
            continue
        if _is_heading(row, heading):
            repeated.append(row.number)
        elif _is_total(row, heading, texts):
            shown = listed(texts[:5], MAX_QUOTED)
            notes.append(
                (f"第 {row.number} 行不是任务，没有读：{shown}", f"row {row.number} is no visit, not read: {shown}")
            )
        elif row.is_hidden:
            hidden.append(row.number)
        else:
            visits.append(row)
    for numbers, zh, en in (
        (repeated, "重复的标题行，没有读", "the heading again, not read"),
        (
            hidden,
            "隐藏或筛选掉的行，没有导入；要导入请取消隐藏和筛选",
            "hidden or filtered, not imported: show them to import them",
        ),
    ):
        if numbers:
            notes.append((f"第 {_ranges(numbers)} 行：{zh}", f"rows {_ranges(numbers)}: {en}"))
    return visits, notes


def _is_heading(row: SheetRow, heading: Heading) -> bool:
    """Whether a row repeats the heading, as at the top of each printed page."""
    same = sum(cell.text == heading.titles.get(at) for at, cell in enumerate(row.cells) if cell.text)
    return same >= 3 and same * 2 > sum(1 for cell in row.cells if cell.text)


def _is_total(row: SheetRow, heading: Heading, texts: Sequence[str]) -> bool:
    """Whether a row is a sum, or a line below the table."""
    used = dict.fromkeys(("technician", "name", "type"), "")
    for name in used:
        for column in heading.columns.get(name, ()):
            used[name] = used[name] or (row.cells[column].text if column < len(row.cells) else "")
    if all(used.values()):
        return False
    return _TOTAL.fullmatch(texts[0]) is not None or _FOOTER.fullmatch(texts[0]) is not None


def _ranges(numbers: Sequence[int]) -> str:
    """`3、5–9`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    shown = ["–".join(map(str, part)) for part in parts]
    return "、".join(shown[:20]) + ("…" if len(shown) > 20 else "")


def main(options: str) -> int:
    """Read within the limits."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    given = msgspec.json.decode(options, type=TableOptions)
    sys.stdout.buffer.write(msgspec.json.encode(read_table(given, sys.stdin.buffer.read())))
    return 0


if __name__ == "__main__":
    try:
        status = main(*sys.argv[1:])
    except MemoryError:  # also for what is left to do after one
        os._exit(COSTLY_STATUS)
    sys.exit(status)
