"""The pages to sign in and out, the first page, and my account."""

import re
from urllib.parse import urlencode

import httpx
import pytest

from service.accounts import recovery_codes
from service.accounts.authentication import session_digest
from service.errors import ServiceUnavailable
from service.health import health
from tests.support.api_client import World, problem
from tests.support.browser import PASSWORD, Browser, code_now, later, unsecret, with_factor, with_password
from tests.support.desk import FORM, DeskBrowser, signed_in, text_of
from tests.support.devices import enrol_phone


async def post(browser: DeskBrowser, **fields: str) -> httpx.Response:
    """Post the form to sign in, which needs no CSRF token."""
    return await browser.ask("POST", "/sign-in", urlencode(fields).encode(), content_type=FORM)


async def test_the_first_page_says_what_this_is_and_whether_it_works(world: World, monkeypatch: pytest.MonkeyPatch):
    browser = DeskBrowser(world)
    page = await browser.get("/")
    assert page.status_code == 200
    assert "运行正常" in page.text
    assert 'href="/sign-in"' in page.text
    assert 'href="/docs"' in page.text

    async def broken(_: object) -> None:
        raise ServiceUnavailable

    monkeypatch.setattr(health, "check_storage", broken)
    page = await browser.get("/")
    assert (page.status_code, "现在不能保存" in page.text) == (503, True)
    page = await (await signed_in(world, "zhao")).get("/")
    assert (page.status_code, page.headers["location"]) == (303, "/desk")


async def test_a_dispatcher_signs_in_with_a_password_and_goes_where_they_wanted(world: World):
    await with_password(world, "zhao")
    browser = DeskBrowser(world)
    sent_away = await browser.get("/desk/today?date=2026-03-02")
    assert sent_away.headers["location"] == "/sign-in?next=/desk/today%3Fdate%3D2026-03-02"
    page = await browser.get(sent_away.headers["location"])
    assert 'value="/desk/today?date=2026-03-02"' in page.text
    wrong = await post(browser, login="zhao", password="不是这个密码不是这个", next="/desk/today")
    assert wrong.status_code == 403
    assert "登录名、密码或动态码不对" in wrong.text
    assert 'value="zhao"' in wrong.text
    assert 'value="/desk/today"' in wrong.text
    assert "不是这个密码" not in wrong.text
    done = await post(browser, login=" zhao ", password=PASSWORD, next="/desk/today?date=2026-03-02")
    assert (done.status_code, done.headers["location"]) == (303, "/desk/today?date=2026-03-02")
    assert (await browser.get("/desk/today?date=2026-03-02")).status_code == 200


@pytest.mark.parametrize("evil", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "desk"])
async def test_signing_in_leads_to_no_other_site(world: World, evil: str):
    await with_password(world, "zhao")
    done = await post(DeskBrowser(world), login="zhao", password=PASSWORD, next=evil)
    assert done.headers["location"] == "/desk"


async def test_another_site_signs_nobody_in(world: World):
    await with_password(world, "zhao")
    browser = DeskBrowser(world)
    form = urlencode({"login": "zhao", "password": PASSWORD}).encode()
    answer = await browser.ask("POST", "/sign-in", form, content_type=FORM, origin="https://evil.test")
    assert (answer.status_code, browser.cookies) == (403, {})


async def test_a_supervisor_needs_the_code_and_begins_with_the_queue(world: World):
    await with_password(world, "wang")
    browser = DeskBrowser(world)
    page = await post(browser, login="wang", password=PASSWORD)
    assert page.status_code == 200
    secret = unsecret(text_of(page).partition("输入这个密钥：")[2].partition("登录名")[0].replace(" ", ""))
    fields = {"login": "wang", "password": PASSWORD, "code": code_now(world, secret)}
    assert (await browser.ask("POST", "/invitation/check", urlencode(fields).encode(), content_type=FORM)).is_success
    another = DeskBrowser(world)
    page = await post(another, login="wang", password=PASSWORD)
    assert (page.status_code, "请再输入一次密码，并填验证器上的 6 位数字" in page.text) == (403, True)
    later(world, minutes=1)
    done = await post(another, login="wang", password=PASSWORD, code=code_now(world, secret))
    assert done.headers["location"] == "/desk"
    assert (await another.get("/desk")).headers["location"] == "/desk/queue"


async def test_guessing_is_slowed_down_as_over_the_api(world: World):
    await with_password(world, "zhao")
    browser = DeskBrowser(world)
    statuses = [(await post(browser, login="zhao", password="x")).status_code for _ in range(6)]
    assert statuses == [403] * 5 + [429]
    page = await post(browser, login="zhao", password=PASSWORD)
    assert (page.status_code, "请 30 秒后再试" in page.text) == (429, True)
    assert int(page.headers["retry-after"]) == 30
    later(world, minutes=1)
    statuses = [(await post(browser, login="zhao", password="x")).status_code for _ in range(2)]
    page = await post(browser, login="zhao", password=PASSWORD)
    assert (statuses, "请 1 分钟后再试" in page.text) == ([403, 429], True)


