"""The exact bytes of a request's body, within the limit, unpacked if they were packed.

Limits refuse before reading where the length is announced, and while reading where it is not.
"""

import zlib
from collections.abc import AsyncIterator

from litestar.types import Receive, Scope

from service.errors import BodyTooLarge, FileTooLarge, MalformedJson, UnsupportedImageType, WrongMediaType

_LONGEST = 100  # bytes of a Content-Type; JSON needs less


async def read_json_body(
    scope: Scope, receive: Receive, limit: int, *, whatever: bool = False, packed: bool = True
) -> bytes:
    """The body as it was before Content-Encoding.

    WrongMediaType (415) for anything but JSON, or packed by anything but gzip (or at all, where nothing may be
    `packed`), unless it may be `whatever`: then it is as it came where it cannot be unpacked. BodyTooLarge (413) over
    `limit` bytes.
    """
    kind, length, coding = b"", b"", b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            kind = value
        elif name == b"content-length":
            length = value
        elif name == b"content-encoding":
            coding = value.strip().lower()
    if not whatever and kind != b"application/json" and not _is_json(kind):
        raise WrongMediaType("send Content-Type: application/json")
    if not whatever and coding not in (b"", b"identity", b"gzip"):
        raise WrongMediaType("the only Content-Encoding is gzip")
    if coding == b"gzip" and not packed:
        raise WrongMediaType("send it without Content-Encoding")
    if announced(length) > limit:
        raise _too_large(limit)
    body = await read_limited(receive, limit)
    return _gunzip_limited(body, limit) if coding == b"gzip" else body


def _is_json(kind: bytes) -> bool:
    """Whether it is `application/json`, which may say that it is UTF-8. Split and compared: a pattern with blanks
    wherever there may be some takes time by the square of how many there are."""
    if len(kind) > _LONGEST:
        return False
    name, _, rest = kind.lower().partition(b";")
    if name.strip() != b"application/json":
        return False
    said, _, more = rest.partition(b";")
    key, _, value = said.partition(b"=")
    return not more.strip() and (not said.strip() or (key.strip(), value.strip().strip(b'"')) == (b"charset", b"utf-8"))


def announced(length: bytes) -> int:
    """How many bytes Content-Length says will come; 0 where it says nothing."""
    if not length.isdigit():
        return 0
    digits = length.lstrip(b"0")
    return int(digits[:20] or b"0")


async def stream_body(scope: Scope, receive: Receive, limit: int) -> AsyncIterator[bytes]:
    """The bytes of a file as they come, never all in memory. FileTooLarge over `limit`, if told before reading."""
    for name, value in scope["headers"]:
        if name == b"content-length" and announced(value) > limit:
            raise FileTooLarge(f"at most {limit} bytes")
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise UnsupportedImageType("send it without Content-Encoding")
    size, more = 0, True
    while more:
        part, more = await _next(receive)
        size += len(part)
        if size > limit:
            raise FileTooLarge(f"at most {limit} bytes")
        if part:
            yield part


async def read_limited(receive: Receive, limit: int) -> bytes:
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


def _gunzip_limited(packed: bytes, limit: int) -> bytes:
    """Unpack gzip (RFC 1952) of one member, as every client sends it: what many empty ones cost is by the square of
    how many there are. A bomb costs no more than `limit` bytes.

    What cannot be unpacked is handed on as it came: the JSON decoder refuses it, and whoever keeps refused input
    keeps these bytes.
    """
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(packed, limit + 1)
    except zlib.error:
        return packed
    if len(body) > limit:
        raise _too_large(limit)
    return body if unpacker.eof and not unpacker.unused_data else packed


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"at most {limit} bytes, counted after unpacking")
