"""The technician's app in a real browser: a phone of 390 × 844 with a touch screen, enrolled, with visits of today."""

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from playwright.async_api import BrowserContext, FilePayload, Geolocation, Page

from tests.support.api_client import World
from tests.support.chromium import CHROMIUM, driver, serve_world, shared_browser
from tests.support.customer import Customer
from tests.support.devices import enrolment_code
from tests.support.doorstep import doorstep_ticket
from tests.support.factories import a_plan, uid
from tests.support.fake_gateway import Post
from tests.support.pictures import noise

PLACE: Geolocation = {"latitude": 31.2304, "longitude": 121.4737, "accuracy": 8}
COUNTER = """addEventListener('click', event => {
    if (!event.isTrusted) return;
    sessionStorage.setItem('taps', String(Number(sessionStorage.getItem('taps') ?? 0) + 1));
}, { capture: true });"""


OWN = """async visit => {
    const base = document.querySelector('script[type=module]').src.replace(/app\\/main.js$/, '');
    const { judgement, findings } = await (await import(base + 'app/visit.js')).load(visit);
    return [judgement.verdict, findings];
}"""
CODE = """async visit => {
    const base = document.querySelector('script[type=module]').src.replace(/app\\/main.js$/, '');
    const { codeFor, urlOf } = await import(base + 'data/door_code.js');
    const { get } = await import(base + 'data/database.js');
    return urlOf(await codeFor(visit, (await get('visits', visit)).door_key.key, new Date()));
}"""
KEPT = """async visit => {
    const base = document.querySelector('script[type=module]').src.replace(/app\\/main.js$/, '');
    const { all } = await import(base + 'data/database.js');
    const entries = (await all('entries', 'visit', visit)).map(({ id }) => id);
    const files = (await all('files', 'visit', visit)).map(({ sha256 }) => sha256).sort();
    const shown = selector => [...document.querySelectorAll(selector)];
    const filled = shown('input:not([type=file]), textarea').map(({ value }) => value);
    const pressed = shown('[aria-pressed=true]').map(({ textContent }) => textContent.trim());
    const screen = [location.hash, shown('h1').map(({ textContent }) => textContent), shown('.picture').length];
    return JSON.stringify([...screen, filled, pressed, entries, files]);
}"""
PARKED = """async () => {
    const base = document.querySelector('script[type=module]').src.replace(/app\\/main.js$/, '');
    const { all } = await import(base + 'data/database.js');
    const found = [...await all('records'), ...await all('files'), ...await all('explanations')];
    return found.filter(({ state }) => state === 'parked').map(({ problem, lost }) => [problem, lost]);
}"""


class PhoneApp:
    """The app as a technician uses it."""

    def __init__(self, world: World, base: str, launch: Callable[[], Awaitable[BrowserContext]]) -> None:
        self.world, self.base, self.launch = world, base, launch
        self.errors: list[str] = []
        self.tapped = 0  # in tabs that were killed

    async def start(self) -> None:
        """Start the browser with an empty tab."""
        self.context: BrowserContext = await self.launch()
        self.context.set_default_timeout(20_000)
        await self.context.add_init_script(COUNTER)
        self.page: Page = await self.context.new_page()
        self.watch(self.page)

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    async def open(self, place: str = "") -> None:
        await self.page.goto(f"{self.base}/phone#/{place}")
        await self.page.evaluate("navigator.serviceWorker.ready.then(() => null)")

    async def tap(self, name: str, exact: bool = False) -> None:
        """Tap a button or link by its text."""
        found = self.page.get_by_role("button", name=name, exact=exact)
        both = found.or_(self.page.get_by_role("link", name=name, exact=exact))
        await both.first.tap()

    async def main(self, name: str) -> None:
        """Tap the big button at the bottom, which has to say this."""
        button = self.page.locator(".actions .main", has_text=name)
        await button.first.wait_for()
        await button.first.tap()

    async def take_photo(self, press: Any) -> None:
        """What the camera hands over when `press` opens it."""
        async with self.page.expect_file_chooser() as chosen:
            await press
        photo: FilePayload = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": noise((1200, 900), 60)}
        await (await chosen.value).set_files(photo)

    async def kill(self) -> None:
        """The phone ends the tab at once; it is opened again where it was."""
        address = self.page.url
        self.tapped = await self.taps()
        await self.page.close(run_before_unload=False)
        self.page = await self.context.new_page()
        self.watch(self.page)
        await self.page.goto(address)

    async def restart(self) -> None:
        """The phone ends the whole browser, without a network; it is started again with what it has on the disk."""
        address = self.page.url
        self.tapped = await self.taps()
        await self.context.close()
        await self.start()
        await self.context.set_offline(True)
        await self.page.goto(address)

    async def kept(self, visit: UUID) -> str:
        """The screen, what is filled in, and what is stored of a visit."""
        await self.page.locator("h1[tabindex], .pad h1").first.wait_for()
        return str(await self.page.evaluate(KEPT, str(visit)))

    async def door_code(self, visit: UUID) -> str:
        """The path of the code that the app shows."""
        return str(await self.page.evaluate(CODE, str(visit))).removeprefix(self.base)

    async def taps(self) -> int:
        """How often the screen was tapped, the phone's own camera aside."""
        return self.tapped + int(await self.page.evaluate("sessionStorage.getItem('taps') ?? 0"))

    async def synced(self) -> dict[str, Any]:
        """Until everything is sent; the outbox's numbers."""
        script = """async () => {
            const base = document.querySelector('script[type=module]').src.replace(/app\\/main.js$/, '');
            const { kick } = await import(base + 'data/outbox.js');
            const { status } = await import(base + 'data/queue.js');
            await kick();
            return status();
        }"""
        found: dict[str, Any] = {}
        for _ in range(60):
            found = await self.page.evaluate(script)
            if not found["waiting"] and not found["files"] and not found["sending"]:
                return found
            await self.page.wait_for_timeout(300)
        raise AssertionError(found)

    async def receipt(self, visit: UUID) -> Any:
        return (await self.world.ask("li", "GET", f"/v1/visits/{visit}")).json()


