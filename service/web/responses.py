"""Responses of raw bytes, for pages, problems and files."""

from typing import Any, cast

from litestar.response.base import ASGIResponse

from .compression import etag_matches

Headers = tuple[tuple[bytes, bytes], ...]


def raw_response(status: int, body: bytes = b"", headers: Headers = ()) -> ASGIResponse:
    """A response, which is also an ASGI application. A header may be repeated."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    response = ASGIResponse(status_code=status, body=body, headers=pairs)
    if not body:
        cast("Any", response.headers).pop("content-type", None)
    return response


FOR_GOOD = b"public, max-age=31536000, immutable"
"""For an address that changes with the content."""
ASKED_EACH_TIME = b"no-cache"


def file_response(
    body: bytes,
    kind: bytes,
    tag: str,
    if_none_match: str | None,
    cache: bytes,
    headers: Headers = (),
    *,
    coding: bytes = b"",
) -> ASGIResponse:
    """A file of our own pages with its strong ETag, or 304 where the browser has it already. `coding`: how the body is
    compressed."""
    more = (
        (b"etag", b'"%s"' % b"-".join(filter(None, (tag.encode(), coding)))),
        (b"cache-control", cache),
        (b"cross-origin-resource-policy", b"same-origin"),
        *headers,
    )
    if etag_matches(if_none_match or "", tag):
        return raw_response(304, b"", more)
    encoding = ((b"content-encoding", coding),) if coding else ()
    return raw_response(200, body, ((b"content-type", kind), *encoding, *more))


JPEG: Headers = (
    (b"content-type", b"image/jpeg"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
)
"""The headers of a picture."""
