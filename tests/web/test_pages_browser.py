"""The customer's pages in a real browser, with and without JavaScript, on a telephone's screen.

Needs Debian's chromium (`scripts/test` installs it where it can); in CI its absence is a failure.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Page, async_playwright

from service.app import create_app
from tests.support.api_client import VISIT, World
from tests.support.fake_gateway import URL, Post, set_up, stand

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("chromium is missing: apt-get install chromium", allow_module_level=True)

SMALL = """() => [...document.querySelectorAll('button,a,textarea,select,summary,input:not([type=hidden])')]
    .filter(one => one.checkVisibility())
    .filter(one => one.checkVisibility())
    .filter(one => one.getBoundingClientRect().height < 48 || one.getBoundingClientRect().width < 48)
    .map(one => one.outerHTML)"""
TINY = """() => [...document.querySelectorAll('main *')]
    .filter(one => one.innerText && parseFloat(getComputedStyle(one).fontSize) < 18).map(one => one.outerHTML)"""
PALE = """() => {
    const parts = text => text.match(/[0-9.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
    const behind = one => {
        for (; one; one = one.parentElement) {
            const colour = parts(getComputedStyle(one).backgroundColor);
            if (colour.length === 3 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
    };
    return [...document.querySelectorAll('main *')]
        .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
        .filter(one => {
            const [a, b] = [light(parts(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
            return (a + 0.05) / (b + 0.05) < 4.5;
        }).map(one => one.outerHTML);
}"""
WIDE = "() => document.documentElement.scrollWidth > innerWidth"


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    """The world behind a socket."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(world.house, 2**20), port=0, lifespan="off", log_config=None, ws="none")
    )
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def browsed(
    *, scripts: bool, size: tuple[int, int] = (360, 740), scale: float = 1, locale: str = "zh-CN"
) -> AsyncIterator[Page]:
    """A page of a small telephone. A page enlarged twice is one of half the size at scale 2."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            device_scale_factor=scale,
            java_script_enabled=scripts,
            locale=locale,
        )
        try:
            yield await context.new_page()
        finally:
            await browser.close()


async def looked_at(page: Page, name: str) -> None:
    """Large enough for old eyes and hands, and nothing to be scrolled sideways."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    assert await page.evaluate(SMALL) == []
    assert await page.evaluate(TINY) == []
    assert await page.evaluate(PALE) == []
    assert not await page.evaluate(WIDE)


async def prepared(world: World) -> tuple[Post, str]:
    post = set_up(world.house, "06:00")
    assert (await world.plan()).status_code == 201
    made = await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")
    return post, made.json()["token"]


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_customer_agrees_by_one_button(small_world: World, scripts: Any) -> None:
    _, token = await prepared(small_world)
    async with served(small_world) as base, browsed(scripts=scripts) as page:
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        await page.goto(f"{base}/c/{token}")
        if scripts:
            await looked_at(page, "appointment")
        await page.get_by_role("button", name="同意这个时间").click()
        await page.wait_for_url(f"{base}/c/{token}")
        assert await page.get_by_role("heading", name="已约好").is_visible()
        if scripts:
            await looked_at(page, "agreed")
        assert errors == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_customer_asks_for_another_time(small_world: World, scripts: Any) -> None:
    _, token = await prepared(small_world)
    async with served(small_world) as base, browsed(scripts=scripts) as page:
        await page.goto(f"{base}/c/{token}")
        if scripts:
            await looked_at(page, "another-time")
        await page.get_by_label("改到别的日子，上午").check()
        await page.get_by_role("textbox").fill("周六上午在家")
        await page.get_by_role("button", name="请改约").click()
        assert await page.get_by_text("周六上午在家").first.is_visible()
        if scripts:
            await looked_at(page, "asked")


@pytest.mark.parametrize("scripts", [True, False])
async def test_green_at_the_door_and_red_for_a_stranger(small_world: World, scripts: Any) -> None:
    await prepared(small_world)
    stand(small_world.house, "09:05")
    code = (await small_world.ask("li", "GET", f"/v1/visits/{VISIT}/doorstep")).json()
    async with served(small_world) as base, browsed(scripts=scripts) as page:
        await page.goto(base + code["url"].removeprefix(URL))
        if scripts:
            await looked_at(page, "genuine")
        await page.get_by_role("button", name="是本人，已出示证件").click()
        assert await page.get_by_role("heading", name="✓ 您已确认：李").is_visible()
        if scripts:
            await looked_at(page, "confirmed")
        await page.goto(f"{base}/d/{'a' * 48}")
        assert await page.get_by_role("heading", name="不是真的").is_visible()
        if scripts:
            await looked_at(page, "not-genuine")
        await page.goto(f"{base}/c/{'a' * 26}")
        if scripts:
            await looked_at(page, "no-link")
