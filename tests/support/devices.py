"""Phones that are enrolled over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from tests.support.api_client import World

Phone = Callable[..., Awaitable[httpx.Response]]


async def enrolment_code(world: World, login: str = "li", by: str = "wang") -> str:
    """A one-time code for a technician's phone."""
    answer = await world.ask(by, "POST", "/v1/enrolments", {"person": login})
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["code"]
    return code


def client_with_token(world: World, token: str) -> Phone:
    """A function that sends requests with this token."""

    async def ask(method: str, path: str, content: Any = None, **headers: str) -> httpx.Response:
        return await world.ask(None, method, path, content, authorization=f"Bearer {token}", **headers)

    return ask


async def register_phone(world: World, login: str = "li", **more: Any) -> dict[str, Any]:
    """Enrol a phone; returns the response."""
    answer = await world.ask(
        None, "POST", "/v1/devices", {"code": await enrolment_code(world, login), "name": "手机", **more}
    )
    assert answer.status_code == 201, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def enrol_phone(world: World, login: str = "li", **more: Any) -> Phone:
    """An enrolled phone."""
    return client_with_token(world, (await register_phone(world, login, **more))["token"])
