"""Sessions of browsers: signing in and out, and the second factor."""

from litestar import delete, post, put
from litestar.types import ASGIApp

from service.errors import InvalidCredentials, TotpAlreadySetUp, TotpRequired
from service.web.cross_origin import require_same_origin_for_browsers
from service.web.endpoint import CHANGE_ERRORS, PUBLIC_ERRORS, AnyRequest, RouteMetadata, body_of, context_of
from service.web.request_info import client_ip
from service.web.responses import Answer, json_answer

from . import sessions
from .endpoint import caller
from .middleware import session_cookies
from .sessions import Credentials, SecondFactor, SignIn

SIGN_IN = RouteMetadata(
    tag="people",
    summary="Sign in: a session in a cookie, for 30 minutes without use and 12 hours in all",
    request_body=SignIn,
    responses={204: None},
    problems=(*PUBLIC_ERRORS, InvalidCredentials, TotpRequired),
    public=True,
)
SET_UP = RouteMetadata(
    tag="people",
    summary="Set up the authenticator before the first sign-in; the secret is shown this once",
    request_body=Credentials,
    responses={200: SecondFactor},
    problems=(*PUBLIC_ERRORS, InvalidCredentials, TotpAlreadySetUp),
    public=True,
)
SIGN_OUT = RouteMetadata(tag="people", summary="Sign out", responses={204: None}, problems=CHANGE_ERRORS)
EVERYWHERE = RouteMetadata(tag="people", summary="End all my sessions", responses={204: None}, problems=CHANGE_ERRORS)
_BASE = ((b"cache-control", b"no-store"),)


@post("/v1/session", opt={"says": SIGN_IN})
async def sign_in(request: AnyRequest) -> ASGIApp:
    """Sign in."""
    require_same_origin_for_browsers(request.scope, context_of(request))
    token = await sessions.sign_in(context_of(request), client_ip(request.scope), await body_of(request))
    return Answer(204, b"", (*_BASE, *session_cookies(token)))


@put("/v1/me/second-factor", opt={"says": SET_UP})
async def set_up_second_factor(request: AnyRequest) -> ASGIApp:
    """Set up the authenticator."""
    require_same_origin_for_browsers(request.scope, context_of(request))
    return json_answer(
        await sessions.begin_totp_setup(context_of(request), client_ip(request.scope), await body_of(request))
    )


@delete("/v1/session", status_code=200, opt={"says": SIGN_OUT})
async def sign_out(request: AnyRequest) -> ASGIApp:
    """Sign out."""
    await sessions.sign_out(*caller(request))
    return Answer(204, b"", (*_BASE, *session_cookies("")))


@delete("/v1/sessions", status_code=200, opt={"says": EVERYWHERE})
async def sign_out_everywhere(request: AnyRequest) -> ASGIApp:
    """End all my sessions."""
    await sessions.sign_out(*caller(request), everywhere=True)
    return Answer(204, b"", (*_BASE, *session_cookies("")))


ROUTES = (sign_in, set_up_second_factor, sign_out, sign_out_everywhere)
