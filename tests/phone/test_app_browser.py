"""The app around its screens, in a browser of a phone's size: without a network, updated, refused, in large type."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from playwright.async_api import Page

from service.phone import files
from tests.support.api_client import World
from tests.support.browser import later
from tests.support.chromium import WECHAT, axe_violations, check_layout, open_page, serve_world
from tests.support.devices import enrolment_code

PHONE = (390, 844)
LARGE = "() => { document.documentElement.style.fontSize = '225%' }"  # 200 % of the app's own size
READY = "() => navigator.serviceWorker.ready.then(one => one.active.state === 'activated')"
CONTROLLED = "() => navigator.serviceWorker.controller !== null"
CACHES = "async () => (await caches.keys()).sort()"
MODULE = "async ([base, name, call, given]) => (await import(`${base}${name}`))[call](...given)"


@pytest.fixture
def phone_world(sqlite_world: World) -> World:
    """With the browser's time: the app compares the clocks."""
    sqlite_world.ctx.clock = lambda: time.time_ns() // 1_000_000
    return sqlite_world


@asynccontextmanager
async def app(world: World, *, locale: str = "zh-CN", enrolled: bool = False) -> AsyncIterator[tuple[Page, str]]:
    """The app, open; its address."""
    async with serve_world(world) as base, open_page(scripts=True, size=PHONE, locale=locale) as page:
        world.ctx.company = msgspec.structs.replace(world.ctx.company, url=base)
        if enrolled:
            await page.goto(f"{base}/enrol#{await enrolment_code(world)}")
            await page.locator("#enrol").click()
            await page.locator("#done").get_by_role("link").click()
            await page.wait_for_url(f"{base}/phone")
        else:
            await page.goto(f"{base}/phone")
        await page.locator("h1[tabindex]").wait_for()
        yield page, base


async def call(page: Page, name: str, function: str, *given: Any) -> Any:
    """Call a function of the app's own modules."""
    return await page.evaluate(MODULE, [files.BASE, name, function, list(given)])


async def looked_at(page: Page, name: str) -> None:
    """Nothing that axe finds, large enough, and nothing scrolls sideways; with large type too."""
    await check_layout(page, name)
    height = await page.evaluate("document.documentElement.scrollHeight")
    await page.set_viewport_size({"width": PHONE[0], "height": max(PHONE[1], height)})  # nothing is behind the bar
    assert await axe_violations(page) == []
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await page.evaluate(LARGE)
    await check_layout(page, f"{name}-large")
    await page.evaluate("() => { document.documentElement.style.fontSize = '' }")


@pytest.mark.parametrize(
    ("locale", "enrol", "settings"),
    [("zh-CN", "这台手机还没有登记", "设置"), ("en", "This phone is not enrolled", "Settings")],
)
async def test_the_first_screens_are_accessible_in_both_languages(
    phone_world: World, locale: str, enrol: str, settings: str
) -> None:
    async with app(phone_world, locale=locale) as (page, base):
        await page.get_by_role("heading", name=enrol).wait_for()
        await looked_at(page, f"app-not-enrolled-{locale}")
        await page.goto(f"{base}/phone#/settings")
        await page.get_by_role("heading", name=settings, exact=True).wait_for()
        await page.get_by_text("MB").or_(page.get_by_text("GB")).first.wait_for()
        await looked_at(page, f"app-settings-{locale}")


async def test_an_enrolled_phone_knows_who_it_is_and_remembers_the_language(phone_world: World) -> None:
    async with app(phone_world, enrolled=True) as (page, base):
        await page.goto(f"{base}/phone#/settings")
        await page.get_by_text("李 (li)").wait_for()
        await page.get_by_role("button", name="English").click()
        await page.get_by_role("heading", name="Settings", exact=True).wait_for()
        assert await page.evaluate("document.documentElement.lang") == "en"
        await page.reload()
        await page.get_by_role("heading", name="Settings", exact=True).wait_for()


async def test_the_code_can_be_entered_in_the_app(phone_world: World) -> None:
    async with app(phone_world) as (page, base):
        await page.get_by_role("button", name="我已登记").click()
        await page.get_by_text("还没有登记上").wait_for()
        await page.get_by_label("登记码").fill("guess")
        await page.get_by_role("button", name="登记这台手机").click()
        await page.get_by_text("这个码无效").wait_for()
        await looked_at(page, "app-enrol-refused")
        await page.get_by_label("登记码").fill(f" {base}/enrol#{await enrolment_code(phone_world)} ")
        await page.get_by_role("button", name="登记这台手机").click()
        await page.get_by_role("heading", name="这台手机还没有登记").wait_for(state="detached")
        await page.goto(f"{base}/phone#/settings")
        await page.get_by_text("李 (li)").wait_for()


