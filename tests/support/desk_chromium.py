"""The desk in chromium: a session for the browser, and what every page has to keep to."""

import os
from pathlib import Path
from typing import Any

import msgspec
from playwright.async_api import Page

from tests.support.chromium import WIDE, axe_violations
from tests.support.desk import DeskBrowser

TABLET, DESKTOP = (820, 1180), (1366, 768)
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
    assert await faults(page, name, (size["width"], size["height"])) == []


async def faults(page: Page, name: str, *sizes: tuple[int, int], contrast: bool = True) -> list[Any]:
    """What axe finds at each size, and whether something scrolls sideways there, also with text twice as large."""
    await page.evaluate(
        "() => [...document.querySelectorAll('details')].slice(0, 9).forEach(one => { one.open = true })"
    )
    folder, found = os.environ.get("SCREENSHOTS"), list[Any]()
    for width, height in sizes:
        await page.set_viewport_size({"width": width, "height": height})
        if folder:
            await page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        found += [(name, width, *one) for one in await axe_violations(page, contrast=contrast)]
        for font in ("200%", ""):
            await page.evaluate("font => { document.documentElement.style.fontSize = font }", font)
            if await page.evaluate(WIDE):
                found.append((name, width, "scrolls sideways", font))
    return found
