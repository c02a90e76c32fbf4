"""Cursors: lists continue after the last key, never at an offset."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

from service.errors import InvalidQuery


def encode_cursor(key: tuple[int, UUID]) -> str:
    """A key as an opaque text."""
    return urlsafe_b64encode(key[0].to_bytes(9, "big", signed=True) + key[1].bytes).decode().rstrip("=")


def decode_cursor(text: str) -> tuple[int, UUID]:
    """The key in an opaque text. InvalidQuery."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        key = int.from_bytes(raw[:9], "big", signed=True), UUID(bytes=raw[9:])
    except ValueError:
        key = None
    if key is None or not -(2**63) <= key[0] < 2**63:  # databases have no larger numbers
        raise InvalidQuery("`after` is not a cursor of this list")
    return key


def query_string(given: Mapping[str, str], **changes: str | None) -> str:
    """The query of an address with these parameters, some changed or (None) left out; '' without any."""
    kept = {name: value for name, value in {**given, **changes}.items() if value is not None}
    return f"?{urlencode(kept)}" if kept else ""
