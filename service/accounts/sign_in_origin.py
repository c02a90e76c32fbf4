"""Where somebody signs in: the address, the browser in words, its session until now, and whether it is known.

A browser in which a person has signed in keeps a cookie that proves it (OWASP: device cookies). So it is not slowed
down by what others try, and a thief gains tries of their own, and nothing else.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from secrets import token_urlsafe

import msgspec

from service.context import AppContext
from service.db.database import Transaction
from service.text import login_key
from service.web.request import AnyRequest
from service.web.request_info import client_ip, get_cookie

from . import secrets
from .authentication import session_digest
from .middleware import session_cookie

KNOWN_COOKIE, KNOWN_COOKIE_SECONDS = b"__Host-doorstep-known", 180 * 86_400
_VALUE = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{22})")
_BROWSERS = (
    ("wxwork", "WeCom"),
    ("micromessenger", "WeChat"),
    ("edg", "Edge"),
    ("opr/", "Opera"),
    ("firefox", "Firefox"),
    ("fxios", "Firefox"),
    ("crios", "Chrome"),
    ("chrome", "Chrome"),
    ("safari", "Safari"),
)
_SYSTEMS = (
    ("harmony", "HarmonyOS"),
    ("android", "Android"),
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("windows", "Windows"),
    ("mac os", "macOS"),
    ("linux", "Linux"),
)


class SignInOrigin(msgspec.Struct, frozen=True):
    """Where somebody signs in. `session`: the digest of the browser's session until now, which the new one replaces."""

    address: str
    label: str = ""
    session: bytes | None = None
    cookie: str = ""

    async def known_browser(self, ctx: AppContext, login: str) -> str:
        """The id of this browser if the person has signed in here before, else ''."""
        return await ctx.db.read(lambda tx: self.known_browser_in(ctx, tx, login)) if self.cookie else ""

    async def known_browser_in(self, ctx: AppContext, tx: Transaction, login: str) -> str:
        """The same in a transaction."""
        found = _VALUE.fullmatch(self.cookie)
        key = await secrets.get_browser_key(ctx, tx) if found else None
        if found is None or key is None:
            return ""
        return found[1] if hmac.compare_digest(_mac(key, found[1], login), found[2]) else ""


def origin_of(request: AnyRequest) -> SignInOrigin:
    """Where a request comes from."""
    session = session_cookie(request.scope)
    return SignInOrigin(
        address=client_ip(request.scope),
        label=browser_words(request.headers.get("user-agent", "")),
        session=None if session is None else session_digest(session),
        cookie=get_cookie(request.scope, KNOWN_COOKIE) or "",
    )


def browser_words(agent: str) -> str:
    """The browser and the system of a user agent, such as `Chrome Windows`."""
    text = agent.lower()[:500]
    return " ".join(next((name for mark, name in names if mark in text), "") for names in (_BROWSERS, _SYSTEMS)).strip()


async def known_cookie(ctx: AppContext, login: str) -> tuple[bytes, bytes]:
    """The cookie of a browser in which a person has just signed in."""
    key = await ctx.db.write(lambda tx: secrets.get_or_create_browser_key(ctx, tx))
    browser = token_urlsafe(16)
    attributes = b"; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%d" % KNOWN_COOKIE_SECONDS
    value = f"{browser}.{_mac(key, browser, login)}"
    return b"set-cookie", KNOWN_COOKIE + b"=" + value.encode() + attributes


def _mac(key: bytes, browser: str, login: str) -> str:
    content = f"known browser {browser} {login_key(login)}".encode()
    return urlsafe_b64encode(hmac.digest(key, content, "sha256")[:16]).decode().rstrip("=")
