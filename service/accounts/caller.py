"""Authentication for handlers: the middleware, guards, and dependencies.

A handler injects only one of `caller` and `context`: for two, Litestar starts a task group on every request.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, cast

from litestar import Controller
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.params import SkipValidation

from service.context import AppContext
from service.web.api_document import PUBLIC
from service.web.request import AnyRequest

from . import authentication
from .middleware import authenticate, enforce_rate_limit
from .permissions import Permission

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]


class CallerInfo(NamedTuple):
    """The application's context, and the digest of the caller's token. Each feature looks up its owner in its own
    transaction, so that a token revoked meanwhile is refused."""

    ctx: AppContext
    token: bytes


Caller = NamedDependency[SkipValidation[CallerInfo]]
Context = NamedDependency[SkipValidation[AppContext]]


class Authentication(AbstractAuthenticationMiddleware):
    """Checks the token before the body is read, unless the route is `exclude_from_auth`."""

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        """NotAuthenticated, DeviceRevoked, CrossOriginRejected or TooManyRequests when the token does not pass."""
        token = await authenticate(connection.scope, connection.app.state["ctx"])
        return AuthenticationResult(user=None, auth=token)


def requires(permission: Permission) -> Guard:
    """A guard that requires a permission. PermissionDenied, before the body is read."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        await authentication.authenticate(connection.app.state["ctx"], connection.scope["auth"], permission)

    return guard


async def limit_by_address(connection: Connection, _: BaseRouteHandler) -> None:
    """A guard that limits the requests of an address, for routes without a token. TooManyRequests."""
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
    """Operations without a token, with a rate limit by address."""

    opt = {"exclude_from_auth": True}  # noqa: RUF012 - as Litestar declares it
    security = PUBLIC
    guards = (limit_by_address,)
