"""The columns of a table of visits, and the errors in its cells, explained to the person who filled it in."""

import re
from datetime import date, datetime, tzinfo
from typing import Annotated

import msgspec
from msgspec import Meta

from service.errors import FieldError, InvalidBody
from service.web.field_words import INVALID

from . import import_times

COLUMNS = {
    "工单号": "external_ref",
    "类型": "type",
    "开始": "from",
    "结束": "to",
    "技术员": "technician",
    "同行": "crew",
    "片区": "area",
    "姓名": "name",
    "电话": "phone",
    "地址": "address",
    "户号": "account",
    "工作内容": "content",
    "工作地点": "place",
}
"""Headings and the names of their columns; a table may use either."""
EXAMPLE = {
    "external_ref": "示例（这一行不会导入）",
    "type": "维修（漏水）",
    "from": "2026-03-02 09:00",
    "to": "2026-03-02 10:00",
    "technician": "李强",
    "name": "王女士",
    "phone": "13900000000",
    "address": "朝阳路 12 号 3 单元 502",
    "account": "100200300",
    "content": "检修厨房水管漏水",
    "place": "厨房",
}
"""The second row of the template. It may stay in the table: `is_example`."""
REQUIRED = ("external_ref", "type", "from", "to", "technician", "name", "content")
NUMBERS = ("external_ref", "phone", "account")
MAX_LENGTH = 200  # characters of a name or login
MAX_HEADING, MAX_HEADINGS = 20, 20  # how much of a wrong first row an error shows
_NOTHING = re.compile(r"[-–—―－/／]+|无")  # how people fill a cell that has no value
_CALL = re.compile(r"(?<![A-Za-z0-9.])[0-9.]*+[A-Za-z][A-Za-z0-9.]*+\(")  # possessive: linear time
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+\d+", re.IGNORECASE)
ZH = {name: zh for zh, name in COLUMNS.items()}


class RowError(msgspec.Struct, frozen=True):
    """An error in a row."""

    column: Annotated[str, Meta(description="The column's heading.")]
    zh: Annotated[str, Meta(description="What to do, in Chinese.")]
    en: Annotated[str, Meta(description="What to do, in English.")]


def row_error(name: str, zh: str, en: str) -> RowError:
    """An error in a column, given by its name."""
    return RowError(ZH.get(name, name), zh, en)


def get_cell(given: dict[str, str], name: str) -> str:
    """The text of a cell; a lone dash counts as empty."""
    text = given.get(name, "")
    return "" if _NOTHING.fullmatch(text) else text


def is_example(given: dict[str, str]) -> bool:
    """Whether a row is that of the template."""
    return given.get("external_ref") == EXAMPLE["external_ref"]


def check_cells(given: dict[str, str]) -> list[RowError]:
    """The errors in all cells but those of times."""
    faults = [row_error(name, "不能为空", "may not be empty") for name in REQUIRED if not get_cell(given, name)]
    if len(get_cell(given, "name")) > MAX_LENGTH:
        faults.append(row_error("name", *INVALID))
    for name in COLUMNS.values():
        text = get_cell(given, name)
        if _is_formula(text):
            faults.append(row_error(name, "看起来是公式，请改成文字", "looks like a formula; make it text"))
        if name in NUMBERS and _SCIENTIFIC.fullmatch(text):
            zh = "Excel 把号码改成了科学计数，请把这一列设为文本后重填"
            faults.append(row_error(name, zh, "Excel shortened the number: make the column text"))
    return faults


def _is_formula(text: str) -> bool:
    """Whether Excel would read a formula: not in `-1层 3号`, nor in `+86 138…`."""
    return text[:1] in ("=", "@") or (text[:1] in ("+", "-") and ("|" in text or _CALL.search(text, 1) is not None))


def _parse_time(zone: tzinfo, text: str, name: str, day: date | None, faults: list[RowError]) -> datetime | None:
    """The time in a cell; a time alone is on `day`. Adds to `faults` and returns None if it cannot be read."""
    if not text:
        return None
    try:
        return import_times.parse(text, zone, day)
    except import_times.MissingTime:
        faults.append(row_error(name, "只有日期，请写明时间，如 2026-03-02 09:00", "a day alone; give the time too"))
    except import_times.TimeRange:
        zh, en = ("只写开始时间", "the start only") if name == "from" else ("只写结束时间", "the end only")
        faults.append(row_error(name, f"这里写了一段时间，请{zh}", f"this is from when to when; write {en}"))
    except import_times.AmbiguousTime:
        faults.append(row_error(name, "说不清是中午还是夜里，请写成 14:30 这样", "noon or night? write it as 14:30"))
    except ValueError:
        faults.append(row_error(name, "时间请写成 2026-03-02 09:00", "write the time as 2026-03-02 09:00"))
    return None


def parse_heading(cells: list[str]) -> list[str]:
    """The names of the columns. InvalidBody, with the headings that were read, if one is missing or repeated."""
    while cells and not cells[-1]:
        cells = cells[:-1]  # a sheet may be wider than its table
    names = [COLUMNS.get(name, name) for name in cells]
    missing = [ZH[name] for name in REQUIRED if name not in names]
    twice = [ZH.get(name, name) for name in dict.fromkeys(names) if names.count(name) > 1]
    if missing or twice:
        raise InvalidBody("", (FieldError("", "heading", _wrong_heading(missing, twice, cells)),))
    return names


def _wrong_heading(missing: list[str], twice: list[str], read: list[str]) -> str:
    """In Chinese and English: which columns are missing, which appear twice, and what the first row has."""
    lists = (
        ("缺少的列", "missing columns", missing, ""),
        ("重复的列", "columns that appear twice", twice, ""),
        ("第一行读到的列名", "the first row has these headings", read, "-"),
    )
    parts = [(zh, en, _listed(names) or none) for zh, en, names, none in lists if names or none]
    zh = "；".join(f"{title}：{names}" for title, _, names in parts)
    return f"{zh} / " + "; ".join(f"{title}: {names}" for _, title, names in parts)


def _listed(headings: list[str]) -> str:
    """Some headings, short; a slash would divide the languages."""
    shown = [heading[:MAX_HEADING].replace("/", "／") for heading in headings if heading]
    return "、".join(shown[:MAX_HEADINGS]) + ("…" if len(shown) > MAX_HEADINGS else "")


class TableRow(msgspec.Struct, frozen=True):
    """A row of a table (the heading is row 1): its cells by column name, and their errors."""

    number: int
    cells: dict[str, str]
    faults: tuple[RowError, ...]
    time_faults: tuple[RowError, ...]
    start: datetime | None
    end: datetime | None


def parse_row(number: int, given: dict[str, str], zone: tzinfo) -> TableRow:
    """Check a row as far as that is possible without the database."""
    cells = {name: get_cell(given, name) for name in COLUMNS.values()}
    times: list[RowError] = []
    start = _parse_time(zone, cells["from"], "from", None, times)
    end = _parse_time(zone, cells["to"], "to", start.date() if start else None, times)
    if start is not None and end is not None and end <= start:
        times.append(row_error("to", "结束须晚于开始", "it has to end after it begins"))
    return TableRow(number, cells, tuple(check_cells(given)), tuple(times), start, end)
