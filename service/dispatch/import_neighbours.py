"""Numbers that are not like the others of their column: a spreadsheet program may have taken zeros or digits away."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from .import_columns import RowError, row_error
from .import_rows import TableRow

_LEAST = 3  # numbers that have to agree
_SERVICE_NUMBERS = ("400", "800", "95", "96", "12", "10")


def compare(rows: Sequence[TableRow]) -> list[TableRow]:
    """The rows, with notes about numbers that probably lost something."""
    lengths = {name: _usual_length(rows, name) for name in ("external_ref", "account")}
    return [_with_notes(row, lengths) for row in rows]


def _usual_length(rows: Sequence[TableRow], name: str) -> tuple[int, str]:
    """The number of digits that most numbers of a column have, and one of those; 0 if there is none."""
    numbers = [text for row in rows if (text := row.cells[name]).isdecimal()]
    if not numbers:
        return 0, ""
    ((length, count),) = Counter(map(len, numbers)).most_common(1)
    if count < _LEAST or count * 2 < len(numbers):
        return 0, ""
    return length, next(text for text in numbers if len(text) == length)


def _with_notes(row: TableRow, lengths: dict[str, tuple[int, str]]) -> TableRow:
    found: list[RowError] = []
    for name, (length, example) in lengths.items():
        text = row.cells[name]
        if length and text.isdecimal() and len(text) != length:
            why_zh = "，开头的 0 可能丢了" if len(text) < length else ""
            why_en = "; zeros in front may be lost" if len(text) < length else ""
            zh = f"这里是 {len(text)} 位，别的行是 {length} 位（如 {example}）{why_zh}，请核对"
            found.append(row_error(name, zh, f"{len(text)} digits; other rows have {length} (as {example}){why_en}"))
    if _lost_a_zero(row.cells["phone"]):
        zh = "像是区号开头的 0 丢了，请核对"
        found.append(row_error("phone", zh, "the 0 in front of the area code may be lost; look at it again"))
    return msgspec.structs.replace(row, notes=(*row.notes, *found)) if found else row


def _lost_a_zero(phone: str) -> bool:
    """Whether digits are those of an area code without its zero, and a number: 57188881234."""
    digits = phone.replace("-", "").replace(" ", "")
    if not digits.isdecimal() or len(digits) not in (10, 11) or digits[0] in "01":
        return False
    return not digits.startswith(_SERVICE_NUMBERS)
