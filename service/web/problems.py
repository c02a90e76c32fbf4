"""Problems on the wire (RFC 9457), from the one catalogue in `errors.py`.

Whatever goes wrong ends here. Nothing of the input is echoed, and what nobody foresaw is a Defect:
logged with where it happened, answered without saying what.
"""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response.base import ASGIResponse
from litestar.types import ExceptionHandlersMap, Scope

from service import errors
from service.errors import FieldError, Problem

from . import access_log
from .defects import error_trace
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
    """What every error looks like (RFC 9457). `quarantine`: what a device sent was kept under this id all the same, and
    somebody of the office will decide about it. `retry_after`: seconds to wait, as in the header."""

    type: Annotated[str, msgspec.Meta(description="A URN of the code.")]
    title: Annotated[str, msgspec.Meta(description="What is wrong, in Chinese or by Accept-Language in English.")]
    status: Annotated[int, msgspec.Meta(description="The HTTP status.")]
    code: Annotated[str, msgspec.Meta(description="Stable: clients act by it.")]
    detail: Annotated[str, msgspec.Meta(description="More, for a developer.")] = ""
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


def problem_type(code: str) -> str:
    """The `type` of a problem."""
    return f"urn:doorstep:problem:{code}"


def problem_response(problem: Problem, scope: Scope) -> ASGIResponse:
    """The answer that tells a problem."""
    said = accepted_language(scope)
    details: dict[str, Any] = {
        "type": problem_type(problem.code),
        "title": problem.title_zh if said == "zh" else problem.title_en,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "errors": problem.errors,
        **problem.extra,
    }
    headers: Headers = (
        (b"content-type", b"application/problem+json"),
        (b"content-language", b"zh-CN" if said == "zh" else b"en"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    )
    if problem.status == 401:
        headers += ((b"www-authenticate", b'Bearer realm="doorstep"'),)
    if problem.status in (429, 503, 507):
        headers += ((b"retry-after", b"%d" % problem.extra.get("retry_after", RETRY_SECONDS)),)
    if scope.get("path", "").startswith("/v1/uploads"):
        headers += ((b"tus-resumable", b"1.0.0"), (b"tus-version", b"1.0.0"))
    return raw_response(problem.status, _encoder.encode(details), headers)


def to_response(scope: Scope, error: Exception) -> ASGIResponse:
    """Whatever was raised, as an answer."""
    if isinstance(error, Problem):
        if isinstance(error, errors.InternalError):
            log_unexpected_error(error, scope)
        return problem_response(error, scope)
    if isinstance(error, ValidationException):
        return problem_response(query_problem(error.extra), scope)
    if isinstance(error, HTTPException) and error.status_code in _BY_STATUS:
        answer = problem_response(_BY_STATUS[error.status_code](), scope)
        allow = (error.headers or {}).get("allow")
        if allow:
            answer.headers.add("allow", allow)
        return answer
    log_unexpected_error(error, scope)
    return problem_response(errors.InternalError(), scope)


def log_unexpected_error(error: BaseException, scope: Scope | None = None) -> None:
    """Log what was not foreseen."""
    request_id = access_log.request_id_of(scope) if scope else None
    access_log.get_logger().error("defect", request=request_id, **error_trace(error))


class ReadyResponse(Response[bytes]):
    """Litestar wants a Response from a handler of exceptions; this one sends an ASGI response that is ready."""

    def __init__(self, answer: ASGIResponse) -> None:
        super().__init__(b"")
        self.answer = answer

    def to_asgi_response(self, *_: Any, **__: Any) -> Any:
        """The answer, which is an ASGI application as it stands."""
        return self.answer


def _handler(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    return ReadyResponse(to_response(request.scope, error))


EXCEPTION_HANDLERS: ExceptionHandlersMap = {HTTPException: _handler, Exception: _handler}
"""For Litestar, which looks along the ancestors of what was raised."""
