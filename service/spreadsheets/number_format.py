"""What a cell shows of a number: formats of spreadsheet programs, such as `00000000`, `"WO"000000`, `yyyy/m/d h:mm`."""

import operator
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

from .sheet import EMPTY, HIDDEN_VALUE, Cell, Words, text_cell

BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "yyyy/m/d h:mm", 27: 'yyyy"年"m"月"', 28: 'm"月"d"日"', 29: 'm"月"d"日"',
    30: "m-d-yy", 31: 'yyyy"年"m"月"d"日"', 32: 'h"时"mm"分"', 33: 'h"时"mm"分"ss"秒"', 34: '上午/下午h"时"mm"分"',
    35: '上午/下午h"时"mm"分"ss"秒"', 36: 'yyyy"年"m"月"', 37: "#,##0;-#,##0", 38: "#,##0;-#,##0",
    39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0",
    49: "@", 50: 'yyyy"年"m"月"', 51: 'm"月"d"日"', 52: 'yyyy"年"m"月"', 53: 'm"月"d"日"', 54: 'm"月"d"日"',
    55: '上午/下午h"时"mm"分"', 56: '上午/下午h"时"mm"分"ss"秒"', 57: 'yyyy"年"m"月"', 58: 'm"月"d"日"',
}  # fmt: skip
"""Formats that a file names by number only (ECMA-376, 18.8.30, those of Chinese versions among them)."""
MAX_EXACT = 10**15  # spreadsheet programs keep 15 digits
MAX_FORMAT = 255  # characters, as Excel limits it
LAST_DAY = 2_958_465  # 9999-12-31
_DAYS_1904 = 1462  # between the date systems
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a local date
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]|(?P<general>General|G/通用格式)'
    r"|(?P<half>AM/PM|A/P|上午/下午)|(?P<date>y+|m+|d+|h+|s+|a{3,4}|e+(?![+-]))|(?P<exponent>E[+-])|(?P<digits>[0#?]+)"
    r"|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_ELAPSED = re.compile("h+|m+|s+", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_WEEKDAYS = "一二三四五六日"
_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip


class _Token(NamedTuple):
    kind: str  # literal, date, half, elapsed, digits, point, comma, percent, exponent, general, text, slash, unknown
    text: str


class _Section(NamedTuple):
    tokens: tuple[_Token, ...]
    condition: tuple[str, Decimal] | None

    def has(self, *kinds: str) -> bool:
        return any(token.kind in kinds for token in self.tokens)


def number_cell(raw: str, code: str, *, is_1904: bool = False) -> Cell:
    """The cell with a number, as the file spells it, and its format."""
    try:
        value = Decimal(raw)
    except ArithmeticError:
        return text_cell(raw)
    if not value.is_finite() or abs(value.adjusted()) > 400:
        return Cell(raw[:40], ("不是数字", "not a number"))
    section = _section_for(code[:MAX_FORMAT], value)
    if section is None:  # `0;;` and the like show nothing
        return Cell("", None, (_with_stored(HIDDEN_VALUE, value),)) if value else EMPTY
    if section.has("date", "half", "elapsed"):
        return _date_cell(section, value, is_1904=is_1904)
    if abs(value) >= MAX_EXACT:
        shown = f"{value:.14E}"
        zh = "数字超过 15 位，表格程序已丢掉后面的位数；请把这一列设为文本后重填"
        return Cell(shown, (zh, "more than 15 digits: the last ones are lost; make the column text, and fill it again"))
    if is_1904 and 20_000 < value < 70_000:
        zh = "这个文件的日期从 1904 年算起，这里没有设成日期格式；如果是日期，请设格式后重存"
        return Cell(
            plain(value), None, ((zh, "days count from 1904 in this file: if it is a date, give it that format"),)
        )
    is_of_negative = value < 0 and not section.condition and section is not _sections(code[:MAX_FORMAT])[0]
    return _quantity_cell(section, value, -value if is_of_negative else value)


def formatted_text(text: str, code: str) -> Cell:
    """The cell with a text whose format may add to it, or hide it."""
    if not text or code in ("General", "@"):
        return text_cell(text)
    sections = _sections(code[:MAX_FORMAT])
    if len(sections) < 4 and not (len(sections) == 1 and sections[0].has("text")):
        return text_cell(text)
    shown = "".join(text if token.kind == "text" else token.text for token in sections[-1].tokens)
    if not shown:
        return Cell("", None, ((f"{HIDDEN_VALUE[0]} {text[:40]}", f"{HIDDEN_VALUE[1]} {text[:40]}"),))
    return text_cell(shown)


