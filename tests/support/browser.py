"""A browser in tests: it stores cookies and sends its origin."""

from datetime import timedelta
from typing import Any

import httpx
import msgspec

from service.accounts import totp
from tests.support.api_client import World

PASSWORD = "虚构的长密码 一二三四五六"


class Browser:
    """Sends requests with cookies, like a page of the site."""

    def __init__(self, world: World) -> None:
        self.world, self.cookies = world, dict[str, str]()

    async def ask(self, method: str, path: str, content: Any = None, **headers: str | None) -> httpx.Response:
        """Send a request; a header given as None is omitted."""
        sent: dict[str, str | None] = {
            "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()) or None,
            "x-csrf-token": self.cookies.get("__Host-doorstep-csrf"),
            "sec-fetch-site": "same-origin",
            "origin": self.world.ctx.company.url,
        }
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        given = {name: value for name, value in sent.items() if value is not None}
        answer = await self.world.ask(None, method, path, content, **given)
        for cookie in answer.headers.get_list("set-cookie"):
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
            if "Max-Age=0" in rest:
                del self.cookies[name]
        return answer

    async def sign_in(self, login: str, password: str = PASSWORD, code: str = "") -> httpx.Response:
        return await self.ask("POST", "/v1/session", {"login": login, "password": password, "code": code})


async def with_password(world: World, login: str, password: str = PASSWORD) -> None:
    """Set a person's password, through an invitation by the admin."""
    invited = await world.ask("admin", "POST", "/v1/invitations", {"person": login})
    code = invited.json()["code"]
    answer = await world.ask(None, "PUT", f"/v1/invitations/{code}/password", {"password": password})
    assert answer.status_code == 200, answer.text


async def with_factor(world: World, login: str, password: str = PASSWORD) -> bytes:
    """Set up the authenticator of a person who has a password; returns its secret."""
    answer = await world.ask(None, "PUT", "/v1/me/second-factor", {"login": login, "password": password})
    assert answer.status_code == 200, answer.text
    assert answer.json()["qr_svg"].startswith("<svg")
    return unsecret(answer.json()["secret"])


def unsecret(text: str) -> bytes:
    """Decode a secret."""
    from base64 import b32decode  # noqa: PLC0415

    return b32decode(text + "=" * (-len(text) % 8))


def code_now(world: World, secret: bytes) -> str:
    """The authenticator's current code."""
    return totp.totp_at(secret, world.ctx.clock() // 30_000)


def later(world: World, **much: float) -> None:
    """Advance the clock."""
    now = world.ctx.clock() + int(timedelta(**much).total_seconds() * 1000)
    world.ctx.clock = lambda: now


def struct(answer: httpx.Response) -> Any:
    """The decoded body of a response."""
    return msgspec.json.decode(answer.content)
