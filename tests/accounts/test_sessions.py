"""Browsers sign in with a password, supervisors and admins with a second factor; sessions end; forgeries fail."""

import asyncio

import pytest

from service.accounts import passwords
from tests.support.api_client import VISIT, World, problem
from tests.support.browser import PASSWORD, Browser, code_now, later, with_factor, with_password
from tests.support.factories import a_plan


@pytest.fixture
async def zhao(world: World) -> Browser:
    """The dispatcher's browser, signed in."""
    await with_password(world, "zhao")
    browser = Browser(world)
    answer = await browser.sign_in("zhao")
    assert (answer.status_code, answer.content) == (204, b"")
    return browser


async def test_a_session_is_a_cookie_that_only_this_site_gets(zhao: Browser):
    answer = await zhao.sign_in("zhao")
    session, csrf, known = answer.headers.get_list("set-cookie")
    assert session.startswith("__Host-doorstep=")
    assert session.endswith("; Path=/; Secure; SameSite=Strict; HttpOnly")
    assert csrf.startswith("__Host-doorstep-csrf=")
    assert csrf.endswith("; Path=/; Secure; SameSite=Strict")
    assert known.startswith("__Host-doorstep-known=")
    assert "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=" in known
    assert "Domain" not in session + csrf + known
    me = (await zhao.ask("GET", "/v1/me")).json()
    assert me["login"] == "zhao"
    assert me["csrf"] == zhao.cookies["__Host-doorstep-csrf"]


async def test_what_changes_something_comes_from_our_own_page(zhao: Browser):
    path, plan = f"/v1/visits/{VISIT}", a_plan()
    for wrong in (
        {"x_csrf_token": None},
        {"x_csrf_token": "guessed"},
        {"x_csrf_token": ""},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "https://evil.test", "sec_fetch_site": None},
        {"origin": None, "sec_fetch_site": None},
    ):
        assert problem(await zhao.ask("PUT", path, plan, **wrong)) == (403, "forgery-refused"), wrong
    assert problem(await zhao.ask("GET", path)) == (404, "not-found")
    for right in ({"origin": None}, {"sec_fetch_site": None}, {}):
        assert (await zhao.ask("PUT", path, plan, **right)).status_code in (200, 201), right
    other = Browser(zhao.world)
    await other.sign_in("zhao")
    mixed = {"x_csrf_token": other.cookies["__Host-doorstep-csrf"]}
    assert problem(await zhao.ask("PUT", path, plan, **mixed)) == (403, "forgery-refused")


async def test_a_page_of_another_site_cannot_sign_anybody_in(world: World):
    await with_password(world, "zhao")
    browser = Browser(world)
    content = {"login": "zhao", "password": PASSWORD}
    answer = await browser.ask("POST", "/v1/session", content, origin="https://evil.test", sec_fetch_site="cross-site")
    assert problem(answer) == (403, "forgery-refused")


async def test_a_cookie_is_no_bearer_token_and_a_bearer_token_no_cookie(zhao: Browser):
    session = zhao.cookies["__Host-doorstep"]
    assert problem(await zhao.world.ask(None, "GET", "/v1/me", authorization=f"Bearer {session}"))[0] == 401
    assert problem(await zhao.world.ask(None, "GET", "/v1/me", cookie="__Host-doorstep=token of zhao"))[0] == 401
    assert problem(await zhao.world.ask(None, "GET", "/v1/me", cookie=f"doorstep={session}"))[0] == 401


async def test_a_session_ends_after_half_an_hour_without_use_and_after_twelve_hours(zhao: Browser):
    for _ in range(3):
        later(zhao.world, minutes=29)
        assert (await zhao.ask("GET", "/v1/me")).status_code == 200
    later(zhao.world, minutes=30)
    assert problem(await zhao.ask("GET", "/v1/me")) == (401, "not-signed-in")
    await zhao.sign_in("zhao")
    for _ in range(26):
        later(zhao.world, minutes=27)
        assert (await zhao.ask("GET", "/v1/me")).status_code == 200
    later(zhao.world, minutes=18)
    assert problem(await zhao.ask("GET", "/v1/me")) == (401, "not-signed-in")


