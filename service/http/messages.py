"""Messages to customers: the notice of a visit, the customer's link, and the technician's code at the door."""

from litestar import get, post
from litestar.types import ASGIApp

from service.domain.errors import ContentDiffers, NotFound, NotNow, StorageFull, VisitCancelled
from service.flows import doorstep, links, notice
from service.flows.doorstep import Doorstep
from service.flows.links import Link
from service.flows.notice import Notice, NoticeView, Send

from .answers import answer
from .endpoint import CHANGES, READS, WRITES, AnyRequest, Says, body_of, caller, id_of

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
DOORSTEP = Says(
    tag="messages",
    summary="The code that the technician shows at the door; it changes every 30 seconds",
    gives={200: Doorstep},
    problems=(*READS, NotFound, NotNow, StorageFull),
)


@get("/v1/visits/{visit_id:str}/notice", opt={"says": OFFER})
async def offer_notice(request: AnyRequest) -> ASGIApp:
    """The notice to send."""
    return answer(await notice.offer(*caller(request), id_of(request, "visit_id")))


@post("/v1/visits/{visit_id:str}/notice", opt={"says": SEND})
async def send_notice(request: AnyRequest) -> ASGIApp:
    """Send it."""
    added, sent = await notice.send(*caller(request), id_of(request, "visit_id"), await body_of(request))
    return answer(sent, 201 if added else 200)


@post("/v1/visits/{visit_id:str}/confirmation-link", opt={"says": LINK})
async def make_link(request: AnyRequest) -> ASGIApp:
    """A new link."""
    return answer(await links.create(*caller(request), id_of(request, "visit_id")), 201)


@get("/v1/visits/{visit_id:str}/doorstep", opt={"says": DOORSTEP})
async def show_doorstep_code(request: AnyRequest) -> ASGIApp:
    """The code of now."""
    return answer(await doorstep.code(*caller(request), id_of(request, "visit_id")))


ROUTES = (offer_notice, send_notice, make_link, show_doorstep_code)
