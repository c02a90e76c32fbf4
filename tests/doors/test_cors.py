"""Pages of listed origins may use the API, also its uploads; others may not, and by default nobody."""

import httpx
import msgspec
import pytest

from service.app import create_app
from service.web.cors import RESPONSE_HEADERS
from tests.support.api_client import VISIT, World
from tests.support.browser import Browser, with_password
from tests.support.factories import a_plan

MAP = "https://map.example"
PREFLIGHT = {"origin": MAP, "access_control_request_method": "PATCH", "access_control_request_headers": "upload-offset"}


@pytest.fixture
def engine() -> str:
    """Nothing of this depends on the database."""
    return "sqlite"


@pytest.fixture
def open_to_map(world: World) -> World:
    """The service with one other origin."""
    world.ctx.company = msgspec.structs.replace(world.ctx.company, origins=(MAP,))
    transport = httpx.ASGITransport(create_app(world.ctx, 2**21))  # type: ignore[arg-type]
    return World(world.ctx, httpx.AsyncClient(transport=transport, base_url="http://doorstep.test"))


def cors(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize(
    "path", [f"/v1/visits/{VISIT}", "/v1/records/x", "/v1/uploads", "/v1/uploads/x", "/v1/nothing"]
)
async def test_a_preflight_needs_no_token(open_to_map: World, path: str) -> None:
    answer = await open_to_map.ask(None, "OPTIONS", path, **PREFLIGHT)
    assert (answer.status_code, answer.content) == (204, b"")
    found = cors(answer)
    assert found["access-control-allow-origin"] == MAP
    assert found["access-control-allow-credentials"] == "true"
    assert {"PUT", "PATCH", "DELETE"} <= set(found["access-control-allow-methods"].split(", "))
    headers = set(found["access-control-allow-headers"].split(", "))
    assert {"authorization", "content-type", "if-match", "tus-resumable", "upload-offset", "x-csrf-token"} <= headers
    assert "origin" in answer.headers["vary"]


async def test_pages_of_a_listed_origin_read_every_answer(open_to_map: World) -> None:
    for who, path in (("zhao", "/v1/me"), ("zhao", f"/v1/visits/{VISIT}"), (None, "/v1/me"), ("zhao", "/v1/nothing")):
        answer = await open_to_map.ask(who, "GET", path, origin=MAP)
        assert cors(answer)["access-control-allow-origin"] == MAP, answer.status_code
        assert cors(answer)["access-control-expose-headers"].encode() == RESPONSE_HEADERS
        assert "origin" in answer.headers["vary"]
    planned = await open_to_map.ask("zhao", "PUT", f"/v1/visits/{VISIT}", a_plan(), origin=MAP)
    assert planned.status_code == 201
    tus = await open_to_map.ask(None, "OPTIONS", "/v1/uploads", origin=MAP)
    assert tus.headers["tus-version"] == "1.0.0"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://map.example:8443", "http://map.example"])
async def test_no_other_origin_is_allowed(open_to_map: World, origin: str) -> None:
    answer = await open_to_map.ask(None, "OPTIONS", f"/v1/visits/{VISIT}", **{**PREFLIGHT, "origin": origin})
    assert cors(answer) == {}
    answer = await open_to_map.ask("zhao", "GET", "/v1/me", origin=origin)
    assert cors(answer) == {}
    assert "origin" in answer.headers["vary"]  # a cache does not give this answer to the page that may read it


async def test_pages_for_people_are_not_part_of_it(open_to_map: World) -> None:
    for path in ("/", "/desk", "/c/x", "/docs"):
        assert cors(await open_to_map.ask(None, "GET", path, origin=MAP)) == {}


async def test_by_default_nobody_is_allowed(world: World) -> None:
    assert cors(await world.ask(None, "OPTIONS", f"/v1/visits/{VISIT}", **PREFLIGHT)) == {}
    assert cors(await world.ask("zhao", "GET", "/v1/me", origin=MAP)) == {}


async def test_a_session_works_there_with_its_csrf_token_and_nowhere_else(open_to_map: World) -> None:
    await with_password(open_to_map, "zhao")
    browser = Browser(open_to_map)
    there = {"origin": MAP, "sec_fetch_site": "same-site"}
    content = {"login": "zhao", "password": "虚构的长密码 一二三四五六"}
    assert (await browser.ask("POST", "/v1/session", content, **there)).status_code == 204
    path = f"/v1/visits/{VISIT}"
    assert (await browser.ask("PUT", path, a_plan(), **there)).status_code == 201
    assert (await browser.ask("PUT", path, a_plan(), **there, x_csrf_token=None)).status_code == 403
    evil = {**there, "origin": "https://evil.example"}
    assert (await browser.ask("PUT", path, a_plan(), **evil)).status_code == 403
    assert (await browser.ask("POST", "/desk/visits", b"", **there)).status_code != 201
