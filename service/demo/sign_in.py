"""Addresses that sign an invented person in with one click. Only `serve --demo` has them, until it ends."""

from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any, cast

from litestar.types import ASGIApp, Receive, Scope, Send

from service.accounts import credentials
from service.accounts.authentication import session_digest
from service.accounts.middleware import session_cookies
from service.context import AppContext
from service.web.templates import redirect

PREFIX = "/demo/"


def with_demo_sign_in(app: ASGIApp, ctx: AppContext, codes: Mapping[str, str]) -> ASGIApp:
    """The application with `/demo/{code}`, which signs in the person with the login that `codes` has for the code."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        request = cast("Any", scope)
        path: str = request.get("path", "")
        login = codes.get(path.removeprefix(PREFIX)) if path.startswith(PREFIX) else None
        if login is None or request.get("method") != "GET":
            await app(scope, receive, send)
            return
        session = token_urlsafe(32)
        digest, now = session_digest(session), ctx.clock()
        await ctx.db.write(lambda tx: credentials.add_token(tx, digest, login, now, "session"))
        await redirect("/desk", session_cookies(session))(scope, receive, send)

    return handle
