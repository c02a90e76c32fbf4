"""The customer's page after the work in a real browser: drawn by hand, and with JavaScript off; looked at by axe."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Response

from service.messages import worker
from tests.support.api_client import World
from tests.support.chromium import WIDE, axe_violations, check_layout, open_page, serve_world
from tests.support.customer import UNSIGNED, advance_clock, example_customer
from tests.support.customer_chromium import (
    INKED_PIXELS,
    choice,
    choose,
    draw_signature,
    enter_code,
    open_customer_page,
    open_step,
    show_code,
)

EQUAL = "() => [...document.querySelectorAll('details[name^=choice] > summary')].map(one => {"
EQUAL += "const box = one.getBoundingClientRect();"
EQUAL += "const look = getComputedStyle(one); return [box.width, box.height, look.color, look.fontSize].join()})"
WHOLE_SCREEN = """() => {
    const box = document.querySelector('dialog[open]').getBoundingClientRect();
    return box.width >= innerWidth && box.height >= innerHeight;
}"""
SHOWN = "() => document.images.length > 4 && [...document.images].every(one => one.naturalWidth > 0)"

TWICE = """() => {
    const all = [...document.querySelectorAll('main, main *')];
    const sizes = all.map(one => parseFloat(getComputedStyle(one).fontSize));
    all.forEach((one, n) => { one.style.fontSize = `${2 * sizes[n]}px`; });
}"""


async def checked(page: Page, name: str) -> None:
    """Large enough, dark enough, and nothing that axe finds."""
    await check_layout(page, name)
    assert await axe_violations(page) == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_customer_enters_the_code_signs_and_keeps_a_copy(
    sqlite_world: World, scripts: Any, tmp_path: Path
) -> None:
    tao = await example_customer(sqlite_world, "S04", drop=("meter_order_signed",))
    async with open_customer_page(sqlite_world, tao, scripts=scripts) as (page, _):
        if scripts:
            await checked(page, "confirming-before")
        await show_code(page)
        if scripts:
            await checked(page, "confirming-sign-step")
        await page.get_by_role("button", name="获取验证码").click()
        await page.get_by_label("请输入 6 位验证码").wait_for()
        if scripts:
            await checked(page, "confirming-code")
        await page.go_back()
        await page.reload()
        await worker.deliver_due(sqlite_world.ctx)
        code = tao.post.letters[-1].text.partition("验证码 ")[2][:6]
        await page.get_by_label("请输入 6 位验证码").fill(code)
        await page.get_by_role("button", name="验证", exact=True).click()
        await page.get_by_text("✓ 已验证").wait_for()
        sign = await choose(page, "签字")
        await sign.get_by_label("签字人姓名").fill("陶先生")
        await sign.get_by_label("您与户主的关系").select_option("adult_household_member")
        assert await sign.get_by_role("button", name="手写签名").is_visible() == scripts
        if scripts:
            await draw_signature(page, finish=False)
            await checked(page, "confirming-pad")
            await page.get_by_role("button", name="写好了").click()
            assert await page.evaluate(INKED_PIXELS) > 100
            await checked(page, "confirming-sign")
        await sign.locator("button.sign").click()
        await page.get_by_text("都答复好了").wait_for()
        await open_step(page, "sign")
        await page.get_by_text("本人手机验证码签认").first.wait_for()
        if scripts:
            await page.evaluate("() => document.querySelectorAll('img').forEach(one => one.loading = 'eager')")
            await page.wait_for_function(SHOWN)
            await checked(page, "confirming-signed")
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="能自己证明没有改动的文件").click()
        copy = await (await waiting.value).path()
        assert "本人手机验证码签认" in await asyncio.to_thread(Path(copy).read_text)
    (said,) = (await tao.whole())["said"]
    assert said["level"] == "own_device"


async def test_what_is_drawn_is_sent_as_points_alone_and_can_be_cleared(sqlite_world: World) -> None:
    tao = await example_customer(sqlite_world, "S04", drop=("meter_order_signed",))
    async with open_customer_page(sqlite_world, tao) as (page, _):
        await enter_code(sqlite_world, tao, page)
        await choose(page, "签字")
        await draw_signature(page, finish=False)
        await page.get_by_role("button", name="清除重写").click()
        assert await page.evaluate(INKED_PIXELS) == 0
        await draw_signature(page, finish=False)
        await page.set_viewport_size({"width": 640, "height": 360})  # he turns his telephone
        assert await page.evaluate(INKED_PIXELS) > 100
        assert await page.evaluate(WHOLE_SCREEN)
        await page.get_by_role("button", name="写好了").click()
        assert await page.evaluate(INKED_PIXELS) > 100
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
async def test_four_equal_choices_and_disagreeing_in_own_words(sqlite_world: World, scripts: Any) -> None:
    tao = await example_customer(sqlite_world, "S04", drop=UNSIGNED)
    async with open_customer_page(sqlite_world, tao, scripts=scripts) as (page, _):
        await enter_code(sqlite_world, tao, page)
        if scripts:
            assert len(set(await page.evaluate(EQUAL))) == 1
        unable = await choose(page, "不方便签字")
        await unable.get_by_label("为什么不方便").fill("手受伤了")
        await unable.get_by_label("谁帮您办理").fill("邻居小王")
        await unable.get_by_label("他是您的什么人").select_option("neighbour")
        if scripts:
            await checked(page, "confirming-unable")
        await unable.get_by_role("button").click()
        await open_step(page, "sign")
        await page.get_by_text("手受伤了（协助人：邻居小王，邻居）").wait_for()
        if scripts:
            await checked(page, "confirming-declined")
    assert await tao.judged() == ["open open.meter_cause_confirmed", "open open.meter_order_signed"]


@pytest.mark.parametrize("scripts", [True, False])
async def test_questions_are_answered_by_large_buttons_and_more_is_added(sqlite_world: World, scripts: Any) -> None:
    tao = await example_customer(sqlite_world, "S04")
    async with open_customer_page(sqlite_world, tao, scripts=scripts) as (page, _):
        await enter_code(sqlite_world, tao, page)
        await open_step(page, "review")
        cleared = page.get_by_role("group", name="现场是否清理干净")
        await cleared.get_by_label("不是").check()
        if scripts:
            arrived = page.get_by_role("group", name="按约定时间到达").get_by_label("是的")
            await arrived.check()
            await arrived.click()  # a choice can be taken back
            assert not await arrived.is_checked()
            await checked(page, "confirming-answer")
        await page.get_by_role("button", name="提交意见").click()
        await page.get_by_text("已收到您的意见").wait_for(state="attached")
        await open_step(page, "review")
        await page.get_by_text("我要补充情况").click()
        await page.get_by_role("group", name="发生了什么").get_by_role("radio").last.check()
        await page.locator("#raised").get_by_label("请用您自己的话写清楚").fill("<script>茶几</script>裂了")
        if scripts:
            await checked(page, "confirming-raise")
        await page.locator("#raised details[open] form button").click()
        await page.get_by_text("已收到您补充的情况").wait_for()
        await page.locator("#answers summary").click()  # what was answered is folded
        await page.get_by_role("button", name="没选的都没问题").click()
        await page.get_by_text("您说的已经记下").wait_for()
    whole = await tao.whole()
    assert len(whole["said"]) == 3


async def test_a_wrong_code_is_said_where_it_was_typed(sqlite_world: World) -> None:
    tao = await example_customer(sqlite_world, "S04")
    async with serve_world(sqlite_world) as base, open_page(scripts=False) as page:
        await page.goto(f"{base}/c/{tao.token}")
        await show_code(page)
        await page.get_by_role("button", name="获取验证码").click()
        await worker.deliver_due(sqlite_world.ctx)
        code = tao.post.letters[-1].text.partition("验证码 ")[2][:6]
        await page.get_by_label("请输入 6 位验证码").fill(f"{(int(code) + 1) % 10**6:06}")
        async with page.expect_response(lambda one: one.request.method == "POST") as waiting:
            await page.get_by_role("button", name="验证", exact=True).click()
        answer: Response = await waiting.value
        assert answer.status == 403
        assert await page.get_by_role("alert").is_visible()
        assert await page.locator("form .trouble").is_visible()


@pytest.mark.parametrize(("name", "screen"), [("small", (360, 640)), ("zoomed", (180, 320)), ("wide", (1024, 768))])
async def test_nothing_is_cut_off_on_a_small_screen_or_enlarged_twice(
    sqlite_world: World, name: str, screen: Any
) -> None:
    tao = await example_customer(sqlite_world, "S04", drop=UNSIGNED)
    async with open_customer_page(sqlite_world, tao, size=screen, scale=2 if name == "zoomed" else 1) as (page, _):
        await enter_code(sqlite_world, tao, page)
        await choose(page, "签字")
        await check_layout(page, f"confirming-{name}")
        await draw_signature(page, finish=False)
        assert not await page.evaluate(WIDE)
        await page.get_by_role("button", name="写好了").click()
        await page.get_by_label("签字人姓名").fill("陶先生")
        await page.get_by_label("您与户主的关系").select_option("account_holder")
        await page.locator("button.sign").first.click()
        await page.get_by_text("都答复好了").wait_for()


@pytest.mark.parametrize("scripts", [True, False])
async def test_what_he_filled_in_and_drew_stands_there_again_after_a_new_code(
    sqlite_world: World, scripts: Any
) -> None:
    tao = await example_customer(sqlite_world, "S04", drop=("meter_order_signed",))
    async with serve_world(sqlite_world) as base, open_page(scripts=scripts) as page:
        await page.goto(f"{base}/c/{tao.token}")
        await enter_code(sqlite_world, tao, page)
        sign = await choose(page, "签字")
        await sign.get_by_label("签字人姓名").fill("陶先生")
        await sign.get_by_label("您与户主的关系").select_option("adult_household_member")
        if scripts:
            await draw_signature(page)
        drawn = await page.evaluate(INKED_PIXELS) if scripts else 0
        advance_clock(sqlite_world, minutes=61)
        await sign.locator("button.sign").click()
        await page.get_by_text("都替您留着").wait_for()
        assert await page.get_by_text("陶先生").is_visible()
        if scripts:
            await checked(page, "kept-closed")
        await page.get_by_role("button", name="获取验证码").click()
        await page.get_by_label("请输入 6 位验证码").wait_for()
        if scripts:
            await checked(page, "kept-code")
        await worker.deliver_due(sqlite_world.ctx)
        code = tao.post.letters[-1].text.partition("验证码 ")[2][:6]
        await page.get_by_label("请输入 6 位验证码").fill(code)
        await page.get_by_role("button", name="验证", exact=False).first.click()
        await page.get_by_role("link", name="去填写").click()
        if scripts:
            await checked(page, "kept-again")
            assert await page.evaluate(INKED_PIXELS) > 0.8 * drawn
        assert await page.get_by_label("签字人姓名").first.input_value() == "陶先生"
        await page.locator("button.sign").first.click()
        await page.get_by_text("都答复好了").wait_for()
    (paper,) = [one for one in (await tao.whole())["statements"] if one["signature"]]
    assert paper["typed"] == (not scripts)  # the drawing of the first time was sent


@pytest.mark.parametrize("state", ["before", "signed", "refused", "wrong"])
async def test_every_state_fits_when_only_the_text_is_twice_as_large(sqlite_world: World, state: str) -> None:
    tao = await example_customer(sqlite_world, "S04", drop=UNSIGNED)
    async with serve_world(sqlite_world) as base, open_page(scripts=True) as page:
        await page.goto(f"{base}/c/{tao.token}")
        if state != "before":
            await enter_code(sqlite_world, tao, page)
            await choose(page, "不同意，拒绝签字" if state == "refused" else "签字")
        if state == "refused":
            await choice(page, "不同意，拒绝签字").get_by_label("为什么不同意").fill("表是自己坏的" * 20)
            await page.locator("details details[open] button.sign").click()
            await page.get_by_text("都答复好了").wait_for()
            await open_step(page, "sign")
            await page.get_by_text("改变主意").click()
        if state in ("signed", "wrong"):
            await page.get_by_label("签字人姓名").first.fill("阿" * 40 if state == "signed" else " ")
            await page.get_by_label("您与户主的关系").first.select_option("account_holder")
            await page.locator("button.sign").first.click()
            await page.get_by_text("都答复好了" if state == "signed" else "请填写签字人姓名").first.wait_for()
            await open_step(page, "sign")
        await page.evaluate(TWICE)
        await check_layout(page, f"twice-{state}")


async def test_in_english_the_page_is_as_good_and_a_switch_loses_nothing_typed(sqlite_world: World) -> None:
    tao = await example_customer(sqlite_world, "S08")
    async with serve_world(sqlite_world) as base, open_page(scripts=True, locale="en-GB") as page:
        await page.goto(f"{base}/c/{tao.token}")
        await checked(page, "english-before")
        await open_step(page, "review")
        question = page.get_by_role("group", name="Was the work place left clean?")
        await question.get_by_label("No").check()
        await page.get_by_label("In your own words").first.fill("椅子没有擦")
        await page.get_by_role("button", name="中文").click()
        await page.get_by_role("button", name="English").wait_for()
        question = page.get_by_role("group", name="现场是否清理干净")
        assert await question.get_by_label("不是").is_checked()
        assert await page.get_by_label("用您自己的话说").input_value() == "椅子没有擦"
        await enter_code(sqlite_world, tao, page)
        await page.get_by_role("button", name="English").click()
        await page.get_by_text("✓ Checked").wait_for(state="attached")
        for name in ("check", "review"):
            await open_step(page, name)
            await checked(page, f"english-{name}")
