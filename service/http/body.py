"""The exact bytes of a request's body, within the limit, unpacked if they were packed.

Limits refuse before reading where the length is announced, and while reading where it is not.
"""

import re
import zlib
from collections.abc import AsyncIterator

from litestar.types import Receive, Scope

from service.domain.errors import BodyTooLarge, FileTooLarge, MalformedJson, NotPhoto, WrongMediaType

_JSON = re.compile(rb'application/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?;?\s*', re.IGNORECASE)


async def read(scope: Scope, receive: Receive, limit: int, *, whatever: bool = False) -> bytes:
    """The body as it was before Content-Encoding.

    WrongMediaType (415) for anything but JSON, or packed by anything but gzip, unless it may be `whatever`: then it is
    as it came where it cannot be unpacked. BodyTooLarge (413) over `limit` bytes.
    """
    kind, length, coding = b"", b"", b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            kind = value
        elif name == b"content-length":
            length = value
        elif name == b"content-encoding":
            coding = value.strip().lower()
    if not whatever and kind != b"application/json" and not _JSON.fullmatch(kind):
        raise WrongMediaType("send Content-Type: application/json")
    if not whatever and coding not in (b"", b"identity", b"gzip"):
        raise WrongMediaType("the only Content-Encoding is gzip")
    if announces(length, limit):
        raise _too_large(limit)
    body = await received(receive, limit)
    return _unpacked(body, limit) if coding == b"gzip" else body


def announces(length: bytes, limit: int) -> bool:
    """Whether a Content-Length announces more than the limit. Python reads no number of some thousand digits."""
    digits = length.lstrip(b"0") if length.isdigit() else b""
    return len(digits) > 18 or int(digits or b"0") > limit


async def parts(scope: Scope, receive: Receive, limit: int) -> AsyncIterator[bytes]:
    """The bytes of a file as they come, never all in memory. FileTooLarge over `limit`, if told before reading."""
    for name, value in scope["headers"]:
        if name == b"content-length" and announces(value, limit):
            raise FileTooLarge(f"at most {limit} bytes")
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise NotPhoto("send it without Content-Encoding")
    size, more = 0, True
    while more:
        part, more = await _next(receive)
        size += len(part)
        if size > limit:
            raise FileTooLarge(f"at most {limit} bytes")
        if part:
            yield part


async def received(receive: Receive, limit: int) -> bytes:
    """The bytes as they come, at most `limit`."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        part, more = await _next(receive)
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _next(receive: Receive) -> tuple[bytes, bool]:
    """The next bytes, and whether more will come."""
    message = await receive()
    if message["type"] != "http.request":
        raise MalformedJson("the connection ended within the body")  # nobody is left to read this
    return message.get("body", b""), message.get("more_body", False)


def _unpacked(packed: bytes, limit: int) -> bytes:
    """Unpack gzip (RFC 1952, also several members). A bomb costs no more than `limit` bytes.

    What cannot be unpacked is handed on as it came: the JSON decoder refuses it, and whoever keeps refused input
    keeps these bytes.
    """
    parts: list[bytes] = []
    rest, room = packed, limit
    while rest:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            part = unpacker.decompress(rest, room + 1)
        except zlib.error:
            return packed
        if len(part) > room:
            raise _too_large(limit)
        if not unpacker.eof:
            return packed
        parts.append(part)
        rest, room = unpacker.unused_data, room - len(part)
    return b"".join(parts)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"at most {limit} bytes, counted after unpacking")
