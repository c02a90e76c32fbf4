"""Pages of passkeys: to add one, to remove it, and to sign in with it.

What the device has to sign is in the page, and its answer comes in a form.
"""

from typing import Annotated

from litestar import get, post
from litestar.response.base import ASGIResponse

from service.accounts import challenges, passkeys
from service.accounts.caller import Context, PublicController
from service.accounts.desk import (
    Desk,
    DeskController,
    DeskRequest,
    explain,
    own_path,
    redirect_with_notice,
    render_desk,
)
from service.accounts.passkeys import Challenge
from service.accounts.sign_in_origin import origin_of
from service.errors import Problem
from service.web.cross_origin import require_same_origin_for_browsers
from service.web.form_fields import FormData
from service.web.forms import read_form
from service.web.language import PageText
from service.web.query import text_parameter
from service.web.request import AnyRequest
from service.web.templates import Assets, Switch, redirect, render

from .account_pages import HERE, account_page, of_the_form
from .sign_in_pages import sign_in_page

NEW = f"{HERE}/passkeys/new"
SCRIPT = Assets("/web/desk/passkeys.js")
ANSWER_LIMIT = 20_000  # bytes of a form with the answer of a device


class PasskeysController(DeskController):
    """Passkeys of the signed-in person."""

    path = f"{HERE}/passkeys"

    @get("/new")
    async def show_new_passkey(self, desk: Desk) -> ASGIResponse:
        """The page on which the device makes a passkey."""
        return await _new_passkey(desk)

    @post("/new", status_code=303)
    async def add_passkey(self, desk: Desk) -> ASGIResponse:
        """Add the passkey that the device made."""
        try:
            challenge = await challenges.recall(desk.ctx, "new-passkey", desk.request, Challenge)
            given = desk.form.get("answer", ""), desk.form.get("name", "")
            await passkeys.add(desk.ctx, desk.token, challenge, *given)
        except Problem as problem:
            return await _new_passkey(desk, of_the_form(problem))
        return redirect_with_notice(HERE, PageText("通行密钥已添加"))

    @post("/removal", status_code=303)
    async def remove_passkey(self, desk: Desk) -> ASGIResponse:
        """Remove a passkey."""
        try:
            await passkeys.remove(desk.ctx, desk.token, desk.form.get("passkey", "")[:2000])
        except Problem as problem:
            return await account_page(desk, "passkeys", of_the_form(problem))
        return redirect_with_notice(HERE, PageText("通行密钥已删除"))


async def _new_passkey(desk: DeskRequest, problem: Problem | None = None) -> ASGIResponse:
    options, challenge = await passkeys.creation_options(desk.ctx, desk.token)
    cookie = await challenges.remember(desk.ctx, "new-passkey", challenge)
    view = {"options": options, "problem": explain(problem) if problem else ()}
    status = problem.status if problem else 200
    return render_desk(desk, "staff/new_passkey.html", view, status, (cookie,), assets=SCRIPT, back=NEW)


class PasskeySignInController(PublicController):
    """Signing in with a passkey."""

    include_in_schema = False

    @get("/sign-in/passkey")
    async def show_passkey(
        self,
        request: AnyRequest,
        context: Context,
        back: Annotated[str | None, text_parameter("Where to go then: an address of this site.", "next", 2000)] = None,
    ) -> ASGIResponse:
        """The page on which the device signs."""
        options, challenge = passkeys.request_options(context)
        cookie = await challenges.remember(context, "passkey", challenge)
        view = {"company": context.company.company, "options": options, "back": own_path(back or "", "")}
        switch = Switch("/language", {"back": "/sign-in/passkey"})
        template = "staff/passkey_sign_in.html"
        return render(request.scope, template, view, 200, (cookie,), switch=switch, origin=True, assets=SCRIPT)

    @post("/sign-in/passkey", status_code=303)
    async def sign_in(self, request: AnyRequest, context: Context) -> ASGIResponse:
        """Start a session for the owner of the passkey."""
        form: FormData = {}
        try:
            require_same_origin_for_browsers(request.scope, context)
            form = await read_form(request, ANSWER_LIMIT)
            challenge = await challenges.recall(context, "passkey", request, Challenge)
            session = await passkeys.sign_in(context, origin_of(request), challenge, form.get("answer", ""))
        except Problem as problem:
            if problem.status in (500, 503):
                raise
            return sign_in_page(request, context, {"next": form.get("next", "")}, problem)
        return redirect(own_path(form.get("next", "")), (*await session.cookies(context), challenges.forgotten()))


ROUTES = (PasskeysController, PasskeySignInController)
