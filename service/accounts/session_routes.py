"""Sessions of browsers: signing in and out, and the second factor."""

from litestar import delete, post, put
from litestar.types import ASGIApp

from service.errors import SecondFactorKnown, SecondFactorNeeded, SignInFailed
from service.web.cross_origin import own_page_if_said
from service.web.endpoint import CHANGES, STRANGERS, AnyRequest, Says, body_of, house_of
from service.web.request_info import address_of
from service.web.responses import Answer, answer

from . import sessions
from .endpoint import caller
from .middleware import cookies
from .sessions import Credentials, SecondFactor, SignIn

SIGN_IN = Says(
    tag="people",
    summary="Sign in: a session in a cookie, for 30 minutes without use and 12 hours in all",
    takes=SignIn,
    gives={204: None},
    problems=(*STRANGERS, SignInFailed, SecondFactorNeeded),
    public=True,
)
SET_UP = Says(
    tag="people",
    summary="Set up the authenticator before the first sign-in; the secret is shown this once",
    takes=Credentials,
    gives={200: SecondFactor},
    problems=(*STRANGERS, SignInFailed, SecondFactorKnown),
    public=True,
)
SIGN_OUT = Says(tag="people", summary="Sign out", gives={204: None}, problems=CHANGES)
EVERYWHERE = Says(tag="people", summary="End all my sessions", gives={204: None}, problems=CHANGES)
_BASE = ((b"cache-control", b"no-store"),)


@post("/v1/session", opt={"says": SIGN_IN})
async def sign_in(request: AnyRequest) -> ASGIApp:
    """Sign in."""
    own_page_if_said(request.scope, house_of(request))
    token = await sessions.sign_in(house_of(request), address_of(request.scope), await body_of(request))
    return Answer(204, b"", (*_BASE, *cookies(token)))


@put("/v1/me/second-factor", opt={"says": SET_UP})
async def set_up_second_factor(request: AnyRequest) -> ASGIApp:
    """Set up the authenticator."""
    own_page_if_said(request.scope, house_of(request))
    return answer(await sessions.set_up(house_of(request), address_of(request.scope), await body_of(request)))


@delete("/v1/session", status_code=200, opt={"says": SIGN_OUT})
async def sign_out(request: AnyRequest) -> ASGIApp:
    """Sign out."""
    await sessions.sign_out(*caller(request))
    return Answer(204, b"", (*_BASE, *cookies("")))


@delete("/v1/sessions", status_code=200, opt={"says": EVERYWHERE})
async def sign_out_everywhere(request: AnyRequest) -> ASGIApp:
    """End all my sessions."""
    await sessions.sign_out(*caller(request), everywhere=True)
    return Answer(204, b"", (*_BASE, *cookies("")))


ROUTES = (sign_in, set_up_second_factor, sign_out, sign_out_everywhere)
