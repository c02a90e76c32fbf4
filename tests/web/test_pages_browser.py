"""The customer's pages in a real browser, with and without JavaScript, on a telephone's screen."""

from typing import Any

import pytest

from tests.support.api_client import VISIT, World
from tests.support.chromium import check_layout, open_page, serve_world
from tests.support.fake_gateway import URL, Post, set_up, stand


async def prepared(world: World) -> tuple[Post, str]:
    post = set_up(world.ctx, "06:00")
    assert (await world.plan()).status_code == 201
    made = await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")
    return post, made.json()["token"]


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_customer_agrees_by_one_button(small_world: World, scripts: Any) -> None:
    _, token = await prepared(small_world)
    async with serve_world(small_world) as base, open_page(scripts=scripts) as page:
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        await page.goto(f"{base}/c/{token}")
        if scripts:
            await check_layout(page, "appointment")
        await page.get_by_role("button", name="同意这个时间").click()
        await page.wait_for_url(f"{base}/c/{token}")
        assert await page.get_by_role("heading", name="已约好").is_visible()
        if scripts:
            await check_layout(page, "agreed")
        assert errors == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_customer_asks_for_another_time(small_world: World, scripts: Any) -> None:
    _, token = await prepared(small_world)
    async with serve_world(small_world) as base, open_page(scripts=scripts) as page:
        await page.goto(f"{base}/c/{token}")
        if scripts:
            await check_layout(page, "another-time")
        await page.get_by_text("想改时间？").click()
        await page.get_by_label("3月3日（周二） 10:00–11:00").check()
        await page.get_by_role("textbox").fill("周六上午在家")
        await page.get_by_role("button", name="请改约").click()
        assert await page.get_by_text("周六上午在家").first.is_visible()
        if scripts:
            await check_layout(page, "asked")


@pytest.mark.parametrize("scripts", [True, False])
async def test_green_at_the_door_and_red_for_a_stranger(small_world: World, scripts: Any) -> None:
    await prepared(small_world)
    stand(small_world.ctx, "09:05")
    code = (await small_world.ask("li", "GET", f"/v1/visits/{VISIT}/doorstep")).json()
    async with serve_world(small_world) as base, open_page(scripts=scripts) as page:
        await page.goto(base + code["url"].removeprefix(URL))
        if scripts:
            await check_layout(page, "genuine")
        await page.get_by_role("button", name="是本人，已出示证件").click()
        assert await page.get_by_role("heading", name="✓ 您已确认：李").is_visible()
        if scripts:
            await check_layout(page, "confirmed")
        await page.goto(f"{base}/d/{'a' * 48}")
        assert await page.get_by_role("heading", name="不是真的").is_visible()
        if scripts:
            await check_layout(page, "not-genuine")
        await page.goto(f"{base}/c/{'a' * 26}")
        if scripts:
            await check_layout(page, "no-link")
