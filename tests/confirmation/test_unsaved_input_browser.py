"""What a customer wrote survives a reload in his browser, until it was taken."""

from typing import Any

from playwright.async_api import Page

from tests.support.api_client import World
from tests.support.chromium import open_page, serve_world
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

STORED = "() => Object.entries(sessionStorage).map(([name, value]) => name + value).join()"


async def filled(page: Page) -> tuple[str, str]:
    """What stands in the form to sign."""
    sign = choice(page, "签字")
    relation: Any = sign.get_by_label("您与户主的关系")
    return await sign.get_by_label("签字人姓名").input_value(), await relation.input_value()


async def test_words_choices_and_a_drawing_stand_there_again_after_a_reload(sqlite_world: World) -> None:
    tao = await example_customer(sqlite_world, "S04", drop=UNSIGNED)
    async with open_customer_page(sqlite_world, tao) as (page, _):
        await open_step(page, "review")
        await page.get_by_role("group", name="现场是否清理干净").get_by_label("不是").check()
        await page.get_by_label("用您自己的话说").fill("地上都是水")
        await page.reload()
        assert await page.get_by_label("用您自己的话说").input_value() == "地上都是水"
        assert await page.get_by_role("group", name="现场是否清理干净").get_by_label("不是").is_checked()
        await enter_code(sqlite_world, tao, page)  # by two forms: neither has taken these words
        assert await page.get_by_label("用您自己的话说").input_value() == "地上都是水"
        await open_step(page, "sign")
        await choose(page, "签字")
        await page.get_by_label("签字人姓名").first.fill("陶先生")
        await page.get_by_label("您与户主的关系").first.select_option("account_holder")
        await draw_signature(page)
        drawn = await page.evaluate(INKED_PIXELS)
        await page.reload()
        assert await choice(page, "签字").get_attribute("open") is not None
        await open_step(page, "sign")
        assert await filled(page) == ("陶先生", "account_holder")
        assert await page.evaluate(INKED_PIXELS) > 0.8 * drawn > 80
        await page.locator("button.sign").first.click()
        await page.get_by_text("都答复好了").wait_for()
        await page.wait_for_load_state()
        assert "陶先生" not in await page.evaluate(STORED)
        assert "地上都是水" in await page.evaluate(STORED)  # not sent yet
        advance_clock(sqlite_world, seconds=1)
        await open_step(page, "review")
        await page.get_by_role("button", name="提交意见").click()
        await page.get_by_text("您已办完，可以关闭本页").wait_for()
        await page.wait_for_load_state()
        assert await page.get_by_label("用您自己的话说").input_value() == ""
        assert await page.evaluate(STORED) == ""
    assert [one["comment"] for one in (await tao.whole())["said"]] == [None, "地上都是水"]


async def test_what_did_not_arrive_or_was_not_taken_is_kept(sqlite_world: World) -> None:
    tao = await example_customer(sqlite_world, "S04", drop=UNSIGNED)
    async with serve_world(sqlite_world) as base, open_page(scripts=True) as page:
        await page.goto(f"{base}/c/{tao.token}")
        await enter_code(sqlite_world, tao, page)
        await choose(page, "签字")
        await page.get_by_label("签字人姓名").first.fill("陶先生")
        await page.get_by_label("您与户主的关系").first.select_option("account_holder")
        await page.context.set_offline(True)
        await page.locator("button.sign").first.click()
        await page.wait_for_url("chrome-error://**")
        await page.context.set_offline(False)
        await page.goto(f"{base}/c/{tao.token}")
        assert await filled(page) == ("陶先生", "account_holder")
        advance_clock(sqlite_world, minutes=31)
        await page.locator("button.sign").first.click()
        await page.get_by_text("都替您留着").wait_for()
        await page.goto(f"{base}/c/{tao.token}")  # he does not send the code's form, but opens the link again
        await enter_code(sqlite_world, tao, page)
        assert await filled(page) == ("陶先生", "account_holder")


async def test_no_code_and_nothing_that_the_page_wrote_itself_is_kept(sqlite_world: World) -> None:
    tao = await example_customer(sqlite_world, "S04", drop=UNSIGNED)
    async with open_customer_page(sqlite_world, tao) as (page, _):
        await show_code(page)
        await page.get_by_role("button", name="获取验证码").click()
        await page.get_by_label("请输入 6 位验证码").fill("123456")
        await open_step(page, "review")
        await page.get_by_label("用您自己的话说").fill("地上都是水")
        stored = await page.evaluate(STORED)
        assert "地上都是水" in stored
        for part in ("123456", "does", "asked", "statement"):
            assert part not in stored
