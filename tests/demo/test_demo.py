"""What a newcomer is shown fits the hour at which he looks."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx
import msgspec
import pytest

from service import errors
from service.accounts.authentication import token_digest
from service.app import build_context, create_app, open_context
from service.config import Settings
from service.context import AppContext
from service.demo import meter_photos, seed
from service.dispatch import listing
from service.records import quarantine
from tests.support.customer_browser import Page
from tests.support.fake_gateway import stand


@pytest.mark.parametrize("hour", ["00:10", "07:45", "13:20", "17:40", "23:59"])
async def test_the_visits_of_the_demonstration_are_before_and_after_now(
    address: str, hour: str, tmp_path: Path
) -> None:
    async with open_context(build_context(Settings(data=tmp_path, database=address))) as ctx:
        stand(ctx, hour)
        first, shown = await seed.seed(ctx), await seed.seed(ctx)  # repeating is harmless
        assert first.record == shown.record
        transport = httpx.ASGITransport(create_app(ctx, 2**20))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://doorstep.test") as client:

            def ask(who: str) -> dict[str, Any]:
                return {"authorization": f"Bearer {shown.tokens[who]}", "content-type": "application/json"}

            html = (await client.get(f"/c/{shown.link.rpartition('/')[2]}")).text
            for does in ("appointment", "another-time"):  # he may agree, and he may ask for another time
                window = datetime.fromisoformat(Page(html).form(does=does).fields["window"])
                assert (window > ctx.now(), window.minute % 30, window.second) == (True, 0, 0)
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


def told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demonstration of another version: the same visits with other texts, times, entries and pictures."""
    plan_for, story, timed_entries = seed._plan_for, seed._story, seed._timed_entries

    async def other(ctx: Any, zhao: bytes, li: bytes, told: dict[str, Any]) -> None:
        entries = [{**entry, "at": entry["at"].replace("2025-", "2024-")} for entry in told["entries"]]
        await story(ctx, zhao, li, {**told, "entries": entries})

    monkeypatch.setattr(meter_photos, "IMAGE_SIZE", (1100, 900))
    monkeypatch.setattr(seed, "_timed_entries", lambda *given: timed_entries(*given)[1:-1])
    monkeypatch.setattr(
        seed, "_plan_for", lambda name: {**plan_for(name), "work": {"content": "检修", "place": "厨房"}}
    )
    monkeypatch.setattr(seed, "_story", other)


def named_without_content(*content: Any) -> UUID:
    """How ids must not be made: the day, the work order or the entry alone."""
    first = content[0]
    if isinstance(first, dict):
        return uuid5(NAMESPACE_URL, f"{first.get('window')} {first['customer']['name']}")
    last = content[-1]
    return uuid5(NAMESPACE_URL, f"{first} {last['what'] if isinstance(last, dict) else 'record'}")


@pytest.mark.parametrize("named", ["by content", "without"])
async def test_what_another_version_told_stays_and_does_no_harm(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    async with open_context(build_context(Settings(data=tmp_path, database=address))) as ctx:
        stand(ctx, "13:20")
        if named == "without":
            monkeypatch.setattr(seed, "_id", named_without_content)
        with monkeypatch.context() as patched:
            told_otherwise(patched)
            await seed.seed(ctx)
            before = await visits_of(ctx, (await seed.seed(ctx)).tokens["zhao"])
        if named == "without":
            with pytest.raises(errors.Problem):
                await seed.seed(ctx)
            return
        shown = await seed.seed(ctx)
        after = await visits_of(ctx, shown.tokens["zhao"])
        assert before < after
        assert (await seed.seed(ctx)).record == shown.record
        assert await visits_of(ctx, shown.tokens["zhao"]) == after
        kept = await quarantine.list_quarantined(ctx, token_digest(shown.tokens["wang"]), None)
        assert kept.items == ()


async def visits_of(ctx: AppContext, token: str) -> set[str]:
    return {one.id for one in (await listing.list_visits(ctx, token_digest(token), {})).items}
