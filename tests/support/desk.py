"""The desk in tests: a browser that is signed in, fetches pages and posts their forms."""

import html
import re
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode

import httpx

from service.accounts import credentials
from service.accounts.authentication import session_digest
from service.accounts.middleware import csrf_token
from tests.support.api_client import World
from tests.support.browser import Browser

FORM = "application/x-www-form-urlencoded"
LEFTOVERS = re.compile(r"<Macro|\bUndefined\b|\bNone\b|<bound method|PageText\(|TextPair\(|\bobject at 0x|\{\{|\}\}")


class DeskBrowser(Browser):
    """A browser that posts forms with the CSRF token of its session."""

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Fetch a page."""
        return await self.ask("GET", path, **{"accept_language": "zh", **headers})

    async def field(self, path: str, name: str) -> str:
        """The value of the first input with this name on a page."""
        return field_of(await self.get(path), name)

    async def post(self, path: str, fields: dict[str, str], **headers: Any) -> httpx.Response:
        """Post a form."""
        given = {"csrf": self.cookies.get("__Host-doorstep-csrf", ""), **fields}
        return await self.ask("POST", path, urlencode(given).encode(), **{"content_type": FORM, **headers})


async def signed_in(world: World, login: str) -> DeskBrowser:
    """The browser of a person who is signed in, without the cost of a password."""
    browser, session = DeskBrowser(world), token_urlsafe(32)
    await world.ctx.db.write(
        lambda tx: credentials.add_token(tx, session_digest(session), login, world.ctx.clock(), "session")
    )
    browser.cookies = {"__Host-doorstep": session, "__Host-doorstep-csrf": csrf_token(session)}
    return browser


def text_of(page: httpx.Response) -> str:
    """What a person reads on a page, with single blanks."""
    plain = re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|style).*?</\1>", " ", page.text))
    return " ".join(html.unescape(plain).split())


def field_of(page: httpx.Response, name: str) -> str:
    """The value of the first input of a form with this name."""
    found = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*value="([^"]*)"', page.text)
    assert found, name
    return html.unescape(found[1])


def leftovers(page: httpx.Response) -> list[str]:
    """What of a page only a program reads."""
    return LEFTOVERS.findall(text_of(page))
