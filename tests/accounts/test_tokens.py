"""What lets people in has an end, is listed and ended one by one; grave acts ask again who it is."""

import httpx
import pytest

from service.accounts import tokens
from service.audit_log import log
from service.context import SignInPolicy
from service.errors import UnknownPerson
from service.verify.log import verify
from tests.support.api_client import World, problem
from tests.support.browser import PASSWORD, Browser, code_now, later, with_factor, with_password
from tests.support.desk import signed_in
from tests.support.devices import register_phone

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"


async def script(world: World, login: str, days: int | None = None) -> dict[str, str]:
    token = await tokens.make_script_token(world.ctx, login, "报表", days)
    return {"authorization": f"Bearer {token}"}


async def test_the_token_of_a_script_ends_and_says_so_a_month_before(world: World):
    world.ctx.sign_in = SignInPolicy(script_days=40)
    headers = await script(world, "zhao")
    assert "token-expires" not in (await world.ask(None, "GET", "/v1/me", **headers)).headers
    later(world, days=11)
    for _ in range(2):
        warned = await world.ask(None, "GET", "/v1/me", **headers)
        assert warned.headers["token-expires"] == "2026-04-11T12:00:00+08:00"
    later(world, days=29)
    assert problem(await world.ask(None, "GET", "/v1/me", **headers)) == (401, "not-signed-in")


async def test_the_token_of_a_phone_ends_only_when_it_is_not_used(sqlite_world: World):
    world = sqlite_world
    world.ctx.sign_in = SignInPolicy(device_days=10)
    headers = {"authorization": f"Bearer {(await register_phone(world, 'li'))['token']}"}
    for _ in range(4):
        later(world, days=9)
        assert (await world.ask(None, "GET", "/v1/me", **headers)).status_code == 200
    later(world, days=10)
    assert problem(await world.ask(None, "GET", "/v1/me", **headers)) == (401, "not-signed-in")


async def test_tokens_of_an_older_version_get_a_full_term(world: World):
    await tokens.end_unlimited_scripts(world.ctx)
    later(world, days=364)
    assert (await world.ask("zhao", "GET", "/v1/me")).status_code == 200
    await tokens.end_unlimited_scripts(world.ctx)
    later(world, days=1)
    assert problem(await world.ask("zhao", "GET", "/v1/me")) == (401, "not-signed-in")


async def test_everybody_lists_and_ends_their_own(world: World):
    await with_password(world, "zhao")
    browser = Browser(world)
    await browser.ask("POST", "/v1/session", {"login": "zhao", "password": PASSWORD}, user_agent=CHROME)
    other = await script(world, "zhao", 7)
    listed = (await browser.ask("GET", "/v1/me/tokens")).json()
    found = {one["name"]: one for one in listed}
    assert found.keys() == {"Chrome Windows", "报表", ""}
    assert [one["current"] for one in listed].count(True) == 1
    assert found["Chrome Windows"]["current"]
    assert found["报表"]["expires_at"] == "2026-03-09T12:00:00+08:00"
    assert problem(await browser.ask("DELETE", "/v1/me/tokens/0000000000000000")) == (404, "not-found")
    address = f"/v1/me/tokens/{found['报表']['id']}"
    assert problem(await world.ask("sun", "DELETE", address)) == (404, "not-found")
    assert (await browser.ask("DELETE", address)).status_code == 204
    assert problem(await world.ask(None, "GET", "/v1/me", **other)) == (401, "not-signed-in")
    assert problem(await browser.ask("DELETE", address)) == (404, "not-found")
    assert (await browser.ask("DELETE", f"/v1/me/tokens/{found['Chrome Windows']['id']}")).status_code == 204
    assert problem(await browser.ask("GET", "/v1/me")) == (401, "not-signed-in")


