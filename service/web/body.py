"""Reads the exact bytes of a request's body within a limit, and decompresses them.

A body that is announced as too large is refused before it is read, otherwise while it is read.
"""

import zlib
from collections.abc import AsyncIterator

from litestar.types import Receive, Scope

from service.errors import BodyTooLarge, FileTooLarge, MalformedJson, WrongMediaType

_MAX_CONTENT_TYPE = 100  # bytes; JSON needs fewer


async def read_json_body(
    scope: Scope, receive: Receive, limit: int, *, whatever: bool = False, packed: bool = True
) -> bytes:
    """The body before Content-Encoding. BodyTooLarge over `limit` bytes.

    WrongMediaType unless it is JSON, uncompressed or gzip (unless `packed` is False). With `whatever` any type is
    accepted, and what cannot be decompressed is returned as it is.
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
        if kind.lower().startswith(b"application/json"):
            raise WrongMediaType("charset 只能是 utf-8 / the only charset is utf-8")
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
    """Whether it is `application/json`, optionally with `charset=utf-8`. It is split and compared: a pattern that
    allows blanks everywhere takes quadratic time."""
    if len(kind) > _MAX_CONTENT_TYPE:
        return False
    name, _, rest = kind.lower().partition(b";")
    if name.strip() != b"application/json":
        return False
    parameter, _, more = rest.partition(b";")
    key, _, value = parameter.partition(b"=")
    return not more.strip() and (
        not parameter.strip() or (key.strip(), value.strip().strip(b'"')) == (b"charset", b"utf-8")
    )


def announced(length: bytes) -> int:
    """The bytes announced by Content-Length; 0 without a valid one."""
    if not length.isdigit():
        return 0
    digits = length.lstrip(b"0")
    return int(digits[:20] or b"0")


async def stream_body(scope: Scope, receive: Receive, limit: int, *, packed: bool = True) -> AsyncIterator[bytes]:
    """The bytes of a file as they arrive, unpacked if Content-Encoding is gzip, never all in memory. FileTooLarge, if
    possible before reading.

    WrongMediaType for another coding (unless `packed`, for any), and for bytes that are not packed as it says.
    """
    coding = b""
    for name, value in scope["headers"]:
        if name == b"content-length" and announced(value) > limit:
            raise FileTooLarge(f"at most {limit} bytes")
        if name == b"content-encoding":
            coding = value.strip().lower()
    if coding not in ((b"", b"identity", b"gzip", b"x-gzip") if packed else (b"", b"identity")):
        wanted = "gzip, or none" if packed else "none"
        raise WrongMediaType(f"Content-Encoding: {wanted}")
    parts = _stream(receive)
    size = 0
    async for part in _gunzip_stream(parts, limit) if coding.endswith(b"gzip") else parts:
        size += len(part)
        if size > limit:
            raise FileTooLarge(f"at most {limit} bytes")
        if part:
            yield part


async def _stream(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        part, more = await _next(receive)
        yield part


async def _gunzip_stream(parts: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    """What gzip (one member) packed, in parts of at most `limit` bytes and one more."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        async for part in parts:
            yield unpacker.decompress(part, limit + 1)
            if unpacker.unconsumed_tail:  # more than `limit` bytes came of one part
                raise FileTooLarge(f"at most {limit} bytes, counted after unpacking")
    except zlib.error:
        raise WrongMediaType("Content-Encoding says gzip, and the bytes are not") from None
    if not unpacker.eof or unpacker.unused_data:
        raise WrongMediaType("Content-Encoding says gzip, and the bytes end before it does, or go on after it")


async def read_limited(receive: Receive, limit: int) -> bytes:
    """The whole body, at most `limit` bytes."""
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
    """The next bytes, and whether there are more."""
    message = await receive()
    if message["type"] != "http.request":
        raise MalformedJson("the connection ended within the body")  # no one is left to read this
    return message.get("body", b""), message.get("more_body", False)


def _gunzip_limited(packed: bytes, limit: int) -> bytes:
    """Decompress gzip (RFC 1952) with a single member, as clients send it: many empty ones would take quadratic time.
    A bomb costs no more than `limit` bytes.

    Invalid input is returned unchanged: the JSON decoder refuses it, and quarantine keeps these bytes.
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
