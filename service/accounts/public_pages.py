"""Pages for people without a token."""

from collections.abc import Awaitable, Callable

from service.errors import Problem, TooLate
from service.web.endpoint import AnyRequest, Bytes, house_of
from service.web.pages import plain
from service.web.request_info import address_of
from service.web.responses import Answer

from . import throttling

HTML = Bytes("text/html", "A page for people, Chinese first, then English.")
SAID = {
    404: ("这个链接无效或已失效", "This link is not valid, or no longer"),
    410: ("这个链接无效或已失效", "This link is not valid, or no longer"),
    409: ("刚才的时间已有变化，请重新打开链接", "Something changed meanwhile; open the link again"),
    429: ("请稍后再试", "Try again later"),
}


async def paged(request: AnyRequest, work: Callable[[], Awaitable[Answer]]) -> Answer:
    """A page, also when there is a problem."""
    house = house_of(request)
    try:
        return await throttling.counted(house, address_of(request.scope), work)
    except Problem as problem:
        if problem.status in (500, 503):
            raise
        zh, en = SAID.get(problem.status, (problem.title_zh, problem.title_en))
        if isinstance(problem, TooLate):
            zh, en = problem.title_zh, problem.title_en
        wait = problem.extra.get("retry_after")
        return plain(zh, en, house.desk.hotline, problem.status, ((b"retry-after", b"%d" % wait),) if wait else ())
