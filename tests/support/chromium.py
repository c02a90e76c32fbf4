"""Pages in Debian's chromium, which `scripts/test` installs if possible. Without it, tests are skipped and CI fails.

The headless shell is the same engine without a browser's window around it: a third of the work.
"""

import asyncio
import atexit
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Playwright, async_playwright

from service.app import create_app
from tests.support.api_client import World
from tests.support.serving import serve

SHELL = "/usr/lib/chromium/chromium-headless-shell"  # Debian's script in PATH stays between us and its process
CHROMIUM = shutil.which(SHELL) or shutil.which("chromium")
AXE = (Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js").read_text()
RUN_AXE = """async contrast => {
    document.getAnimations().filter(one => one instanceof CSSTransition).forEach(one => one.finish());
    return (await axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        resultTypes: ['violations'],
        rules: { 'color-contrast': { enabled: contrast } },
    })).violations.map(one => [one.id, one.nodes.map(node => node.html)]);
}"""
SMALL = """() => [...document.querySelectorAll('button,a,textarea,select,summary,input:not([type=hidden])')]
    .filter(one => one.checkVisibility())
    .filter(one => one.getBoundingClientRect().height < 48 || one.getBoundingClientRect().width < 48)
    .map(one => one.outerHTML)"""
TINY = """() => [...document.querySelectorAll('main *')]
    .filter(one => one.innerText && parseFloat(getComputedStyle(one).fontSize) < 18).map(one => one.outerHTML)"""
PALE = """() => {
    document.getAnimations().filter(one => one instanceof CSSTransition).forEach(one => one.finish());
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
WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130 Mobile MicroMessenger/8.0.50"
WIDE = "() => document.documentElement.scrollWidth > innerWidth"


@asynccontextmanager
async def serve_world(world: World) -> AsyncIterator[str]:
    """Serve the application on a socket."""
    async with serve(create_app(world.ctx, 2**20)) as port:
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def open_page(
    *,
    scripts: bool,
    size: tuple[int, int] = (360, 740),
    scale: float = 1,
    locale: str = "zh-CN",
    agent: str | None = None,
    fonts: Path | None = None,
) -> AsyncIterator[Page]:
    """A page on a small phone. A page at 200 % zoom is one of half the size at scale 2. `fonts`: a folder with the only
    ones that there are."""
    if CHROMIUM is None:
        pytest.skip("chromium is missing: apt-get install chromium")
    async with shared_browser() if fonts is None else browser_with_fonts(fonts) as browser:
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            device_scale_factor=scale,
            java_script_enabled=scripts,
            locale=locale,
            user_agent=agent,
        )
        try:
            yield await context.new_page()
        finally:
            await context.close()


class Shared:
    """The event loop of all tests in a browser, and what they share in it: Playwright's program costs a third of a
    second of processor time to start."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.playwright: Playwright | None = None
        self.browser: Browser | None = None
        self.lasting: set[asyncio.Task[Any]] = set()

    async def tidy(self) -> None:
        """Cancel what a test has left running."""
        left = asyncio.all_tasks() - self.lasting - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def close(self) -> None:
        """End Playwright and the loop."""
        if self.playwright is not None:
            self.runner.run(self.playwright.stop())
        self.runner.close()


_shared: list[Shared] = []


@contextmanager
def shared_loop() -> Iterator[Shared]:
    """While it is open, tests that run in its loop share one driver and one connection to the browser."""
    _shared.append(Shared())
    try:
        yield _shared[0]
    finally:
        _shared.pop().close()


@asynccontextmanager
async def driver() -> AsyncIterator[Playwright]:
    """Playwright: that of the shared loop, or else one for this time."""
    if not _shared or asyncio.get_running_loop() is not _shared[0].runner.get_loop():
        async with async_playwright() as playwright:
            yield playwright
        return
    shared = _shared[0]
    if shared.playwright is None:
        before = asyncio.all_tasks()
        shared.playwright = await async_playwright().start()
        shared.lasting |= asyncio.all_tasks() - before
    yield shared.playwright


@asynccontextmanager
async def shared_browser() -> AsyncIterator[Browser]:
    """A connection to the chromium of this process."""
    assert CHROMIUM is not None
    async with driver() as playwright:
        shared = _shared[0] if _shared and _shared[0].playwright is playwright else None
        browser = shared.browser if shared else None
        if browser is None:
            browser = await playwright.chromium.connect_over_cdp(running_chromium(CHROMIUM))
        if shared:
            shared.browser = browser
        yield browser
        if not shared:
            await browser.close()


@asynccontextmanager
async def browser_with_fonts(fonts: Path) -> AsyncIterator[Browser]:
    """A connection to a chromium that knows only the fonts in a folder."""
    assert CHROMIUM is not None
    async with driver() as playwright:
        browser = await playwright.chromium.connect_over_cdp(running_chromium(CHROMIUM, fonts))
        yield browser
        await browser.close()


@cache
def running_chromium(program: str, fonts: Path | None = None) -> str:
    """The address of a chromium that all tests of this process share, each with a context of its own."""
    folder = Path(mkdtemp(prefix="doorstep-chromium-"))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    environment = dict(os.environ)
    if fonts is not None:
        known = f"<fontconfig><dir>{fonts}</dir><cachedir>{folder}/fonts</cachedir></fontconfig>"
        (folder / "fonts.conf").write_text(known)
        flags.append("--hide-scrollbars")  # as on a phone
        environment["FONTCONFIG_FILE"] = str(folder / "fonts.conf")
    process = subprocess.Popen(
        [program, *flags, "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.wait)
    atexit.register(process.kill)
    port = folder / "DevToolsActivePort"  # written when it listens
    while not (port.exists() and port.read_text().strip()):
        assert process.poll() is None, "chromium ended"
        time.sleep(0.05)
    return f"http://127.0.0.1:{port.read_text().split()[0]}"


async def check_layout(page: Page, name: str) -> None:
    """Check sizes and contrast, and that nothing scrolls sideways."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    assert await page.evaluate(SMALL) == []
    assert await page.evaluate(TINY) == []
    assert await page.evaluate(PALE) == []
    assert not await page.evaluate(WIDE)


async def axe_violations(page: Page, *, contrast: bool = True) -> list[Any]:
    """What axe finds: rules and the elements that break them. The contrast of colours takes two thirds of its time."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(AXE)
    return await page.evaluate(RUN_AXE, contrast)
