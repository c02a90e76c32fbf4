"""Problems at the addresses of the desk, as pages: a sentence in the frame of the desk, and a way on.

Litestar calls `show_problem` for every problem without a handler of its own, also where there is no route and before
anybody is signed in, so that people at the desk meet neither JSON nor the customers' page.
"""

from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from service.context import AppContext
from service.errors import (
    FieldError,
    InvalidQuery,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    Problem,
    SignInAgain,
)
from service.web.language import AnyText, PageText
from service.web.page_paths import DESK, is_desk
from service.web.problems import allow_header, problem_in_json, to_problem
from service.web.request import AnyRequest
from service.web.templates import plain_problem_page, redirect

from . import authentication
from .desk import DeskRequest, explain, render_desk, retry_after, sign_in_address
from .middleware import session_cookie

_IN_WORDS: dict[type[Problem], PageText] = {
    NotFound: PageText("没有这个页面，或者它不在您的权限之内"),
    MethodNotAllowed: PageText("这个地址不能直接打开，请从页面上的链接进入"),
    InvalidQuery: PageText("地址里的查询条件看不懂，请从页面上重新选择"),
}


def show_problem(request: AnyRequest, error: Exception) -> Response[bytes]:
    """The exception handler of the application: a page for people at the desk, JSON for everybody else."""
    return _DeskProblem(error) if is_desk(request.scope["path"]) else problem_in_json(request, error)


EXCEPTION_HANDLERS: dict[int | type[Exception], Any] = {HTTPException: show_problem, Exception: show_problem}
"""Litestar looks for a handler along the bases of the exception."""


class _DeskProblem(Response[bytes]):
    """The page of a problem. Who asks is looked up while it is sent: an exception handler cannot wait."""

    def __init__(self, error: Exception) -> None:
        super().__init__(b"")
        self.error = error

    def to_asgi_response(self, *_: Any, request: AnyRequest, **__: Any) -> Any:
        """An application that sends the page."""

        async def send_page(scope: Scope, receive: Receive, send: Send) -> None:
            await (await _page(request, self.error))(scope, receive, send)

        return send_page


async def _page(request: AnyRequest, error: Exception) -> ASGIResponse:
    problem = to_problem(request.scope, error)
    headers = (*retry_after(problem), *allow_header(error))
    sentences = _sentences(problem)
    if isinstance(problem, SignInAgain):
        return redirect(sign_in_address(request, again=True))
    if isinstance(problem, NotAuthenticated):
        return redirect(sign_in_address(request))
    desk = await _desk_of(request)
    if desk is not None:
        view = {"problem": sentences, "desk": desk}
        return render_desk(desk, "web/desk_problem.html", view, problem.status, headers, back=DESK)
    if request.scope["path"].startswith(DESK) and 400 <= problem.status < 429:
        return redirect(sign_in_address(request))
    ctx: AppContext = request.app.state["ctx"]
    return plain_problem_page(request.scope, ctx.company.company, sentences, problem.status, headers)


def _nowhere(error: FieldError, name: str) -> str:
    """The page of a problem has no fields that a sentence could lead to."""
    del error, name
    return ""


def _sentences(problem: Problem) -> tuple[AnyText, ...]:
    words = _IN_WORDS.get(type(problem))
    return explain(problem) if words is None else (words, *explain(problem, place=_nowhere)[1:])


async def _desk_of(request: AnyRequest) -> DeskRequest | None:
    """Who is signed in, if anybody."""
    known: DeskRequest | None = request.state.get("desk")
    session = session_cookie(request.scope)
    if known is not None or session is None:
        return known
    ctx: AppContext = request.app.state["ctx"]
    token = authentication.session_digest(session)
    try:
        await authentication.touch_token(ctx, token)
        return DeskRequest(ctx, token, await authentication.authenticate(ctx, token), request)
    except Problem:
        return None
