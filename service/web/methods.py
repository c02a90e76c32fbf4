"""HEAD for whatever GET answers, and OPTIONS with all methods of an address (RFC 9110, 9.3.2 and 9.3.7).

Routes name neither. Uploads (tus) have a HEAD and an OPTIONS of their own, and let a client that cannot send a method
name it in a header.
"""

from typing import Any, cast

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from .request_info import get_header
from .responses import raw_response

UPLOADS = "/v1/uploads"
EVERY_METHOD = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_NEVER_ROUTED = "TRACE"


def methods_middleware(app: ASGIApp) -> ASGIApp:
    """Answers HEAD and OPTIONS, and adds HEAD to the `Allow` of a 405."""

    async def with_methods(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        is_upload = path == UPLOADS or path.startswith(f"{UPLOADS}/")
        if method == "OPTIONS" and path == "*":
            await raw_response(204, b"", ((b"allow", EVERY_METHOD),))(scope, receive, send)
        elif method == "POST" and is_upload and (other := _overridden(scope)):
            await app(_with_method(scope, other), receive, send)
        elif method == "OPTIONS" and is_upload:
            await app(cast("Scope", {**scope, "path": UPLOADS, "raw_path": UPLOADS.encode()}), receive, send)
        elif method == "OPTIONS":
            await app(_with_method(scope, _NEVER_ROUTED), receive, _Allowing(send).answer)
        elif method == "HEAD" and not is_upload:
            await app(_with_method(scope, "GET"), receive, _without_body(send))
        else:
            await app(scope, receive, _with_head_allowed(send))

    return with_methods


def _overridden(scope: Scope) -> str:
    """The method that a client means that can only send GET and POST (tus 1.0, X-HTTP-Method-Override)."""
    given = (get_header(scope, b"x-http-method-override") or b"").decode("latin-1").strip().upper()
    return given if given in ("PATCH", "DELETE", "HEAD") else ""


def _with_method(scope: Scope, method: str) -> Scope:
    """A copy, because the access log shows the method that was asked for."""
    return cast("Scope", {**scope, "method": method})


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = cast("Message", {**message, "body": b""})
        await send(message)

    return _with_head_allowed(send_head)


def _with_head_allowed(send: Send) -> Send:
    async def send_allowed(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 405:
            message = cast("Message", {**message, "headers": _allowing_head(message)})
        await send(message)

    return send_allowed


def _allowing_head(message: Any) -> list[tuple[bytes, bytes]]:
    return [(name, _methods(value) if name == b"allow" else value) for name, value in message["headers"]]


def _methods(allow: bytes) -> bytes:
    """The methods in order, with HEAD where there is GET."""
    named = {method.strip() for method in allow.split(b",")}
    named |= {b"OPTIONS"} | ({b"HEAD"} if b"GET" in named else set())
    return b", ".join(method for method in EVERY_METHOD.split(b", ") if method in named)


class _Allowing:
    """Turns the 405 of a method that no route has into the answer to OPTIONS; any other response stays."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._drops_body = False

    async def answer(self, message: Message) -> None:
        """Send, instead of the message, what OPTIONS says."""
        given = cast("Any", message)
        if given["type"] == "http.response.start" and given["status"] == 405:
            self._drops_body = True
            allow = next((value for name, value in given["headers"] if name == b"allow"), b"")
            headers = [(b"allow", _methods(allow)), (b"cache-control", b"no-store")]
            given = {**given, "status": 204, "headers": headers}
        elif given["type"] == "http.response.body" and self._drops_body:
            given = {**given, "body": b""}
        await self._send(cast("Message", given))