@pytest.mark.parametrize(
    ("login", "first"),
    [("zhao", "/desk/today"), ("li", "/desk/today"), ("wang", "/desk/queue"), ("admin", "/desk/people")],
)
async def test_the_desk_begins_where_the_work_is(world: World, login: str, first: str):
    assert (await (await signed_in(world, login)).get("/desk")).headers["location"] == first


async def test_a_form_counts_only_with_the_token_of_its_session(world: World):
    zhao = await signed_in(world, "zhao")
    for wrong in ({"csrf": ""}, {"csrf": "guessed"}):
        assert (await zhao.post("/sign-out", wrong)).status_code == 403
    assert (await zhao.post("/sign-out", {}, origin="https://evil.test")).status_code == 403
    assert (await zhao.get("/desk/account")).status_code == 200
    done = await zhao.post("/sign-out", {})
    assert (done.status_code, done.headers["location"], zhao.cookies) == (303, "/sign-in", {})


async def test_my_account_shows_me_and_ends_all_my_sessions(world: World):
    zhao, other = await signed_in(world, "zhao"), DeskBrowser(world)
    other.cookies = dict(zhao.cookies)
    page = await zhao.get("/desk/account")
    for part in ("登录名 zhao", "角色 调度", "片区 城东", "没有登记设备"):
        assert part in text_of(page), part
    unsure = await zhao.post("/desk/account/sign-out-everywhere", {})
    assert (unsure.status_code, "请先勾选" in unsure.text) == (422, True)
    await zhao.post("/desk/account/sign-out-everywhere", {"sure": "yes"})
    assert (await other.get("/desk/account")).headers["location"] == "/sign-in?next=/desk/account"


async def test_a_technician_revokes_a_lost_phone_on_the_account_page(world: World):
    await enrol_phone(world, "li")
    li = await signed_in(world, "li")
    page = await li.get("/desk/account")
    action = page.text.partition('action="/desk/account/devices/')[2].partition('"')[0]
    assert action
    unsure = await li.post(f"/desk/account/devices/{action}", {})
    assert (unsure.status_code, "请先勾选" in unsure.text) == (422, True)
    done = await li.post(f"/desk/account/devices/{action}", {"sure": "yes"})
    assert (done.status_code, done.headers["location"]) == (303, "/desk/account")
    page = await li.get("/desk/account")
    assert "设备已停用" in page.text
    assert "已停用" in text_of(page)
    assert "/revocation" not in page.text
    assert "设备已停用" not in (await li.get("/desk/account")).text


async def test_somebody_adds_an_authenticator_with_their_password(world: World):
    await with_password(world, "zhao")
    zhao = await signed_in(world, "zhao")
    wrong = await zhao.post("/desk/account/second-factor", {"present": "x"})
    assert (wrong.status_code, "现在的密码不对" in wrong.text) == (403, True)
    page = await zhao.post("/desk/account/second-factor", {"present": PASSWORD})
    assert '<div class="qr"><svg' in page.text
    assert "未绑定" in (await zhao.get("/desk/account")).text


@pytest.mark.parametrize("login", ["wang", "zhao"])
async def test_an_authenticator_is_removed_by_its_owner_who_signed_in_just_now(world: World, login: str):
    await with_password(world, login)
    secret = await with_factor(world, login)
    await DeskBrowser(world).sign_in(login, code=code_now(world, secret))
    desk, removal = await signed_in(world, login), "/desk/account/second-factor/removal"
    codes = await recovery_codes.make(world.ctx, session_digest(desk.cookies["__Host-doorstep"]), "")
    assert codes is not None
    sure = {"sure": "yes", "present": PASSWORD}
    page = (await desk.get("/desk/account")).text
    assert ("已绑定" in page, "请找管理员重置" in page, removal in page) == (True, True, True)
    assert ("您的角色必须有" in page) == (login == "wang")
    assert (await desk.post(removal, {})).status_code == 422, "the box is not ticked"
    later(world, minutes=15)
    again = await desk.post(removal, sure)
    assert "again=1" in again.headers["location"]
    assert "已绑定" in (await desk.get("/desk/account")).text
    desk = await signed_in(world, login)
    wrong = await desk.post(removal, sure | {"present": "x"})
    assert (wrong.status_code, "现在的密码不对" in wrong.text, "已绑定" in wrong.text) == (403, True, True)
    assert (await desk.post(removal, sure)).status_code == 303
    page = (await desk.get("/desk/account")).text
    assert ("验证器已解除" in page, "未绑定" in page, "备用码" in page) == (True, True, False)
    assert await world.ctx.db.read(lambda tx: recovery_codes.left(tx, login)) == 0, "they replaced it"
    assert (await Browser(world).sign_in(login, code=codes[0])).status_code == (403 if login == "wang" else 204)
    events = (await world.ask("admin", "GET", f"/v1/events?person={login}&what=second-factor-removed")).json()
    assert [one["by"] for one in events["items"]] == [login]
    assert (await desk.post(removal, sure)).status_code == 404, "it is gone"