async def test_signing_out_ends_this_session_and_everywhere_all(zhao: Browser):
    old, other = dict(zhao.cookies), Browser(zhao.world)
    await other.sign_in("zhao")
    assert (await zhao.ask("DELETE", "/v1/session")).status_code == 204
    assert zhao.cookies.keys() == {"__Host-doorstep-known"}
    zhao.cookies = old
    assert problem(await zhao.ask("GET", "/v1/me")) == (401, "not-signed-in")
    assert (await other.ask("GET", "/v1/me")).status_code == 200
    third = Browser(zhao.world)
    await third.sign_in("zhao")
    kept = dict(other.cookies)
    assert (await third.ask("DELETE", "/v1/sessions")).status_code == 204
    other.cookies = kept
    assert problem(await other.ask("GET", "/v1/me")) == (401, "not-signed-in")
    assert (await zhao.world.ask("zhao", "GET", "/v1/me")).status_code == 200  # tokens of scripts stay


async def test_wrong_and_unknown_are_answered_alike(world: World):
    await with_password(world, "zhao")
    answers = [await Browser(world).sign_in(*one) for one in (("zhao", "wrong"), ("nobody", "wrong"), ("li", "wrong"))]
    assert {problem(answer) for answer in answers} == {(403, "sign-in-failed")}
    assert len({answer.content for answer in answers}) == 1
    assert all("set-cookie" not in answer.headers for answer in answers)


async def test_after_five_wrong_passwords_each_one_waits_twice_as_long(world: World):
    await with_password(world, "zhao")
    for _ in range(5):
        assert problem(await Browser(world).sign_in("zhao", "wrong")) == (403, "sign-in-failed")
    refused = await Browser(world).sign_in("zhao")
    assert problem(refused) == (429, "too-many-requests")
    assert refused.headers["retry-after"] == "30"
    await with_password(world, "sun")
    assert (await Browser(world).sign_in("sun")).status_code == 204
    waits: list[int] = []
    for _ in range(8):
        wait = int((await Browser(world).sign_in("zhao")).headers["retry-after"])
        later(world, seconds=wait)
        assert problem(await Browser(world).sign_in("zhao", "wrong")) == (403, "sign-in-failed")
        waits.append(wait)
    assert waits == [30, 60, 120, 240, 480, 960, 1800, 1800]
    later(world, seconds=1800)
    assert (await Browser(world).sign_in("zhao")).status_code == 204
    assert problem(await Browser(world).sign_in("zhao", "wrong")) == (403, "sign-in-failed"), "it counts from one again"


async def test_many_guesses_at_once_are_counted_one_by_one(world: World):
    answers = await asyncio.gather(*(Browser(world).sign_in("zhao", f"guess {n}") for n in range(12)))
    assert sorted(answer.status_code for answer in answers) == [403] * 5 + [429] * 7


async def test_supervisors_need_a_second_factor_and_set_it_up_before_the_first_sign_in(world: World):
    await with_password(world, "wang")
    browser = Browser(world)
    needed = await browser.sign_in("wang")
    assert problem(needed) == (403, "second-factor-needed")
    assert needed.json()["enrol"] is True
    assert "set-cookie" not in needed.headers
    wrong = await world.ask(None, "PUT", "/v1/me/second-factor", {"login": "wang", "password": "wrong"})
    assert problem(wrong) == (403, "sign-in-failed")
    await with_factor(world, "wang")  # never confirmed: another takes its place
    secret = await with_factor(world, "wang")
    assert problem(await browser.sign_in("wang", code="000000")) == (403, "sign-in-failed")
    code = code_now(world, secret)
    assert (await browser.sign_in("wang", code=code)).status_code == 204
    assert (await browser.ask("GET", "/v1/me")).json()["login"] == "wang"
    assert problem(await Browser(world).sign_in("wang", code=code)) == (403, "sign-in-failed")  # not twice
    needed = await browser.sign_in("wang")
    assert problem(needed) == (403, "second-factor-needed")
    assert needed.json()["enrol"] is False
    again = await world.ask(None, "PUT", "/v1/me/second-factor", {"login": "wang", "password": PASSWORD})
    assert problem(again) == (409, "second-factor-known")
    later(world, minutes=1)
    assert (await browser.sign_in("wang", code=code_now(world, secret))).status_code == 204


async def test_a_code_used_at_the_same_time_opens_one_session(world: World):
    await with_password(world, "wang")
    secret = await with_factor(world, "wang")
    code = code_now(world, secret)
    answers = await asyncio.gather(*(Browser(world).sign_in("wang", code=code) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [204, 403, 403, 403]


def test_nobodys_password_costs_what_everybodys_costs(costly_passwords):
    assert not passwords._hasher.check_needs_rehash(passwords.DUMMY_HASH)
