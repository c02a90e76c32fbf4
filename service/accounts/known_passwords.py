"""Passwords that are tried first: those of known leaks, patterns, and those made of what is known about a person.

The list is made by `scripts/known-passwords`.
"""

import re
from bisect import bisect_left
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from unicodedata import category

from service.normal_form import normal_form

FILE = Path(__file__).with_name("known_passwords.bin")
DIGEST_BYTES = 5
MIN_REST = 4  # letters that a password has besides the words that belong to a person
MAX_RUN = 0.7  # share of characters that follow the one before, as in 12345 and abcde
EVERYWHERE = (
    "doorstep",
    "password",
    "mima",
    "woaini",
    "gongshui",
    "zilaishui",
    "shuichang",
    "供水",
    "自来水",
    "水务",
    "上门",
)
"""Words that come to everybody's mind at a water utility."""
_NO_LETTERS = re.compile(r"[\W\d_]+")
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def folded(password: str) -> str:
    """A password as it is compared: case, width and characters that nobody sees make no difference."""
    visible = (one for one in normal_form("NFKC", password) if category(one) != "Cf")
    return "".join(visible).casefold()


def digest_of(text: str) -> bytes:
    """What the list has of a password."""
    return sha256(text.encode()).digest()[:DIGEST_BYTES]


@cache
def _list() -> bytes:
    return FILE.read_bytes()


def is_listed(text: str) -> bool:
    """Whether a folded password is on the list."""
    content, wanted = _list(), digest_of(text)
    at = bisect_left(range(len(content) // DIGEST_BYTES), wanted, key=lambda number: _at(content, number))
    return _at(content, at) == wanted


def _at(content: bytes, number: int) -> bytes:
    return content[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]


def is_known(password: str) -> bool:
    """Whether it is a password of known leaks, or such a word with digits or signs around it."""
    text = folded(password)
    word = _AROUND.sub("", text)
    return is_listed(text) or (word not in (text, "") and is_listed(word))


def is_pattern(password: str) -> bool:
    """Whether it repeats a few characters, or runs through the alphabet, digits or one key."""
    text = folded(password)
    if len(set(text)) <= 3 or any(
        text == (text[:size] * len(text))[: len(text)] for size in range(1, len(text) // 2 + 1)
    ):
        return True
    follows = sum(_follows(one, other) for one, other in pairwise(text))
    return follows > MAX_RUN * (len(text) - 1)


def _follows(one: str, other: str) -> bool:
    if one.isdecimal() and other.isdecimal():
        return (int(other) - int(one)) % 10 in (0, 1, 9)
    return abs(ord(other) - ord(one)) <= 1


def is_made_of(password: str, *words: str) -> bool:
    """Whether hardly a letter is left without some words: the login, the name, the utility's."""
    rest = text = folded(password)
    parts = {part for word in (*words, *EVERYWHERE) for part in (folded(word), *folded(word).split()) if len(part) > 1}
    for part in sorted(parts, key=len, reverse=True):
        rest = rest.replace(part, "")
    return rest != text and len(_NO_LETTERS.sub("", rest)) < MIN_REST
