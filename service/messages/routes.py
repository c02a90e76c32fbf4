"""Messages to customers: the notice of a visit, the customer's link, and the technician's code at the door."""

from litestar import get, post
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.errors import ContentDiffers, NotFound, VisitCancelled
from service.visits import customer_link
from service.visits.customer_link import Link
from service.web.endpoint import CHANGES, READS, WRITES, AnyRequest, Says, body_of, id_of
from service.web.responses import answer

from . import notices
from .notices import Notice, NoticeView, Send

OFFER = Says(
    tag="messages",
    summary="The notice to send to the customer, what it would prove, and what was sent",
    gives={200: Notice},
    problems=(*READS, NotFound),
)
SEND = Says(
    tag="messages",
    summary="Send the notice; with an id repeating is harmless",
    takes=Send,
    gives={201: NoticeView, 200: NoticeView},
    problems=(*WRITES, NotFound, ContentDiffers, VisitCancelled),
)
LINK = Says(
    tag="messages",
    summary="A new link for the customer; the one before ends",
    gives={201: Link},
    problems=(*CHANGES, NotFound),
)


@get("/v1/visits/{visit_id:str}/notice", opt={"says": OFFER})
async def offer_notice(request: AnyRequest) -> ASGIApp:
    """The notice to send."""
    return answer(await notices.offer(*caller(request), id_of(request, "visit_id")))


@post("/v1/visits/{visit_id:str}/notice", opt={"says": SEND})
async def send_notice(request: AnyRequest) -> ASGIApp:
    """Send it."""
    added, sent = await notices.send(*caller(request), id_of(request, "visit_id"), await body_of(request))
    return answer(sent, 201 if added else 200)


@post("/v1/visits/{visit_id:str}/confirmation-link", opt={"says": LINK})
async def make_link(request: AnyRequest) -> ASGIApp:
    """A new link."""
    return answer(await customer_link.create(*caller(request), id_of(request, "visit_id")), 201)


ROUTES = (offer_notice, send_notice, make_link)
