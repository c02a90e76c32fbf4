"""No page shows what only a program reads: a macro, a missing value, a placeholder."""

import re
from pathlib import Path

import httpx
import pytest

from service.app import create_app
from service.config import Settings
from service.demo import seed, town
from service.lifecycle import build_context, open_context
from tests.support.api_client import VISIT, World
from tests.support.desk import DeskBrowser, signed_in, text_of
from tests.support.desk_routes import desk_routes
from tests.support.fake_gateway import stand
from tests.web.test_desk_walk import ELSEWHERE, lively

LEFTOVERS = re.compile(r"<Macro|\bUndefined\b|\bNone\b|<bound method|PageText\(|TextPair\(|\bobject at 0x|\{\{|\}\}")
PAGES = [route.path for route in desk_routes().values() if route.method == "GET" and route.path not in ELSEWHERE]


async def leftovers(browser: DeskBrowser, path: str) -> list[str]:
    """What of it a page shows, which has to be there for the person unless they may not see it."""
    page = await browser.get(path)
    assert page.status_code in (200, 303, 403, 404), (path, page.text)
    return LEFTOVERS.findall(text_of(page))


async def test_no_page_shows_what_only_a_program_reads(world: World) -> None:
    ids = await lively(world)
    for login in ("chief", "li"):
        browser = await signed_in(world, login)
        for path in (*(one.format(**ids) for one in PAGES), f"/desk/visits/{VISIT}", "/desk/search?q=1380000000"):
            assert await leftovers(browser, path) == [], (login, path)


@pytest.mark.parametrize("login", ["zhao", "wang", "li"])
async def test_the_demonstrations_day_is_rendered_for_each_role(
    address: str, monkeypatch: pytest.MonkeyPatch, login: str, tmp_path: Path
) -> None:
    monkeypatch.setattr(town, "DAYS_BEFORE", 0)
    monkeypatch.setattr(town, "DAYS_AHEAD", 0)
    async with open_context(build_context(Settings(data=tmp_path, database=address))) as ctx:
        stand(ctx, "11:20")
        await seed.seed(ctx)
        transport = httpx.ASGITransport(create_app(ctx, 2**20))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://doorstep.test") as client:
            browser = await signed_in(World(ctx, client), login)
            page = await browser.get("/desk/today")
    assert page.status_code == 200, page.text
    assert LEFTOVERS.findall(text_of(page)) == []
    assert page.text.count('class="block ') > (0 if login == "li" else 10)
