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
            if folder:
                await page.screenshot(path=Path(folder) / f"{name}-{language}{suffix}.png", full_page=True)
        await page.evaluate(BOTTOM)  # where the bar covers nothing
        assert await axe_violations(page) == [], f"{name} {language}"
        for wrong in (SMALL, TINY, PALE):
            assert await page.evaluate(wrong) == [], f"{name} {language}"
