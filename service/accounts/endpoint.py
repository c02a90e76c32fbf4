"""Who is asking: for handlers, and before them."""

from service.context import AppContext
from service.errors import TooManyRequests
from service.web.endpoint import AnyRequest, Bytes, RouteMetadata, context_of
from service.web.language import PageText
from service.web.pages import message_page
from service.web.responses import Answer

from .middleware import authenticate, bearer_digest, enforce_rate_limit


def caller(request: AnyRequest) -> tuple[AppContext, bytes]:
    """What the flows work with, and the token of who is asking."""
    return context_of(request), bearer_digest(request.scope)


async def authenticate_request(request: AnyRequest) -> Answer | None:
    """Before every handler, and before the body is read: who is asking may come in, and not too often.

    Public handlers ask nobody who he is. A person who looks at a page is told on a page.
    """
    says: RouteMetadata | None = request.route_handler.opt.get("says")
    if says is None or not says.limited:
        return None
    ctx = context_of(request)
    if not says.public:
        await authenticate(request.scope, ctx)
        return None
    try:
        enforce_rate_limit(request.scope, ctx)
    except TooManyRequests as problem:
        if not isinstance(says.responses.get(429), Bytes):
            raise
        wait = problem.extra["retry_after"]
        later = PageText("请稍后再试")
        return message_page(request.scope, later, ctx.company.hotline, 429, ((b"retry-after", b"%d" % wait),))
    return None
