"""The pages behind an invitation's link and an enrolment's QR code, in a real browser on a telephone's screen."""

import json
from typing import Any

import msgspec
import pytest
from playwright.async_api import Page, Route

from service.devices import repository as devices_repository
from service.devices.signatures import parse_signature_header, verify_signature
from tests.support.api_client import World
from tests.support.browser import PASSWORD, code_now, unsecret
from tests.support.chromium import WECHAT, check_layout, open_page, serve_world
from tests.support.devices import enrolment_code

KEPT = """async key => {
    const { read } = await import('/web/shared/device.js');
    const found = await read(key);
    if (!found) return null;
    const { keys, ...rest } = found;
    const outside = await crypto.subtle.exportKey('jwk', keys.privateKey).then(() => true, () => false);
    return { ...rest, extractable: keys.privateKey.extractable || outside };
}"""
SIGNED = """async text => {
    const { read } = await import('/web/shared/device.js');
    const { keys } = await read('me');
    const bytes = new TextEncoder().encode(text);
    const made = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, keys.privateKey, bytes);
    return btoa(String.fromCharCode(...new Uint8Array(made)));
}"""


async def link(world: World, login: str) -> str:
    made = (await world.ask("admin", "POST", "/v1/invitations", {"person": login})).json()
    return made["url"].removeprefix(world.ctx.company.url)


def watched(page: Page) -> list[str]:
    """What the browser complains of."""
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_supervisor_comes_in_by_his_invitation(small_world: World, scripts: Any) -> None:
    path = await link(small_world, "wang")
    async with serve_world(small_world) as base, open_page(scripts=scripts) as page:
        small_world.ctx.company = msgspec.structs.replace(small_world.ctx.company, url=base)
        errors, asked = watched(page), list[str]()
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(base + path)
        if scripts:
            assert page.url == f"{base}/invitation"  # the code is out of the address
            assert not await page.locator("#code").is_visible()
            await check_layout(page, "invitation")
            await page.locator("#password").fill(PASSWORD)
            await page.locator("#again").fill("etwas anderes")
            await page.get_by_role("button", name="设好密码").click()
            assert await page.get_by_text("两次输入的密码不一样").is_visible()
            await check_layout(page, "invitation-differs")
        else:
            await page.locator("#code").fill(path.partition("#")[2])
            await page.locator("#password").fill(PASSWORD)
        await page.locator("#again").fill(PASSWORD)
        await page.get_by_role("button", name="设好密码").click()
        secret = (await page.locator(".code").inner_text()).replace(" ", "")
        if scripts:
            await check_layout(page, "factor")
        await page.locator("#password").fill(PASSWORD)
        await page.locator("#code").fill(code_now(small_world, unsecret(secret)))
        await page.get_by_role("button", name="核对并登录").click()
        await page.get_by_text("您已登录").wait_for()
        if scripts:
            await check_layout(page, "signed-in")
        assert errors == []
        assert not any(path.partition("#")[2] in url.partition("#")[0] for url in asked)


@pytest.mark.parametrize("path", ["invitation", "enrol"])
async def test_a_switch_of_the_language_loses_no_code(small_world: World, path: str) -> None:
    async with serve_world(small_world) as base, open_page(scripts=True) as page:
        errors, asked = watched(page), list[str]()
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"{base}/{path}#some-code")
        await page.get_by_role("button", name="English").click()
        await page.get_by_role("button", name="中文").wait_for()
        await page.wait_for_url(f"{base}/{path}")  # the script takes the code out of the address
        if path == "enrol":
            await page.get_by_text("some-code").wait_for()
        assert (await page.locator("#code").evaluate("one => one.value ?? one.textContent")) == "some-code"
        await check_layout(page, f"{path}-english")
        assert errors == []
        assert not any("some-code" in url.partition("#")[0] for url in asked)


async def test_a_phone_is_enrolled_by_its_browser_and_its_key_stays_there(small_world: World) -> None:
    world = small_world
    code = await enrolment_code(world)
    async with serve_world(world) as base, open_page(scripts=True) as page:
        errors = watched(page)
        await page.goto(f"{base}/enrol#{code}")
        await page.get_by_text(code).wait_for()
        assert page.url == f"{base}/enrol"
        await check_layout(page, "enrol")
        await page.get_by_label("给这台手机起个名字").fill("李的手机")
        await page.locator("#enrol").click()
        await page.get_by_role("heading", name="已登记").wait_for()
        assert await page.get_by_text("李（li）").is_visible()
        await check_layout(page, "enrolled")
        me = await page.evaluate(KEPT, "me")
        assert (me["person"]["login"], me["extractable"]) == ("li", False)
        assert me["device"]["name"] == "李的手机"
        assert await page.evaluate(KEPT, "pending") is None
        raw = json.dumps({"hello": "世界"})
        signature = await page.evaluate(SIGNED, raw)
        await page.reload()  # without a code it still knows who it is
        await page.get_by_role("heading", name="已登记").wait_for()
        assert await page.get_by_role("link", name="打开今天的任务").get_attribute("href") == "/phone"
        assert errors == []
    answer = await world.ask(None, "GET", "/v1/me", authorization=f"Bearer {me['token']}")
    assert answer.json()["login"] == "li"
    (row,) = await world.ctx.db.read(lambda tx: devices_repository.devices_of(tx, "li"))
    assert verify_signature(row.public_key, parse_signature_header(signature), raw.encode()) == "verified"


