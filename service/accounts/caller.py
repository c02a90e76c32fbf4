"""Who is asking, for handlers: the middleware that looks at tokens, guards, and what is injected.

A handler injects one thing, `caller` or `context`: for two Litestar starts a task group on every request.
"""

from typing import Any, NamedTuple, cast

from litestar import Controller
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.params import SkipValidation
from litestar.types import Guard

from service.context import AppContext
from service.web.api_document import PUBLIC
from service.web.request import AnyRequest

from . import authentication
from .middleware import authenticate, enforce_rate_limit
from .permissions import Permission

Connection = ASGIConnection[Any, Any, Any, Any]


class CallerInfo(NamedTuple):
    """The application's context, and the digest of the token of the person who asks. Whose it is the feature looks up
    in its own transaction: a token that was revoked meanwhile is refused."""

    ctx: AppContext
    token: bytes


Caller = NamedDependency[SkipValidation[CallerInfo]]
Context = NamedDependency[SkipValidation[AppContext]]


class Authentication(AbstractAuthenticationMiddleware):
    """Looks at the token before a handler runs and before a body is read, unless the route is `exclude_from_auth`."""

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        """Problems: NotAuthenticated, DeviceRevoked, CrossOriginRejected, TooManyRequests."""
        token = await authenticate(connection.scope, connection.app.state["ctx"])
        return AuthenticationResult(user=None, auth=token)


def requires(permission: Permission) -> Guard:
    """A guard: the person who asks has a permission. PermissionDenied, before the body is read."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        await authentication.authenticate(connection.app.state["ctx"], connection.scope["auth"], permission)

    return guard


async def limit_by_address(connection: Connection, _: BaseRouteHandler) -> None:
    """A guard for routes without a token: TooManyRequests when an address asks too often."""
    enforce_rate_limit(connection.scope, connection.app.state["ctx"])


def caller_of(request: AnyRequest) -> CallerInfo:
    """Who sends a request that the middleware let through."""
    return CallerInfo(request.app.state["ctx"], cast("bytes", request.scope["auth"]))


async def _provide_caller(request: AnyRequest) -> CallerInfo:
    return caller_of(request)


async def _provide_context(request: AnyRequest) -> AppContext:
    ctx: AppContext = request.app.state["ctx"]
    return ctx


DEPENDENCIES = {"caller": Provide(_provide_caller), "context": Provide(_provide_context)}


class PublicController(Controller):
    """Operations for people without a token, so many a second from an address."""

    opt = {"exclude_from_auth": True}  # noqa: RUF012 - as Litestar declares it
    security = PUBLIC
    guards = (limit_by_address,)
