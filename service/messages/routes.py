"""Messages to customers: the notice of a visit, the customer's link, and the technician's code at the door."""

from litestar import get, post
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.errors import IdReusedWithOtherContent, NotFound, VisitCancelled
from service.visits import customer_link
from service.visits.customer_link import CustomerLink
from service.web.endpoint import CHANGE_ERRORS, READ_ERRORS, WRITE_ERRORS, AnyRequest, RouteMetadata, body_of, id_of
from service.web.responses import json_answer

from . import notices
from .notices import NoticeDraft, NoticeRequest, NoticeView

OFFER = RouteMetadata(
    tag="messages",
    summary="The notice to send to the customer, what it would prove, and what was sent",
    responses={200: NoticeDraft},
    problems=(*READ_ERRORS, NotFound),
)
SEND = RouteMetadata(
    tag="messages",
    summary="Send the notice; with an id repeating is harmless",
    request_body=NoticeRequest,
    responses={201: NoticeView, 200: NoticeView},
    problems=(*WRITE_ERRORS, NotFound, IdReusedWithOtherContent, VisitCancelled),
)
LINK = RouteMetadata(
    tag="messages",
    summary="A new link for the customer; the one before ends",
    responses={201: CustomerLink},
    problems=(*CHANGE_ERRORS, NotFound),
)


@get("/v1/visits/{visit_id:str}/notice", opt={"says": OFFER})
async def offer_notice(request: AnyRequest) -> ASGIApp:
    """The notice to send."""
    return json_answer(await notices.draft_notice(*caller(request), id_of(request, "visit_id")))


@post("/v1/visits/{visit_id:str}/notice", opt={"says": SEND})
async def send_notice(request: AnyRequest) -> ASGIApp:
    """Send it."""
    added, sent = await notices.send(*caller(request), id_of(request, "visit_id"), await body_of(request))
    return json_answer(sent, 201 if added else 200)


@post("/v1/visits/{visit_id:str}/confirmation-link", opt={"says": LINK})
async def make_link(request: AnyRequest) -> ASGIApp:
    """A new link."""
    return json_answer(await customer_link.create_link(*caller(request), id_of(request, "visit_id")), 201)


ROUTES = (offer_notice, send_notice, make_link)
