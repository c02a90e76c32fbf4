"""The customer's page after the work, in a real browser."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Locator, Page

from service.messages import worker
from tests.support.api_client import World
from tests.support.chromium import open_page, serve_world
from tests.support.customer import Customer, advance_clock

INKED_PIXELS = """() => {
    const canvas = document.querySelector(
        'dialog[open] canvas.ground, canvas.drawn:not([hidden]), canvas:not(.ground, .drawn)');
    if (!canvas) return 0;
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


def choice(page: Page, name: str) -> Locator:
    """One of the four choices under a statement."""
    named = page.locator("summary", has_text=re.compile(f"^{name}$"))
    return page.locator("details[name^=choice]").filter(has=named).first


async def choose(page: Page, name: str) -> Locator:
    """Open one of the four choices."""
    one = choice(page, name)
    await one.locator("summary").click()
    return one


async def open_step(page: Page, name: str) -> None:
    """Open one of the three steps, if it is folded."""
    if await page.locator(f"#{name}").get_attribute("open") is None:
        await page.locator(f"#{name} > summary").click()


async def show_code(page: Page) -> None:
    """Go to where the code is asked for."""
    if await page.get_by_role("button", name="获取验证码").is_visible():
        return
    onward = page.get_by_role("link", name="核对好了，去签认")
    if await onward.is_visible():
        await onward.click()
    elif await page.locator("#sign button").count():
        await open_step(page, "sign")
    else:
        await page.get_by_text("看照片和姓名：先用短信验证码").click()


async def enter_code(world: World, tao: Customer, page: Page) -> None:
    """Request a code and enter it."""
    advance_clock(world, seconds=1)  # answers come after the record
    await show_code(page)
    await page.get_by_role("button", name="获取验证码").click()
    await page.get_by_label("请输入 6 位验证码").wait_for()
    await worker.deliver_due(world.ctx)
    code = tao.post.letters[-1].text.partition("验证码 ")[2][:6]
    await page.get_by_label("请输入 6 位验证码").fill(code)
    await page.get_by_role("button", name="验证", exact=False).first.click()
    await page.get_by_text("✓ 已验证").wait_for(state="attached")
    await page.wait_for_load_state()  # by then the script is done; the text is there before


async def draw_signature(page: Page, *, finish: bool = True) -> None:
    """Draw a signature of two strokes with the pointer, over the whole screen."""
    ground = page.locator("dialog[open] canvas.ground")
    if not await ground.is_visible():
        await page.locator("button.draw:visible").click()
    box = await ground.bounding_box()
    assert box is not None
    for stroke in ([(0.2, 0.3), (0.4, 0.7), (0.5, 0.3)], [(0.6, 0.5), (0.8, 0.6)]):
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        await page.mouse.move(*places[0])
        await page.mouse.down()
        for place in places[1:]:
            await page.mouse.move(*place, steps=6)
        await page.mouse.up()
    if finish:
        await page.get_by_role("button", name="写好了").click()
