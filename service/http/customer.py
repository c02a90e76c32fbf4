"""The customer's link: the page, and the same as JSON. The forms of the page: `confirming`."""

from collections.abc import Awaitable, Callable
from secrets import token_urlsafe
from typing import Any

from litestar import get, post, put
from litestar.types import ASGIApp

from service.domain.answers import Answers
from service.domain.errors import (
    AppointmentChanged,
    BodyTooLarge,
    CodeNeeded,
    CodeNotSent,
    InvalidBody,
    LinkEnded,
    MalformedJson,
    NotFound,
    Problem,
    StatementChanged,
    StorageFull,
    TooLate,
    TooManyRequests,
    UnreadableSignature,
    WrongCode,
    WrongMediaType,
)
from service.flows import answering, codes, customer, strangers
from service.flows.browser import Browser
from service.flows.codes import CodeGiven, CodeSent, Opened
from service.flows.customer import Confirmation

from .answers import Answer, answer
from .auth import address_of, seat_cookie, seat_of, session_of
from .customer_page import whole
from .endpoint import ANYBODY, AnyRequest, Bytes, Says, body_of, house_of
from .pages import plain

HTML = Bytes("text/html", "A page for people, Chinese first, then English.")
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
SAID = {
    404: ("这个链接无效或已失效", "This link is not valid, or no longer"),
    410: ("这个链接无效或已失效", "This link is not valid, or no longer"),
    409: ("刚才的时间已有变化，请重新打开链接", "Something changed meanwhile; open the link again"),
    429: ("请稍后再试", "Try again later"),
}


def token_of(request: AnyRequest) -> str:
    """The token in the path."""
    token: str = request.scope["path_params"]["token"]
    return token


async def paged(request: AnyRequest, work: Callable[[], Awaitable[Answer]]) -> Answer:
    """A page, also when there is a problem."""
    house = house_of(request)
    try:
        return await strangers.counted(house, address_of(request.scope), work)
    except Problem as problem:
        if problem.status in (500, 503):
            raise
        zh, en = SAID.get(problem.status, (problem.title_zh, problem.title_en))
        if isinstance(problem, TooLate):
            zh, en = problem.title_zh, problem.title_en
        wait = problem.extra.get("retry_after")
        return plain(zh, en, house.desk.hotline, problem.status, ((b"retry-after", b"%d" % wait),) if wait else ())


@get("/c/{token:str}", opt={"says": LOOK})
async def show_customers_page(request: AnyRequest) -> ASGIApp:
    """The page."""

    async def work() -> Answer:
        token = token_of(request)
        house = house_of(request)
        return seated(request, whole(house, await customer.look(house, token, browser_of(request)), token))

    return await paged(request, work)


async def as_json(request: AnyRequest, work: Callable[[], Awaitable[Any]]) -> Answer:
    """What `work` gives, as JSON; links that nobody has count against the address."""
    return answer(await strangers.counted(house_of(request), address_of(request.scope), work))


@get("/v1/confirmations/{token:str}", opt={"says": JSON})
async def show_confirmation(request: AnyRequest) -> ASGIApp:
    """The same as JSON."""
    house, token, browser = house_of(request), token_of(request), browser_of(request)
    return seated(request, await as_json(request, lambda: customer.look(house, token, browser)))


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
    return await as_json(request, lambda: codes.send(house, token, browser))


@put("/v1/confirmations/{token:str}/code", opt={"says": GIVE_CODE})
async def give_code(request: AnyRequest) -> ASGIApp:
    """Enter the code."""
    house, token, browser = house_of(request), token_of(request), browser_of(request)

    async def work() -> Opened:
        return await codes.check(house, token, await body_of(request), browser)

    return await as_json(request, work)


def browser_of(request: AnyRequest) -> Browser:
    """Where a request comes from; what the browser says of itself is for whoever has to tell devices apart later."""
    agent = "".join(c for c in request.headers.get("user-agent", "")[:200] if c.isprintable())
    return Browser(address_of(request.scope), agent, seat_of(request.scope), session_of(request.scope) is not None)


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
