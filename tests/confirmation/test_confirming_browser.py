"""The customer's page after the work in a real browser: drawn by hand, and with JavaScript off; looked at by axe."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Response

from service.messages import worker
from tests.confirmation.test_confirm import Customer, told
from tests.confirmation.test_confirming import later
from tests.support.api_client import World, opened_world
from tests.web.test_pages_browser import WIDE, browsed, looked_at, served

AXE = (Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js").read_text()
RUN_AXE = """async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
    'best-practice']})).violations.map(one => [one.id, one.nodes.map(node => node.html)])"""
UNSIGNED = ("meter_order_signed", "meter_cause_confirmed")
EQUAL = (
    "() => [...document.querySelectorAll('summary')].slice(0, 4).map(one => {const box = one.getBoundingClientRect();"
)
EQUAL += "const look = getComputedStyle(one); return [box.width, box.height, look.color, look.fontSize].join()})"
SHOWN = "() => document.images.length > 4 && [...document.images].every(one => one.naturalWidth > 0)"
INK = """() => {
    const canvas = document.querySelector('canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, n) => n % 4 === 3 && value).length;
}"""

TWICE = """() => {
    const all = [...document.querySelectorAll('main, main *')];
    const sizes = all.map(one => parseFloat(getComputedStyle(one).fontSize));
    all.forEach((one, n) => { one.style.fontSize = `${2 * sizes[n]}px`; });
}"""


@pytest.fixture
async def roomy(tmp_path: Path) -> AsyncIterator[World]:
    """On SQLite alone, with the usual limits."""
    async with opened_world(f"sqlite:///{tmp_path / 'doorstep.db'}") as world:
        yield world


@asynccontextmanager
async def opened(
    world: World, tao: Customer, *, scripts: bool = True, **screen: Any
) -> AsyncIterator[tuple[Page, str]]:
    """陶's page on his telephone. Nothing may be refused by the page's own policy, nor fail in its scripts."""
    async with served(world) as base, browsed(scripts=scripts, **screen) as page:
        errors: list[str] = []
        page.on(
            "response", lambda answer: errors.append(f"{answer.status} {answer.url}") if answer.status > 399 else None
        )
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(f"{base}/c/{tao.token}")
        yield page, base
        assert errors == []


async def entered(world: World, tao: Customer, page: Page) -> None:
    """He asks for a code and enters it."""
    later(world, seconds=1)  # what he says comes after what was recorded
    await page.get_by_role("button", name="获取验证码").click()
    await page.get_by_label("请输入 6 位验证码").wait_for()
    await worker.deliver_due(world.house)
    code = tao.post.letters[-1].text.partition("验证码 ")[2][:6]
    await page.get_by_label("请输入 6 位验证码").fill(code)
    await page.get_by_role("button", name="验证", exact=False).first.click()
    await page.get_by_text("✓ 已验证").wait_for()


async def checked(page: Page, name: str) -> None:
    """Large enough, dark enough, and nothing that axe finds."""
    await looked_at(page, name)
    await page.evaluate(AXE)
    assert await page.evaluate(RUN_AXE) == []


async def draw(page: Page) -> None:
    """A signature with the pointer, in two strokes."""
    canvas = page.locator("canvas").first
    await canvas.scroll_into_view_if_needed()
    box = await canvas.bounding_box()
    assert box is not None
    for stroke in ([(0.2, 0.3), (0.4, 0.7), (0.5, 0.3)], [(0.6, 0.5), (0.8, 0.6)]):
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        await page.mouse.move(*places[0])
        await page.mouse.down()
        for place in places[1:]:
            await page.mouse.move(*place, steps=6)
        await page.mouse.up()


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_customer_enters_the_code_signs_and_keeps_a_copy(roomy: World, scripts: Any, tmp_path: Path) -> None:
    tao = await told(roomy, "S04", drop=("meter_order_signed",))
    async with opened(roomy, tao, scripts=scripts) as (page, _):
        if scripts:
            await checked(page, "confirming-before")
        await page.get_by_role("button", name="获取验证码").click()
        await page.get_by_label("请输入 6 位验证码").wait_for()
        if scripts:
            await checked(page, "confirming-code")
        await page.go_back()
        await page.reload()
        await worker.deliver_due(roomy.house)
        code = tao.post.letters[-1].text.partition("验证码 ")[2][:6]
        await page.get_by_label("请输入 6 位验证码").fill(code)
        await page.get_by_role("button", name="验证", exact=True).click()
        await page.get_by_text("✓ 已验证").wait_for()
        sign = page.locator("details").first
        await sign.locator("summary").click()
        await sign.get_by_label("签字人姓名").fill("陶先生")
        await sign.get_by_label("您与户主的关系").select_option("adult_household_member")
        assert await page.locator("canvas").first.is_visible() == scripts
        if scripts:
            await draw(page)
            assert await page.evaluate(INK) > 100
            await checked(page, "confirming-sign")
        await sign.locator("button.sign").click()
        await page.get_by_text("本人手机验证码签认").first.wait_for()
        if scripts:
            await page.evaluate("() => document.querySelectorAll('img').forEach(one => one.loading = 'eager')")
            await page.wait_for_function(SHOWN)
            await checked(page, "confirming-signed")
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="保存一份到我的手机").click()
        copy = await (await waiting.value).path()
        assert "本人手机验证码签认" in await asyncio.to_thread(Path(copy).read_text)
    (said,) = (await tao.whole())["said"]
    assert said["level"] == "own_device"


async def test_what_is_drawn_is_sent_as_points_alone_and_can_be_cleared(roomy: World) -> None:
    tao = await told(roomy, "S04", drop=("meter_order_signed",))
    async with opened(roomy, tao) as (page, _):
        await entered(roomy, tao, page)
        await page.locator("summary").first.click()
        await draw(page)
        await page.get_by_role("button", name="清除重写").click()
        assert await page.evaluate(INK) == 0
        await draw(page)
        await page.set_viewport_size({"width": 640, "height": 360})  # he turns his telephone
        assert await page.evaluate(INK) > 100
        await page.get_by_label("签字人姓名").fill("陶先生")
        await page.get_by_label("您与户主的关系").select_option("account_holder")
        async with page.expect_request(lambda sent: sent.method == "POST") as waiting:
            await page.locator("button.sign").first.click()
        fields = dict((await waiting.value).post_data_json)
        strokes = json.loads(fields["strokes"])
        assert len(strokes) == 2
        assert all(len(point) == 2 for stroke in strokes for point in stroke)
        assert len(strokes[0]) > 3
    assert await tao.judged() == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_four_equal_choices_and_disagreeing_in_own_words(roomy: World, scripts: Any) -> None:
    tao = await told(roomy, "S04", drop=UNSIGNED)
    async with opened(roomy, tao, scripts=scripts) as (page, _):
        await entered(roomy, tao, page)
        if scripts:
            assert len(set(await page.evaluate(EQUAL))) == 1
        await page.locator("summary").nth(3).click()
        unable = page.locator("details").nth(3)
        await unable.get_by_label("为什么不方便").fill("手受伤了")
        await unable.get_by_label("谁帮您办理").fill("邻居小王")
        await unable.get_by_label("他是您的什么人").select_option("neighbour")
        if scripts:
            await checked(page, "confirming-unable")
        await unable.get_by_role("button").click()
        await page.get_by_text("手受伤了（协助人：邻居小王，邻居）").wait_for()
        if scripts:
            await checked(page, "confirming-declined")
    assert await tao.judged() == ["open open.meter_cause_confirmed", "open open.meter_order_signed"]


@pytest.mark.parametrize("scripts", [True, False])
async def test_questions_are_answered_by_large_buttons_and_more_is_added(roomy: World, scripts: Any) -> None:
    tao = await told(roomy, "S04")
    async with opened(roomy, tao, scripts=scripts) as (page, _):
        await entered(roomy, tao, page)
        await page.get_by_role("group", name="现场是否清理干净").get_by_label("有问题").check()
        if scripts:
            await checked(page, "confirming-answer")
        await page.get_by_role("button", name="提交意见").click()
        await page.get_by_text("已收到您的意见").wait_for()
        await page.get_by_text("我要补充情况").click()
        await page.get_by_role("group", name="发生了什么").get_by_role("radio").last.check()
        await page.get_by_label("请用您自己的话写清楚").fill("<script>茶几</script>裂了")
        if scripts:
            await checked(page, "confirming-raise")
        await page.locator("details[open] form button").click()
        await page.get_by_role("button", name="都没问题").click()
        await page.get_by_text("已收到您的意见").wait_for()
    whole = await tao.whole()
    assert len(whole["said"]) == 3


async def test_a_wrong_code_is_said_where_it_was_typed(roomy: World) -> None:
    tao = await told(roomy, "S04")
    async with served(roomy) as base, browsed(scripts=False) as page:
        await page.goto(f"{base}/c/{tao.token}")
        await page.get_by_role("button", name="获取验证码").click()
        await worker.deliver_due(roomy.house)
        code = tao.post.letters[-1].text.partition("验证码 ")[2][:6]
        await page.get_by_label("请输入 6 位验证码").fill(f"{(int(code) + 1) % 10**6:06}")
        async with page.expect_response(lambda one: one.request.method == "POST") as waiting:
            await page.get_by_role("button", name="验证", exact=True).click()
        answer: Response = await waiting.value
        assert answer.status == 403
        assert await page.get_by_role("alert").is_visible()
        assert await page.locator("form .trouble").is_visible()


@pytest.mark.parametrize(("name", "screen"), [("small", (360, 640)), ("zoomed", (180, 320)), ("wide", (1024, 768))])
async def test_nothing_is_cut_off_on_a_small_screen_or_enlarged_twice(roomy: World, name: str, screen: Any) -> None:
    tao = await told(roomy, "S04", drop=UNSIGNED)
    async with opened(roomy, tao, size=screen, scale=2 if name == "zoomed" else 1) as (page, _):
        await entered(roomy, tao, page)
        await page.locator("summary").first.click()
        await looked_at(page, f"confirming-{name}")
        assert not await page.evaluate(WIDE)
        await draw(page)
        await page.get_by_label("签字人姓名").fill("陶先生")
        await page.get_by_label("您与户主的关系").select_option("account_holder")
        await page.locator("button.sign").first.click()
        await page.get_by_text("本人手机验证码签认").first.wait_for()


@pytest.mark.parametrize("scripts", [True, False])
async def test_what_he_filled_in_and_drew_stands_there_again_after_a_new_code(roomy: World, scripts: Any) -> None:
    tao = await told(roomy, "S04", drop=("meter_order_signed",))
    async with served(roomy) as base, browsed(scripts=scripts) as page:
        await page.goto(f"{base}/c/{tao.token}")
        await entered(roomy, tao, page)
        sign = page.locator("details").first
        await sign.locator("summary").click()
        await sign.get_by_label("签字人姓名").fill("陶先生")
        await sign.get_by_label("您与户主的关系").select_option("adult_household_member")
        if scripts:
            await draw(page)
        drawn = await page.evaluate(INK) if scripts else 0
        later(roomy, minutes=61)
        await sign.locator("button.sign").click()
        await page.get_by_text("都替您留着").wait_for()
        assert await page.get_by_text("陶先生").is_visible()
        if scripts:
            await checked(page, "kept-closed")
        await page.get_by_role("button", name="获取验证码").click()
        await page.get_by_label("请输入 6 位验证码").wait_for()
        if scripts:
            await checked(page, "kept-code")
        await worker.deliver_due(roomy.house)
        code = tao.post.letters[-1].text.partition("验证码 ")[2][:6]
        await page.get_by_label("请输入 6 位验证码").fill(code)
        await page.get_by_role("button", name="验证", exact=False).first.click()
        await page.get_by_role("link", name="去填写").click()
        if scripts:
            await checked(page, "kept-again")
            assert await page.evaluate(INK) > 0.8 * drawn
        assert await page.get_by_label("签字人姓名").first.input_value() == "陶先生"
        await page.locator("button.sign").first.click()
        await page.get_by_text("本人手机验证码签认").first.wait_for()
    (paper,) = [one for one in (await tao.whole())["statements"] if one["signature"]]
    assert paper["typed"] == (not scripts)  # the drawing of the first time was sent


@pytest.mark.parametrize("state", ["before", "signed", "refused", "wrong"])
async def test_every_state_fits_when_only_the_text_is_twice_as_large(roomy: World, state: str) -> None:
    tao = await told(roomy, "S04", drop=UNSIGNED)
    async with served(roomy) as base, browsed(scripts=True) as page:
        await page.goto(f"{base}/c/{tao.token}")
        if state != "before":
            await entered(roomy, tao, page)
            await page.locator("summary").nth(2 if state == "refused" else 0).click()
        if state == "refused":
            await page.locator("details").nth(2).get_by_label("为什么不同意").fill("表是自己坏的" * 20)
            await page.locator("details[open] button.sign").click()
            await page.get_by_text("您已经答复").wait_for()
            await page.get_by_text("改变主意").click()
        if state in ("signed", "wrong"):
            await page.get_by_label("签字人姓名").first.fill("阿" * 40 if state == "signed" else " ")
            await page.get_by_label("您与户主的关系").first.select_option("account_holder")
            await page.locator("button.sign").first.click()
            await page.get_by_text(
                "以输入姓名和验证码签认" if state == "signed" else "请填写签字人姓名"
            ).first.wait_for()
        await page.evaluate(TWICE)
        await looked_at(page, f"twice-{state}")


async def test_in_english_the_page_is_as_good_and_a_switch_loses_nothing_typed(roomy: World) -> None:
    tao = await told(roomy, "S08")
    async with served(roomy) as base, browsed(scripts=True, locale="en-GB") as page:
        await page.goto(f"{base}/c/{tao.token}")
        await checked(page, "english-before")
        question = page.get_by_role("group", name="Was the place left clean?")
        await question.get_by_label("Not right").check()
        await page.get_by_label("In your own words").first.fill("椅子没有擦")
        await page.get_by_role("button", name="中文").click()
        await page.get_by_role("button", name="English").wait_for()
        question = page.get_by_role("group", name="现场是否清理干净")
        assert await question.get_by_label("有问题").is_checked()
        assert await page.get_by_label("用您自己的话说").input_value() == "椅子没有擦"
        await entered(roomy, tao, page)
        await page.get_by_role("button", name="English").click()
        await page.get_by_text("✓ Checked").wait_for()
        for one in await page.locator("summary").all():
            await one.click()
        await checked(page, "english-open")
