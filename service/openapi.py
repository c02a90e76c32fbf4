"""The OpenAPI 3.1 document, made from the routes themselves: each handler says what it takes, gives and refuses."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from service.errors import Problem
from service.web.endpoint import LONGEST, TEXT, Bytes, RouteMetadata
from service.web.problems import ProblemDetails

Json = dict[str, Any]
_REF = "#/components/schemas/{name}"
_PLAIN: dict[str, Json] = {
    name: {"type": "string", "maxLength": LONGEST}
    for name in ("checklist_id", "version", "token", "code", "login", "folder", "file")
}
_PLAIN["sha256"] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def document(app: Litestar) -> Json:
    """The whole document."""
    operations = list(_operations(app))
    shapes = _shapes([says for _, _, _, says in operations])
    schemas, components = msgspec.json.schema_components(shapes, ref_template=_REF)
    by_shape = dict(zip(map(repr, shapes), schemas, strict=True))
    paths: Json = {}
    for path, method, name, says in operations:
        paths.setdefault(path, {})[method] = _operation(path, name, says, by_shape)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Doorstep 上门",
            "version": "1",
            "description": "Records of visits at the customer's door, judged by section 4.3. Errors are RFC 9457.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"session": []}],
        "paths": {path: dict(sorted(methods.items())) for path, methods in sorted(paths.items())},
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An opaque token."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "__Host-doorstep",
                    "description": "A browser's session; what changes something needs X-CSRF-Token too.",
                },
            },
        },
    }


def text(app: Litestar) -> str:
    """The document as it is committed."""
    return msgspec.json.format(msgspec.json.encode(document(app)), indent=1).decode() + "\n"


def _operations(app: Litestar) -> Iterator[tuple[str, str, str, RouteMetadata]]:
    """Every documented operation: path, method, name of its handler, and what it says."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            if isinstance(handler, HTTPRouteHandler) and "says" in handler.opt:
                yield from (
                    (route.path_format, method.lower(), handler.fn.__name__, handler.opt["says"])
                    for method in handler.http_methods
                )


def _shapes(all_says: list[RouteMetadata]) -> list[Any]:
    """The types that need a schema, once each, in an order that does not change."""
    found: dict[str, Any] = {repr(ProblemDetails): ProblemDetails}
    for says in all_says:
        for shape in (says.request_body, *says.responses.values()):
            if shape is not None and not isinstance(shape, Bytes):
                found[repr(shape)] = shape
    return [found[name] for name in sorted(found)]


def _operation(path: str, name: str, says: RouteMetadata, schemas: dict[str, Json]) -> Json:
    parameters = [
        {
            "name": found,
            "in": "path",
            "required": True,
            "schema": _PLAIN.get(found, {"type": "string", "format": "uuid"}),
        }
        for found in re.findall(r"{(\w+)}", path)
    ]
    for place, given in (("query", says.query), ("header", says.headers)):
        parameters += [
            {
                "name": found,
                "in": place,
                "required": one.required,
                "description": one.about,
                "schema": one.schema | {"maxLength": LONGEST}
                if place == "query" and one.schema is TEXT
                else one.schema,
            }
            for found, one in given.items()
        ]
    operation: Json = {"operationId": name, "tags": [says.tag], "summary": says.summary}
    if parameters:
        operation["parameters"] = parameters
    if says.request_body is not None:
        operation["requestBody"] = {"required": True, "content": _content(says.request_body, schemas)}
        if says.public and not isinstance(says.request_body, Bytes):
            operation["requestBody"]["description"] = f"At most {says.most} bytes, not packed."
    operation["responses"] = {
        **{str(status): _given(says, status, schemas) for status in says.responses},
        **{status: shown for status, shown in _refused(says, schemas).items() if int(status) not in says.responses},
    }
    if says.public:
        operation["security"] = []
    return operation


def _content(shape: Any, schemas: dict[str, Json]) -> Json:
    if isinstance(shape, Bytes):
        return {shape.media_type: {"schema": {"description": shape.about}}}
    return {"application/json": {"schema": schemas[repr(shape)]}}


def _given(says: RouteMetadata, status: int, schemas: dict[str, Json]) -> Json:
    described: Json = {"description": {200: "As it is now", 201: "Kept", 304: "Not modified"}.get(status, "Done")}
    if status in says.answers:
        described["headers"] = {
            name: {"required": one.required, "description": one.about, "schema": one.schema}
            for name, one in says.answers[status].items()
        }
    if says.responses[status] is not None:
        described["content"] = _content(says.responses[status], schemas)
    return described


def _refused(says: RouteMetadata, schemas: dict[str, Json]) -> Json:
    """The problems, by status: their codes are listed, because clients act by them."""
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in sorted(dict.fromkeys(says.problems), key=lambda one: (one.status, one.code)):
        by_status.setdefault(problem.status, []).append(problem)
    return {
        str(status): {
            "description": "; ".join(f"{problem.code}: {problem.title_en}" for problem in problems),
            "content": {
                "application/problem+json": {
                    "schema": {
                        "allOf": [
                            schemas[repr(ProblemDetails)],
                            {"properties": {"code": {"enum": [problem.code for problem in problems]}}},
                        ]
                    }
                }
            },
        }
        for status, problems in by_status.items()
    }
