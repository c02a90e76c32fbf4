"""The rows of a table of visits, as far as they can be read without the database."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import TypeVar

import msgspec

from service.spreadsheets.sheet import EMPTY, Cell, SheetRow, Words
from service.web.field_words import INVALID

from . import import_times
from .import_cells import clean_cell, is_too_long, read_value
from .import_columns import COLUMNS, REQUIRED, TIMES, RowError, row_error
from .import_heading import Heading, titled

T = TypeVar("T")
_HIDDEN_CHARACTER = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)
MISSING = ("不能为空", "may not be empty")
NO_TIME = tuple(row_error(name, *MISSING) for name in ("from", "to", "slot"))
"""What is wrong with a row whose time is left out."""


class TableRow(msgspec.Struct, frozen=True):
    """A row of a table: its cells by the names of their columns as they are kept, what the table has instead, its
    errors, and what to look at again."""

    number: int
    cells: dict[str, str]
    faults: tuple[RowError, ...]
    time_faults: tuple[RowError, ...]
    start: datetime | None
    end: datetime | None
    original: dict[str, str] = {}
    notes: tuple[RowError, ...] = ()


class RowReader:
    """Reads the rows below a heading."""

    def __init__(self, heading: Heading, zone: tzinfo, slots: Mapping[str, str], *, is_delimited: bool) -> None:
        self._heading, self._zone, self._slots, self._is_delimited = heading, zone, slots, is_delimited

    def read(self, row: SheetRow) -> TableRow:
        """The row with all that is wrong in it."""
        cells: dict[str, str] = {}
        original: dict[str, str] = {}
        faults: list[RowError] = []
        notes: list[RowError] = []
        times: dict[str, Cell] = {}
        for name in (*COLUMNS.values(), "day", "slot"):
            cell, other_notes = self._cell(row, name)
            notes += other_notes
            if name in TIMES:
                times[name] = cell
            text, wrong, remarks = read_value(name, cell)
            if name in TIMES:
                text = clean_cell(name, cell.moment or cell.text)
            cells[name] = text
            if _visible(cell.text) != text and cell.text:
                original[name] = _visible(cell.text)
            faults += [row_error(name, *words) for words in wrong]
            notes += [row_error(name, *words) for words in remarks]
        wrong_columns = {fault.column for fault in faults}
        missing = [fault for fault in self._missing(cells) if fault.column not in wrong_columns]
        faults = [*missing, *faults, *self._beyond(row)]
        if is_too_long("name", cells["name"]):
            faults.append(row_error("name", *INVALID))
        time_faults: list[RowError] = []
        start, end = self._times(times, cells, time_faults, notes)
        return TableRow(
            row.number, cells, tuple(faults), tuple(time_faults), start, end, original, tuple(dict.fromkeys(notes))
        )

    def _cell(self, row: SheetRow, name: str) -> tuple[Cell, list[RowError]]:
        """The first cell of the columns of a name that has something in it, and what further ones have."""
        found = EMPTY
        notes: list[RowError] = []
        for column in self._heading.columns.get(name, ()):
            cell = row.cells[column] if column < len(row.cells) else EMPTY
            if not cell.text and not cell.fault:
                found = found if found.text or found.fault else (cell if cell.notes else found)
                continue
            if not found.text and not found.fault:
                found = cell
            elif name == "slot":  # a day and a time below one heading
                both = f"{found.moment or found.text} {cell.moment or cell.text}"
                found = Cell(both, found.fault or cell.fault, (*found.notes, *cell.notes))
            elif clean_cell(name, cell.text) not in ("", clean_cell(name, found.text)):
                title = titled(column, self._heading.titles.get(column, ""))
                zh = f"没有用 {title}的 {cell.text[:30]}"
                notes.append(row_error(name, zh, f"not used: {cell.text[:30]} of {title}"))
        return found, notes

    def _missing(self, cells: Mapping[str, str]) -> Iterator[RowError]:
        for name in REQUIRED:
            if name not in ("from", "to") and not cells[name]:
                yield row_error(name, *MISSING)
        if cells["slot"] or _day_and_slot(cells):
            return
        of_times = [name for name in ("from", "to") if name in self._heading.columns]
        for name in of_times or ["slot"]:
            if not cells[name]:
                yield row_error(name, *MISSING)

    def _beyond(self, row: SheetRow) -> Iterator[RowError]:
        """That a record of a text file is longer than the heading: a text has a separator in it."""
        width = max(self._heading.titles, default=-1) + 1
        further = [cell.text for cell in row.cells[width:] if cell.text]
        if self._is_delimited and further:
            zh = f"这一行比标题行多出“{further[0][:20]}”，可能有一格里写了分隔符而没加引号"
            yield RowError("", zh, f"longer than the heading by {further[0][:20]!r}: a separator within a text?")

    def _times(
        self, given: Mapping[str, Cell], cells: Mapping[str, str], faults: list[RowError], notes: list[RowError]
    ) -> tuple[datetime | None, datetime | None]:
        slot = _day_and_slot(cells)
        day = None if slot else self._day(cells["day"], faults)
        if not slot and (cells["from"] or cells["to"] or not cells["slot"]):
            if cells["slot"]:
                zh = f"已有开始和结束，没有用 {cells['slot'][:30]}"
                notes.append(row_error("slot", zh, f"not used, as there are 开始 and 结束: {cells['slot'][:30]}"))
            start = self._time("from", given["from"], cells["from"], day, faults, notes)
            begun = start.date() if start else day or _day_of(cells["from"])
            end = self._time("to", given["to"], cells["to"], begun, faults, notes)
            if start is not None and end is not None and end <= start:
                faults.append(row_error("to", "结束须晚于开始", "it has to end after it begins"))
            return start, end
        if day is None and cells["day"] and not slot:
            return None, None  # the day has an error already
        text = slot or cells["slot"]
        found = _attempt("slot", lambda: import_times.parse_slot(text, self._zone, day, self._slots), faults)
        if found is None:
            return None, None
        if found[1] <= found[0]:
            faults.append(row_error("slot", "结束须晚于开始", "it has to end after it begins"))
        return found

    def _day(self, text: str, faults: list[RowError]) -> date | None:
        if not text:
            return None
        found = _attempt("day", lambda: import_times.parse_day(text), faults)
        if found is None:
            return None
        if found[1] not in ("", "0:00", "00:00", "00:00:00", "0:00:00"):
            zh, en = "这里还有时间，请把时间写在时段列", "there is a time in it: write that in the column of the time"
            faults.append(row_error("day", zh, en))
        return found[0]

    def _time(
        self, name: str, cell: Cell, text: str, day: date | None, faults: list[RowError], notes: list[RowError]
    ) -> datetime | None:
        if not text:
            return None
        if cell.day and day is None:
            notes.append(
                row_error(name, f"格里没显示的日期是 {cell.day}", f"the date that it does not show: {cell.day}")
            )
        elif cell.day and day is not None and cell.day != day.isoformat():
            zh = f"格里没显示的日期 {cell.day} 没有用"
            notes.append(row_error(name, zh, f"the date that it does not show was not used: {cell.day}"))
        day = date.fromisoformat(cell.day) if cell.day and day is None else day
        return _attempt(name, lambda: import_times.parse(text, self._zone, day), faults)


def _day_and_slot(cells: Mapping[str, str]) -> str:
    """What a column of days has if a time follows in each of its cells, and there is no other column of times."""
    if not cells["day"] or cells["slot"] or cells["from"] or cells["to"]:
        return ""
    try:
        rest = import_times.parse_day(cells["day"])[1]
    except ValueError:
        return ""
    return cells["day"] if rest else ""


def _day_of(text: str) -> date | None:
    """The date in a cell, if there is one."""
    try:
        return import_times.parse_day(text)[0]
    except ValueError:
        return None


def _attempt(name: str, parse: Callable[[], T], faults: list[RowError]) -> T | None:
    """What is read; None if it cannot be read, with a fault."""
    try:
        return parse()
    except (ValueError, OverflowError) as error:
        faults.append(row_error(name, *_in_words(name, error)))
        return None


def _in_words(name: str, error: Exception) -> Words:
    if isinstance(error, import_times.MissingTime):
        return "只有日期，请写明时间，如 2026-03-02 09:00", "a day alone; give the time too"
    if isinstance(error, import_times.TimeRange):
        zh, en = ("只写开始时间", "the start only") if name == "from" else ("只写结束时间", "the end only")
        return f"这里写了一段时间，请{zh}", f"this is from when to when; write {en}"
    if isinstance(error, import_times.AmbiguousTime):
        return "说不清是中午还是夜里，请写成 14:30 这样", "noon or night? write it as 14:30"
    if isinstance(error, import_times.WrongWeekday):
        return f"日期和星期对不上：{error}", f"the day of the week is another one: {str(error)[:10]}"
    if isinstance(error, import_times.MissingEnd):
        return "只有开始，没有结束，请写成 09:00-10:00", "a start without an end; write it as 09:00-10:00"
    if isinstance(error, import_times.SkippedTime):
        return f"当天没有 {error} 这个时间（夏令时开始，钟拨快）", f"{error} does not exist: the clocks are set forward"
    if isinstance(error, import_times.RepeatedTime):
        zh = f"当天有两个 {error}（夏令时结束，钟拨慢），请写上时差，如 2026-10-25T02:30+01:00"
        return zh, f"{error} is there twice, as the clocks are set back; add the offset: 2026-10-25T02:30+01:00"
    if name == "day":
        return "日期请写成 2026-03-02", "write the date as 2026-03-02"
    if name == "slot":
        return "时段请写成 09:00-10:00", "write from when to when as 09:00-10:00"
    return "时间请写成 2026-03-02 09:00", "write the time as 2026-03-02 09:00"


def _visible(text: str) -> str:
    """A text of the table with names in place of characters that nobody can see."""
    return _HIDDEN_CHARACTER.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def used_columns(heading: Heading) -> set[int]:
    """The columns that are read."""
    return {column for columns in heading.columns.values() for column in columns}


def unused_values(heading: Heading, rows: Sequence[SheetRow]) -> list[str]:
    """The columns that have something in them and are not read, as a person finds them."""
    used = used_columns(heading)
    filled = {at for row in rows for at, cell in enumerate(row.cells) if cell.text and at not in used}
    return [titled(column, heading.titles.get(column, "")) for column in sorted(filled)]


def hidden_titles(heading: Heading, hidden: frozenset[int]) -> list[str]:
    """The columns that are read although they are hidden."""
    return [titled(column, heading.titles[column]) for column in sorted(used_columns(heading) & hidden)]
