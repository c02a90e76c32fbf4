"""Pages for people without a token."""

from collections.abc import Awaitable, Callable

from service.errors import AnswerDeadlinePassed, Problem
from service.web.endpoint import AnyRequest, Bytes, context_of
from service.web.pages import message_page
from service.web.request_info import client_ip
from service.web.responses import Answer

from . import throttling

HTML = Bytes("text/html", "A page for people, Chinese first, then English.")
PAGE_MESSAGES = {
    404: ("这个链接无效或已失效", "This link is not valid, or no longer"),
    410: ("这个链接无效或已失效", "This link is not valid, or no longer"),
    409: ("刚才的时间已有变化，请重新打开链接", "Something changed meanwhile; open the link again"),
    429: ("请稍后再试", "Try again later"),
}


async def public_page(request: AnyRequest, work: Callable[[], Awaitable[Answer]]) -> Answer:
    """A page, also when there is a problem."""
    ctx = context_of(request)
    try:
        return await throttling.count_not_found(ctx, client_ip(request.scope), work)
    except Problem as problem:
        if problem.status in (500, 503):
            raise
        zh, en = PAGE_MESSAGES.get(problem.status, (problem.title_zh, problem.title_en))
        if isinstance(problem, AnswerDeadlinePassed):
            zh, en = problem.title_zh, problem.title_en
        wait = problem.extra.get("retry_after")
        return message_page(
            zh, en, ctx.company.hotline, problem.status, ((b"retry-after", b"%d" % wait),) if wait else ()
        )
