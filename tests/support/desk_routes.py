"""The addresses of the desk, read from the application itself."""

from typing import Any, NamedTuple

from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from service.app import litestar
from service.web.page_paths import is_desk
from service.web.query import declared_parameters


class DeskRoute(NamedTuple):
    """A handler: GET shows a page, POST takes a form. `query`: the names of its parameters."""

    method: str
    path: str
    query: tuple[str, ...]

    @property
    def name(self) -> str:
        """How a table of expectations names it."""
        return f"{self.method} {self.path}"

    def at(self, ids: dict[str, Any]) -> str:
        """The address with ids for its parameters: `{visit_id}` becomes ids["visit_id"]."""
        return self.path.format(**ids)


def desk_routes() -> dict[str, DeskRoute]:
    """All of them, by name."""
    found = [
        DeskRoute(method, route.path_format, tuple(declared_parameters(handler)))
        for route in litestar().routes
        if isinstance(route, HTTPRoute) and is_desk(route.path_format)
        for handler in route.route_handlers
        if isinstance(handler, HTTPRouteHandler)
        for method in handler.http_methods & {"GET", "POST", "PUT", "PATCH", "DELETE"}
    ]
    return {route.name: route for route in sorted(found)}
