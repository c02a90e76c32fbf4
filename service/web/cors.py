"""Lets pages of other origins use the API (CORS, as in the Fetch standard), if `DOORSTEP_ORIGINS` lists them.

Only `/v1` answers them; our own pages need nothing of this. Without the setting, no response has these headers.
"""

from typing import Any, cast

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from .cross_origin import API
from .request_info import get_header
from .responses import Headers, raw_response

METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
REQUEST_HEADERS = (
    b"authorization, content-type, content-encoding, accept-language, if-match, if-none-match, x-app, x-csrf-token, "
    b"x-signature, tus-resumable, upload-length, upload-metadata, upload-offset, upload-checksum, "
    b"x-http-method-override"
)
RESPONSE_HEADERS = (
    b"etag, location, retry-after, content-language, content-disposition, x-request-id, allow, accept-encoding, "
    b"tus-resumable, tus-version, tus-extension, tus-max-size, tus-checksum-algorithm, upload-offset, upload-length, "
    b"upload-expires"
)
MAX_AGE = b"600"  # seconds for which a browser remembers a preflight


def cors_middleware(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """Answers preflights of the listed origins, and adds the headers with which their pages may read responses."""
    listed = frozenset(origin.encode() for origin in origins)
    if not listed:
        return app

    async def with_cors(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(API):
            await app(scope, receive, send)
            return
        origin = get_header(scope, b"origin")
        allowed = _allowed(origin if origin in listed else None)
        asked = get_header(scope, b"access-control-request-method")
        if allowed and scope["method"] == "OPTIONS" and asked is not None:
            more = (
                (b"access-control-allow-methods", METHODS),
                (b"access-control-allow-headers", REQUEST_HEADERS),
                (b"access-control-max-age", MAX_AGE),
                (b"vary", b"origin, access-control-request-method, access-control-request-headers"),
            )
            await raw_response(204, b"", (*allowed, *more))(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = cast("Any", message)
                given["headers"] = [*given["headers"], *allowed, (b"vary", b"origin")]
            await send(message)

        await app(scope, receive, send_with_headers)

    return with_cors


def _allowed(origin: bytes | None) -> Headers:
    if origin is None:
        return ()
    return (
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", RESPONSE_HEADERS),
    )
