"""Credentials of a request: an opaque bearer token or a session cookie, of which only a SHA-256 is passed on.

A browser also adds its cookie to requests that other sites cause, so changes must come from our own pages: same origin,
and the token that only they can read (`X-CSRF-Token`).
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Awaitable
from hashlib import sha256
from hmac import compare_digest
from typing import Any, cast

from litestar.types import Scope

from service.context import AppContext
from service.errors import CrossOriginRejected, DeviceRevoked, NotAuthenticated, TooManyRequests
from service.web.compression import EXTRA_HEADERS
from service.web.cross_origin import SAFE, require_same_origin
from service.web.request_info import client_ip, get_cookie, get_header

from . import authentication

SESSION_COOKIE, CSRF_COOKIE = b"__Host-doorstep", b"__Host-doorstep-csrf"
BROWSER_COOKIE, BROWSER_COOKIE_SECONDS = b"__Host-doorstep-seat", 30 * 86_400  # seconds
DOOR_COOKIE, DOOR_COOKIE_SECONDS = b"__Host-doorstep-door", 15 * 60  # seconds
BROWSER_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_ATTRIBUTES = b"; Path=/; Secure; SameSite=Strict"


def bearer_digest(scope: Scope) -> bytes:
    """The digest of the request's token. NotAuthenticated when there is none (RFC 6750)."""
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
    """The digest of a valid token. NotAuthenticated, DeviceRevoked, CrossOriginRejected or TooManyRequests.

    A valid token has its own rate limit. Others count for the address, so that guessing gains nothing.
    """
    return await _limited(scope, ctx, _check_credentials(scope, ctx))


async def authenticate_session(scope: Scope, ctx: AppContext) -> bytes:
    """The same for the session in the cookie. The caller checks the CSRF token of a form (`require_csrf_token`)."""
    return await _limited(scope, ctx, _check_session(scope, ctx))


async def _check_session(scope: Scope, ctx: AppContext) -> bytes:
    session = session_cookie(scope)
    if session is None:
        raise NotAuthenticated
    if cast("Any", scope).get("method") not in SAFE:
        require_same_origin(scope, ctx)
    token = authentication.session_digest(session)
    await authentication.touch_token(ctx, token, address=client_ip(scope))
    return token


async def _limited(scope: Scope, ctx: AppContext, check: Awaitable[bytes]) -> bytes:
    try:
        token = await check
    except (NotAuthenticated, DeviceRevoked):
        enforce_rate_limit(scope, ctx)
        raise
    _require_no_wait(ctx.token_rate_limit.retry_after(token, ctx.clock()))
    return token


def enforce_rate_limit(scope: Scope, ctx: AppContext) -> None:
    """Count a request without a token. TooManyRequests."""
    _require_no_wait(ctx.address_rate_limit.retry_after(client_ip(scope), ctx.clock()))


def _require_no_wait(wait: int) -> None:
    if wait:
        raise TooManyRequests(f"come again in {wait} seconds", retry_after=wait)


async def _check_credentials(scope: Scope, ctx: AppContext) -> bytes:
    token = bearer_digest(scope)
    if cast("Any", scope).get("method") not in SAFE and get_header(scope, b"authorization") is None:
        require_same_origin(scope, ctx)
        require_csrf_token(scope, get_header(scope, b"x-csrf-token") or b"")
    app = (get_header(scope, b"x-app") or b"").decode("latin-1")
    app = app if len(app) <= 64 and app.isascii() and app.isprintable() else ""
    ends_soon = await authentication.touch_token(ctx, token, app, client_ip(scope))
    if ends_soon:
        end = ctx.to_local_time(ends_soon).isoformat(timespec="seconds")
        scope["state"][EXTRA_HEADERS] = ((b"token-expires", end.encode()),)
    return token


def require_csrf_token(scope: Scope, given: bytes) -> None:
    """CrossOriginRejected unless the token is that of the session in the cookie."""
    if not compare_digest(given, csrf_token(session_cookie(scope) or "").encode()):
        raise CrossOriginRejected("send X-CSRF-Token as GET /v1/me gives it")


def session_cookie(scope: Scope) -> str | None:
    """The session token in the cookie, or None."""
    return get_cookie(scope, SESSION_COOKIE)


def browser_cookie(scope: Scope) -> str:
    """The id of a browser that shows customers' pages; '' without a valid cookie."""
    given = get_cookie(scope, BROWSER_COOKIE) or ""
    return given if BROWSER_ID.fullmatch(given) else ""


def browser_cookie_header(browser_id: str) -> tuple[bytes, bytes]:
    """The cookie with that id; it is also sent when a link in a message leads to the page."""
    attributes = b"; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=%d" % BROWSER_COOKIE_SECONDS
    return b"set-cookie", BROWSER_COOKIE + b"=" + browser_id.encode() + attributes


def confirmed_at_door(scope: Scope, code: str) -> bool:
    """Whether this browser confirmed a door code recently."""
    return compare_digest((get_cookie(scope, DOOR_COOKIE) or "").encode(), _door(code))


def door_confirmation_cookie(code: str) -> tuple[bytes, bytes]:
    """The cookie that remembers the confirmation."""
    attributes = b"; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=%d" % DOOR_COOKIE_SECONDS
    return b"set-cookie", DOOR_COOKIE + b"=" + _door(code) + attributes


def _door(code: str) -> bytes:
    return sha256(b"door " + code.encode()).hexdigest().encode()


def csrf_token(session: str) -> str:
    """The token that pages send along with a session; it is derived from the session, one way."""
    return urlsafe_b64encode(sha256(b"csrf " + session.encode()).digest()).decode().rstrip("=")


def session_cookies(session: str) -> tuple[tuple[bytes, bytes], ...]:
    """The two cookies of a session; '' removes them."""
    end = b"" if session else b"; Max-Age=0"
    csrf = csrf_token(session).encode() if session else b""
    return (
        (b"set-cookie", SESSION_COOKIE + b"=" + session.encode() + _ATTRIBUTES + b"; HttpOnly" + end),
        (b"set-cookie", CSRF_COOKIE + b"=" + csrf + _ATTRIBUTES + end),
    )
