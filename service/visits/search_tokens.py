"""Tokens of the search index, so that a part of a Chinese name or of a long number is found fast.

A token starts at each character of a text: two characters, or up to four where it starts with an ASCII letter or digit
(pairs of digits would be in every visit).
"""

from collections.abc import Iterable

_ASCII_LENGTH, _LENGTH = 4, 2


def tokenize(texts: Iterable[str]) -> set[str]:
    """All tokens of texts as they are searched (`text.search_key`)."""
    return {token_at(text, start) for text in texts for start in range(len(text))}


def token_at(text: str, start: int) -> str:
    """The token that starts at a position."""
    if not _is_ascii_word(text[start]):
        return text[start : start + _LENGTH]
    end = start + 1
    while end < len(text) and end < start + _ASCII_LENGTH and _is_ascii_word(text[end]):
        end += 1
    return text[start:end]


def query_tokens(query: str) -> list[str]:
    """The tokens of a query, as it is searched, that all texts with it have. One cut off by its end is left out."""
    found: list[str] = []
    for start in range(len(query)):
        token = token_at(query, start)
        is_full = len(token) == (_ASCII_LENGTH if _is_ascii_word(query[start]) else _LENGTH)
        if is_full or start + len(token) < len(query):
            found.append(token)
    return found


def _is_ascii_word(character: str) -> bool:
    return character.isascii() and character.isalnum()
