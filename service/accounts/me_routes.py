"""Who I am, what I may do."""

import msgspec
from litestar import get
from litestar.types import ASGIApp

from service.web.endpoint import READS, AnyRequest, Says
from service.web.request_info import header
from service.web.responses import answer

from .authentication import sign_in
from .endpoint import caller
from .middleware import csrf_of, session_of
from .permissions import Right, Role


class Me(msgspec.Struct, frozen=True):
    """The person whose token it is. `csrf` is what a page sends along as X-CSRF-Token; tokens need none."""

    login: str
    name: str
    roles: tuple[Role, ...]
    areas: tuple[str, ...]
    may: tuple[Right, ...]
    csrf: str | None


ME = Says(tag="people", summary="Who I am, what I may do", gives={200: Me}, problems=READS)


@get("/v1/me", opt={"says": ME})
async def me(request: AnyRequest) -> ASGIApp:
    """Who I am, what I may do."""
    person = await sign_in(*caller(request))
    session = None if header(request.scope, b"authorization") else session_of(request.scope)
    csrf = csrf_of(session) if session else None
    return answer(Me(person.login, person.name, person.roles, person.areas, person.rights(), csrf))


ROUTES = (me,)
