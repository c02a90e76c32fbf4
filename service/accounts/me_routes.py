"""The operation about the caller."""

from typing import Annotated

import msgspec
from litestar import Controller, get
from msgspec import Meta

from service.web.api_document import READ_ERRORS, example, problems
from service.web.request import AnyRequest
from service.web.request_info import get_header

from .authentication import authenticate
from .caller import Caller
from .middleware import csrf_token, session_cookie
from .permissions import Permission, Role


class Me(msgspec.Struct, frozen=True):
    """The person whose token it is. A page sends `csrf` as X-CSRF-Token; bearer tokens need none."""

    login: Annotated[str, Meta(description="My login.")]
    name: Annotated[str, Meta(description="My name.")]
    roles: Annotated[tuple[Role, ...], Meta(description="All my roles; with a phone's token only `technician`.")]
    areas: Annotated[tuple[str, ...], Meta(description="My areas (片区); none means the whole utility.")]
    may: Annotated[tuple[Permission, ...], Meta(description="All that I may do.")]
    csrf: Annotated[str | None, Meta(description="The CSRF token of a browser's session; null for other tokens.")]


class MeController(Controller):
    """The person whose token it is."""

    tags = ("people",)

    @get(
        "/v1/me",
        summary="Who I am, what I may do",
        operation_class=example(
            answer=Me("li", "李强", ("technician",), ("城东",), ("see own visits", "submit a record"), None)
        ),
        responses=problems(*READ_ERRORS),
    )
    async def me(self, request: AnyRequest, caller: Caller) -> Me:
        """The owner of the token and the permissions that it has. A browser also gets the CSRF token that it sends with
        every change."""
        person = await authenticate(*caller)
        session = None if get_header(request.scope, b"authorization") else session_cookie(request.scope)
        csrf = csrf_token(session) if session else None
        return Me(person.login, person.name, person.roles, person.areas, person.permissions(), csrf)


ROUTES = (MeController,)
