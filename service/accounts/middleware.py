"""Who is asking: an opaque bearer token or a browser's cookie, of which only a SHA-256 goes any further.

A browser adds its cookie also to what other sites make it send, so what changes something must come from our own
pages: same origin, and the token that only they can read (`X-CSRF-Token`).
"""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest

from litestar.types import Scope

from service.context import House
from service.errors import DeviceRevoked, ForgeryRefused, NotSignedIn, TooManyRequests
from service.web.cross_origin import SAFE, own_page
from service.web.request_info import address_of, header

from . import authentication

COOKIE, CSRF_COOKIE = b"__Host-doorstep", b"__Host-doorstep-csrf"
SEAT_COOKIE, SEAT_LASTS = b"__Host-doorstep-seat", 30 * 86_400  # seconds
DOOR_COOKIE, DOOR_LASTS = b"__Host-doorstep-door", 15 * 60  # seconds
SEAT = re.compile(r"[A-Za-z0-9_-]{22}")
_KEPT = b"; Path=/; Secure; SameSite=Strict"


def token_of(scope: Scope) -> bytes:
    """The digest of the request's token; it also names the device. NotSignedIn when there is none (RFC 6750).

    Whose it is, the flow looks up in its own transaction, on every request: who was revoked is out with the next one.
    """
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.partition(b" ")
            token = token.strip()
            if scheme.lower() == b"bearer" and token:
                return sha256(token).digest()
            raise NotSignedIn("send Authorization: Bearer and your token")
    session = session_of(scope)
    if session is None:
        raise NotSignedIn("send Authorization: Bearer and your token")
    return authentication.session_digest(session)


async def admit(scope: Scope, house: House) -> None:
    """Look at the token before anything is done: NotSignedIn, DeviceRevoked, ForgeryRefused, or TooManyRequests.

    A good token has a pace of its own. One that is none counts for the address, so that no guess makes room for itself.
    """
    try:
        token = await _admitted(scope, house)
    except (NotSignedIn, DeviceRevoked):
        slow_down(scope, house)
        raise
    _in_time(house.requests.wait(token, house.clock()))


def slow_down(scope: Scope, house: House) -> None:
    """TooManyRequests when an address without a token asks too often."""
    _in_time(house.strangers.wait(address_of(scope), house.clock()))


def _in_time(wait: int) -> None:
    if wait:
        raise TooManyRequests(f"come again in {wait} seconds", retry_after=wait)


async def _admitted(scope: Scope, house: House) -> bytes:
    token = token_of(scope)
    if scope.get("method") not in SAFE and header(scope, b"authorization") is None:
        own_page(scope, house)
        given = header(scope, b"x-csrf-token") or b""
        if not compare_digest(given, csrf_of(session_of(scope) or "").encode()):
            raise ForgeryRefused("send X-CSRF-Token as GET /v1/me gives it")
    app = (header(scope, b"x-app") or b"").decode("latin-1")
    app = app if len(app) <= 64 and app.isascii() and app.isprintable() else ""
    await authentication.admit(house, token, app, address_of(scope))
    return token


def session_of(scope: Scope) -> str | None:
    """The session in the cookie."""
    return _cookie(scope, COOKIE)


def seat_of(scope: Scope) -> str:
    """What a browser on a customer's page is known by; '' when it sends nothing of ours."""
    given = _cookie(scope, SEAT_COOKIE) or ""
    return given if SEAT.fullmatch(given) else ""


def seat_cookie(seat: str) -> tuple[bytes, bytes]:
    """The cookie that a browser on a customer's page is known by; it comes also when a message led to the page."""
    kept = b"; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=%d" % SEAT_LASTS
    return b"set-cookie", SEAT_COOKIE + b"=" + seat.encode() + kept


def saw_at_door(scope: Scope, code: str) -> bool:
    """Whether it was this browser that confirmed a code at the door, a little while ago."""
    return compare_digest((_cookie(scope, DOOR_COOKIE) or "").encode(), _door(code))


def door_cookie(code: str) -> tuple[bytes, bytes]:
    """The cookie by which it is known."""
    kept = b"; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=%d" % DOOR_LASTS
    return b"set-cookie", DOOR_COOKIE + b"=" + _door(code) + kept


def _door(code: str) -> bytes:
    return sha256(b"door " + code.encode()).hexdigest().encode()


def _cookie(scope: Scope, wanted: bytes) -> str | None:
    for name, value in scope["headers"]:
        if name == b"cookie":
            for pair in value.split(b";"):
                key, _, content = pair.strip().partition(b"=")
                if key == wanted and content:
                    return content.decode("latin-1")
    return None


def csrf_of(session: str) -> str:
    """What a page has to send along with a session: it follows from the session, and leads nowhere back."""
    return urlsafe_b64encode(sha256(b"csrf " + session.encode()).digest()).decode().rstrip("=")


def cookies(session: str) -> tuple[tuple[bytes, bytes], ...]:
    """The two cookies of a session; with '' they go."""
    end = b"" if session else b"; Max-Age=0"
    csrf = csrf_of(session).encode() if session else b""
    return (
        (b"set-cookie", COOKIE + b"=" + session.encode() + _KEPT + b"; HttpOnly" + end),
        (b"set-cookie", CSRF_COOKIE + b"=" + csrf + _KEPT + end),
    )
