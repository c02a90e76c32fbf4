"""Sessions of browsers: signing in and out, and the second factor."""

from typing import Any

from litestar import Controller, Response, delete, post, put
from litestar.handlers import BaseRouteHandler
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse

from service.errors import InvalidCredentials, NotASession, TotpAlreadySetUp, TotpRemoved, TotpRequired
from service.web.api_document import CHANGE_ERRORS, PUBLIC, PUBLIC_ERRORS, answer, example, problems
from service.web.cross_origin import require_same_origin_for_browsers
from service.web.request import AnyRequest
from service.web.responses import Headers
from service.web.strict_body import StrictBody

from . import sessions
from .caller import Caller, Connection, Context, limit_by_address
from .middleware import session_cookies
from .sessions import Credentials, SecondFactor, SignIn
from .sign_in_origin import origin_of

_CHANGED_COOKIES = {204: answer(None, "Done; the cookies of the session come along")}


async def _from_own_pages(connection: Connection, _: BaseRouteHandler) -> None:
    require_same_origin_for_browsers(connection.scope, connection.app.state["ctx"])


class _CookieResponse(Response[None]):
    """No content, and the cookies of a session."""

    def __init__(self, cookies: Headers) -> None:
        super().__init__(None)
        self.set_cookies = cookies

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        """The cookies as they are: Litestar would reorder their attributes."""
        cookies = [(name.decode(), value.decode()) for name, value in self.set_cookies]
        return ASGIResponse(status_code=204, headers=cookies)


class SessionController(Controller):
    """Sessions, and the operations that take a login and password."""

    tags = ("people",)

    @post(
        "/v1/session",
        summary="Sign in: a session in a cookie, for 30 minutes without use and 12 hours in all",
        status_code=204,
        opt={"exclude_from_auth": True},
        guards=[limit_by_address, _from_own_pages],
        security=PUBLIC,
        request_max_body_size=8192,
        dto=StrictBody[SignIn],
        return_dto=None,
        operation_class=example(SignIn("zhao", "correct horse battery", "123456")),
        responses={**_CHANGED_COOKIES, **problems(*PUBLIC_ERRORS, InvalidCredentials, TotpRequired)},
    )
    async def sign_in(self, request: AnyRequest, context: Context, data: JSONBody[SignIn]) -> Response[None]:
        """For browsers. Changes then need the header X-CSRF-Token, which `GET /v1/me` gives. The body has at most 8192
        bytes, not packed."""
        session = await sessions.sign_in(context, origin_of(request), data)
        return _CookieResponse(await session.cookies(context))

    @put(
        "/v1/me/second-factor",
        summary="Set up the authenticator before the first sign-in; the secret is shown this once",
        opt={"exclude_from_auth": True},
        guards=[limit_by_address, _from_own_pages],
        security=PUBLIC,
        request_max_body_size=8192,
        dto=StrictBody[Credentials],
        return_dto=None,
        operation_class=example(
            Credentials("zhao", "correct horse battery"),
            SecondFactor(
                "JBSW Y3DP EHPK 3PXP",
                "otpauth://totp/Doorstep:zhao?secret=JBSWY3DPEHPK3PXP&issuer=Doorstep",
                "<svg …/>",
            ),
        ),
        responses=problems(*PUBLIC_ERRORS, InvalidCredentials, TotpAlreadySetUp, TotpRemoved),
    )
    async def set_up_second_factor(
        self, request: AnyRequest, context: Context, data: JSONBody[Credentials]
    ) -> SecondFactor:
        """Supervisors and admins need an authenticator app. The first code at sign-in confirms it; until then this
        gives a new secret each time. The body has at most 8192 bytes, not packed."""
        return await sessions.begin_totp_setup(context, origin_of(request), data)

    @delete(
        "/v1/session",
        summary="Sign out",
        status_code=204,
        responses={**_CHANGED_COOKIES, **problems(*CHANGE_ERRORS, NotASession)},
    )
    async def sign_out(self, caller: Caller) -> Response[None]:
        """The session ends at once and its cookies are removed. Tokens of scripts and phones are ended with
        `DELETE /v1/me/tokens/{id}`."""
        await sessions.sign_out(*caller)
        return _CookieResponse(session_cookies(""))

    @delete(
        "/v1/sessions",
        summary="End all my sessions",
        status_code=204,
        responses={**_CHANGED_COOKIES, **problems(*CHANGE_ERRORS, NotASession)},
    )
    async def sign_out_everywhere(self, caller: Caller) -> Response[None]:
        """All browsers are signed out, this one too. Phones and scripts keep their tokens; a phone signs nobody out."""
        await sessions.sign_out(*caller, everywhere=True)
        return _CookieResponse(session_cookies(""))


ROUTES = (SessionController,)
