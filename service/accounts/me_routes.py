"""Who I am, what I may do."""

import msgspec
from litestar import get
from litestar.types import ASGIApp

from service.web.endpoint import READ_ERRORS, AnyRequest, RouteMetadata
from service.web.request_info import get_header
from service.web.responses import json_answer

from .authentication import authenticate
from .endpoint import caller
from .middleware import csrf_token, session_cookie
from .permissions import Permission, Role


class Me(msgspec.Struct, frozen=True):
    """The person whose token it is. `csrf` is what a page sends along as X-CSRF-Token; tokens need none."""

    login: str
    name: str
    roles: tuple[Role, ...]
    areas: tuple[str, ...]
    may: tuple[Permission, ...]
    csrf: str | None


ME = RouteMetadata(tag="people", summary="Who I am, what I may do", responses={200: Me}, problems=READ_ERRORS)


@get("/v1/me", opt={"says": ME})
async def me(request: AnyRequest) -> ASGIApp:
    """Who I am, what I may do."""
    person = await authenticate(*caller(request))
    session = None if get_header(request.scope, b"authorization") else session_cookie(request.scope)
    csrf = csrf_token(session) if session else None
    return json_answer(Me(person.login, person.name, person.roles, person.areas, person.permissions(), csrf))


ROUTES = (me,)