@lru_cache(1000)
def _sections(code: str) -> tuple[_Section, ...]:
    """The parts of a format, divided by semicolons: for positive and negative numbers, zero, and text."""
    parts: list[list[_Token]] = [[]]
    conditions: list[tuple[str, Decimal] | None] = [None]
    for found in _TOKEN.finditer(code):
        if found["other"] == ";":
            parts.append([])
            conditions.append(None)
        elif found["bracket"] is not None and (compared := _CONDITION.fullmatch(found["bracket"].strip())):
            conditions[-1] = compared[1], Decimal(compared[2])
        elif token := _token(found):
            parts[-1].append(token)
    return tuple(_Section(_literal_parts(part), one) for part, one in zip(parts[:4], conditions[:4], strict=True))


def _token(found: re.Match[str]) -> _Token | None:
    whole = found[0]
    kind = found.lastgroup
    if kind in ("quoted", "escaped"):
        return _Token("literal", found[kind])
    if kind == "bracket":
        inner = found["bracket"]
        if _ELAPSED.fullmatch(inner):
            return _Token("elapsed", inner.lower())
        if inner.startswith("$"):
            return _Token("literal", inner[1:].partition("-")[0])
        return _Token("unknown", whole) if inner.upper().startswith("DBNUM") else None  # else a colour
    if kind is None:  # a space as wide as a letter, or a filling
        return _Token("literal", " ") if whole[0] == "_" else None
    if kind == "other":
        kinds = {".": "point", ",": "comma", "%": "percent", "@": "text", "/": "slash"}
        return _Token(kinds.get(whole, "literal"), whole)
    return _Token(kind, whole.lower() if kind == "date" else whole)


def _literal_parts(tokens: list[_Token]) -> tuple[_Token, ...]:
    """The tokens; what is punctuation in numbers is a literal in dates."""
    if not any(token.kind in ("date", "half", "elapsed") for token in tokens):
        return tuple(tokens)
    kept = ("date", "half", "elapsed")
    return tuple(token if token.kind in kept else _Token("literal", token.text) for token in tokens)


def _section_for(code: str, value: Decimal) -> _Section | None:
    """The part of the format for a number; None if it shows nothing."""
    sections = _sections(code)
    numeric = list(sections[:3])
    if any(one.condition for one in numeric):
        for one in numeric:
            if one.condition is None or _COMPARE[one.condition[0]](value, one.condition[1]):
                return one if one.tokens else None
        return None
    if value < 0 and len(numeric) > 1:
        chosen = numeric[1]
    elif not value and len(numeric) > 2:
        chosen = numeric[2]
    else:
        chosen = numeric[0]
    if chosen.tokens:
        return chosen
    return None if len(sections) > 1 else _sections("General")[0]


def _quantity_cell(section: _Section, value: Decimal, shown_value: Decimal) -> Cell:
    """A number that is shown as a quantity, a number with leading zeros, or a text around it."""
    stored = plain(value)
    if section.has("general", "text") and not section.has("digits"):
        shown = "".join(stored if one.kind in ("general", "text") else one.text for one in section.tokens)
        return Cell(shown.strip())
    if section.has("unknown", "slash") or not section.has("digits"):
        shown = "".join(one.text for one in section.tokens).strip()
        if not section.has("unknown", "slash", "digits"):  # a text instead of the number
            return Cell(
                shown,
                None,
                (_with_stored(("格式显示的不是数字，存的是", "the format shows a text; stored is"), value),),
            )
        return Cell(stored, None, ((f"数字格式看不懂，读作 {stored}", f"its format is not known; read as {stored}"),))
    if section.has("exponent"):
        return Cell(stored, None, (_shown_differently(f"{value:.2E}", stored),))
    shown, is_grouped = _digits(section, shown_value)
    if is_grouped or (_is_fixed(section) and value == value.to_integral_value() and not section.has("percent")):
        return Cell(stored, None, (_shown_differently(shown, stored),)) if stored != shown else Cell(shown)
    notes: tuple[Words, ...] = ()
    if _is_rounded(section, value):
        notes = (_with_stored((f"只显示 {shown}，存的是", f"shows {shown}; stored is"), value),)
    return Cell(shown, None, notes)