async def test_the_app_opens_without_a_network_on_the_screen_where_it_was(phone_world: World) -> None:
    async with app(phone_world, enrolled=True) as (page, base):
        await page.wait_for_function(READY)
        await page.goto(f"{base}/phone#/settings")
        await page.get_by_text("李 (li)").wait_for()
        await page.context.set_offline(True)
        await page.reload()
        await page.get_by_text("李 (li)").wait_for()
        assert page.url.endswith("#/settings")
        assert await page.evaluate(CACHES) == [f"doorstep-phone-{files.VERSION}"]
        other = await page.context.new_page()
        await other.goto(f"{base}/phone")
        await other.locator("h1[tabindex]").wait_for()


async def test_answers_of_the_server_are_never_kept_by_the_worker(phone_world: World) -> None:
    async with app(phone_world, enrolled=True) as (page, _):
        await page.wait_for_function(READY)
        kept = await page.evaluate(
            """async () => (await Promise.all((await caches.keys()).map(async name =>
                (await (await caches.open(name)).keys()).map(one => new URL(one.url).pathname)))).flat()"""
        )
        assert set(kept) == {"/phone", *(files.BASE + name for name in files.FILES)}


def deploy(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    """The server has another version, whose style differs."""
    style = files.FILES["app/app.css"]
    body = style.body + b"\n/* another */\n"
    monkeypatch.setitem(files.FILES, "app/app.css", msgspec.structs.replace(style, body=body, packed={}))
    lines = "".join(f"{file.digest}  {name}\n" for name, file in sorted(files.FILES.items()))
    monkeypatch.setattr(files, "DIGEST", sha256(lines.encode()).hexdigest())
    monkeypatch.setattr(files, "VERSION", version)
    monkeypatch.setattr(files, "BASE", f"/phone/files/{version}/")


FAILED_UPDATE = """async () => {
    const registration = await navigator.serviceWorker.ready
    const failed = new Promise(done => registration.addEventListener('updatefound', () => {
        const worker = registration.installing
        worker.addEventListener('statechange', () => worker.state === 'redundant' && done())
    }))
    await registration.update().catch(() => {})
    await failed
}"""
UPDATE = "async () => { await (await navigator.serviceWorker.ready).update() }"


async def test_a_new_version_waits_for_the_person_and_loses_no_draft(
    phone_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app(phone_world, enrolled=True) as (page, base):
        before, old = files.VERSION, files.BASE
        await page.wait_for_function(CONTROLLED)
        await call(page, "data/photos.js", "saveDraft", "v", "text", {"typed": "还没写完"})
        await page.goto(f"{base}/phone#/settings")
        await page.get_by_text("李 (li)").wait_for()
        await call(page, "app/state.js", "hold", "typing")
        deploy(monkeypatch, "0123456789abcdef")
        await page.evaluate(UPDATE)
        await page.get_by_text("做完这一步再更新").wait_for()
        assert not await page.get_by_role("button", name="点这里更新").is_visible()
        await looked_at(page, "app-update-later")
        await page.reload()  # nothing is half-done any more, and it is still the old one
        update = page.get_by_role("button", name="有新版本，点这里更新")
        await update.wait_for()
        assert await page.get_by_text(f"doorstep-phone {before[:12]}").is_visible()
        assert await page.evaluate(CACHES) == sorted(f"doorstep-phone-{one}" for one in (before, files.VERSION))
        await looked_at(page, "app-update")
        assert (await page.evaluate("address => fetch(address).then(one => one.status)", f"{old}app/main.js")) == 200
        async with page.expect_navigation():
            await update.click()
        await page.get_by_text(f"doorstep-phone {files.VERSION[:12]}").wait_for()
        assert page.url.endswith("#/settings")
        assert await page.evaluate(CACHES) == [f"doorstep-phone-{files.VERSION}"]
        drafts = await call(page, "data/photos.js", "drafts", "v")
        assert "还没写完" in str(drafts)
        assert not await update.is_visible()


async def test_a_version_that_does_not_come_whole_is_not_taken(
    phone_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app(phone_world, enrolled=True) as (page, base):
        before = files.VERSION
        await page.wait_for_function(CONTROLLED)
        deploy(monkeypatch, "0123456789abcdef")
        script, whole = files.service_worker(), files.FILES["app/words.js"]
        monkeypatch.setattr(files, "service_worker", lambda: script)
        monkeypatch.setitem(files.FILES, "app/words.js", msgspec.structs.replace(whole, body=b"// cut", packed={}))
        await page.evaluate(FAILED_UPDATE)
        assert await page.evaluate(CACHES) == [f"doorstep-phone-{before}"]
        await page.reload()
        await page.locator("h1[tabindex]").wait_for()
        assert not await page.get_by_role("button", name="点这里更新").is_visible()
        assert base in page.url


REFUSED = {
    "insecure": ("Object.defineProperty(globalThis, 'isSecureContext', { value: false })", "这个地址不安全"),
    "storage": (
        "IDBFactory.prototype.open = () => { throw new DOMException('no', 'InvalidStateError') }",
        "不能保存记录",
    ),
    "old": ("delete Navigator.prototype.locks", "这个浏览器太旧"),
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_where_the_app_cannot_be_used_it_says_what_to_do(phone_world: World, kind: str) -> None:
    script, title = REFUSED[kind]
    async with serve_world(phone_world) as base, open_page(scripts=True, size=PHONE) as page:
        await page.add_init_script(script)
        await page.goto(f"{base}/phone")
        await page.get_by_role("heading", name=title).wait_for()
        await looked_at(page, f"app-{kind}")
        await page.get_by_role("button", name="English").click()
        await page.get_by_role("button", name="中文").wait_for()
        await looked_at(page, f"app-{kind}-en")


async def test_in_wechat_the_app_says_to_open_the_browser(phone_world: World) -> None:
    async with serve_world(phone_world) as base, open_page(scripts=True, size=PHONE, agent=WECHAT) as page:
        await page.goto(f"{base}/phone")
        await page.get_by_role("heading", name="请在浏览器里打开").wait_for()
        await looked_at(page, "app-wechat")


async def test_a_revoked_phone_says_what_stays_and_whom_to_ask(phone_world: World) -> None:
    async with app(phone_world, enrolled=True) as (page, base):
        entry = {"what": "arrived"}
        await call(page, "data/records.js", "addEntries", "01956e2c-8a00-7000-8000-000000000002", [entry])
        (device,) = (await phone_world.ask("li", "GET", "/v1/devices")).json()["items"]
        gone = await phone_world.ask("wang", "DELETE", f"/v1/devices/{device['id']}")
        assert gone.status_code < 300, gone.text
        await call(page, "data/outbox.js", "kick")
        await page.get_by_role("heading", name="这台手机已被停用").wait_for()
        await page.get_by_text("没有上传").first.wait_for()
        await looked_at(page, "app-revoked")
        async with page.expect_download() as download:
            await page.get_by_role("button", name="导出").click()
        assert (await (await download.value).path()).stat().st_size > 0
        await page.reload()
        await page.get_by_role("heading", name="这台手机已被停用").wait_for()
        await page.goto(f"{base}/enrol#{await enrolment_code(phone_world)}")
        await page.locator("#enrol").click()
        await page.locator("#done").get_by_role("link").click()
        await page.wait_for_url(f"{base}/phone")
        await page.goto(f"{base}/phone#/settings")
        await page.get_by_text("李 (li)").wait_for()


async def test_a_wrong_clock_is_told_with_what_to_do(phone_world: World) -> None:
    later(phone_world, minutes=11)
    async with app(phone_world, enrolled=True) as (page, _):
        await page.get_by_text("手机比服务器慢 11 分钟").wait_for()
        await page.goto(f"{page.url.partition('#')[0]}#/settings")
        await looked_at(page, "app-clock")


async def test_a_full_phone_says_that_the_step_was_not_stored(phone_world: World) -> None:
    async with app(phone_world, enrolled=True) as (page, base):
        await page.goto(f"{base}/phone#/settings")
        await page.evaluate(
            """base => {
                const { put } = IDBObjectStore.prototype
                IDBObjectStore.prototype.put = function (...given) {
                    if (this.name === 'drafts') throw new DOMException('full', 'QuotaExceededError')
                    return put.apply(this, given)
                }
                import(`${base}data/photos.js`).then(({ saveDraft }) => saveDraft('v', 'photo', new Blob(['photo'])))
            }""",
            files.BASE,
        )
        await page.get_by_text("手机空间满了").wait_for()
        await looked_at(page, "app-full")
        await page.get_by_role("button", name="关闭").click()
        await page.get_by_text("手机空间满了").wait_for(state="detached")


async def test_an_error_of_a_screen_stays_on_it(phone_world: World) -> None:
    async with app(phone_world, enrolled=True) as (page, base):
        await page.evaluate(
            """async base => {
                const { ROUTES } = await import(`${base}app/frame.js`)
                globalThis.broken = true
                ROUTES.broken = () => { if (globalThis.broken) throw new Error('of this screen'); return null }
                location.hash = '#/broken'
            }""",
            files.BASE,
        )
        await page.get_by_role("heading", name="这一屏出了错").wait_for()
        await page.get_by_text("给技术人员看的内容").click()
        await page.get_by_text("of this screen").wait_for()
        await looked_at(page, "app-error")
        await page.get_by_role("button", name="回到今天的任务").click()
        await page.wait_for_url(f"{base}/phone#/")
        await page.get_by_role("heading", name="这一屏出了错").wait_for(state="detached")
        await page.goto(f"{base}/phone#/settings")
        await page.evaluate("() => { Promise.reject(new Error('a step')) }")
        await page.get_by_text("刚才的一步没有成功").wait_for()
        await looked_at(page, "app-step-failed")


async def test_an_address_that_is_no_screen_leads_back(phone_world: World) -> None:
    async with app(phone_world, enrolled=True) as (page, base):
        for place in ("nothing/here", "%E4%B", "visits"):
            await page.goto(f"{base}/phone#/{place}")
            await page.get_by_role("heading", name="没有这一屏").wait_for()
