"""Golden screens: how the customer's pages lie on a phone of 390×844, apart from what fonts and engines decide.

    .venv/bin/python -m tests.support.screens [FOLDER]

records them again, and a picture of each (`screen_pictures`); with a folder it also writes large ones there.

A screen is the visible headings, buttons, links,
steps and fields in their order, each with its place across and whether it is on the first screen. Fonts move what is
below by a line, so heights are not compared, and what is near an edge of the screen may be on either side of it.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.async_api import Page, Route

from service.confirmation.pdf import FONT_FILE
from service.web.static_files import FOLDER as FILES
from service.web.static_files import KINDS
from tests.support import golden_scenes as scenes
from tests.support import screen_pictures
from tests.support.chromium import WIDE, axe_violations, open_page
from tests.support.endurance import IS_LONG
from tests.support.golden_pages import FOLDER, MODES, Mode, dumped

SIZE = (390, 844)
SIDEWAYS, EDGE = 24, 60  # pixels that fonts may move something
SCREENS: dict[scenes.Scene, tuple[str, ...]] = {
    scenes.agreeing: ("planned", "agreed"),
    scenes.moving: ("moved after it was agreed", "moved, and asked for another time"),
    scenes.cancelling: ("cancelled",),
    scenes.missed: ("the time is past",),
    scenes.under_way: ("they have arrived",),
    scenes.code: ("before the code", "the code was sent", "a wrong code"),
    scenes.signing: ("to sign", "signed by name", "sign without a relation", "changed after the signature"),
    scenes.not_allowed: ("signed by somebody who may not, after the code",),
    scenes.questions: ("answered before the code", "complained and reported", "nothing chosen"),
    scenes.nothing_to_sign: ("done after one good answer",),
    scenes.genuine: ("genuine, with the word",),
    scenes.not_genuine: ("expired", "forged"),
}
"""The states of which there are screens, by the scene that reaches them."""
CHANCE = ".word, [name=code]"
"""What is another each time: pictures have a patch of colour there."""
SEEN = "h1, h2, h3, summary, button, a, select, textarea, input:not([type=hidden]), [role]"
FOCUS_AGAIN = """() => {
    const focused = document.activeElement;
    if (focused === document.body) return;
    focused.blur();
    scrollTo(0, 0);
    focused.focus();
}"""
"""Scrolls to the field with the focus: how far it was scrolled depends on how much of the page was there by then."""
LOOK = """seen => [...document.querySelectorAll(seen)]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().width > 1)
    .map(one => {
        const box = one.getBoundingClientRect();
        const text = one.tagName === 'SELECT' ? '' : one.innerText.trim().replace(/\\s+/g, ' ').slice(0, 40);
        return [one.tagName.toLowerCase(), text, Math.round(box.left), Math.round(box.width), Math.round(box.top)];
    })"""


class Pages(scenes.Shots):
    """Keeps the HTML of the pages."""

    def __init__(self, mode: Mode) -> None:
        super().__init__(mode)
        self.html: dict[str, str] = {}

    def take(self, name: str, answer: httpx.Response) -> httpx.Response:
        """Keep a page."""
        self.html[name] = answer.text
        return answer


@asynccontextmanager
async def phone() -> AsyncIterator[tuple[Page, dict[str, str]]]:
    """A page that shows what is put into the mapping as `html`, with our styles and scripts."""
    shown: dict[str, str] = {}

    async def answer(route: Route) -> None:
        path = route.request.url.partition("//doorstep.test")[2].partition("?")[0]
        part, _, name = path.removeprefix("/web/").partition("/")
        known = next(FILES.glob(f"{part}/**/{name}"), None) if path.startswith("/web/") else None
        if path == "/page":
            await route.fulfill(body=shown["html"], content_type="text/html; charset=utf-8")
        elif known is not None:
            await route.fulfill(path=known, content_type=KINDS[known.suffix].decode())
        else:
            await route.fulfill(status=404, body="")

    async with open_page(scripts=True, size=SIZE, fonts=FONT_FILE.parent) as page:
        await page.route("**/*", answer)
        yield page, shown


async def screens(
    mode: Mode, folder: Path | None = None
) -> tuple[dict[str, list[Any]], dict[str, Image.Image], dict[str, Any]]:
    """The screens and their pictures by name, and what is wrong: what axe finds, and what scrolls sideways."""
    found: dict[str, list[Any]] = {}
    pictures: dict[str, Image.Image] = {}
    wrong: dict[str, Any] = {}
    async with phone() as (page, shown):
        for scene, names in SCREENS.items():
            pages = Pages(mode)
            async with scenes.a_world() as world:
                await scene(world, pages)
            for name in names:
                shown["html"] = pages.html[name]
                await page.goto("https://doorstep.test/page")
                await page.evaluate(FOCUS_AGAIN)
                shot = await page.screenshot(animations="disabled", caret="hide", mask=[page.locator(CHANCE)])
                pictures[name] = screen_pictures.small(shot)
                if folder:
                    (folder / f"{name}.{mode}.png").write_bytes(shot)
                found[name] = await page.evaluate(LOOK, SEEN)
                faults = ["sideways"] if await page.evaluate(WIDE) else []
                if mode == "zh" or IS_LONG:  # the same elements in both languages
                    faults += await axe_violations(page)
                if faults:
                    wrong[name] = faults
    return found, pictures, wrong


def differences(golden: list[Any], seen: list[Any]) -> list[str]:
    """In what a screen differs from its record."""
    if [one[:2] for one in golden] != [one[:2] for one in seen]:
        return [f"recorded {[one[:2] for one in golden]}", f"seen     {[one[:2] for one in seen]}"]
    return [
        f"{before} is {after}"
        for before, after in zip(golden, seen, strict=True)
        if any(abs(before[n] - after[n]) > SIDEWAYS for n in (2, 3)) or _first(before) * _first(after) < 0
    ]


def _first(element: Any) -> int:
    """1 on the first screen, -1 below it, 0 near the edge."""
    distance = SIZE[1] - element[4]
    return 0 if abs(distance) < EDGE else 1 if distance > 0 else -1


def path_of(mode: Mode) -> Path:
    """Where the screens are kept in a language."""
    return FOLDER / "screens" / f"customer.{mode}.json"


def main(arguments: list[str]) -> None:
    """Record."""
    folder = Path(arguments[0]) if arguments else None
    for mode in MODES:
        found, pictures, wrong = asyncio.run(screens(mode, folder))
        for name, picture in pictures.items():
            screen_pictures.keep(picture, screen_pictures.path_of(name, mode))
        path_of(mode).parent.mkdir(exist_ok=True)
        path_of(mode).write_text(dumped(found))
        print(f"{mode}: {len(found)} screens", json.dumps(wrong, ensure_ascii=False))  # noqa: T201 - it is a program


if __name__ == "__main__":
    main(sys.argv[1:])