def _shown_differently(shown: str, read: str) -> Words:
    return f"表格里显示为 {shown}，读作 {read}", f"shown as {shown}, read as {read}"


def _with_stored(words: Words, value: Decimal) -> Words:
    return f"{words[0]} {plain(value)}", f"{words[1]} {plain(value)}"


def _is_fixed(section: _Section) -> bool:
    """Whether the format is only for quantities: digits after a point."""
    return section.has("point")


def _is_rounded(section: _Section, value: Decimal) -> bool:
    return not section.has("percent", "comma") and value != value.quantize(Decimal(1).scaleb(-_places(section)))


def _places(section: _Section) -> int:
    after = False
    count = 0
    for token in section.tokens:
        after = after or token.kind == "point"
        count += len(token.text) if after and token.kind == "digits" else 0
    return count


def _digits(section: _Section, value: Decimal) -> tuple[str, bool]:
    """The number with its literals, and whether it is grouped by commas."""
    tokens = list(section.tokens)
    last = max(n for n, token in enumerate(tokens) if token.kind == "digits")
    first = min(n for n, token in enumerate(tokens) if token.kind == "digits")
    grouped = any(token.kind == "comma" for token in tokens[first:last])
    for token in tokens[last + 1 :]:
        if token.kind != "comma":
            break
        value /= 1000  # `0,` shows thousands
    if section.has("percent"):
        value *= 100
    rounded = abs(value).quantize(Decimal(1).scaleb(-_places(section)), ROUND_HALF_UP)
    whole, _, fraction = f"{rounded:f}".partition(".")
    point = next((n for n, token in enumerate(tokens) if token.kind == "point"), len(tokens))
    out: list[str] = []
    left = whole if whole != "0" else ""
    before = [n for n, token in enumerate(tokens) if token.kind == "digits" and n < point]
    for number in range(len(tokens) - 1, -1, -1):  # the whole digits from the right
        token = tokens[number]
        if token.kind == "digits" and number < point:
            part = ""
            for place in reversed(token.text):
                digit, left = (left[-1], left[:-1]) if left else ("", "")
                part = (digit or ("0" if place == "0" else " " if place == "?" else "")) + part
            if number == before[0]:
                part, left = left + part, ""
            out.append(part)
        elif token.kind == "digits":
            out.append("")
        elif token.kind != "comma":
            out.append(token.text)
    text = list(reversed(out))
    shown = _with_fraction([token for token in tokens if token.kind != "comma"], text, fraction)
    if grouped:
        shown = re.sub(r"\d+", lambda found: _group(found[0]), shown, count=1)
    sign = "-" if value < 0 and rounded else ""
    return (sign + shown).strip(), grouped


def _group(digits: str) -> str:
    """The digits in threes: `000,042`."""
    return re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", digits)


def _with_fraction(tokens: list[_Token], text: list[str], fraction: str) -> str:
    """The parts of a number with the digits after its point filled in."""
    after = False
    for number, token in enumerate(tokens):
        after = after or token.kind == "point"
        if after and token.kind == "digits":
            part, fraction = fraction[: len(token.text)], fraction[len(token.text) :]
            optional = len(token.text) - len(token.text.rstrip("#?"))
            kept = part[: len(part) - optional] if optional else part
            text[number] = kept + part[len(kept) :].rstrip("0")
    return "".join(text)


def plain(value: Decimal) -> str:
    """A number in digits, without what an inexact sum leaves at its end: 0.1 + 0.2 is 0.3."""
    if value == value.to_integral_value() and abs(value) < MAX_EXACT:
        return str(int(value))
    if -9 <= value.adjusted() < 15:
        text = f"{Decimal(f'{value:.14E}'):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:.5E}"


