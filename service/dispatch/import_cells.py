"""The cells of a row of a table: their texts as they will be kept, and what a spreadsheet program did to them."""

import re
from collections.abc import Callable, Mapping

from service.spreadsheets.sheet import Cell, Words
from service.text import clean_identifier, clean_line, clean_phone, clean_text

from .import_columns import MAX_LENGTH, NUMBERS, TIMES

_NOTHING = re.compile(r"[-–—―－/／]+|无")  # how people fill a cell that has no value
_CALL = re.compile(r"(?<![A-Za-z0-9.])[0-9.]*+[A-Za-z][A-Za-z0-9.]*+\(")  # possessive: linear time
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+\d+", re.IGNORECASE)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.0+)?")
_DECIMAL = re.compile(r"(\d+)\.0+")
_PERCENT = re.compile(r"\d+(?:\.\d+)?%")
_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_LIKE_DATE = re.compile(
    rf"\d{{1,2}}月\d{{1,2}}日|\d{{1,2}}-(?:{_MONTH})(?:-\d\d)?|(?:{_MONTH})-\d{{1,2}}"
    r"|(?:19|20)\d\d[-/](?:0?[1-9]|1[0-2])[-/](?:0?[1-9]|[12]\d|3[01])(?: 0?0:00(?::00)?)?",
    re.IGNORECASE,
)
_LOST_DIGITS = re.compile(r"\d{15}0{1,5}")
_LOGIC = ("TRUE", "FALSE")
_CLEAN: Mapping[str, Callable[[str], str]] = {
    "external_ref": clean_identifier, "account": clean_identifier, "phone": clean_phone, "technician": clean_identifier,
    "crew": clean_identifier, "content": clean_text,
}  # fmt: skip

SCIENTIFIC: Words = (
    "Excel 把号码改成了科学计数，请把这一列设为文本后重填",
    "Excel shortened the number: make the column text",
)
FORMULA: Words = ("看起来是公式，请改成文字", "looks like a formula; make it text")


def clean_cell(name: str, text: str) -> str:
    """The text of a cell as it is kept; a lone dash counts as empty."""
    plain = _CLEAN.get(name, clean_line)(text)
    if plain[:1] in ("'", "‘") and len(plain) > 1 and "'" not in plain[1:] and "’" not in plain[1:]:
        plain = plain[1:].strip()  # how a cell is made text in spreadsheet programs
    return "" if _NOTHING.fullmatch(plain) else plain


def read_value(name: str, cell: Cell) -> tuple[str, list[Words], list[Words]]:
    """The value of a cell that is not a time, with what is wrong about it and what to look at again."""
    text = clean_cell(name, cell.text)
    notes = list(cell.notes)
    if cell.fault:
        return text, [cell.fault], notes
    if cell.moment and name not in TIMES:
        zh = f"表格程序把这一格变成了日期或时间（{text}），请设为文本后重填"
        return text, [(zh, f"a date or time was made of it ({text}): make the column text, and fill it again")], notes
    if is_formula(text):
        return text, [FORMULA], notes
    if text.upper() in _LOGIC and name != "content":
        return text, [(f"这一格是 {text}，不是内容", f"{text} is no content")], notes
    if name in NUMBERS:
        return _read_number(text, notes)
    if name in ("address", "place") and _LIKE_DATE.fullmatch(text):
        zh = f"{text} 像是表格程序改出来的日期，请核对"
        notes.append((zh, f"{text} looks like a date that a spreadsheet program made; look at it again"))
    return text, [], notes


def _read_number(text: str, notes: list[Words]) -> tuple[str, list[Words], list[Words]]:
    """A number of an order, a telephone or an account."""
    if _SCIENTIFIC.fullmatch(text):
        return text, [SCIENTIFIC], notes
    if _PERCENT.fullmatch(text):
        return text, [("这里是百分数，请填号码", "a percentage; write the number")], notes
    if _LIKE_DATE.fullmatch(text):
        zh = f"表格程序把号码改成了日期（{text}），请设为文本后重填"
        return text, [(zh, f"a date was made of the number ({text}): make the column text, and fill it again")], notes
    plain = text
    if _GROUPED.fullmatch(text):
        plain = text.partition(".")[0].replace(",", "")
    elif found := _DECIMAL.fullmatch(text):
        plain = found[1]
    if plain != text:
        notes.append((f"表格里是 {text}，读作 {plain}", f"{text} in the table, read as {plain}"))
    if _LOST_DIGITS.fullmatch(plain):
        zh = "第 16 位起都是 0，可能被表格程序丢了，请核对"
        notes.append((zh, "zeros from the 16th digit on: a spreadsheet program may have lost the digits"))
    return plain, [], notes


def is_formula(text: str) -> bool:
    """Whether Excel would read a formula: not in `-1层 3号`, nor in `+86 138…`."""
    return text[:1] in ("=", "@") or (text[:1] in ("+", "-") and ("|" in text or _CALL.search(text, 1) is not None))


def is_too_long(name: str, text: str) -> bool:
    """Whether a name is longer than any."""
    return name == "name" and len(text) > MAX_LENGTH
