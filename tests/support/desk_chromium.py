"""The desk in chromium: a session for the browser, and what every page has to keep to."""

import os
from pathlib import Path
from typing import Any

import msgspec
from playwright.async_api import Page

from tests.support.chromium import WIDE, axe_violations
from tests.support.desk import DeskBrowser

TABLET, DESKTOP, PHONE = (820, 1180), (1366, 768), (390, 844)
SHORT = """() => [...document.querySelectorAll('button, summary, select, textarea, .choice, a, '
    + 'input:not([type=hidden], [type=checkbox], [type=radio])')]
    .filter(one => one.checkVisibility() && !one.closest('.unseen, .skip, .board td, svg'))
    .filter(one => one.tagName !== 'A' || !getComputedStyle(one).display.startsWith('inline')
        || getComputedStyle(one).display === 'inline-flex')
    .filter(one => one.getBoundingClientRect().height < 47.9 || one.getBoundingClientRect().width < 47.9)
    .map(one => one.outerHTML.slice(0, 200))"""
"""Controls that a finger would miss: less than 48 px. Links in a text or a table are as high as the line, and those on
the day's board as their time is long."""
LONG = {"name": "欧阳上官司马诸葛" * 8, "phone": "13800000000", "address": "虚构路一号" * 12, "account": "1001"}


async def open_session(page: Page, base: str, desk: DeskBrowser) -> None:
    """Give the browser the session; it takes loopback for a secure site. The site is at that address."""
    desk.world.ctx.company = msgspec.structs.replace(desk.world.ctx.company, url=base)
    cookie = {
        "name": "__Host-doorstep",
        "value": desk.cookies["__Host-doorstep"],
        "url": base.replace("http:", "https:"),
    }
    await page.context.add_cookies([{**cookie, "secure": True, "httpOnly": True, "sameSite": "Strict"}])  # type: ignore[list-item]


async def checked(page: Page, name: str) -> None:
    """Nothing that axe finds, and nothing that scrolls sideways."""
    size = page.viewport_size
    assert size is not None
    found = await faults(page, name, (size["width"], size["height"]))
    assert found == [], found


async def faults(page: Page, name: str, *sizes: tuple[int, int], axe: bool = True) -> list[Any]:
    """What axe finds at each size, controls that are too small, and whether something scrolls sideways, also with text
    twice as large. On a telephone only what depends on its width."""
    await page.evaluate(
        "() => [...document.querySelectorAll('details')].slice(0, 9).forEach(one => { one.open = true })"
    )
    folder, found = os.environ.get("SCREENSHOTS"), list[Any]()
    for width, height in sizes:
        await page.set_viewport_size({"width": width, "height": height})
        if folder:
            await page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        wide = width > PHONE[0]
        if wide and axe:
            found += [(name, width, *one) for one in await axe_violations(page)]
        found += [(name, width, "less than 48 px", one) for one in await page.evaluate(SHORT)]
        for font in ("200%", "") if wide else ("",):
            await page.evaluate("font => { document.documentElement.style.fontSize = font }", font)
            if await page.evaluate(WIDE):
                found.append((name, width, "scrolls sideways", font))
    return found
