"""Unicode normal forms without quadratic cost.

`unicodedata.normalize` sorts combining marks by insertion: 80 KB of marks block the process for seconds. Long runs of
marks are sorted here first.
"""

from functools import lru_cache
from itertools import groupby
from typing import Literal
from unicodedata import combining, normalize

NormalForm = Literal["NFC", "NFKC"]
_SHORT = 32  # characters whose cost is negligible in any order


def normal_form(form: NormalForm, text: str) -> str:
    """The same as `unicodedata.normalize`."""
    if len(text) > _SHORT and not text.isascii():
        marked = {char for char in set(text) if _has_mark(char)}
        if marked:
            decomposed: Literal["NFD", "NFKD"] = "NFD" if form == "NFC" else "NFKD"
            runs = ((is_marked, "".join(run)) for is_marked, run in groupby(text, marked.__contains__))
            text = "".join(_sort_marks(decomposed, run) if is_marked else run for is_marked, run in runs)
    return normalize(form, text)


def _sort_marks(form: Literal["NFD", "NFKD"], run: str) -> str:
    """Decompose and put the marks after each letter in canonical order (Unicode, D109); the result is equivalent."""
    if len(run) <= _SHORT:
        return run
    chars = "".join(normalize(form, char) for char in run)
    return "".join("".join(sorted(part, key=combining)) for _, part in groupby(chars, lambda char: combining(char) > 0))


@lru_cache(10_000)
def _has_mark(char: str) -> bool:
    return any(map(combining, normalize("NFKD", char)))