async def test_an_admin_ends_those_of_others(world: World):
    (only,) = (await world.ask("admin", "GET", "/v1/people/zhao/tokens")).json()
    assert problem(await world.ask("zhao", "GET", "/v1/people/sun/tokens")) == (403, "not-allowed")
    assert problem(await world.ask("admin", "GET", "/v1/people/nobody/tokens")) == (404, "not-found")
    assert (await world.ask("admin", "DELETE", f"/v1/people/ZHAO/tokens/{only['id']}")).status_code == 204
    assert problem(await world.ask("zhao", "GET", "/v1/me")) == (401, "not-signed-in")


async def test_signing_out_ends_no_token_of_a_script_or_phone(sqlite_world: World):
    assert problem(await sqlite_world.ask("zhao", "DELETE", "/v1/session")) == (409, "not-a-session")
    assert (await sqlite_world.ask("zhao", "GET", "/v1/me")).status_code == 200
    phone = {"authorization": f"Bearer {(await register_phone(sqlite_world, 'li'))['token']}"}
    assert problem(await sqlite_world.ask(None, "DELETE", "/v1/session", **phone)) == (409, "not-a-session")
    assert (await sqlite_world.ask(None, "GET", "/v1/me", **phone)).status_code == 200


async def test_the_command_line_makes_tokens_for_those_who_are_here(world: World):
    with pytest.raises(UnknownPerson):
        await tokens.make_script_token(world.ctx, "nobody", "x", None)
    headers = await script(world, "ZHAO", 1)
    assert (await world.ask(None, "GET", "/v1/me", **headers)).json()["login"] == "zhao"


async def test_a_new_sign_in_ends_the_session_that_the_browser_had(world: World):
    await with_password(world, "zhao")
    browser, other = Browser(world), Browser(world)
    await other.sign_in("zhao")
    await browser.sign_in("zhao")
    before = dict(browser.cookies)
    await browser.sign_in("zhao")
    old = Browser(world)
    old.cookies = before
    assert problem(await old.ask("GET", "/v1/me")) == (401, "not-signed-in")
    assert [(await one.ask("GET", "/v1/me")).status_code for one in (browser, other)] == [200, 200]


async def test_a_changed_password_needs_the_old_one_and_ends_other_sessions(world: World):
    await with_password(world, "zhao")
    browser, other = Browser(world), Browser(world)
    await other.sign_in("zhao")
    await browser.sign_in("zhao")
    new = "小桥流水人家枯藤老树昏鸦"
    wrong = await browser.ask("PUT", "/v1/me/password", {"old": "wrong", "password": new})
    assert problem(wrong) == (403, "sign-in-failed")
    weak = await browser.ask("PUT", "/v1/me/password", {"old": PASSWORD, "password": "zhao zhao 2026"})
    assert problem(weak)[0] == 422
    assert (await browser.ask("PUT", "/v1/me/password", {"old": PASSWORD, "password": new})).status_code == 204
    assert (await browser.ask("GET", "/v1/me")).status_code == 200
    assert problem(await other.ask("GET", "/v1/me")) == (401, "not-signed-in")
    assert problem(await Browser(world).sign_in("zhao", PASSWORD)) == (403, "sign-in-failed")
    assert (await Browser(world).sign_in("zhao", new)).status_code == 204


async def test_the_secret_address_of_the_calendar_ends_with_the_password_unless_it_is_kept(world: World):
    await with_password(world, "li")
    li = await signed_in(world, "li")
    page, box = "/desk/account", 'name="end_calendar"'
    assert box not in (await li.get(page)).text  # there is no calendar
    link = (await world.ask("li", "PUT", "/v1/me/calendar")).json()["url"]
    address = httpx.URL(link).path
    shown = (await li.get(page)).text
    assert f'{box} value="yes" checked' in shown
    first, second = "小桥流水人家枯藤老树昏鸦", "枯藤老树昏鸦小桥流水人家"

    async def change(old: str, new: str, **more: str) -> httpx.Response:
        return await li.post(f"{page}/password", {"old": old, "password": new, "again": new, **more})

    wrong = await change("wrong", first)
    assert (wrong.status_code, f'{box} value="yes">' in wrong.text) == (403, True)  # what was chosen stays
    assert (await change("wrong", first, end_calendar="yes")).status_code == 403
    assert (await change(PASSWORD, first)).status_code == 303
    assert (await world.client.get(address)).status_code == 200
    assert (await change(first, second, end_calendar="yes")).status_code == 303
    assert (await world.client.get(address)).status_code == 404
    again = httpx.URL((await world.ask("li", "PUT", "/v1/me/calendar")).json()["url"]).path
    given = {"old": second, "password": first}
    assert (await li.ask("PUT", "/v1/me/password", given)).status_code == 204
    assert (await world.client.get(again)).status_code == 200  # programs say so
    given = {"old": first, "password": second, "end_calendar": True}
    assert (await li.ask("PUT", "/v1/me/password", given)).status_code == 204
    assert (await world.client.get(again)).status_code == 404
    ended = (await world.ask("admin", "GET", "/v1/events?person=li&what=calendar-ended")).json()["items"]
    assert len(ended) == 2
    await log.number_all(world.ctx.db)
    assert (await verify(world.ctx)).faults == []


