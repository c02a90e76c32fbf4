"""The customer's link: the page, and the same as JSON. The forms of the page: `confirming`."""

from collections.abc import Awaitable, Callable
from secrets import token_urlsafe
from typing import Any

from litestar import get, post, put
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp

from service.accounts import throttling
from service.accounts.browser import browser_of
from service.accounts.middleware import browser_cookie, browser_cookie_header
from service.accounts.public_pages import HTML, public_page
from service.errors import (
    AnswerDeadlinePassed,
    AppointmentChanged,
    BodyTooLarge,
    InvalidBody,
    InvalidOtp,
    LinkExpired,
    MalformedJson,
    NoPhoneNumber,
    NotFound,
    OtpRequired,
    StatementChanged,
    StorageFull,
    TooManyRequests,
    UnreadableSignature,
    WrongMediaType,
)
from service.visits.customer_answers import CustomerSubmission
from service.web.endpoint import COMMON_ERRORS, AnyRequest, RouteMetadata, body_of, context_of
from service.web.request_info import client_ip
from service.web.responses import raw_response

from . import answering, otp, page
from .otp import OtpAccepted, OtpSent, OtpSubmission
from .page import ConfirmationPage
from .render import render_page

PUBLIC_WRITES = (*COMMON_ERRORS, StorageFull, BodyTooLarge, WrongMediaType, MalformedJson, InvalidBody)
GONE = (NotFound, LinkExpired, TooManyRequests)
LOOK = RouteMetadata(
    tag="customer",
    summary="The customer's page; looking changes nothing",
    responses={200: HTML, 404: HTML, 410: HTML, 429: HTML},
    problems=COMMON_ERRORS,
    public=True,
)
JSON = RouteMetadata(
    tag="customer",
    summary="The customer's page as JSON",
    responses={200: ConfirmationPage},
    problems=(*COMMON_ERRORS, *GONE),
    public=True,
)
ANSWER = RouteMetadata(
    tag="customer",
    summary="The customer's answers; the same again is no change",
    request_body=CustomerSubmission,
    most=800_000,  # a drawing is among them
    responses={200: ConfirmationPage},
    problems=(
        *PUBLIC_WRITES,
        *GONE,
        AppointmentChanged,
        AnswerDeadlinePassed,
        OtpRequired,
        StatementChanged,
        UnreadableSignature,
    ),
    public=True,
)
SEND_CODE = RouteMetadata(
    tag="customer",
    summary="Send a code to the customer's telephone, good for ten minutes and once; at most three an hour",
    responses={200: OtpSent},
    problems=(*COMMON_ERRORS, *GONE, StorageFull, NoPhoneNumber),
    public=True,
)
GIVE_CODE = RouteMetadata(
    tag="customer",
    summary="Enter the code: for half an hour this device may sign, refuse and raise; five tries",
    request_body=OtpSubmission,
    responses={200: OtpAccepted},
    problems=(*PUBLIC_WRITES, *GONE, InvalidOtp),
    public=True,
)


def token_of(request: AnyRequest) -> str:
    """The token in the path."""
    token: str = request.scope["path_params"]["token"]
    return token


@get("/c/{token:str}", opt={"says": LOOK})
async def show_customers_page(request: AnyRequest) -> ASGIApp:
    """The page."""

    async def work() -> ASGIResponse:
        token = token_of(request)
        ctx = context_of(request)
        details = await page.get_details(ctx, token, browser_of(request))
        return with_browser_cookie(request, render_page(request.scope, ctx, details, token))

    return await public_page(request, work)


async def customer_json(request: AnyRequest, work: Callable[[], Awaitable[Any]]) -> ASGIResponse:
    """What `work` gives, as JSON; links that nobody has count against the address."""
    return json_answer(await throttling.count_not_found(context_of(request), client_ip(request.scope), work))


@get("/v1/confirmations/{token:str}", opt={"says": JSON})
async def show_confirmation(request: AnyRequest) -> ASGIApp:
    """The same as JSON."""
    ctx, token, browser = context_of(request), token_of(request), browser_of(request)
    return with_browser_cookie(request, await customer_json(request, lambda: page.get_page(ctx, token, browser)))


@put("/v1/confirmations/{token:str}", opt={"says": ANSWER})
async def answer_confirmation(request: AnyRequest) -> ASGIApp:
    """The customer's answers."""
    ctx, token, browser = context_of(request), token_of(request), browser_of(request)

    async def work() -> ConfirmationPage:
        return await answering.submit_json(ctx, token, await body_of(request), browser)

    return await customer_json(request, work)


@post("/v1/confirmations/{token:str}/code", status_code=200, opt={"says": SEND_CODE})
async def send_code(request: AnyRequest) -> ASGIApp:
    """Send a code."""
    ctx, token, browser = context_of(request), token_of(request), browser_of(request)
    return await customer_json(request, lambda: otp.send_otp(ctx, token, browser))


@put("/v1/confirmations/{token:str}/code", opt={"says": GIVE_CODE})
async def give_code(request: AnyRequest) -> ASGIApp:
    """Enter the code."""
    ctx, token, browser = context_of(request), token_of(request), browser_of(request)

    async def work() -> OtpAccepted:
        return await otp.submit_otp(ctx, token, await body_of(request), browser)

    return await customer_json(request, work)


def with_browser_cookie(request: AnyRequest, given: ASGIResponse) -> ASGIResponse:
    """An answer that gives a browser without one its cookie; it says nothing of who looks."""
    if browser_cookie(request.scope):
        return given
    return raw_response(given.status, given.body, (*given.headers, browser_cookie_header(token_urlsafe(16))))


ROUTES = (
    show_customers_page,
    show_confirmation,
    answer_confirmation,
    send_code,
    give_code,
)
