"""The customer's page after the work, in a real browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page

from service.messages import worker
from tests.support.api_client import World
from tests.support.chromium import open_page, serve_world
from tests.support.customer import Customer, advance_clock

INKED_PIXELS = """() => {
    const canvas = document.querySelector('canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, n) => n % 4 === 3 && value).length;
}"""


@asynccontextmanager
async def open_customer_page(
    world: World, tao: Customer, *, scripts: bool = True, **screen: Any
) -> AsyncIterator[tuple[Page, str]]:
    """The customer's page on a phone. Fails on script errors and on violations of the page's policy."""
    async with serve_world(world) as base, open_page(scripts=scripts, **screen) as page:
        errors: list[str] = []
        page.on(
            "response", lambda answer: errors.append(f"{answer.status} {answer.url}") if answer.status > 399 else None
        )
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(f"{base}/c/{tao.token}")
        yield page, base
        assert errors == []


async def enter_code(world: World, tao: Customer, page: Page) -> None:
    """Request a code and enter it."""
    advance_clock(world, seconds=1)  # answers come after the record
    await page.get_by_role("button", name="获取验证码").click()
    await page.get_by_label("请输入 6 位验证码").wait_for()
    await worker.deliver_due(world.ctx)
    code = tao.post.letters[-1].text.partition("验证码 ")[2][:6]
    await page.get_by_label("请输入 6 位验证码").fill(code)
    await page.get_by_role("button", name="验证", exact=False).first.click()
    await page.get_by_text("✓ 已验证").wait_for()
    await page.wait_for_load_state()  # by then the script is done; the text is there before


async def draw_signature(page: Page) -> None:
    """Draw a signature of two strokes with the pointer."""
    canvas = page.locator("canvas").first
    await canvas.scroll_into_view_if_needed()
    box = await canvas.bounding_box()
    assert box is not None
    for stroke in ([(0.2, 0.3), (0.4, 0.7), (0.5, 0.3)], [(0.6, 0.5), (0.8, 0.6)]):
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        await page.mouse.move(*places[0])
        await page.mouse.down()
        for place in places[1:]:
            await page.mouse.move(*place, steps=6)
        await page.mouse.up()
