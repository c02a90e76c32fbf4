"""Answers: ready bytes, sent as they are. The same class serves Litestar's handlers and plain ASGI."""

import zlib
from typing import Any

import msgspec
from litestar.types import Receive, Scope, Send

MIN_GZIP_BYTES = 1400  # below one network packet gzip saves nothing
_encoder = msgspec.json.Encoder()
_BASE = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
Headers = tuple[tuple[bytes, bytes], ...]


class Answer:
    """A status, headers and a body, as an ASGI application. Packed with gzip when the client takes that."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes = b"", headers: Headers = _BASE) -> None:
        self.status, self.body, self.headers = status, body, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI calls it
        """Send it."""
        body, headers = self.body, self.headers
        if len(body) >= MIN_GZIP_BYTES:
            headers = (*headers, (b"vary", b"accept-encoding"))
            if accepts_gzip(scope):
                body, headers = _gzipped(body), (*_with_gzip_etag(headers), (b"content-encoding", b"gzip"))
        if self.status not in (204, 304):
            headers = (*headers, (b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


def json_answer(content: Any, status: int = 200, *headers: tuple[bytes, bytes]) -> Answer:
    """`content` (a Struct) as JSON; personal data, so never kept by a cache."""
    return Answer(status, _encoder.encode(content), (*_BASE, *headers))


def etag_matches(if_none_match: str, tag: str) -> bool:
    """Whether the header names what has this ETag, also as it was packed (RFC 9110, 13.1.2)."""
    given = [one.strip().removeprefix("W/").strip('"') for one in if_none_match.split(",")]
    return tag in given or f"{tag}-gzip" in given or "*" in given


def accepts_gzip(scope: Scope) -> bool:
    """Whether Accept-Encoding names gzip and does not refuse it (`gzip;q=0`)."""
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            for coding in value.lower().split(b","):
                token, _, weight = coding.partition(b";")
                if token.strip() == b"gzip":
                    return weight.replace(b" ", b"").rstrip(b"0") not in (b"q=", b"q=0.")
    return False


def _gzipped(body: bytes) -> bytes:
    packer = zlib.compressobj(level=1, wbits=31)
    return packer.compress(body) + packer.flush()


def _with_gzip_etag(headers: Headers) -> Headers:
    """A strong ETag belongs to one sequence of bytes: the packed form gets its own."""
    return tuple((name, value[:-1] + b'-gzip"' if name == b"etag" else value) for name, value in headers)
