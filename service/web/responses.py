"""Responses of raw bytes, for pages, problems and files."""

from typing import Any, cast

from litestar.response.base import ASGIResponse

Headers = tuple[tuple[bytes, bytes], ...]


def raw_response(status: int, body: bytes = b"", headers: Headers = ()) -> ASGIResponse:
    """A response, which is also an ASGI application. A header may be repeated."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    response = ASGIResponse(status_code=status, body=body, headers=pairs)
    if not body:
        cast("Any", response.headers).pop("content-type", None)
    return response


JPEG: Headers = (
    (b"content-type", b"image/jpeg"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
)
"""The headers of a picture."""
