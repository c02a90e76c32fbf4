"""Where an invitation and an enrolment lead to: pages without a secret in any log, and scripts of our own."""

import re
from typing import Any

import httpx
import pytest

from tests.support.api_client import World
from tests.support.browser import PASSWORD, code_now, unsecret
from tests.support.fake_gateway import URL

FORM = "application/x-www-form-urlencoded"


async def invited(world: World, login: str) -> str:
    answer = (await world.ask("admin", "POST", "/v1/invitations", {"person": login})).json()
    assert answer["url"] == f"{world.ctx.company.url}/invitation#{answer['code']}"
    return answer["code"]


async def posted(world: World, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
    return await world.client.post(path, data=fields, headers=headers)


def both(password: str) -> dict[str, str]:
    return {"password": password, "again": password}


async def test_a_technician_sets_his_password_by_the_form_alone(world: World) -> None:
    code = await invited(world, "li")
    page = await world.client.get("/invitation")
    assert page.status_code == 200
    assert 'action="/invitation"' in page.text
    done = await posted(world, "/invitation", {"code": f" {code} ", **both(PASSWORD)})
    assert done.status_code == 200, done.text
    for part in ("李，密码已设好", "登录名：li", "二维码登记"):
        assert part in done.text
    assert PASSWORD not in done.text
    assert (await world.ask(None, "POST", "/v1/session", {"login": "li", "password": PASSWORD})).status_code == 204
    again = await posted(world, "/invitation", {"code": code, **both(PASSWORD)})
    assert (again.status_code, "一次性码无效" in again.text) == (404, True)


async def test_a_supervisor_sets_up_the_authenticator_and_is_signed_in_by_its_first_code(world: World) -> None:
    done = await posted(world, "/invitation", {"code": await invited(world, "wang"), **both(PASSWORD)})
    assert done.status_code == 200
    assert '<div class="qr"><svg' in done.text
    assert done.headers["referrer-policy"] == "same-origin"  # so that its form says where it comes from
    found = re.search(r'class="code">([A-Z2-7 ]+)<', done.text)
    assert found
    code = code_now(world, unsecret(found[1].replace(" ", "")))
    fields = {"login": "wang", "password": PASSWORD, "code": code}
    wrong = await posted(world, "/invitation/check", {**fields, "code": "000000"})
    assert (wrong.status_code, 'value="wang"' in wrong.text) == (403, True)
    assert PASSWORD not in wrong.text
    foreign = await posted(world, "/invitation/check", fields, origin="https://evil.example")
    assert (foreign.status_code, "set-cookie" in foreign.headers) == (403, False)
    good = await posted(world, "/invitation/check", fields, origin=world.ctx.company.url)
    assert good.status_code == 200, good.text
    assert "__Host-doorstep=" in good.headers["set-cookie"]
    later_code = await invited(world, "wang")
    kept = await posted(world, "/invitation", {"code": later_code, **both(f"{PASSWORD} neu")})
    assert "原来的验证器" in kept.text  # a new password alone does not show a new secret
    assert "<svg" not in kept.text


async def test_a_switch_of_the_language_loses_no_secret(small_world: World) -> None:
    code = await invited(small_world, "wang")
    done = await posted(small_world, "/invitation", {"code": code, **both(PASSWORD)})
    kept = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', done.text))
    assert kept.keys() == {"login", "name", "secret"}
    switched = await posted(
        small_world, "/invitation/check", {**kept, "language": "en"}, origin=small_world.ctx.company.url
    )
    assert switched.status_code == 200
    assert switched.headers["set-cookie"].startswith("__Host-doorstep-language=en;")
    for part in ("王, your password is set", "It is shown this once", '<div class="qr"><svg', 'value="wang"'):
        assert part in switched.text
    secret = re.search(r'class="code">([A-Z2-7 ]+)<', switched.text)
    assert secret
    assert secret[0] in done.text
    foreign = await posted(small_world, "/invitation/check", {**kept, "language": "en"}, origin="https://evil.example")
    assert (foreign.status_code, "<svg" in foreign.text) == (403, False)
    for no_secret in ("", "A" * 31, "a" * 32, f"{'A' * 32}\n"):
        page = await posted(small_world, "/invitation/check", {**kept, "secret": no_secret, "language": "zh"})
        assert (page.status_code, "<svg" in page.text) == (200, False)


BAD: dict[str, tuple[dict[str, Any], int]] = {
    "too short": (both("kurz"), 422),
    "not twice the same": ({"password": PASSWORD, "again": "x"}, 422),
    "no password": ({}, 422),
    "no such code": ({"code": "guess", **both(PASSWORD)}, 404),
    "null": ({"code": "a\0b", **both(PASSWORD)}, 422),
}


@pytest.mark.parametrize("what", BAD)
async def test_what_cannot_be_taken_is_told_on_the_page_and_uses_nothing_up(small_world: World, what: str) -> None:
    world = small_world
    code = await invited(world, "li")
    fields, status = BAD[what]
    answer = await posted(world, "/invitation", {"code": code, **fields})
    assert answer.status_code == status
    assert 'role="alert">' in answer.text
    assert (await posted(world, "/invitation", {"code": code, **both(PASSWORD)})).status_code == 200


async def test_a_code_in_the_form_comes_back_as_text(small_world: World) -> None:
    answer = await posted(small_world, "/invitation", {"code": '"><script>alert(1)</script>', **both("x")})
    assert "<script>alert" not in answer.text
    answer = await posted(small_world, "/invitation/check", {"login": '"><b>', "password": "x", "code": "1"})
    assert "<b>" not in answer.text


async def test_guessing_on_the_page_is_slowed_down_as_elsewhere(small_world: World) -> None:
    answers = [await posted(small_world, "/invitation", {"code": "x", **both(PASSWORD)}) for _ in range(51)]
    assert {one.status_code for one in answers[:50]} == {404}
    assert answers[50].status_code == 429
    assert int(answers[50].headers["retry-after"]) > 0


async def test_pages_run_only_scripts_of_this_site_and_load_nothing_else(small_world: World) -> None:
    for path in ("/invitation", "/enrol"):
        page = await small_world.client.get(path)
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")
        (script,) = re.findall(r'<script type="module" src="([^"]+)" fetchpriority="low"></script>', page.text)
        assert (await small_world.client.get(script)).status_code == 200
        assert URL not in page.text


async def test_a_script_is_kept_until_it_changes(small_world: World) -> None:
    first = await small_world.client.get("/web/shared/page.js")
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    assert first.headers["x-content-type-options"] == "nosniff"
    tag = first.headers["etag"]
    assert not tag.startswith("W/")
    again = await small_world.client.get("/web/shared/page.js", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    other = await small_world.client.get("/web/shared/page.js", headers={"if-none-match": '"other"'})
    assert other.status_code == 200
    page = await small_world.client.get("/enrol")
    (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page.text)
    versioned = await small_world.client.get(style)
    assert versioned.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in versioned.headers["cache-control"]
    for address in (style.partition("?")[0], style[:-1]):  # of an old page it may be the new style, and is not kept
        assert (await small_world.client.get(address)).headers["cache-control"] == "no-cache"
    for path in ("/web/shared/none.js", "/web/shared/..%2f..%2fapp.py", "/web/../app.py", "/web/%2e%2e/app.py"):
        assert (await small_world.client.get(path)).status_code == 404