@asynccontextmanager
async def open_phone(
    world: World, *, locale: str = "zh-CN", scale: float = 2, profile: Path | None = None, **screen: Any
) -> AsyncIterator[PhoneApp]:
    """An enrolled phone. The server's clock is the phone's. Fails on script errors. With a `profile` (a folder) it has
    a browser of its own, which may be restarted."""
    if CHROMIUM is None:
        pytest.skip("chromium is missing: apt-get install chromium")
    world.ctx.clock = lambda: int(time.time() * 1000)
    async with serve_world(world) as base, driver() as playwright, shared_browser() as browser:
        world.ctx.company = msgspec.structs.replace(world.ctx.company, url=base)
        options: dict[str, Any] = {
            "viewport": screen.get("viewport", {"width": 390, "height": 844}),
            "device_scale_factor": scale,
            "has_touch": True,
            "is_mobile": True,
            "locale": locale,
            "timezone_id": "Asia/Shanghai",
            "permissions": ["geolocation"],
            "geolocation": PLACE,
        }

        async def launch() -> BrowserContext:
            if profile is None:
                return await browser.new_context(**options)
            launched = {"executable_path": CHROMIUM, "args": ["--no-sandbox", "--disable-gpu"]}
            return await playwright.chromium.launch_persistent_context(profile, **launched, **options)

        app = PhoneApp(world, base, launch)
        await app.start()
        page = app.page
        await page.goto(f"{base}/enrol#{await enrolment_code(world)}")
        await page.locator("#enrol").click()
        await page.locator("#done").wait_for()
        await page.evaluate("sessionStorage.clear()")
        try:
            yield app
        except BaseException:
            if folder := os.environ.get("SCREENSHOTS"):
                await app.page.screenshot(path=Path(folder) / "failed.png")
            raise
        else:
            errors = [error for error in app.errors if "ERR_INTERNET_DISCONNECTED" not in error]
            assert not errors, errors
        finally:
            await app.context.close()


def around(minutes: int) -> str:
    """A moment from now, as a dispatcher writes it."""
    return (datetime.now().astimezone() + timedelta(minutes=minutes)).isoformat(timespec="seconds")


async def plan_today(world: World, name: str = "v", prepared: bool = True, **more: Any) -> UUID:
    """Plan a visit for now, with what the dispatcher has to do before."""
    visit = uid(name)
    window = more.pop("window", {"from": around(-30), "to": around(60)})
    plan = a_plan(window=window, **more)
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{visit}", plan)
    assert answer.status_code == 201, answer.text
    if prepared:
        texts = [{"kind": "text", "text": "厨房漏水"}]
        done = {
            "repair_intake_complete": texts,
            "appointment_agreed": [{"kind": "message_log", "channel": "sms"}],
            "work_content_told": texts,
            "work_place_told": texts,
            "cooperation_requested": [],
        }
        entries = [
            {
                "id": str(uid(f"{name} {what}")),
                "what": what,
                "at": around(-90),
                "by": "dispatcher",
                "evidence": evidence,
            }
            for what, evidence in done.items()
        ]
        answer = await world.ask("zhao", "POST", f"/v1/visits/{visit}/entries", {"entries": entries})
        assert answer.status_code in {200, 201}, answer.text
    return visit


async def agree(app: PhoneApp, visit: UUID) -> list[str]:
    """Until all is sent; the server's receipt and the app judge the same. Returns the findings' codes."""
    await app.context.set_offline(False)
    status = await app.synced()
    parked = await app.page.evaluate(PARKED)
    assert (parked, status["unsealed"]) == ([], 0)
    verdict, findings = await app.page.evaluate(OWN, str(visit))
    there = await app.receipt(visit)
    assert there["judgement"]["verdict"] == verdict
    assert there["judgement"]["findings"] == findings
    assert {record["signature"] for record in there["records"]} == {"verified"}
    assert [record["missing_evidence"] for record in there["records"] if record["missing_evidence"]] == []
    return [finding["code"] for finding in findings]


async def scan(app: PhoneApp, visit: UUID) -> Customer:
    """The customer, with the page that their own phone opens when it scans the code of the app."""
    post, company = Post(), app.world.ctx.company
    app.world.ctx.company = msgspec.structs.replace(company, gateways={"sms": post})
    customer = Customer(app.world, post, "", visit, cookies=True)
    code = await app.door_code(visit)
    page = (await customer.client.get(code)).text
    answer = await customer.client.post(code, data={"ticket": doorstep_ticket(page), "does": "page"})
    assert answer.headers["location"].startswith("/c/"), page
    customer.token = answer.headers["location"].removeprefix("/c/")
    assert (await customer.client.get(answer.headers["location"])).status_code == 200
    return customer


async def draw(app: PhoneApp, *strokes: list[tuple[float, float]]) -> None:
    """Strokes of a finger, in parts of the box."""
    box = await app.page.locator(".pad canvas").bounding_box()
    assert box is not None
    session = await app.context.new_cdp_session(app.page)
    for stroke in strokes:
        for kind, (x, y) in (("touchStart", stroke[0]), *(("touchMove", place) for place in [*stroke, stroke[-1]])):
            place = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
            await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
            await app.page.wait_for_timeout(60)  # a finger, not a fling, whose next tap the browser would swallow
        await session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await app.page.wait_for_timeout(300)
