"""Who I am, what I may do."""

import msgspec
from litestar import get
from litestar.types import ASGIApp

from service.domain.people import Right, Role
from service.flows.access import sign_in

from .answers import answer
from .auth import csrf_of, header, session_of
from .endpoint import READS, AnyRequest, Says, caller


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
