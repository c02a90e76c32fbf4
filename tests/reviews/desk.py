"""People at the desk, for tests of its pages."""

import re
from html import unescape
from secrets import token_urlsafe
from urllib.parse import urlencode

import httpx

from service.accounts import credentials
from service.accounts.authentication import session_digest
from service.accounts.middleware import csrf_token
from service.db.database import Transaction
from tests.support.api_client import World, record
from tests.support.browser import Browser
from tests.support.factories import said

ENTRIES = [
    said("09:05", "arrived"),
    said("09:06", "met_customer"),
    said("09:07", "shoe_covers_on"),
    said("09:08", "entry_consent"),
    said("09:09", "entered"),
    said("09:10", "door_signal"),
    said("09:11", "work_started"),
    said("09:40", "left"),
]


class Desk(Browser):
    """A person who is signed in at the desk."""

    async def get(self, path: str, **headers: str | None) -> httpx.Response:
        return await self.ask("GET", path, x_csrf_token=None, **headers)

    async def post(self, path: str, fields: dict[str, str], **headers: str | None) -> httpx.Response:
        """Send a form with the CSRF token of the session."""
        given = {"csrf": self.cookies["__Host-doorstep-csrf"], **fields}
        form = {"content_type": "application/x-www-form-urlencoded", "x_csrf_token": None}
        return await self.ask("POST", path, urlencode(given).encode(), **{**form, **headers})

    async def hidden(self, path: str, name: str) -> str:
        """The value of a hidden field of a page."""
        page = (await self.get(path)).text
        found = re.search(f'name="{name}" value="([^"]*)"', page)
        assert found, page
        return unescape(found[1])


async def seat(world: World, who: str) -> Desk:
    """Sign a person in."""
    token = token_urlsafe(32)

    async def start(tx: Transaction) -> None:
        await credentials.add_token(tx, session_digest(token), who, world.house.clock(), "session")

    await world.house.db.write(start)
    desk = Desk(world)
    desk.cookies |= {"__Host-doorstep": token, "__Host-doorstep-csrf": csrf_token(token)}
    return desk


async def finished(world: World) -> None:
    """A visit that is over: the technician rang when they were in already."""
    assert (await world.plan()).status_code == 201
    assert (await world.submit({**record(), "entries": ENTRIES})).status_code == 201
