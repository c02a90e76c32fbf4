"""Passkeys in a real browser with a virtual authenticator: added in the account, used to sign in, refused, removed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from playwright.async_api import Page

from tests.support.api_client import World
from tests.support.browser import PASSWORD, later, with_password
from tests.support.chromium import open_page, serve_world
from tests.support.desk import signed_in
from tests.support.desk_chromium import checked, open_session

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@asynccontextmanager
async def device_of(page: Page) -> AsyncIterator[Any]:
    """An authenticator in the browser, and a function to change it."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})

    async def verifies(person: bool) -> None:
        given = {"authenticatorId": made["authenticatorId"], "isUserVerified": person}
        await session.send("WebAuthn.setUserVerified", given)

    yield verifies


async def test_a_passkey_from_the_account_to_its_removal(sqlite_world: World) -> None:
    world = sqlite_world
    await with_password(world, "wang")
    async with serve_world(world) as at, open_page(scripts=True, size=(1366, 768)) as page, device_of(page) as verifies:
        base = at.replace("127.0.0.1", "localhost")  # a passkey is for a host with a name
        world.ctx.company = msgspec.structs.replace(world.ctx.company, url=base)
        await open_session(page, base, await signed_in(world, "wang"))
        await page.goto(f"{base}/desk/account/passkeys/new")
        await checked(page, "passkey-new")
        await page.get_by_label("给它起个名字").fill("值班室的电脑")
        await page.get_by_role("button", name="添加").click()
        await page.get_by_text("值班室的电脑").wait_for()
        await checked(page, "account-with-passkey")

        await page.get_by_role("button", name="生成备用码").click()
        codes = await page.locator("li.code").all_inner_texts()
        assert len(set(codes)) == 10
        await checked(page, "recovery-codes")

        await page.context.clear_cookies()
        await page.goto(f"{base}/sign-in?next=/desk/people")
        await page.get_by_role("link", name="用通行密钥登录").click()
        await checked(page, "passkey-sign-in")
        await verifies(False)
        await page.get_by_role("button", name="用指纹").click()
        await page.get_by_role("alert").get_by_text("没有用成通行密钥").wait_for()
        await verifies(True)
        await page.get_by_role("button", name="用指纹").click()
        await page.wait_for_url("**/desk/people")

        await page.context.clear_cookies()
        await sign_in(page, base, "wang", "")
        await page.get_by_role("alert").get_by_text("动态码").wait_for()
        await sign_in(page, base, "wang", codes[3].lower())
        await page.wait_for_url("**/desk/queue")
        await page.context.clear_cookies()
        await sign_in(page, base, "wang", codes[3])
        await page.get_by_role("alert").get_by_text("不对").wait_for()

        await page.goto(f"{base}/sign-in/passkey")
        await page.get_by_role("button", name="用指纹").click()
        await page.wait_for_url("**/desk/queue")
        later(world, minutes=16)
        await page.goto(f"{base}/desk/account")
        await page.get_by_role("button", name="删除 值班室的电脑").click()
        await page.get_by_text("证明是您本人").wait_for()
        await checked(page, "sign-in-again")
        await page.goto(f"{base}/sign-in/passkey?next=/desk/account")
        await page.get_by_role("button", name="用指纹").click()
        await page.wait_for_url("**/desk/account")
        await page.get_by_role("button", name="删除 值班室的电脑").click()
        await page.get_by_text("通行密钥已删除").wait_for()
        await page.goto(f"{base}/sign-in/passkey")
        await page.get_by_role("button", name="用指纹").click()
        await page.get_by_role("alert").get_by_text("不对").wait_for()
        await page.context.clear_cookies()
        await sign_in(page, base, "wang", "")  # the password alone sets up no authenticator
        await page.get_by_role("alert").get_by_text("还没有绑定新的").wait_for()


async def sign_in(page: Page, base: str, login: str, code: str) -> None:
    await page.goto(f"{base}/sign-in")
    await page.get_by_label("登录名").fill(login)
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_label("动态码").fill(code)
    await page.get_by_role("button", name="登录", exact=True).click()
