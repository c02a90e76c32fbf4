"""Finds the heading of a table of visits: below titles, in other words, in one row or two."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from service.errors import FieldError, InvalidBody
from service.spreadsheets.sheet import Cell, Sheet, SheetRow, Words, column_letter
from service.spreadsheets.words import Lists
from service.text import identifier_key

from .import_columns import COLUMNS, REQUIRED, ZH

MAX_SHOWN, MAX_HEADINGS = 20, 20  # how much of a wrong heading an error shows
LEAST = 3  # headings that make a row the heading
LAST = 60  # rows from the first in which the heading is looked for
_DECORATION = re.compile(r"[*＊★:：•]|\s")
_BRACKETS = re.compile(r"[(\[【].*[)\]】]$")


class Heading(NamedTuple):
    """The columns by name, the best first, and their headings. `end` is the number of rows up to the heading."""

    columns: dict[str, list[int]]
    titles: dict[int, str]
    end: int
    number: int


class Headings:
    """Recognizes the names of columns in the words of a utility."""

    def __init__(self, words: Lists) -> None:
        ranked = [(name, rank, word) for name, list_ in words.items() for rank, word in enumerate((name, *list_))]
        ranked += [(name, -1, zh) for zh, name in COLUMNS.items()]
        self._found: dict[str, tuple[str, int]] = {}
        for name, rank, word in ranked:
            key = _key(word)
            if key not in self._found or self._found[key][0] == name:
                self._found[key] = name, min(rank, self._found.get(key, (name, rank))[1])

    def recognize(self, text: str) -> tuple[str, int] | None:
        """The name of the column, and how far behind it is in its list."""
        if not text or len(text) > 60:
            return None
        key = _key(text)
        return self._found.get(key) or self._found.get(_BRACKETS.sub("", key))

    def count(self, texts: Sequence[str]) -> int:
        """How many columns a row names."""
        return len({found[0] for text in texts if (found := self.recognize(text))})

    def find(self, sheet: Sheet) -> Heading | None:
        """The heading of a sheet, if a row has enough of one."""
        counts = [self.count([cell.text for cell in row.cells]) for row in sheet.rows[:LAST]]
        first = next((at for at, count in enumerate(counts) if count >= LEAST), None)
        if first is None:
            best = max(range(len(counts)), key=counts.__getitem__, default=None)
            return self._heading(sheet, best, best) if best is not None and counts[best] else None
        following = first + 1
        has_two = following < len(counts) and counts[following] >= 2 and self._completes(sheet.rows, first, following)
        return self._heading(sheet, first, following if has_two else first)

    def _completes(self, rows: Sequence[SheetRow], first: int, following: int) -> bool:
        """Whether a row goes on with the heading above it, instead of repeating it."""
        above = [cell.text for cell in rows[first].cells]
        below = [cell.text for cell in rows[following].cells]
        new = {found[0] for text in below if (found := self.recognize(text))}
        new -= {found[0] for text in above if (found := self.recognize(text))}
        return bool(new) and all(self.recognize(text) for text in below if text)

    def _heading(self, sheet: Sheet, first: int, last: int) -> Heading:
        upper, lower = sheet.rows[first], sheet.rows[last]
        width = max(len(upper.cells), len(lower.cells))
        titles = {
            column: text
            for column in range(width)
            if (text := _text(lower.cells, column) or _text(upper.cells, column))
        }
        for first_row, first_column, last_row, last_column in sheet.merged:  # a heading over several columns
            if first_row <= lower.number <= last_row and first_column in titles:
                for column in range(first_column + 1, last_column + 1):
                    titles.setdefault(column, titles[first_column])
        ranked: dict[str, list[tuple[bool, int, int]]] = {}
        for column, text in sorted(titles.items()):
            if found := self.recognize(text):
                name, rank = found
                ranked.setdefault(name, []).append((column in sheet.hidden_columns, rank, column))
        columns = {name: [column for *_, column in sorted(places)] for name, places in ranked.items()}
        return Heading(columns, titles, last + 1, lower.number)


def require_columns(heading: Heading | None, sheet: Sheet) -> Heading:
    """The heading. InvalidBody, with the headings that were read, if a column is missing or there twice."""
    if heading is None:
        row = sheet.rows[0] if sheet.rows else SheetRow(1, [])
        heading = Heading({}, {at: cell.text for at, cell in enumerate(row.cells) if cell.text}, 0, row.number)
    columns = heading.columns
    missing = [
        ZH[name] for name in REQUIRED if name not in columns and not (name in ("from", "to") and "slot" in columns)
    ]
    titles = [title for _, title in sorted(heading.titles.items())]
    keys = [_key(title) for title in titles]
    used = {_key(heading.titles[column]) for name, places in columns.items() if name != "slot" for column in places}
    twice = {key: title for key, title in zip(keys, titles, strict=True) if keys.count(key) > 1 and key in used}
    if missing or twice:
        words = _wrong_heading(missing, list(twice.values()), titles, heading.number)
        raise InvalidBody("", (FieldError("", "heading", words),))
    return heading


def _wrong_heading(missing: list[str], twice: list[str], read: list[str], number: int) -> str:
    """In Chinese and English: which columns are missing, which appear twice, and what the row has."""
    row: Words = ("第一行读到的列名", "the first row has these headings")
    if number != 1:
        row = f"第 {number} 行读到的列名", f"row {number} has these headings"
    lists = (
        ("缺少的列", "missing columns", missing, ""),
        ("重复的列", "columns that appear twice", twice, ""),
        (*row, read, "-"),
    )
    parts = [(zh, en, listed(names) or none) for zh, en, names, none in lists if names or none]
    zh = "；".join(f"{title}：{names}" for title, _, names in parts)
    return f"{zh} / " + "; ".join(f"{title}: {names}" for _, title, names in parts)


def listed(headings: Sequence[str], length: int = MAX_SHOWN) -> str:
    """Some texts, short; a slash would divide the languages."""
    shown = [" ".join(heading.split())[:length].replace("/", "／") for heading in headings if heading]
    return "、".join(shown[:MAX_HEADINGS]) + ("…" if len(shown) > MAX_HEADINGS else "")


def titled(column: int, title: str) -> str:
    """A column as a person finds it: `备注（M 列）`."""
    return f"{title[:MAX_SHOWN]}（{column_letter(column)} 列）" if title else f"{column_letter(column)} 列"


def _key(text: str) -> str:
    return _DECORATION.sub("", identifier_key(text))


def _text(cells: Sequence[Cell], column: int) -> str:
    return cells[column].text if column < len(cells) else ""
