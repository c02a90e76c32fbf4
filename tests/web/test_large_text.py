"""At 200 % text size nothing of the customer's page scrolls sideways, and words and times stay whole."""

from playwright.async_api import Page

from tests.support import golden_scenes as scenes
from tests.support.api_client import World
from tests.support.chromium import WIDE
from tests.support.screens import Pages, phone

LARGE = """() => [...document.querySelectorAll('body, body *')]
    .map(one => [one, parseFloat(getComputedStyle(one).fontSize)])
    .forEach(([one, size]) => { one.style.fontSize = `${2 * size}px`; })"""
OVERLAPS = """() => {
    const boxes = [...document.querySelectorAll('.line li')].map(one => {
        const range = document.createRange();
        range.selectNodeContents(one);
        return range.getBoundingClientRect();
    });
    return boxes.some((a, n) => boxes.slice(n + 1).some(b =>
        a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom));
}"""
NAME = """() => {
    const one = document.querySelector('.name');
    return one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight);
}"""
LINES = """() => [...document.querySelectorAll('.pair .box, .times')].filter(one => one.checkVisibility()).map(one => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return new Set([...range.getClientRects()].map(box => Math.round(box.top))).size;
})"""


async def shown(page: Page, html: dict[str, str], text: str, *, large: bool) -> None:
    html["html"] = text
    await page.goto("https://doorstep.test/page")
    if large:
        await page.evaluate(LARGE)


async def test_at_twice_the_text_size_the_top_wraps_and_nothing_scrolls_sideways(sqlite_world: World) -> None:
    world, pages = sqlite_world, Pages("zh")
    await scenes.signing(world, pages)
    name = "东城自来水集团有限责任公司"
    async with phone() as (page, html):
        for text in ("to sign", "signed by name"):
            await shown(page, html, pages.html[text].replace("东城供水", name), large=True)
            assert not await page.evaluate(WIDE), text
            assert not await page.evaluate(OVERLAPS), text
            assert await page.evaluate(NAME) < 4, text


async def test_choices_and_times_stay_on_one_line(sqlite_world: World) -> None:
    world, pages = sqlite_world, Pages("zh")
    await scenes.moving(world, pages)
    async with phone() as (page, html):
        await shown(page, html, pages.html["moved after it was agreed"], large=False)
        await page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true; })")
        lines = await page.evaluate(LINES)
        assert len(lines) > 2
        assert set(lines) == {1}
