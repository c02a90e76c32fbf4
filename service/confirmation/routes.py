"""The customer's link: the page, and the same as JSON. The forms of the page: `confirming`."""

from collections.abc import Awaitable, Callable
from secrets import token_urlsafe
from typing import Any

from litestar import get, post, put
from litestar.types import ASGIApp

from service.accounts import throttling
from service.accounts.browser import browser_of
from service.accounts.middleware import seat_cookie, seat_of
from service.accounts.public_pages import HTML, paged
from service.errors import (
    AppointmentChanged,
    BodyTooLarge,
    CodeNeeded,
    CodeNotSent,
    InvalidBody,
    LinkEnded,
    MalformedJson,
    NotFound,
    StatementChanged,
    StorageFull,
    TooLate,
    TooManyRequests,
    UnreadableSignature,
    WrongCode,
    WrongMediaType,
)
from service.visits.customer_answers import Answers
from service.web.endpoint import ANYBODY, AnyRequest, Says, body_of, house_of
from service.web.request_info import address_of
from service.web.responses import Answer, answer

from . import answering, otp, page
from .html_page import whole
from .otp import CodeGiven, CodeSent, Opened
from .page import Confirmation

PUBLIC_WRITES = (*ANYBODY, StorageFull, BodyTooLarge, WrongMediaType, MalformedJson, InvalidBody)
GONE = (NotFound, LinkEnded, TooManyRequests)
LOOK = Says(
    tag="customer",
    summary="The customer's page; looking changes nothing",
    gives={200: HTML, 404: HTML, 410: HTML, 429: HTML},
    problems=ANYBODY,
    public=True,
)
JSON = Says(
    tag="customer",
    summary="The customer's page as JSON",
    gives={200: Confirmation},
    problems=(*ANYBODY, *GONE),
    public=True,
)
ANSWER = Says(
    tag="customer",
    summary="The customer's answers; the same again is no change",
    takes=Answers,
    most=800_000,  # a drawing is among them
    gives={200: Confirmation},
    problems=(*PUBLIC_WRITES, *GONE, AppointmentChanged, TooLate, CodeNeeded, StatementChanged, UnreadableSignature),
    public=True,
)
SEND_CODE = Says(
    tag="customer",
    summary="Send a code to the customer's telephone, good for ten minutes and once; at most three an hour",
    gives={200: CodeSent},
    problems=(*ANYBODY, *GONE, StorageFull, CodeNotSent),
    public=True,
)
GIVE_CODE = Says(
    tag="customer",
    summary="Enter the code: for half an hour this device may sign, refuse and raise; five tries",
    takes=CodeGiven,
    gives={200: Opened},
    problems=(*PUBLIC_WRITES, *GONE, WrongCode),
    public=True,
)


def token_of(request: AnyRequest) -> str:
    """The token in the path."""
    token: str = request.scope["path_params"]["token"]
    return token


@get("/c/{token:str}", opt={"says": LOOK})
async def show_customers_page(request: AnyRequest) -> ASGIApp:
    """The page."""

    async def work() -> Answer:
        token = token_of(request)
        house = house_of(request)
        return seated(request, whole(house, await page.look(house, token, browser_of(request)), token))

    return await paged(request, work)


async def as_json(request: AnyRequest, work: Callable[[], Awaitable[Any]]) -> Answer:
    """What `work` gives, as JSON; links that nobody has count against the address."""
    return answer(await throttling.counted(house_of(request), address_of(request.scope), work))


@get("/v1/confirmations/{token:str}", opt={"says": JSON})
async def show_confirmation(request: AnyRequest) -> ASGIApp:
    """The same as JSON."""
    house, token, browser = house_of(request), token_of(request), browser_of(request)
    return seated(request, await as_json(request, lambda: page.look(house, token, browser)))


@put("/v1/confirmations/{token:str}", opt={"says": ANSWER})
async def answer_confirmation(request: AnyRequest) -> ASGIApp:
    """The customer's answers."""
    house, token, browser = house_of(request), token_of(request), browser_of(request)

    async def work() -> Confirmation:
        return await answering.answer(house, token, await body_of(request), browser)

    return await as_json(request, work)


@post("/v1/confirmations/{token:str}/code", status_code=200, opt={"says": SEND_CODE})
async def send_code(request: AnyRequest) -> ASGIApp:
    """Send a code."""
    house, token, browser = house_of(request), token_of(request), browser_of(request)
    return await as_json(request, lambda: otp.send(house, token, browser))


@put("/v1/confirmations/{token:str}/code", opt={"says": GIVE_CODE})
async def give_code(request: AnyRequest) -> ASGIApp:
    """Enter the code."""
    house, token, browser = house_of(request), token_of(request), browser_of(request)

    async def work() -> Opened:
        return await otp.check(house, token, await body_of(request), browser)

    return await as_json(request, work)


def seated(request: AnyRequest, given: Answer) -> Answer:
    """An answer that gives a browser without one its cookie; it says nothing of who looks."""
    if seat_of(request.scope):
        return given
    return Answer(given.status, given.body, (*given.headers, seat_cookie(token_urlsafe(16))))


ROUTES = (
    show_customers_page,
    show_confirmation,
    answer_confirmation,
    send_code,
    give_code,
)