async def test_a_lost_answer_is_asked_for_again_with_the_same_key(small_world: World) -> None:
    world = small_world
    code = await enrolment_code(world)
    async with serve_world(world) as base, open_page(scripts=True) as page:

        async def lose(route: Route) -> None:
            await route.fetch()  # it reaches the server, and the answer is lost
            await route.abort()

        await page.route("**/v1/devices", lose, times=1)
        await page.goto(f"{base}/enrol#{code}")
        await page.locator("#enrol").click()
        await page.get_by_text("没有连上服务器").wait_for()
        await check_layout(page, "enrol-lost")
        assert (await page.evaluate(KEPT, "pending"))["code"] == code
        await page.locator("#enrol").click()
        await page.get_by_role("heading", name="已登记").wait_for()
    assert len((await world.ask("li", "GET", "/v1/devices")).json()["items"]) == 1


async def test_a_code_that_is_not_good_is_told(small_world: World) -> None:
    async with serve_world(small_world) as base, open_page(scripts=True) as page:
        await page.goto(f"{base}/enrol#guess")
        await page.locator("#enrol").click()
        await page.get_by_text("这个码无效").wait_for()
        await check_layout(page, "enrol-refused")
        await page.goto(f"{base}/enrol")
        await page.get_by_text("这里没有登记码").wait_for()


async def test_in_wechat_and_on_an_insecure_origin_the_page_says_where_to_open_it(small_world: World) -> None:
    async with serve_world(small_world) as base, open_page(scripts=True, agent=WECHAT) as page:
        await page.goto(f"{base}/enrol#some-code")
        await page.get_by_text("微信里不能登记").wait_for()
        assert not await page.locator("#enrol").is_visible()
        assert await page.get_by_text("some-code").is_visible()  # the app may still take it
        assert page.url == f"{base}/enrol#some-code"  # it goes along into the browser
        await check_layout(page, "enrol-wechat")
    async with serve_world(small_world) as base, open_page(scripts=True) as page:
        await page.add_init_script("Object.defineProperty(globalThis, 'isSecureContext', { value: false })")
        await page.goto(f"{base}/enrol#some-code")
        await page.get_by_text("不能保管密钥").wait_for()
        assert not await page.locator("#enrol").is_visible()


async def test_without_javascript_the_page_says_what_to_do(small_world: World) -> None:
    async with serve_world(small_world) as base, open_page(scripts=False) as page:
        await page.goto(f"{base}/enrol#some-code")
        assert await page.get_by_text("用它扫主管出示的二维码").is_visible()
        assert await page.get_by_text("地址里 # 后面的部分").is_visible()
        assert not await page.locator("#enrol").is_visible()


async def test_a_page_that_is_reloaded_goes_on_with_its_code_and_its_key(small_world: World) -> None:
    world = small_world
    code = await enrolment_code(world)
    async with serve_world(world) as base, open_page(scripts=True) as page:
        await page.goto(f"{base}/enrol#{code}")
        await page.get_by_text(code).wait_for()
        await page.reload()  # before anything was asked
        await page.get_by_text("上次还没有登记完").wait_for()

        async def lose(route: Route) -> None:
            await route.fetch()
            await route.abort()

        await page.route("**/v1/devices", lose, times=1)
        await page.locator("#enrol").click()
        await page.get_by_text("没有连上服务器").wait_for()
        await page.reload()  # after the answer was lost
        await page.get_by_text("上次还没有登记完").wait_for()
        await check_layout(page, "enrol-resumed")
        await page.locator("#enrol").click()
        await page.get_by_role("heading", name="已登记").wait_for()
    assert len((await world.ask("li", "GET", "/v1/devices")).json()["items"]) == 1


async def test_a_code_that_was_refused_is_not_gone_on_with(small_world: World) -> None:
    async with serve_world(small_world) as base, open_page(scripts=True) as page:
        await page.goto(f"{base}/enrol#guess")
        await page.locator("#enrol").click()
        await page.get_by_text("这个码无效").wait_for()
        await page.reload()
        await page.get_by_text("再扫一次主管出示的二维码").wait_for()
        assert not await page.locator("#enrol").is_visible()
