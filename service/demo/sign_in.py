"""Addresses that sign an invented person in, or enrol their phone, with one click. Only `serve --demo` has them, until
it ends."""

from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any, cast

from litestar.types import ASGIApp, Receive, Scope, Send

from service.accounts import credentials
from service.accounts.authentication import session_digest
from service.accounts.events import PersonEvent, record_event
from service.accounts.middleware import session_cookies
from service.accounts.sign_in_origin import browser_words
from service.context import AppContext
from service.db.database import Transaction
from service.devices import enrolment
from service.devices.enrolment import EnrolmentRequest
from service.errors import UnknownPerson
from service.web.request_info import get_header
from service.web.templates import redirect

PREFIX, PHONE = "/demo/", "/phone"


def with_demo_sign_in(app: ASGIApp, ctx: AppContext, codes: Mapping[str, str], admin: bytes) -> ASGIApp:
    """The application with `/demo/{code}`, which signs in the person with the login that `codes` has for the code, and
    `/demo/{code}/phone`, which leads to the page that enrols their phone. `admin`: the digest of an admin's token."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        request = cast("Any", scope)
        path: str = request.get("path", "")
        code = path.removeprefix(PREFIX) if path.startswith(PREFIX) else ""
        login = codes.get(code.removesuffix(PHONE))
        if login is None or request.get("method") != "GET":
            await app(scope, receive, send)
            return
        if code.endswith(PHONE):
            await redirect(await _enrolment(ctx, admin, login))(scope, receive, send)
            return
        session = token_urlsafe(32)
        digest, now = session_digest(session), ctx.clock()

        label = browser_words((get_header(scope, b"user-agent") or b"").decode("latin-1"))

        async def start(tx: Transaction, login: str = login, digest: bytes = digest, now: int = now) -> None:
            await credentials.add_token(tx, digest, login, now, "session", label=label)
            await record_event(ctx, tx, PersonEvent(what="signed-in", person=login, by=login))

        await ctx.db.write(start)
        await redirect("/desk", session_cookies(session))(scope, receive, send)

    return handle


async def _enrolment(ctx: AppContext, admin: bytes, login: str) -> str:
    """The page that enrols a technician's phone, with a new code; the desk for everybody else."""
    try:
        return (await enrolment.enrol(ctx, admin, EnrolmentRequest(login))).url
    except UnknownPerson:
        return "/desk"
