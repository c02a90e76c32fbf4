"""Turns exceptions into problem responses (RFC 9457).

No input is echoed. An unexpected error is logged with its place in the code, and answered without details.
"""

from typing import Annotated, Any, cast

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service import errors
from service.errors import FieldError, Problem

from . import access_log
from .defects import error_trace
from .detail_words import bilingual, bilingual_error, bilingual_json
from .language import accepted_language
from .query import query_problem
from .responses import Headers, raw_response

RETRY_SECONDS = 5
_encoder = msgspec.json.Encoder()
_BY_STATUS: dict[int, type[Problem]] = {
    400: errors.InvalidQuery,
    401: errors.NotAuthenticated,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.BodyTooLarge,
    415: errors.WrongMediaType,
}


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every error (RFC 9457)."""

    type: Annotated[str, msgspec.Meta(description="A URN of the code.")]
    title: Annotated[str, msgspec.Meta(description="What is wrong, in Chinese or by Accept-Language in English.")]
    status: Annotated[int, msgspec.Meta(description="The HTTP status.")]
    code: Annotated[str, msgspec.Meta(description="Stable: clients act by it.")]
    detail: Annotated[str, msgspec.Meta(description="More, in Chinese and English.")] = ""
    errors: Annotated[
        tuple[FieldError, ...], msgspec.Meta(description="The wrong places in the body or the query.")
    ] = ()
    quarantine: Annotated[
        Annotated[str, msgspec.Meta(extra_json_schema={"format": "uuid"})] | msgspec.UnsetType,
        msgspec.Meta(description="What a device sent is kept under this id, and the office will decide about it."),
    ] = msgspec.UNSET
    retry_after: Annotated[
        Annotated[int, msgspec.Meta(ge=0)] | msgspec.UnsetType,
        msgspec.Meta(description="Seconds to wait, as in the header."),
    ] = msgspec.UNSET


def problem_response(problem: Problem, scope: Scope) -> ASGIResponse:
    """The response for a problem."""
    language = accepted_language(scope)
    details: dict[str, Any] = {
        "type": f"urn:doorstep:problem:{problem.code}",
        "title": problem.title_zh if language == "zh" else problem.title_en,
        "status": problem.status,
        "code": problem.code,
        "detail": (bilingual_json if isinstance(problem, errors.MalformedJson) else bilingual)(problem.detail),
        "errors": tuple(map(bilingual_error, problem.errors)),
        **problem.extra,
    }
    headers: Headers = (
        (b"content-type", b"application/problem+json"),
        (b"content-language", b"zh-CN" if language == "zh" else b"en"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    )
    if problem.status == 401:
        headers += ((b"www-authenticate", b'Bearer realm="doorstep"'),)
    if problem.status == 415 and any(name == b"content-encoding" for name, _ in scope["headers"]):
        headers += ((b"accept-encoding", b"gzip"),)
    if problem.status in (429, 503, 507):
        headers += ((b"retry-after", b"%d" % problem.extra.get("retry_after", RETRY_SECONDS)),)
    if cast("Any", scope).get("path", "").startswith("/v1/uploads"):
        headers += ((b"tus-resumable", b"1.0.0"), (b"tus-version", b"1.0.0"))
    return raw_response(problem.status, _encoder.encode(details), headers)


def to_problem(scope: Scope, error: Exception) -> Problem:
    """The problem for any exception; an unexpected one is logged. The line of the request names its code."""
    problem = _to_problem(scope, error)
    cast("Any", scope).setdefault("state", {})["problem"] = problem.code
    return problem


def _to_problem(scope: Scope, error: Exception) -> Problem:
    if isinstance(error, Problem) and not isinstance(error, errors.InternalError):
        return error
    if isinstance(error, ValidationException):
        return query_problem(error.extra)
    if isinstance(error, HTTPException) and error.status_code in _BY_STATUS:
        return _BY_STATUS[error.status_code]()
    log_unexpected_error(error, scope)
    return error if isinstance(error, errors.InternalError) else errors.InternalError()


def to_response(scope: Scope, error: Exception) -> ASGIResponse:
    """The response for any exception."""
    answer = problem_response(to_problem(scope, error), scope)
    for name, value in allow_header(error):
        answer.headers.add(name.decode(), value.decode())
    return answer


def allow_header(error: Exception) -> Headers:
    """The header with the methods of an address, if the error is about the method."""
    allow = (error.headers or {}).get("allow") if isinstance(error, HTTPException) else None
    return ((b"allow", allow.encode()),) if allow else ()


def log_unexpected_error(error: BaseException, scope: Scope | None = None) -> None:
    """Log an unexpected error."""
    request_id = access_log.request_id_of(scope) if scope else None
    access_log.get_logger().error("defect", request=request_id, **error_trace(error))


class ReadyResponse(Response[bytes]):
    """Wraps an ASGI response: Litestar wants a `Response` from exception handlers."""

    def __init__(self, answer: ASGIResponse) -> None:
        super().__init__(b"")
        self.answer = answer

    def to_asgi_response(self, *_: Any, **__: Any) -> Any:
        """The wrapped response."""
        return self.answer


def problem_in_json(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """An exception handler that answers with the problem."""
    return ReadyResponse(to_response(request.scope, error))
