"""Pages for people without a token."""

from collections.abc import Awaitable, Callable

from litestar.response.base import ASGIResponse

from service.context import AppContext
from service.errors import Erased, LinkExpired, Problem, TooManyRequests
from service.web.language import PageText, TextPair
from service.web.problems import ReadyResponse
from service.web.request import AnyRequest
from service.web.request_info import client_ip
from service.web.templates import contact_advice, message_page

from . import throttling
from .caller import PublicController

GONE = PageText("这个链接无效或已失效")
REPLACED = PageText("这个链接已换成新的，请用我们最近给您的链接")
CANCELLED = PageText("这次上门已取消，工作人员不会来了。")
"""Of a link that ended, for which no more than this is shown."""
LATER = PageText("请稍后再试")
UNREADABLE = PageText("没有看懂您填的内容，请返回页面核对后再提交")
PAGE_MESSAGES = {
    404: GONE,
    410: GONE,
    409: PageText("刚才的时间已有变化，请重新打开链接"),
    413: PageText("您填的内容太多，请返回页面缩短后再提交"),
    415: UNREADABLE,
    422: UNREADABLE,
    429: LATER,
    507: PageText("现在不能保存，请返回页面，过一会儿再提交"),
}


def page_of_problem(request: AnyRequest, problem: Problem) -> ReadyResponse:
    """An exception handler that shows the problem as a page."""
    return ReadyResponse(_page(request, request.app.state["ctx"], problem))


async def public_page(
    request: AnyRequest, ctx: AppContext, work: Callable[[], Awaitable[ASGIResponse]]
) -> ASGIResponse:
    """A page, or the page of a problem; NotFound counts against the address."""
    try:
        return await throttling.count_not_found(ctx, client_ip(request.scope), work)
    except Problem as problem:
        if problem.status in (500, 503):
            raise
        return _page(request, ctx, problem)


def _page(request: AnyRequest, ctx: AppContext, problem: Problem) -> ASGIResponse:
    title = TextPair(problem.title_zh, problem.title_en)
    message = title if isinstance(problem, Erased) else PAGE_MESSAGES.get(problem.status, title)
    if isinstance(problem, LinkExpired):
        message = CANCELLED if problem.visit_cancelled else REPLACED if problem.replaced else message
    more = _advice(ctx.company.hotline) if message in (GONE, REPLACED) else None
    wait = problem.extra.get("retry_after")
    headers = ((b"retry-after", b"%d" % wait),) if wait else ()
    return message_page(request.scope, message, problem.status, headers, company=ctx.company, more=more)


def _advice(hotline: str) -> PageText:
    """What helps those whose link does not."""
    return PageText(
        "请打开我们最近给您的链接（短信里的，或您扫过的二维码）。找不到，请%(contact)s。",
        {"contact": contact_advice(hotline)},
    )


class PageController(PublicController):
    """Pages for people without a token; the rate limit is answered with a page, too."""

    exception_handlers = {TooManyRequests: page_of_problem}  # noqa: RUF012 # pyright: ignore[reportUnknownVariableType]
