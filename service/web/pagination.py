"""Cursors: lists continue after the last key, never at an offset."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

from service.errors import InvalidQuery

WRONG_CURSOR = "`after` is not a cursor of this list"


def encode_cursor(key: tuple[int, UUID], name: str = "") -> str:
    """A key as an opaque text; `name` tells apart what has the same number and id."""
    raw = key[0].to_bytes(9, "big", signed=True) + key[1].bytes + name.encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(text: str) -> tuple[int, UUID]:
    """The key in an opaque text. InvalidQuery."""
    number, key, name = decode_named_cursor(text)
    if name:
        raise InvalidQuery(WRONG_CURSOR)
    return number, key


def decode_named_cursor(text: str) -> tuple[int, UUID, str]:
    """The key and the name in an opaque text. InvalidQuery."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        number, key, name = int.from_bytes(raw[:9], "big", signed=True), UUID(bytes=raw[9:25]), raw[25:].decode()
    except ValueError:
        raise InvalidQuery(WRONG_CURSOR) from None
    if not -(2**63) <= number < 2**63 or "\0" in name:  # what databases do not hold
        raise InvalidQuery(WRONG_CURSOR)
    return number, key, name


def query_string(given: Mapping[str, str], **changes: str | None) -> str:
    """The query of an address with these parameters, some changed or (None) left out; '' without any."""
    kept = {name: value for name, value in {**given, **changes}.items() if value is not None}
    return f"?{urlencode(kept)}" if kept else ""