GRAVE = {
    "roles": ("PUT", "/v1/people/li/roles", {"roles": ["technician"], "areas": ["城南"]}),
    "new person": ("POST", "/v1/people", {"login": "new", "name": "新", "roles": ["admin"]}),
    "reset": ("POST", "/v1/invitations", {"person": "li", "reset": True}),
    "departure": ("PUT", "/v1/people/li/departure", {"reason": "退休"}),
    "token": ("DELETE", "/v1/people/li/tokens/x", None),
    "phone": ("POST", "/v1/enrolments", {"person": "sun"}),
}


async def test_a_phone_that_was_stolen_ends_nothing_but_phones(world: World):
    await with_password(world, "li")
    browser, other = Browser(world), await script(world, "li")
    await browser.sign_in("li", PASSWORD)
    phone = {"authorization": f"Bearer {(await register_phone(world, 'li'))['token']}"}
    listed = (await browser.ask("GET", "/v1/me/tokens")).json()
    for one in [one for one in listed if one["kind"] != "device"]:
        ended = await world.ask(None, "DELETE", f"/v1/me/tokens/{one['id']}", **phone)
        assert problem(ended) == (403, "not-allowed"), one["kind"]
    assert problem(await world.ask(None, "DELETE", "/v1/sessions", **phone)) == (409, "not-a-session")
    assert (await browser.ask("GET", "/v1/me")).status_code == 200
    assert (await world.ask(None, "GET", "/v1/me", **other)).status_code == 200
    [own] = [one["id"] for one in listed if one["kind"] == "device"]
    assert (await world.ask(None, "DELETE", f"/v1/me/tokens/{own}", **phone)).status_code == 204
    assert (await world.ask(None, "GET", "/v1/me", **phone)).status_code == 401


async def test_grave_acts_ask_again_who_it_is(sqlite_world: World):
    world = sqlite_world
    await with_password(world, "admin")
    secret = await with_factor(world, "admin")
    browser = Browser(world)
    assert (await browser.sign_in("admin", code=code_now(world, secret))).status_code == 204
    later(world, minutes=15)
    for name, (method, path, content) in GRAVE.items():
        assert problem(await browser.ask(method, path, content)) == (403, "sign-in-again"), name
    assert (await browser.sign_in("admin", code=code_now(world, secret))).status_code == 204
    later(world, minutes=14)
    for name, (method, path, content) in GRAVE.items():
        assert (await browser.ask(method, path, content)).status_code in (200, 201, 404), name


async def test_what_calendars_show_ends_with_the_role_and_the_reset(world: World):
    for end in (
        ("PUT", "/v1/people/li/roles", {"roles": ["dispatcher"]}),
        ("POST", "/v1/invitations", {"person": "sun", "reset": True}),
    ):
        login = "li" if "li" in end[1] else "sun"
        url = (await world.ask(login, "PUT", "/v1/me/calendar")).json()["url"].partition("/calendar")[2]
        assert (await world.ask(None, "GET", f"/calendar{url}")).status_code == 200
        assert (await world.ask("admin", *end)).status_code in (200, 201)
        assert (await world.ask(None, "GET", f"/calendar{url}")).status_code == 404
