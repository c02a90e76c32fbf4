"""Who is asking: an opaque bearer token or a browser's cookie, of which only a SHA-256 goes any further.

A browser adds its cookie also to what other sites make it send, so what changes something must come from our own
pages: same origin, and the token that only they can read (`X-CSRF-Token`).
"""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest

from litestar.types import Scope

from service.context import AppContext
from service.errors import CrossOriginRejected, DeviceRevoked, NotAuthenticated, TooManyRequests
from service.web.cross_origin import SAFE, require_same_origin
from service.web.request_info import client_ip, get_cookie, get_header

from . import authentication

SESSION_COOKIE, CSRF_COOKIE = b"__Host-doorstep", b"__Host-doorstep-csrf"
BROWSER_COOKIE, BROWSER_COOKIE_SECONDS = b"__Host-doorstep-seat", 30 * 86_400  # seconds
DOOR_COOKIE, DOOR_COOKIE_SECONDS = b"__Host-doorstep-door", 15 * 60  # seconds
BROWSER_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_KEPT = b"; Path=/; Secure; SameSite=Strict"


def bearer_digest(scope: Scope) -> bytes:
    """The digest of the request's token; it also names the device. NotSignedIn when there is none (RFC 6750).

    Whose it is, the flow looks up in its own transaction, on every request: who was revoked is out with the next one.
    """
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.partition(b" ")
            token = token.strip()
            if scheme.lower() == b"bearer" and token:
                return sha256(token).digest()
            raise NotAuthenticated("send Authorization: Bearer and your token")
    session = session_cookie(scope)
    if session is None:
        raise NotAuthenticated("send Authorization: Bearer and your token")
    return authentication.session_digest(session)


async def authenticate(scope: Scope, ctx: AppContext) -> bytes:
    """The digest of the token, checked first. NotAuthenticated, DeviceRevoked, CrossOriginRejected, TooManyRequests.

    A good token has a pace of its own. One that is none counts for the address, so that no guess makes room for itself.
    """
    try:
        token = await _check_credentials(scope, ctx)
    except (NotAuthenticated, DeviceRevoked):
        enforce_rate_limit(scope, ctx)
        raise
    _require_no_wait(ctx.token_rate_limit.retry_after(token, ctx.clock()))
    return token


def enforce_rate_limit(scope: Scope, ctx: AppContext) -> None:
    """TooManyRequests when an address without a token asks too often."""
    _require_no_wait(ctx.address_rate_limit.retry_after(client_ip(scope), ctx.clock()))


def _require_no_wait(wait: int) -> None:
    if wait:
        raise TooManyRequests(f"come again in {wait} seconds", retry_after=wait)


async def _check_credentials(scope: Scope, ctx: AppContext) -> bytes:
    token = bearer_digest(scope)
    if scope.get("method") not in SAFE and get_header(scope, b"authorization") is None:
        require_same_origin(scope, ctx)
        given = get_header(scope, b"x-csrf-token") or b""
        if not compare_digest(given, csrf_token(session_cookie(scope) or "").encode()):
            raise CrossOriginRejected("send X-CSRF-Token as GET /v1/me gives it")
    app = (get_header(scope, b"x-app") or b"").decode("latin-1")
    app = app if len(app) <= 64 and app.isascii() and app.isprintable() else ""
    await authentication.touch_token(ctx, token, app, client_ip(scope))
    return token


def session_cookie(scope: Scope) -> str | None:
    """The session in the cookie."""
    return get_cookie(scope, SESSION_COOKIE)


def browser_cookie(scope: Scope) -> str:
    """What a browser on a customer's page is known by; '' when it sends nothing of ours."""
    given = get_cookie(scope, BROWSER_COOKIE) or ""
    return given if BROWSER_ID.fullmatch(given) else ""


def browser_cookie_header(browser_id: str) -> tuple[bytes, bytes]:
    """The cookie that a browser on a customer's page is known by; it comes also when a message led to the page."""
    kept = b"; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=%d" % BROWSER_COOKIE_SECONDS
    return b"set-cookie", BROWSER_COOKIE + b"=" + browser_id.encode() + kept


def confirmed_at_door(scope: Scope, code: str) -> bool:
    """Whether it was this browser that confirmed a code at the door, a little while ago."""
    return compare_digest((get_cookie(scope, DOOR_COOKIE) or "").encode(), _door(code))


def door_confirmation_cookie(code: str) -> tuple[bytes, bytes]:
    """The cookie by which it is known."""
    kept = b"; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=%d" % DOOR_COOKIE_SECONDS
    return b"set-cookie", DOOR_COOKIE + b"=" + _door(code) + kept


def _door(code: str) -> bytes:
    return sha256(b"door " + code.encode()).hexdigest().encode()


def csrf_token(session: str) -> str:
    """What a page has to send along with a session: it follows from the session, and leads nowhere back."""
    return urlsafe_b64encode(sha256(b"csrf " + session.encode()).digest()).decode().rstrip("=")


def session_cookies(session: str) -> tuple[tuple[bytes, bytes], ...]:
    """The two cookies of a session; with '' they go."""
    end = b"" if session else b"; Max-Age=0"
    csrf = csrf_token(session).encode() if session else b""
    return (
        (b"set-cookie", SESSION_COOKIE + b"=" + session.encode() + _KEPT + b"; HttpOnly" + end),
        (b"set-cookie", CSRF_COOKIE + b"=" + csrf + _KEPT + end),
    )
