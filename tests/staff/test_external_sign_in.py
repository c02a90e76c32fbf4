"""Signing in at an identity provider and with WeCom: for those who are here, and nobody else."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from service.accounts import external_sign_in
from service.context import OidcSettings, SignInPolicy, WecomSettings
from service.errors import ProviderUnavailable
from tests.support.api_client import World
from tests.support.browser import code_now, with_factor, with_password
from tests.support.desk import DeskBrowser
from tests.support.identity_provider import consent, identity_provider, query_of
from tests.support.serving import serve

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the provider, on its thread
PEOPLE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("zhao", {"preferred_username": "zhao"}),
    ("mfa", {"preferred_username": "WANG", "amr": ["pwd", "otp"]}),
    ("password", {"preferred_username": "wang", "amr": ["pwd"]}),
    ("just now", {"preferred_username": "admin", "amr": ["otp"], "auth_time": int(time.time())}),
    ("long ago", {"preferred_username": "admin", "amr": ["otp"], "auth_time": int(time.time()) - 3600}),
    ("in future", {"preferred_username": "admin", "amr": ["otp"], "auth_time": int(time.time()) + 10**9}),
    ("who knows when", {"preferred_username": "admin", "amr": ["otp"], "auth_time": None}),
    ("in words", {"preferred_username": "admin", "amr": ["otp"], "auth_time": "now"}),
    ("stranger", {"preferred_username": "stranger"}),
    ("nameless", {"email": "zhao"}),
)


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with identity_provider(*PEOPLE) as address:
        yield address


@pytest.fixture
def water(sqlite_world: World, provider: str) -> World:
    world = sqlite_world
    world.ctx.clock = lambda: time.time_ns() // 1_000_000  # the provider's
    world.ctx.sign_in = SignInPolicy(oidc=OidcSettings(issuer=provider, client="doorstep", secret="secret"))
    world.ctx.company = msgspec.structs.replace(world.ctx.company, url="http://doorstep.test")
    return world


async def begun(browser: DeskBrowser) -> str:
    """The address at the provider."""
    page = await browser.get("/sign-in?next=/desk/search")
    assert 'href="/sign-in/oidc?next=/desk/search"' in page.text
    sent = await browser.get("/sign-in/oidc?next=/desk/search")
    assert sent.status_code == 303
    return sent.headers["location"]


async def test_who_is_here_signs_in_and_goes_on(water: World):
    browser = DeskBrowser(water)
    address = await begun(browser)
    asked = query_of(address)
    assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
    assert asked["redirect_uri"] == "http://doorstep.test/sign-in/oidc/callback"
    back = await consent(address, "zhao")
    page = await browser.get(back)
    assert page.status_code == 200, page.text
    assert '<meta http-equiv="refresh" content="0; url=/desk/search">' in page.text
    assert (await browser.get("/desk/search")).status_code == 200
    again = await browser.get(back)
    assert again.status_code >= 400, "a code counts once"


@pytest.mark.parametrize(
    ("name", "factor", "status"),
    [
        ("mfa", "amr", 200),
        ("mfa", "never", 403),
        ("password", "amr", 403),
        ("password", "always", 200),
        ("stranger", "always", 403),
        ("nameless", "always", 403),
    ],
)
async def test_the_second_factor_of_the_provider_counts_as_set(water: World, name: str, factor: Any, status: int):
    assert water.ctx.sign_in.oidc is not None
    oidc = msgspec.structs.replace(water.ctx.sign_in.oidc, factor=factor)
    water.ctx.sign_in = msgspec.structs.replace(water.ctx.sign_in, oidc=oidc)
    browser = DeskBrowser(water)
    page = await browser.get(await consent(await begun(browser), name))
    assert page.status_code == status, page.text
    if status == 403:
        nobody = name in ("stranger", "nameless")
        assert ("不是这里在职人员的登录名" in page.text, "对方没有说明做过" in page.text) == (nobody, not nobody)
    assert ("__Host-doorstep" in browser.cookies) == (status == 200)


@pytest.mark.parametrize(
    ("name", "proven"),
    [("just now", True), ("long ago", False), ("in future", True), ("who knows when", False), ("in words", False)],
)
@pytest.mark.parametrize("minutes", [15, 60])
async def test_grave_acts_ask_when_somebody_signed_in_at_the_provider(
    water: World, name: str, proven: bool, minutes: int
):
    water.ctx.sign_in = msgspec.structs.replace(water.ctx.sign_in, proof_minutes=minutes)
    browser = DeskBrowser(water)
    address = await begun(browser)
    assert query_of(address)["max_age"] == "43200"  # so it has to say when
    assert (await browser.get(await consent(address, name))).status_code == 200
    here = "http://doorstep.test/desk/people/new"
    assert (await browser.get(here)).status_code == 200, "the session lasts"
    new = {"login": "new.one", "name": "新人", "role:dispatcher": "yes"}
    made = await browser.post(here, new, referer=here)
    assert ("/invitation#" in made.text) == proven
    if proven:
        return
    assert made.headers["location"] == "/sign-in?next=/desk/people/new&again=1"
    page = await browser.get(made.headers["location"])
    assert 'href="/sign-in/oidc?next=/desk/people/new&amp;again=1"' in page.text
    sent = await browser.get("/sign-in/oidc?next=/desk/people/new&again=1")
    asked = query_of(sent.headers["location"])
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")


async def test_who_has_an_authenticator_does_not_get_around_it(water: World):
    await with_password(water, "zhao")
    secret = await with_factor(water, "zhao")
    await DeskBrowser(water).sign_in("zhao", code=code_now(water, secret))
    browser = DeskBrowser(water)
    page = await browser.get(await consent(await begun(browser), "zhao"))
    assert (page.status_code, "用密码和动态码" in page.text) == (403, True)


async def test_what_comes_back_has_to_belong_to_this_browser(water: World):
    browser, other = DeskBrowser(water), DeskBrowser(water)
    back = await consent(await begun(browser), "zhao")
    refused = await DeskBrowser(water).get("/sign-in/oidc/callback?error=access_denied&state=x&session_state=1")
    assert (refused.status_code, "请再试一次" in refused.text) == (404, True)
    for wrong in (other, browser):
        given = back if wrong is other else back.replace(query_of(back)["state"], "x" * 32)
        page = await wrong.get(given)
        assert page.status_code >= 400
        assert "__Host-doorstep" not in wrong.cookies
    for changed in ({"client": "another"}, {"issuer": "http://localhost:9/"}):
        browser = DeskBrowser(water)
        back = await consent(await begun(browser), "zhao")
        assert water.ctx.sign_in.oidc is not None
        before = water.ctx.sign_in
        oidc = msgspec.structs.replace(water.ctx.sign_in.oidc, **changed)
        water.ctx.sign_in = msgspec.structs.replace(before, oidc=oidc)
        assert (await browser.get(back)).status_code >= 400, changed
        assert "__Host-doorstep" not in browser.cookies
        water.ctx.sign_in = before


class Wecom:
    """WeCom's API, as it documents it: one application, codes that count once."""

    codes: dict[str, dict[str, str]]

    def __init__(self) -> None:
        self.codes = {"good": {"userid": "zhao"}, "guest": {"openid": "outside"}}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        query = query_of("?" + scope["query_string"].decode())
        answer: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}
        if scope["path"] == "/cgi-bin/gettoken":
            good = query == {"corpid": "ww1", "corpsecret": "secret"}
            answer |= {"access_token": "token", "expires_in": 7200} if good else {"errcode": 40001}
        elif query.get("access_token") != "token":
            answer["errcode"] = 40014
        else:
            answer |= self.codes.pop(query["code"], {"errcode": 40029})
        body = msgspec.json.encode(answer)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize(
    ("code", "secret", "status"),
    [("good", "secret", 200), ("guest", "secret", 403), ("wrong", "secret", 403), ("good", "other", 502)],
)
async def test_a_user_of_wecom_signs_in(sqlite_world: World, code: str, secret: str, status: int):
    world = sqlite_world
    async with serve(Wecom()) as port:
        wecom = WecomSettings(corp="ww1", agent="7", secret=secret, api=f"http://127.0.0.1:{port}")
        world.ctx.sign_in = SignInPolicy(wecom=wecom)
        browser = DeskBrowser(world)
        sent = await browser.get("/sign-in/wecom?next=/desk/search")
        asked = query_of(sent.headers["location"])
        assert sent.headers["location"].startswith("https://login.work.weixin.qq.com/wwlogin/sso/login?")
        assert (asked["login_type"], asked["appid"], asked["agentid"]) == ("CorpApp", "ww1", "7")
        page = await browser.get(f"/sign-in/wecom/callback?code={code}&state={asked['state']}")
        assert page.status_code == status, page.text
        assert ("__Host-doorstep" in browser.cookies) == (status == 200)


async def test_an_answer_that_never_ends_and_an_address_that_is_none_are_a_provider_that_does_not_work(
    monkeypatch: pytest.MonkeyPatch,
):
    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        gone = asyncio.create_task(receive())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.done():
            size = 100_000 if scope["path"] == "/large" else 1
            await send({"type": "http.response.body", "body": b" " * size, "more_body": True})
            await asyncio.sleep(0.05)

    monkeypatch.setattr(external_sign_in, "TIMEOUT_SECONDS", 1)
    async with serve(endless) as port:
        other = f"http://127.0.0.1:{port}"
        for address, said in (
            (f"{other}/large", "more than 262144 bytes"),
            (f"{other}/", "no answer within 1 s"),
            ("http://provider.example:port/", "InvalidURL"),
        ):
            with pytest.raises(ProviderUnavailable, match=said):
                await asyncio.wait_for(external_sign_in.fetch_json("GET", address), 5)
