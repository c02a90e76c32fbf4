"""My account: who I am, my devices, my sessions, and the authenticator."""

from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from service.accounts import sessions
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
from service.accounts.sessions import Credentials
from service.devices import enrolment
from service.errors import InvalidBody, Problem
from service.web.decoding import convert_strict
from service.web.language import PageText
from service.web.request_info import client_ip
from service.web.templates import redirect

from .invitation_pages import authenticator_page


class AccountController(DeskController):
    """The page about the signed-in person, and its forms."""

    path = "/desk/account"

    @get("/")
    async def show_account(self, desk: Desk) -> ASGIResponse:
        """Who I am and what I am signed in with."""
        return await _page(desk)

    @post("/devices/{device_id:uuid}/revocation", status_code=303)
    async def revoke_own_device(self, desk: Desk, device_id: FromPath[UUID]) -> ASGIResponse:
        """Revoke one of my phones."""
        try:
            require_sure(desk)
            await enrolment.revoke(desk.ctx, desk.token, device_id)
        except InvalidBody as problem:
            return await _page(desk, "devices", problem)
        return redirect_with_notice("/desk/account", PageText("设备已停用"))

    @post("/sign-out-everywhere", status_code=303)
    async def end_all_sessions(self, desk: Desk) -> ASGIResponse:
        """End all my sessions, this one too."""
        try:
            require_sure(desk)
        except InvalidBody as problem:
            return await _page(desk, "sessions", problem)
        await sessions.sign_out(desk.ctx, desk.token, everywhere=True)
        return redirect("/sign-in", session_cookies(""))

    @post("/second-factor", status_code=200)
    async def add_authenticator(self, desk: Desk) -> ASGIResponse:
        """Set up an authenticator, whose first code confirms it; it takes the password once more."""
        given = {"login": desk.person.login, "password": desk.form.get("password", "")}
        try:
            address = client_ip(desk.request.scope)
            factor = await sessions.begin_totp_setup(desk.ctx, address, convert_strict(Credentials, given))
        except Problem as problem:
            if problem.status in (500, 503):
                raise
            return await _page(desk, "second-factor", problem)
        return authenticator_page(desk.request, desk.person.login, factor=factor)


async def _page(desk: DeskRequest, sent: str = "", problem: Problem | None = None) -> ASGIResponse:
    """The page; the section of the form that was `sent` says what is wrong."""
    view = {
        "devices": await enrolment.devices_of(desk.ctx, desk.token, desk.person.login),
        "roles": [ROLE_NAMES[role] for role in desk.person.roles],
        "has_factor": await sessions.has_second_factor(desk.ctx, desk.person.login),
        "needs_factor": not SECOND_FACTOR.isdisjoint(desk.person.roles),
        "sent": sent,
        "problem": explain(problem) if problem else (),
    }
    status = problem.status if problem else 200
    return render_desk(desk, "staff/account.html", view, status, back="/desk/account")


ROUTES = (AccountController,)
