"""No page shows what only a program reads: a macro, a missing value, a placeholder."""

from pathlib import Path

import httpx
import pytest

from service.app import create_app
from service.config.settings import Settings
from service.demo import seed, town
from service.lifecycle import build_context, open_context
from tests.support.api_client import World
from tests.support.desk import leftovers, signed_in
from tests.support.fake_gateway import stand


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
    assert leftovers(page) == []
    assert page.text.count('class="block ') > (0 if login == "li" else 10)
