"""A place in a list, as an opaque text: lists go on from the last key, never by offset."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from service.errors import InvalidQuery


def encode_cursor(key: tuple[int, UUID]) -> str:
    """A place in a list as an opaque text."""
    return urlsafe_b64encode(key[0].to_bytes(9, "big", signed=True) + key[1].bytes).decode().rstrip("=")


def decode_cursor(text: str) -> tuple[int, UUID]:
    """The place an opaque text stands for. InvalidQuery when it is none of ours."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        place = int.from_bytes(raw[:9], "big", signed=True), UUID(bytes=raw[9:])
    except ValueError:
        place = None
    if place is None or not -(2**63) <= place[0] < 2**63:  # a database has no larger numbers
        raise InvalidQuery("`after` is not a cursor of this list")
    return place
