"""The second factor in a real browser: set up in the account, used to sign in, wrong, used twice, lost."""

import os
from pathlib import Path

from playwright.async_api import Page

from service.accounts.totp import totp_at
from tests.support.api_client import World
from tests.support.browser import PASSWORD, later, unsecret, with_password
from tests.support.chromium import open_page, serve_world
from tests.support.desk import signed_in
from tests.support.desk_chromium import open_session

DESKTOP = (1366, 768)


async def sign_in(page: Page, base: str, code: str) -> None:
    await page.goto(f"{base}/sign-in")
    await page.get_by_label("登录名").fill("zhao")
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_label("动态码").fill(code)
    await page.get_by_role("button", name="登录").click()


async def test_a_second_factor_from_the_account_to_a_lost_phone(sqlite_world: World) -> None:
    world = sqlite_world
    await with_password(world, "zhao")
    async with serve_world(world) as base, open_page(scripts=False, size=DESKTOP) as page:
        await open_session(page, base, await signed_in(world, "zhao"))
        await page.goto(f"{base}/desk/account")
        await page.locator("[name=present]").fill(PASSWORD)
        await page.get_by_role("button", name="绑定验证器").click()
        secret = unsecret((await page.locator(".code").inner_text()).replace(" ", ""))
        await shot(page, "authenticator")
        assert "密码已设好" not in await page.content(), "that was another day"
        await page.locator("[name=password]").fill(PASSWORD)

        def code() -> str:
            return totp_at(secret, world.ctx.clock() // 30_000)

        await page.locator("[name=code]").fill("000000" if code() != "000000" else "111111")
        await page.locator("button.yes").click()
        await page.get_by_role("alert").get_by_text("验证码不对").wait_for()
        await shot(page, "authenticator-wrong")
        await page.locator("[name=password]").fill(PASSWORD)
        used = code()
        await page.locator("[name=code]").fill(used)
        await page.locator("button.yes").click()
        await page.locator(".good").wait_for()
        await shot(page, "authenticator-done")
        await page.goto(f"{base}/desk/account")
        await shot(page, "account-with-factor")
        await page.get_by_role("button", name="退出", exact=True).click()
        await page.wait_for_url("**/sign-in")
        await sign_in(page, base, used)
        await page.get_by_role("alert").get_by_text("每个动态码只能用一次").wait_for()
        await shot(page, "sign-in-used-code")
        await sign_in(page, base, "")
        await page.get_by_role("alert").get_by_text("您的账号要用动态码").wait_for()
        await page.get_by_text("验证器丢了，或第一次登录：请管理员发一个邀请链接").wait_for()
        await shot(page, "sign-in-no-code")
        later(world, minutes=1)
        await sign_in(page, base, code())
        await page.wait_for_url("**/desk/today")


async def shot(page: Page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
