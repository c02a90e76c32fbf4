"""Pages to sign in elsewhere: at the utility's identity provider, or with WeCom.

What comes back is answered with a page that leads on, not with a redirect: browsers send the cookie of the session only
in a navigation that began on this site.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from litestar import get
from litestar.response.base import ASGIResponse

from service.accounts import challenges, oidc, wecom
from service.accounts.caller import Context, PublicController
from service.accounts.desk import own_path
from service.accounts.new_session import NewSession
from service.accounts.sign_in_origin import origin_of
from service.context import AppContext
from service.errors import InvalidCredentials, InvalidOneTimeCode, Problem, TotpRequired
from service.web.access_log import get_logger
from service.web.language import PageText
from service.web.query import text_parameter
from service.web.request import AnyRequest
from service.web.templates import Switch, redirect, render

from .sign_in_pages import sign_in_page

NOT_DONE = PageText("没有登录成：在对方那里取消了，等得太久，或不是从这个浏览器开始的。请再试一次")
NOBODY = PageText("没有登录成：对方给出的账号不是这里在职人员的登录名。请管理员核对，或用密码登录")
FACTOR_NEEDED = PageText("您的账号要有第二步，对方没有说明做过。请用密码和动态码，或用通行密钥登录")
Back = Annotated[str | None, text_parameter("Where to go then: an address of this site.", "next", 2000)]
Again = Annotated[str | None, text_parameter("A grave act asks who it is.")]
Code = Annotated[str | None, text_parameter("The code of the provider.", max_length=2000)]
State = Annotated[str | None, text_parameter("What the provider was given.", "state", 200)]
Issuer = Annotated[str | None, text_parameter("Which provider it is (RFC 9207).", "iss", 500)]


class ExternalSignInController(PublicController):
    """Signing in elsewhere, and back."""

    include_in_schema = False

    @get("/sign-in/oidc")
    async def go_to_provider(
        self, request: AnyRequest, context: Context, back: Back = None, again: Again = None
    ) -> ASGIResponse:
        """To the identity provider."""

        async def work() -> ASGIResponse:
            address, pending = await oidc.begin(context, own_path(back or ""), again=again is not None)
            return redirect(address, (await challenges.remember(context, "oidc", pending),))

        return await _or_page(request, context, work)

    @get(oidc.CALLBACK)
    async def come_from_provider(
        self, request: AnyRequest, context: Context, code: Code = None, given: State = None, issuer: Issuer = None
    ) -> ASGIResponse:
        """Back from there, with a code."""

        async def work() -> ASGIResponse:
            pending = await challenges.recall(context, "oidc", request, oidc.Pending)
            answer = {"code": code or "", "state": given or "", "issuer": issuer or ""}
            session = await oidc.finish(context, origin_of(request), pending, **answer)
            return await _signed_in(request, context, session, pending.back)

        return await _or_page(request, context, work)

    @get("/sign-in/wecom")
    async def go_to_wecom(self, request: AnyRequest, context: Context, back: Back = None) -> ASGIResponse:
        """To WeCom's page with the code to scan."""

        async def work() -> ASGIResponse:
            address, pending = wecom.begin(context, own_path(back or ""))
            return redirect(address, (await challenges.remember(context, "wecom", pending),))

        return await _or_page(request, context, work)

    @get(wecom.CALLBACK)
    async def come_from_wecom(
        self, request: AnyRequest, context: Context, code: Code = None, given: State = None
    ) -> ASGIResponse:
        """Back from there, with a code."""

        async def work() -> ASGIResponse:
            pending = await challenges.recall(context, "wecom", request, wecom.Pending)
            session = await wecom.finish(context, origin_of(request), pending, code=code or "", state=given or "")
            return await _signed_in(request, context, session, pending.back)

        return await _or_page(request, context, work)


async def _signed_in(request: AnyRequest, ctx: AppContext, session: NewSession, back: str) -> ASGIResponse:
    cookies = (*await session.cookies(ctx), challenges.forgotten())
    view = {"company": ctx.company.company, "name": session.person.name, "back": back}
    return render(request.scope, "staff/came_back.html", view, 200, cookies, switch=Switch("/language", {"back": back}))


async def _or_page(request: AnyRequest, ctx: AppContext, work: Callable[[], Awaitable[ASGIResponse]]) -> ASGIResponse:
    """The answer, or the page to sign in with what went wrong."""
    try:
        return await work()
    except Problem as problem:
        get_logger().warning("external_sign_in_failed", problem=problem.code, detail=problem.detail)
        return sign_in_page(request, ctx, {}, problem, why=_words(request, problem))


def _words(request: AnyRequest, problem: Problem) -> PageText | None:
    """What to do: nobody typed a password or a code here."""
    if isinstance(problem, TotpRequired):
        return FACTOR_NEEDED
    if isinstance(problem, InvalidOneTimeCode) or not request.query_params.get("code"):
        return NOT_DONE if isinstance(problem, InvalidOneTimeCode | InvalidCredentials) else None
    return NOBODY if isinstance(problem, InvalidCredentials) else None


ROUTES = (ExternalSignInController,)
