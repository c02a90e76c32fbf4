"""Pieces of text by which visits are found, so that a part of a Chinese name or of a long number is found fast.

At each place of a text starts one gram: two characters; or, where a letter or digit of ASCII stands, up to four of
those (numbers have only ten different digits: pairs of them would be in every visit).
"""

from collections.abc import Iterable

from service.judge.normal_form import normal_form

_LONG = 4


def normalize_text(text: str) -> str:
    """Text as it is compared: full-width forms as plain ones, without case and blanks."""
    return "".join(normal_form("NFKC", text).casefold().split()).replace("\0", "")


def tokenize(parts: Iterable[str]) -> set[str]:
    """All grams of some (normal) texts."""
    return {token_at(part, place) for part in parts for place in range(len(part))}


def token_at(text: str, place: int) -> str:
    """The gram that starts at a place."""
    if not _plain(text[place]):
        return text[place : place + 2]
    end = place + 1
    while end < len(text) and end < place + _LONG and _plain(text[end]):
        end += 1
    return text[place:end]


def query_tokens(wanted: str) -> list[str]:
    """The grams of a (normal) query that do not reach over its end: whoever contains the query has all of these."""
    found: list[str] = []
    for place in range(len(wanted)):
        gram = token_at(wanted, place)
        full = len(gram) == (_LONG if _plain(wanted[place]) else 2)
        if full or place + len(gram) < len(wanted):
            found.append(gram)
    return found


def _plain(character: str) -> bool:
    return character.isascii() and character.isalnum()
