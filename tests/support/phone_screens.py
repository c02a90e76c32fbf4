"""What a screen of the app has to keep to. With SCREENSHOTS set to a folder, pictures of the screens are kept there."""

import os
from pathlib import Path

from tests.support.chromium import PALE, SMALL, TINY, WIDE, axe_violations
from tests.support.phone_app import PhoneApp

SPEAK = """async to => {
    const base = document.querySelector('script[type=module]').src.replace(/app\\/main.js$/, '');
    (await import(base + 'app/words.js')).language.value = to;
    await new Promise(done => setTimeout(done, 100));
}"""
BROKEN = """() => [...document.querySelectorAll('h1, h2, .title, .bar span')].flatMap(element => {
    const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), found = [];
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        for (const { 0: word, index } of node.data.matchAll(/[A-Za-z]{2,}/g)) {
            const range = document.createRange();
            range.setStart(node, index);
            range.setEnd(node, index + word.length);
            if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) found.push(word);
        }
    }
    return found;
})"""
"""Words of headings that are on two lines."""
BOTTOM = "() => scrollTo(0, document.documentElement.scrollHeight)"
LARGE = "size => { document.documentElement.style.fontSize = size; }"


async def look(app: PhoneApp, name: str) -> None:
    """What is wrong with a screen, in both languages and at 200 % text."""
    page, folder = app.page, os.environ.get("SCREENSHOTS")
    for language in ("en", "zh"):
        await page.evaluate(SPEAK, language)
        for size, suffix in (("225%", "-large"), ("", "")):
            await page.evaluate(LARGE, size)
            assert not await page.evaluate(WIDE), f"{name}-{language}{suffix} scrolls sideways"
            assert await page.evaluate(BROKEN) == [], f"{name}-{language}{suffix}"
            if folder:
                await page.screenshot(path=Path(folder) / f"{name}-{language}{suffix}.png", full_page=True)
        await page.evaluate(BOTTOM)  # where the bar covers nothing
        assert await axe_violations(page, contrast=False) == [], f"{name} {language}"  # `PALE` looks at it
        for wrong in (SMALL, TINY, PALE):
            assert await page.evaluate(wrong) == [], f"{name} {language}"