async def test_after_a_removal_the_password_alone_sets_up_no_other_authenticator(world: World):
    await with_password(world, "wang")
    secret, removal = await with_factor(world, "wang"), "/desk/account/second-factor/removal"
    other = DeskBrowser(world)
    await other.sign_in("wang", code=code_now(world, secret))
    desk, given = await signed_in(world, "wang"), {"login": "wang", "password": PASSWORD}
    later(world, minutes=1)
    assert (await desk.post(removal, {"sure": "yes", "present": PASSWORD})).status_code == 303
    later(world, minutes=1)
    assert (await other.ask("GET", "/v1/me")).status_code == 401, "other browsers are signed out"
    stranger = await world.ask(None, "PUT", "/v1/me/second-factor", given)
    assert problem(stranger) == (409, "second-factor-removed")
    page = await post(DeskBrowser(world), login="wang", password=PASSWORD)
    assert (page.status_code, "还没有绑定新的" in page.text, "<svg" in page.text) == (409, True, False)
    bound = await desk.post("/desk/account/second-factor", {"present": PASSWORD})
    found = re.search(r'name="secret" value="([^"]+)"', bound.text)
    assert found is not None, bound.text
    assert problem(await world.ask(None, "PUT", "/v1/me/second-factor", given)) == (409, "second-factor-removed")
    browser = Browser(world)
    assert (await browser.sign_in("wang", code=code_now(world, unsecret(found[1].replace(" ", ""))))).status_code == 204

    later(world, minutes=1)
    desk = await signed_in(world, "wang")
    assert (await desk.post(removal, {"sure": "yes", "present": PASSWORD})).status_code == 303
    later(world, minutes=1)
    await with_password(world, "wang")
    assert (await world.ask(None, "PUT", "/v1/me/second-factor", given)).status_code == 200, "an administrator said so"


async def test_a_page_of_recovery_codes_that_is_loaded_again_makes_no_others(world: World):
    await with_password(world, "wang")
    secret = await with_factor(world, "wang")
    await DeskBrowser(world).sign_in("wang", code=code_now(world, secret))
    desk, address = await signed_in(world, "wang"), "/desk/account/recovery-codes"
    form = {"instead_of": await desk.field("/desk/account", "instead_of")}
    first = await desk.post(address, form)
    codes = re.findall(r'<li class="code">(\S+)</li>', first.text)
    assert (first.status_code, len(codes)) == (200, 10)
    again = await desk.post(address, form)
    assert (again.status_code, again.headers["location"]) == (303, "/desk/account")
    assert "没有再换" in (await desk.get("/desk/account")).text
    assert (await Browser(world).sign_in("wang", code=codes[0])).status_code == 204, "they still count"
    other = {"instead_of": await desk.field("/desk/account", "instead_of")}
    assert other != form
    assert len(re.findall(r'<li class="code">', (await desk.post(address, other)).text)) == 10
    assert (await Browser(world).sign_in("wang", code=codes[1])).status_code == 403


async def test_the_language_switch_keeps_the_query(world: World):
    zhao = await signed_in(world, "zhao")
    page = await zhao.get("/desk/today?date=2026-03-05")
    assert 'name="back" value="/desk/today?date=2026-03-05"' in page.text
    form = urlencode({"language": "en", "back": "/desk/today?date=2026-03-05"}).encode()
    done = await zhao.ask("POST", "/language", form, content_type=FORM)
    assert done.headers["location"] == "/desk/today?date=2026-03-05"


async def test_an_authenticator_counts_from_its_first_right_code_also_where_none_is_needed(world: World):
    await with_password(world, "zhao")
    secret = await with_factor(world, "zhao")
    browser = DeskBrowser(world)
    fields = {"login": "zhao", "password": PASSWORD}
    assert (await post(browser, **fields)).status_code == 303, "begun, and never confirmed"
    for wrong in ("000000", ""):
        content = urlencode({**fields, "code": wrong}).encode()
        answer = await DeskBrowser(world).ask("POST", "/invitation/check", content, content_type=FORM)
        assert (answer.status_code, "验证器已绑定" in answer.text) == (403, False), wrong
    assert (await post(browser, **fields)).status_code == 303
    assert (await post(browser, **fields, code=code_now(world, secret))).status_code == 303
    assert (await post(browser, **fields)).status_code == 403, "now it counts"
