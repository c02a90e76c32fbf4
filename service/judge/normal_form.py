"""Unicode normal forms in linear time.

The library puts the marks behind a letter in order by insertion, which takes time by the square of how many they are:
80 KB of marks take seconds, in which nothing else runs. Here many marks are put in order first.
"""

from functools import lru_cache
from itertools import groupby
from typing import Literal
from unicodedata import combining, normalize

NormalForm = Literal["NFC", "NFKC"]
_FEW = 32  # so many characters cost nothing, in whatever order


def normal_form(form: NormalForm, text: str) -> str:
    """What `unicodedata.normalize` gives."""
    if len(text) > _FEW and not text.isascii():
        marked = {sign for sign in set(text) if _marks(sign)}
        if marked:
            apart: Literal["NFD", "NFKD"] = "NFD" if form == "NFC" else "NFKD"
            runs = ((some, "".join(run)) for some, run in groupby(text, marked.__contains__))
            text = "".join(_ordered(apart, run) if some else run for some, run in runs)
    return normalize(form, text)


def _ordered(form: Literal["NFD", "NFKD"], run: str) -> str:
    """Decomposed, with the marks behind each letter in their order (Unicode, D109): it means the same."""
    if len(run) <= _FEW:
        return run
    signs = "".join(normalize(form, sign) for sign in run)
    return "".join("".join(sorted(part, key=combining)) for _, part in groupby(signs, lambda sign: combining(sign) > 0))


@lru_cache(10_000)
def _marks(sign: str) -> bool:
    """Whether a character is a mark, or has one within."""
    return any(map(combining, normalize("NFKD", sign)))
