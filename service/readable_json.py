"""JSON that some programs write and strict decoders refuse, as it is meant: with a byte order mark in front, or with
half of a character (a lone surrogate, such as a text that was cut within an emoji).

RFC 8259 lets a reader ignore the mark (8.1), and leaves open what becomes of half a character (8.2): it is read as
U+FFFD. The bytes of a record are stored and signed as they came; only what is read from them is mended.
"""

import re

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPES = re.compile(
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\[^u])|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
"""Whole characters and other escapes, which stay; or half a character."""


def readable(raw: bytes) -> bytes:
    """The same JSON for a strict decoder."""
    raw = raw.removeprefix(BYTE_ORDER_MARK)
    if _HALF.search(raw) is None:
        return raw
    return _ESCAPES.sub(lambda found: found[1] or rb"\ufffd", raw)
