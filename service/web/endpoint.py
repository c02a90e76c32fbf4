"""What an endpoint says of itself, beside its code; the OpenAPI document is made from it."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from litestar import Request

from service.context import AppContext
from service.errors import (
    FieldError,
    InvalidQuery,
    NotFound,
    Problem,
)

from . import body
from .api_document import CHANGE_ERRORS, COMMON_ERRORS, PUBLIC_ERRORS, READ_ERRORS, WRITE_ERRORS  # noqa: F401

AnyRequest = Request[Any, Any, Any]
_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

TEXT: dict[str, Any] = {"type": "string"}
LONGEST = 200  # characters of a parameter of the query, where its schema does not say
DATE_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}


class Bytes(NamedTuple):
    """A body that is not described by a schema: its media type, and what it is."""

    media_type: str
    about: str


class Parameter(NamedTuple):
    """A parameter of the query, or a header of the request or of its answer."""

    about: str
    schema: dict[str, Any] = TEXT
    required: bool = False


class RouteMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """One operation: what it takes, what it gives by status, and which problems it can answer.

    `answers` are the headers that matter of what it gives, by status. `public` asks for no token, and takes `most`
    bytes. What is not `limited` costs less than to refuse it, or must be answered in any case.
    """

    tag: str
    summary: str
    responses: Mapping[int, Any]
    problems: tuple[type[Problem], ...]
    request_body: Any = None
    query: Mapping[str, Parameter] = {}
    headers: Mapping[str, Parameter] = {}
    answers: Mapping[int, Mapping[str, Parameter]] = {}
    public: bool = False
    most: int = 8192
    limited: bool = True


async def body_of(request: AnyRequest) -> bytes:
    """The exact bytes of the body. Of who shows no token few are read, and none are unpacked."""
    limit: int = request.app.state["max_body"]
    says: RouteMetadata = request.route_handler.opt["says"]
    if says.public:
        return await body.read_json_body(request.scope, request.receive, min(says.most, limit), packed=False)
    return await body.read_json_body(request.scope, request.receive, limit)


def context_of(request: AnyRequest) -> AppContext:
    """What the flows work with."""
    ctx: AppContext = request.app.state["ctx"]
    return ctx


def id_of(request: AnyRequest, name: str) -> UUID:
    """The UUID in the path. NotFound when it is none: nothing can have that address."""
    text: str = request.scope["path_params"][name]
    if not _UUID.fullmatch(text):
        raise NotFound("the id in the address must be a UUID")
    return UUID(text)


def query_of(request: AnyRequest, says: RouteMetadata) -> dict[str, str]:
    """The query's parameters. InvalidQuery for those that are unknown, lacking, given twice or unreadable."""
    found: dict[str, str] = {}
    raw: bytes = request.scope["query_string"]
    try:
        pairs = (
            parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50) if raw else []
        )
    except ValueError:
        raise InvalidQuery("the query cannot be read") from None
    for name, value in pairs:
        if name not in says.query:
            raise InvalidQuery(f"the parameters are: {', '.join(says.query) or 'none'}")
        if name in found:
            raise _wrong(name, "given-twice", "give it once")
        if "\0" in value:
            raise _wrong(name, "null-character", "U+0000 is not allowed")
        longest: int = says.query[name].schema.get("maxLength", LONGEST)
        if len(value) > longest:
            raise _wrong(name, "too-long", f"at most {longest} characters")
        found[name] = value
    for name, parameter in says.query.items():
        if parameter.required and not found.get(name, "").strip():
            raise _wrong(name, "required", "give it")
    return {name: value for name, value in found.items() if value}


def restore_plus(text: str) -> str:
    """A time out of a query. Its `+` is a space when the client did not escape it, and is read as meant."""
    return text.replace(" ", "+")


def _wrong(name: str, code: str, detail: str) -> InvalidQuery:
    return InvalidQuery("", (FieldError(f"/{name}", code, detail),))
