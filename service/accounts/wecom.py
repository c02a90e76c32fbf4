"""Signing in with WeCom (企业微信), by its OAuth: the person scans a code, and WeCom names their account (`UserId`).

https://developer.work.weixin.qq.com/document/path/98152 (login page), 91039 (access token) and 98176 (who it is).
"""

from secrets import compare_digest, token_urlsafe
from urllib.parse import urlencode

import msgspec

from service.context import AppContext, WecomSettings
from service.errors import InvalidCredentials, ProviderUnavailable

from .external_sign_in import fetch_json, start_external_session
from .new_session import NewSession
from .sign_in_origin import SignInOrigin

CALLBACK = "/sign-in/wecom/callback"
INVALID_CODE = frozenset({40029, 40163, 41008, 42003})  # wrong, used, missing, too old


class Pending(msgspec.Struct, frozen=True):
    """What has to come back, and where the person wanted to go."""

    state: str
    back: str


def begin(ctx: AppContext, back: str) -> tuple[str, Pending]:
    """The address of WeCom's page with the code to scan."""
    settings, pending = _settings(ctx), Pending(token_urlsafe(24), back)
    query = {
        "login_type": "CorpApp",
        "appid": settings.corp,
        "agentid": settings.agent,
        "redirect_uri": ctx.company.url + CALLBACK,
        "state": pending.state,
    }
    return f"{settings.page}/wwlogin/sso/login?{urlencode(query)}", pending


async def finish(ctx: AppContext, origin: SignInOrigin, pending: Pending, *, code: str, state: str) -> NewSession:
    """A new session of the person whom WeCom names. InvalidCredentials, TotpRequired, ProviderUnavailable."""
    settings = _settings(ctx)
    if not compare_digest(state.encode(), pending.state.encode()) or not code:
        raise InvalidCredentials
    secret = {"corpid": settings.corp, "corpsecret": settings.secret}
    token = await _ask(settings, "gettoken", secret)
    found = await _ask(settings, "auth/getuserinfo", {"access_token": str(token.get("access_token", "")), "code": code})
    login = found.get("userid")  # a visitor from outside the company has only an `openid`
    if not isinstance(login, str):
        raise InvalidCredentials
    return await start_external_session(ctx, origin, login, has_second_factor=settings.factor == "always")


async def _ask(settings: WecomSettings, path: str, query: dict[str, str]) -> dict[str, object]:
    answer = await fetch_json("GET", f"{settings.api}/cgi-bin/{path}?{urlencode(query)}")
    code = answer.get("errcode", 0)
    if code in INVALID_CODE:
        raise InvalidCredentials
    if code != 0:
        raise ProviderUnavailable(f"企业微信答 {code} / WeCom {code}")
    return answer


def _settings(ctx: AppContext) -> WecomSettings:
    if ctx.sign_in.wecom is None:
        raise InvalidCredentials
    return ctx.sign_in.wecom
