"""My account: who I am, what lets me in, and the forms to change that."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from service.accounts import credentials, passkeys, recovery_codes, sessions, tokens
from service.accounts.desk import (
    Desk,
    DeskController,
    DeskRequest,
    explain,
    redirect_with_notice,
    render_desk,
    require_sure,
)
from service.accounts.labels import ROLE_NAMES
from service.accounts.middleware import session_cookies
from service.accounts.permissions import SECOND_FACTOR
from service.accounts.sessions import Credentials, PasswordChange
from service.accounts.sign_in_origin import origin_of
from service.devices import enrolment
from service.errors import InvalidBody, InvalidCredentials, Problem, SignInAgain
from service.web.decoding import convert_strict
from service.web.language import AnyText, PageText
from service.web.templates import redirect

from .invitation_pages import DIFFERENT, authenticator_page

HERE = "/desk/account"
SHOWN_ONCE = PageText("备用码只显示一次，没有再换：没有收好的，请再换一组")
PASSWORD_AND_CALENDAR = PageText("密码已改，其他浏览器已退出，日历的保密地址已停用")
END_CALENDAR = "end_calendar"
WRONG_PASSWORD = PageText("没有办成：现在的密码不对，请再输一次")


class AccountController(DeskController):
    """The page about the signed-in person, and its forms."""

    path = HERE

    @get("/")
    async def show_account(self, desk: Desk) -> ASGIResponse:
        """Who I am and what I am signed in with."""
        return await account_page(desk)

    @post("/password", status_code=303)
    async def change_password(self, desk: Desk) -> ASGIResponse:
        """A new password, with the old one; other browsers are signed out, and unless the person wants to keep it, the
        secret address of their calendar ends."""
        ends_calendar = END_CALENDAR in desk.form

        async def work() -> None:
            if desk.form.get("password") != desk.form.get("again"):
                raise InvalidBody("", (DIFFERENT,))
            given = {name: desk.form.get(name, "") for name in ("old", "password")}
            change = convert_strict(PasswordChange, given | {"end_calendar": ends_calendar})
            await sessions.change_password(desk.ctx, origin_of(desk.request), desk.token, change)

        done = PASSWORD_AND_CALENDAR if ends_calendar else PageText("密码已改，其他浏览器已退出")
        return await _change(desk, "password", work, done)

    @post("/devices/{device_id:uuid}/revocation", status_code=303)
    async def revoke_own_device(self, desk: Desk, device_id: FromPath[UUID]) -> ASGIResponse:
        """Revoke one of my phones."""

        async def work() -> None:
            require_sure(desk)
            await enrolment.revoke(desk.ctx, desk.token, device_id)

        return await _change(desk, "devices", work, PageText("设备已停用"))

    @post("/tokens/end", status_code=303)
    async def end_token(self, desk: Desk) -> ASGIResponse:
        """End one of my sessions or tokens."""

        async def work() -> None:
            await tokens.end_token(desk.ctx, desk.token, desk.form.get("token", ""))

        return await _change(desk, "tokens", work, PageText("已结束"))

    @post("/sign-out-everywhere", status_code=303)
    async def end_all_sessions(self, desk: Desk) -> ASGIResponse:
        """End all my sessions, this one too."""
        try:
            require_sure(desk)
        except InvalidBody as problem:
            return await account_page(desk, "sessions", problem)
        await sessions.sign_out(desk.ctx, desk.token, everywhere=True)
        return redirect("/sign-in", session_cookies(""))

    @post("/second-factor", status_code=200)
    async def add_authenticator(self, desk: Desk) -> ASGIResponse:
        """Set up an authenticator, whose first code confirms it; it takes the password once more."""
        given = {"login": desk.person.login, "password": desk.form.get("present", "")}
        try:
            credentials = convert_strict(Credentials, given)
            origin = origin_of(desk.request)
            factor = await sessions.begin_totp_setup(desk.ctx, origin, credentials, signed_in=True)
        except Problem as problem:
            return await account_page(desk, "second-factor", of_the_form(problem))
        return authenticator_page(desk.request, desk.person.login, factor=factor)

    @post("/second-factor/removal", status_code=303)
    async def remove_authenticator(self, desk: Desk) -> ASGIResponse:
        """Remove my authenticator, to bind another."""

        async def work() -> None:
            require_sure(desk)
            given = convert_strict(Credentials, {"login": desk.person.login, "password": desk.form.get("present", "")})
            await sessions.remove_totp(desk.ctx, origin_of(desk.request), desk.token, given.password)

        return await _change(desk, "second-factor", work, PageText("验证器已解除，其他浏览器已退出，现在请绑定新的"))

    @post("/recovery-codes", status_code=200)
    async def make_recovery_codes(self, desk: Desk) -> ASGIResponse:
        """Ten new codes, shown this once, on a page to print. Loading that page again changes none."""
        try:
            codes = await recovery_codes.make(desk.ctx, desk.token, desk.form.get("instead_of", ""))
        except Problem as problem:
            return await account_page(desk, "recovery-codes", of_the_form(problem))
        if codes is None:
            return redirect_with_notice(HERE, SHOWN_ONCE)
        return render_desk(desk, "staff/recovery_codes.html", {"codes": codes}, back=HERE)


async def _change(desk: DeskRequest, sent: str, work: Callable[[], Awaitable[None]], done: PageText) -> ASGIResponse:
    try:
        await work()
    except Problem as problem:
        return await account_page(desk, sent, of_the_form(problem))
    return redirect_with_notice(HERE, done)


def of_the_form(problem: Problem) -> Problem:
    """The problem, if its form can say it; otherwise it is raised."""
    if problem.status in (500, 503) or isinstance(problem, SignInAgain):
        raise problem
    return problem


def _in_words(problem: Problem | None) -> tuple[AnyText, ...]:
    if problem is None:
        return ()
    return (WRONG_PASSWORD,) if isinstance(problem, InvalidCredentials) else explain(problem)


async def account_page(desk: DeskRequest, sent: str = "", problem: Problem | None = None) -> ASGIResponse:
    """The page; the section of the form that was `sent` says what is wrong."""
    login = desk.person.login
    view = {
        "devices": await enrolment.devices_of(desk.ctx, desk.token, login),
        "tokens": [one for one in await tokens.tokens_of(desk.ctx, desk.token) if one.kind != "device"],
        "passkeys": await passkeys.of_caller(desk.ctx, desk.token),
        "codes": await desk.ctx.db.read(lambda tx: recovery_codes.edition(tx, login)),
        "codes_left": await desk.ctx.db.read(lambda tx: recovery_codes.left(tx, login)),
        "has_calendar": await desk.ctx.db.read(lambda tx: credentials.has_calendar(tx, login)),
        "end_calendar": sent != "password" or END_CALENDAR in desk.form,
        "roles": [ROLE_NAMES[role] for role in desk.person.roles],
        "has_factor": await sessions.has_second_factor(desk.ctx, login),
        "needs_factor": not SECOND_FACTOR.isdisjoint(desk.person.roles),
        "soon": desk.ctx.now() + tokens.WARNING,
        "sent": sent,
        "problem": _in_words(problem),
    }
    status = problem.status if problem else 200
    return render_desk(desk, "staff/account.html", view, status, back=HERE)


ROUTES = (AccountController,)
