"""Who is asking: for handlers, and before them."""

from service.context import House
from service.errors import TooManyRequests
from service.web.endpoint import AnyRequest, Bytes, Says, house_of
from service.web.pages import plain
from service.web.responses import Answer

from .middleware import admit, slow_down, token_of


def caller(request: AnyRequest) -> tuple[House, bytes]:
    """What the flows work with, and the token of who is asking."""
    return house_of(request), token_of(request.scope)


async def admitted(request: AnyRequest) -> Answer | None:
    """Before every handler, and before the body is read: who is asking may come in, and not too often.

    Public handlers ask nobody who he is. A person who looks at a page is told on a page.
    """
    says: Says | None = request.route_handler.opt.get("says")
    if says is None or not says.limited:
        return None
    house = house_of(request)
    if not says.public:
        await admit(request.scope, house)
        return None
    try:
        slow_down(request.scope, house)
    except TooManyRequests as problem:
        if not isinstance(says.gives.get(429), Bytes):
            raise
        wait = problem.extra["retry_after"]
        return plain("请稍后再试", "Try again later", house.desk.hotline, 429, ((b"retry-after", b"%d" % wait),))
    return None