def _date_cell(section: _Section, value: Decimal, *, is_1904: bool) -> Cell:
    """A number that is shown as a date or time."""
    days = value + _DAYS_1904 if is_1904 and value >= 1 else value
    if section.has("elapsed"):
        return _elapsed_cell(section, value)
    if not 0 <= days < LAST_DAY + 1:
        shown = plain(value)
        return Cell("#" * 8, (f"日期为负或太大，存的是 {shown}", f"no date: {shown} is stored"))
    at = _EPOCH + timedelta(milliseconds=round(days * 86_400_000))
    at += timedelta(milliseconds=500)  # fractions of a day may end just before the second
    at = at.replace(microsecond=0)
    shows_day = any(one.kind == "date" and one.text[0] in "ydae" for one in section.tokens)
    shows_time = any(one.kind == "half" or (one.kind == "date" and one.text[0] in "hs") for one in section.tokens)
    shows_day = shows_day or not shows_time  # `mmm` is a month
    text = _render_date(section, at)
    has_time = (at.hour, at.minute) != (0, 0)
    if days < 1:
        return Cell(text, None, (), at.strftime("%H:%M"))
    if shows_day and not has_time:
        return Cell(text, None, (), at.strftime("%Y-%m-%d") + (" 00:00" if shows_time else ""))
    moment = at.strftime("%Y-%m-%d %H:%M")
    notes: tuple[Words, ...] = ()
    if not shows_time:
        notes = ((f"格里还有没显示的时间 {at:%H:%M}", f"the cell has a time that it does not show: {at:%H:%M}"),)
    elif not shows_day:
        return Cell(text, None, (), at.strftime("%H:%M"), at.strftime("%Y-%m-%d"))
    return Cell(text, None, notes, moment)


def _elapsed_cell(section: _Section, value: Decimal) -> Cell:
    seconds = round(abs(value) * 86_400)
    units = {"h": 3600, "m": 60, "s": 1}
    parts: list[str] = []
    first = next(one.text[0] for one in section.tokens if one.kind == "elapsed")
    rest = {"h": seconds // 60 % 60, "m": seconds % 60, "s": 0}
    for token in section.tokens:
        if token.kind == "elapsed":
            parts.append(str(seconds // units[first]).zfill(len(token.text)))
        elif token.kind == "date":
            unit = seconds % 60 if token.text[0] == "s" else rest[first]
            parts.append(str(unit).zfill(len(token.text)))
        else:
            parts.append(token.text)
    text = ("-" if value < 0 else "") + "".join(parts)
    return Cell(text, None, (), f"{seconds // 3600:02}:{seconds // 60 % 60:02}" if 0 <= value < 1 else "")


def _render_date(section: _Section, at: datetime) -> str:
    tokens = section.tokens
    is_12 = section.has("half")
    hour = (at.hour % 12 or 12) if is_12 else at.hour
    parts: list[str] = []
    dates = [n for n, token in enumerate(tokens) if token.kind == "date"]
    for number, token in enumerate(tokens):
        if token.kind == "half":
            parts.append(("上午" if at.hour < 12 else "下午") if token.text[0] == "上" else f"{at:%p}")
        elif token.kind != "date":
            parts.append(token.text)
        elif token.text[0] == "m" and _is_minute(tokens, dates, number):
            parts.append(str(at.minute).zfill(min(len(token.text), 2)))
        else:
            parts.append(_date_part(token.text, at, hour))
    return "".join(parts).strip()


def _is_minute(tokens: tuple[_Token, ...], dates: list[int], number: int) -> bool:
    """Whether `m` is a minute: after an hour, or before a second."""
    place = dates.index(number)
    before = tokens[dates[place - 1]].text[0] if place else ""
    after = tokens[dates[place + 1]].text[0] if place + 1 < len(dates) else ""
    return before == "h" or after == "s"


def _date_part(token: str, at: datetime, hour: int) -> str:
    weekday = _WEEKDAYS[at.weekday()]
    long = len(token) > 2
    match token[0]:
        case "y":
            return str(at.year) if long else f"{at.year % 100:02}"
        case "e":
            return str(at.year)
        case "m" if long:
            return f"{at.month}月"
        case "m":
            return str(at.month).zfill(len(token))
        case "d" if long:
            return f"周{weekday}" if len(token) == 3 else f"星期{weekday}"
        case "d":
            return str(at.day).zfill(len(token))
        case "a":
            return weekday if len(token) == 3 else f"星期{weekday}"
        case "h":
            return str(hour).zfill(min(len(token), 2))
        case _:
            return str(at.second).zfill(min(len(token), 2))
