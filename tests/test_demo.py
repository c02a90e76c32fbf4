"""What a newcomer is shown fits the hour at which he looks."""

from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from service.app import create_app, house_of, opened
from service.flows import demo
from service.settings import Settings

from .desk import stand
from .forms import Page


@pytest.mark.parametrize("hour", ["00:10", "07:45", "13:20", "17:40", "23:59"])
async def test_the_visits_of_the_demonstration_are_before_and_after_now(
    address: str, hour: str, tmp_path: Path
) -> None:
    async with opened(house_of(Settings(data=tmp_path, database=address))) as house:
        stand(house, hour)
        first, shown = await demo.seed(house), await demo.seed(house)  # repeating is harmless
        assert first.record == shown.record
        transport = httpx.ASGITransport(create_app(house, 2**20))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://doorstep.test") as client:

            def ask(who: str) -> dict[str, Any]:
                return {"authorization": f"Bearer {shown.tokens[who]}", "content-type": "application/json"}

            html = (await client.get(f"/c/{shown.link.rpartition('/')[2]}")).text
            for does in ("appointment", "another-time"):  # he may agree, and he may ask for another time
                window = datetime.fromisoformat(Page(html).form(does=does).fields["window"])
                assert (window > house.now(), window.minute % 30, window.second) == (True, 0, 0)
                assert 8 <= window.hour < 18
            assert "拨打热线" in html
            sent = await client.put(f"/v1/records/{shown.record}", content=shown.body, headers=ask("li"))
            assert sent.status_code == 201
            codes = {one["code"] for one in sent.json()["findings"]}
            assert "order.entry_consent.before.entered" in codes
            assert "late.arrival_in_window" not in codes
            visit = msgspec.json.decode(shown.body)["visit"]
            judged = await client.get(f"/v1/visits/{visit}/judgement", headers=ask("wang"))
            assert judged.json()["verdict"] == "non_compliant"  # all of it has happened: nothing is in the future
            assert {one["code"] for one in judged.json()["findings"]} == codes
