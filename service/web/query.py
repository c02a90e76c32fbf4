"""Checks query strings before Litestar reads them, so that a misspelt parameter does not go unnoticed."""

from collections.abc import Container, Sequence
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from litestar.enums import ParamType
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter, QueryParameter

from service.errors import FieldError, InvalidQuery, NotFound, Problem
from service.text import is_visible

from .cross_origin import API
from .page_paths import is_desk
from .request import AnyRequest

MAX_LENGTH = 200
"""The limit of characters of a parameter without its own."""
MAX_FIELDS = 50


def text_parameter(description: str, name: str | None = None, max_length: int = MAX_LENGTH) -> QueryParameter:
    """A text parameter of the query."""
    return QueryParameter(name=name, description=description, max_length=max_length)


def path_text(description: str) -> PathParameter:
    """A text parameter of the path. NotFound when it is too long or contains U+0000, which PostgreSQL refuses."""
    return PathParameter(description=description, max_length=MAX_LENGTH, pattern=r"^[^\0]*$")


def time_parameter(description: str, name: str | None = None) -> QueryParameter:
    """A time parameter of the query (RFC 3339, with an offset)."""
    return QueryParameter(name=name, description=description, max_length=MAX_LENGTH, format="date-time")


def choice_parameter(description: str, words: Sequence[str], name: str | None = None) -> QueryParameter:
    """A parameter of the query with a fixed set of values."""
    return QueryParameter(name=name, description=description, enum=words)


async def check_query(request: AnyRequest) -> None:
    """Runs before every handler, unless its `opt` has `any_query`. InvalidQuery for a parameter that is unknown,
    missing, given twice or unreadable.

    An empty parameter counts as absent. In a time, an unescaped `+` arrives as a space and is restored. Pages ignore
    what they do not know: messengers and statistics add parameters to links. Those outside of the desk ignore what they
    cannot read, too: a customer did not write the address and cannot mend it.
    """
    for value in request.scope["path_params"].values():
        if isinstance(value, UUID) and str(value) not in request.scope["path"].lower():
            raise NotFound("the id in the address must be a UUID with its hyphens")
    raw: bytes = request.scope["query_string"]
    known = declared_parameters(request.route_handler)
    if (not raw and not known) or request.route_handler.opt.get("any_query"):
        return
    path = request.scope["path"]
    is_page, is_lenient = not path.startswith(API), not path.startswith(API) and not is_desk(path)
    found: dict[str, str] = {}
    try:
        errors = "replace" if is_page else "strict"
        most = None if is_lenient else MAX_FIELDS
        pairs = parse_qsl(raw.decode("ascii", errors), keep_blank_values=True, errors=errors, max_num_fields=most)
    except ValueError:
        raise InvalidQuery("the query cannot be read") from None
    for name, value in pairs:
        if name not in known:
            if is_page:
                continue
            raise InvalidQuery(f"the parameters are: {', '.join(known) or 'none'}")
        fault = _value_fault(name, value, known[name], found)
        if fault is not None and is_lenient:
            continue
        if fault is not None:
            raise fault
        found[name] = value.replace(" ", "+") if known[name].format == "date-time" else value
    for name, parameter in known.items():
        if parameter.required and not is_visible(found.get(name, "")):
            raise _fault(name, "required", "give it")
    request.scope["query_string"] = urlencode({name: value for name, value in found.items() if value}).encode()


def _value_fault(name: str, value: str, parameter: QueryParameter, found: Container[str]) -> InvalidQuery | None:
    """What is wrong with a value, if anything."""
    longest, words = parameter.max_length or MAX_LENGTH, parameter.enum
    if name in found:
        return _fault(name, "given-twice", "每个参数只能有一次 / give it once")
    if "\0" in value:
        return _fault(name, "null-character", "U+0000 is not allowed")
    if len(value) > longest:
        return _fault(name, "too-long", f"太长，最多 {longest} 个字 / at most {longest} characters")
    if words and value and value not in words:
        return _fault(name, "unknown-word", f"one of {', '.join(words)}")
    return None


def declared_parameters(handler: HTTPRouteHandler) -> dict[str, QueryParameter]:
    """The handler's query parameters by the name on the wire. Dependencies are no `QueryParameter`."""
    known: dict[str, QueryParameter] | None = handler.opt.get("query")
    if known is None:
        known = handler.opt["query"] = {
            kwarg.name or field.name: kwarg
            for field in handler.parsed_fn_signature.parameters.values()
            if isinstance(kwarg := field.kwarg_definition, QueryParameter)
        }
    return known


def _fault(name: str, code: str, detail: str) -> InvalidQuery:
    return InvalidQuery("", (FieldError(f"/{name}", code, detail),))


def query_problem(extra: Any) -> Problem:
    """The problem for parameters that Litestar refused; the input is not echoed. NotFound for those of the path."""
    found = [cast("dict[str, Any]", fault) for fault in extra or () if isinstance(fault, dict)]
    if any(fault.get("source") is ParamType.PATH for fault in found):
        return NotFound()
    faults = [
        FieldError(f"/{fault['key']}", "invalid", fault["message"].partition(" '")[0])  # without the value
        for fault in found
        if "key" in fault
    ]
    return InvalidQuery("", tuple(faults[:20]))
