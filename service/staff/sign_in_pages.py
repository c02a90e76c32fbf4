"""Pages to sign in and out, and where the desk begins for a person."""

from typing import Annotated
from urllib.parse import quote

from litestar import get, post
from litestar.response.base import ASGIResponse

from service.accounts import sessions
from service.accounts.caller import Context, PublicController
from service.accounts.desk import Desk, DeskController, explain, own_path, retry_after
from service.accounts.middleware import session_cookies
from service.accounts.sessions import Credentials, SignIn
from service.accounts.sign_in_origin import origin_of
from service.context import AppContext
from service.errors import InvalidCredentials, Problem, TooManyRequests, TotpRequired
from service.web.cross_origin import require_same_origin_for_browsers
from service.web.decoding import convert_strict
from service.web.form_fields import FormData
from service.web.forms import read_form
from service.web.language import AnyText, PageText
from service.web.query import text_parameter
from service.web.request import AnyRequest
from service.web.templates import NO_ASSETS, Assets, Switch, redirect, render

from .invitation_pages import authenticator_page

WRONG = PageText("登录名、密码或动态码不对，请核对后再试；每个动态码只能用一次")
UNSAVED = PageText("您的登录已过期，刚才填的没有保存。请登录，会回到那一页；写的字在这个窗口里还在。")
AGAIN = PageText("这一步请先再登录一次，证明是您本人。刚才填的还没有保存，登录后会回到那一页。")
KEEP_INPUT = Assets("/web/shared/keep.js")
"""What the form had is kept in the browser: it was not taken."""
FORGET_INPUT = Assets("/web/desk/forget.js")
"""Who signed out leads to no page: what forms had is forgotten."""
CODE_NEEDED = PageText("您的账号要用动态码：请再输入一次密码，并填验证器上的 6 位数字")

PASSKEY_NEEDED = PageText("您的账号还要验证一步：请用通行密钥登录，或者填动态码或一个备用码")


class SignInController(PublicController):
    """The page to sign in."""

    include_in_schema = False

    @get("/sign-in")
    async def show_sign_in(
        self,
        request: AnyRequest,
        context: Context,
        back: Annotated[str | None, text_parameter("Where to go then: an address of this site.", "next", 2000)] = None,
        unsaved: Annotated[str | None, text_parameter("A form was sent after the session had ended.")] = None,
        again: Annotated[str | None, text_parameter("A grave act asks who it is.")] = None,
    ) -> ASGIResponse:
        """A form for login, password and the code of the authenticator."""
        why = AGAIN if again is not None else UNSAVED if unsaved is not None else None
        return sign_in_page(request, context, {"next": back or ""}, why=why)

    @post("/sign-in", status_code=303)
    async def sign_in(self, request: AnyRequest, context: Context) -> ASGIResponse:
        """Start a session. A person who still needs an authenticator sets it up first."""
        form: FormData = {}
        try:
            require_same_origin_for_browsers(request.scope, context)
            form = await read_form(request)
            return await _sign_in(request, context, form)
        except Problem as problem:
            if problem.status in (500, 503):
                raise
            return sign_in_page(request, context, form, problem)


class DeskEntryController(DeskController):
    """Where the desk begins, and where it ends."""

    @get("/desk")
    async def show_first_page(self, desk: Desk) -> ASGIResponse:
        """Reviewers who do not plan begin with the queue, planners and technicians with the day, admins with people."""
        names = [section.name for section in desk.sections]
        order = ("today", "queue") if desk.person.can("plan a visit") else ("queue", "today", "people")
        first = next(name for name in order if name in names)
        return redirect(next(section.path for section in desk.sections if section.name == first))

    @post("/sign-out", status_code=303)
    async def sign_out(self, desk: Desk) -> ASGIResponse:
        """End the session of this browser."""
        await sessions.sign_out(desk.ctx, desk.token)
        return redirect("/sign-in", session_cookies(""))


async def _sign_in(request: AnyRequest, ctx: AppContext, form: FormData) -> ASGIResponse:
    origin = origin_of(request)
    given = convert_strict(SignIn, {name: form.get(name, "").strip() for name in ("login", "code")} | _password(form))
    try:
        session = await sessions.sign_in(ctx, origin, given)
    except TotpRequired as problem:
        if not problem.extra.get("enrol"):
            raise
        factor = await sessions.begin_totp_setup(ctx, origin, Credentials(given.login, given.password))
        return authenticator_page(request, given.login, factor=factor)
    return redirect(own_path(form.get("next", "")), await session.cookies(ctx))


def _password(form: FormData) -> dict[str, str]:
    return {"password": form.get("password", "")}


def sign_in_page(
    request: AnyRequest, ctx: AppContext, form: FormData, problem: Problem | None = None, *, why: PageText | None = None
) -> ASGIResponse:
    """The page to sign in, with what is wrong (in the words of `why`, if it is given), or why it is shown."""
    back = own_path(form.get("next", ""), "")
    view = {
        "company": ctx.company.company,
        "login": form.get("login", "")[:64],
        "back": back,
        "trouble": (why,) if why else _in_words(problem) if problem else (),
        "code_needed": isinstance(problem, TotpRequired),
        "external": [name for name in ("oidc", "wecom") if getattr(ctx.sign_in, name) is not None],
        "query": f"?next={quote(back, safe='/')}" if back else "",
        "again": ("&again=1" if back else "?again=1") if why is AGAIN else "",
    }
    headers = retry_after(problem) if problem else ()
    switch = Switch("/language", {"back": f"/sign-in?next={quote(back, safe='/')}" if back else "/sign-in"})
    status = problem.status if problem else 200
    assets = KEEP_INPUT if why and not problem else NO_ASSETS if back else FORGET_INPUT
    return render(request.scope, "staff/sign_in.html", view, status, headers, switch=switch, origin=True, assets=assets)


def _in_words(problem: Problem) -> tuple[AnyText, ...]:
    if isinstance(problem, TooManyRequests):
        seconds = problem.extra.get("retry_after", 60)
        if seconds < 60:
            return (PageText("试的次数太多，请 %(seconds)s 秒后再试", {"seconds": seconds}),)
        minutes = -(-seconds // 60)
        return (PageText("试的次数太多，请 %(minutes)s 分钟后再试", {"minutes": minutes}),)
    if isinstance(problem, InvalidCredentials):
        return (WRONG,)
    if isinstance(problem, TotpRequired):
        return (PASSKEY_NEEDED if problem.extra.get("passkey") else CODE_NEEDED,)
    return explain(problem)


ROUTES = (SignInController, DeskEntryController)
