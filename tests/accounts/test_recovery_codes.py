"""Recovery codes stand in for the authenticator, once each."""

import asyncio

import pytest

from service.accounts import recovery_codes
from service.accounts.authentication import session_digest
from service.errors import SignInAgain, TotpRequired
from tests.support.api_client import World, problem
from tests.support.browser import Browser, code_now, later, with_factor, with_password


@pytest.fixture
async def wang(world: World) -> Browser:
    """A supervisor's browser, signed in with the authenticator."""
    await with_password(world, "wang")
    secret = await with_factor(world, "wang")
    browser = Browser(world)
    assert (await browser.sign_in("wang", code=code_now(world, secret))).status_code == 204
    return browser


def session(browser: Browser) -> bytes:
    return session_digest(browser.cookies["__Host-doorstep"])


async def make(browser: Browser) -> tuple[str, ...]:
    """New codes, in place of those that there are."""
    ctx = browser.world.ctx
    instead_of = await ctx.db.read(lambda tx: recovery_codes.edition(tx, "wang"))
    codes = await recovery_codes.make(ctx, session(browser), instead_of)
    assert codes is not None
    return codes


async def test_each_code_signs_in_once_however_it_is_typed(wang: Browser):
    codes = await make(wang)
    assert (len(codes), len(set(codes))) == (10, 10)
    for typed in (codes[0], codes[7].lower().replace("-", " "), codes[9].replace("-", "")):
        assert (await Browser(wang.world).sign_in("wang", code=typed)).status_code == 204
        assert problem(await Browser(wang.world).sign_in("wang", code=typed)) == (403, "sign-in-failed")
    wrong = codes[1][0] + codes[2][1:]
    assert problem(await Browser(wang.world).sign_in("wang", code=wrong)) == (403, "sign-in-failed")
    assert problem(await Browser(wang.world).sign_in("wang", password="wrong", code=codes[1]))[0] == 403
    assert await wang.world.ctx.db.read(lambda tx: recovery_codes.left(tx, "wang")) == 7


async def test_new_codes_and_a_reset_end_the_old_ones(wang: Browser):
    old = await make(wang)
    await make(wang)
    assert problem(await Browser(wang.world).sign_in("wang", code=old[0])) == (403, "sign-in-failed")
    assert (await wang.world.ask("admin", "POST", "/v1/invitations", {"person": "wang", "reset": True})).is_success
    assert await wang.world.ctx.db.read(lambda tx: recovery_codes.left(tx, "wang")) == 0


async def test_who_asks_several_times_at_once_has_the_codes_of_one_of_them(wang: Browser):
    async def store(code: str) -> bool:
        codes = [code] * recovery_codes.COUNT
        return await recovery_codes._store(wang.world.ctx, session(wang), "wang", codes, instead_of)

    for times in range(5):
        instead_of = await wang.world.ctx.db.read(lambda tx: recovery_codes.edition(tx, "wang"))
        assert sorted(await asyncio.gather(*(store(f"{times} {number}") for number in range(4)))) == [
            False,
            False,
            False,
            True,
        ]
    found = [await stored_code(wang, number) for number in range(recovery_codes.COUNT)]
    assert len(set(found)) == 1


async def stored_code(wang: Browser, number: int) -> object:
    return await wang.world.ctx.db.read(lambda tx: tx.fetch_one("recovery_code", login="wang", number=number))


async def test_they_need_a_second_factor_and_a_sign_in_of_just_now(world: World, wang: Browser):
    await with_password(world, "zhao")
    zhao = Browser(world)
    await zhao.sign_in("zhao")
    with pytest.raises(TotpRequired):
        await recovery_codes.make(world.ctx, session(zhao), "")
    later(world, minutes=15)
    with pytest.raises(SignInAgain):
        await recovery_codes.make(world.ctx, session(wang), "")
