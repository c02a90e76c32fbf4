"""The customer's link: the page, its forms, and the same as JSON."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from html import escape

from litestar import get, post, put
from litestar.types import ASGIApp

from service.domain.errors import (
    AppointmentChanged,
    BodyTooLarge,
    InvalidBody,
    LinkEnded,
    MalformedJson,
    NotFound,
    Problem,
    StorageFull,
    TooLate,
    TooManyRequests,
    WrongMediaType,
)
from service.domain.notice import spoken
from service.flows import customer, strangers
from service.flows.customer import AnotherTime, Answered, Answers, Confirmation

from .answers import Answer, answer
from .auth import address_of
from .endpoint import ANYBODY, Asked, Bytes, Says, body_of, house_of
from .forms import form_of
from .pages import both, call, page, plain, rows, see_other

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
FORM = Says(
    tag="customer",
    summary="A form of the customer's page",
    takes=Bytes("application/x-www-form-urlencoded", "The fields of the form."),
    gives={303: None, **dict.fromkeys((404, 409, 410, 413, 415, 422, 429, 507), HTML)},
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
    gives={200: Confirmation},
    problems=(*PUBLIC_WRITES, *GONE, AppointmentChanged, TooLate),
    public=True,
)
SAID = {
    404: ("这个链接无效或已失效", "This link is not valid, or no longer"),
    410: ("这个链接无效或已失效", "This link is not valid, or no longer"),
    409: ("刚才的时间已有变化，请重新打开链接", "Something changed meanwhile; open the link again"),
    429: ("请稍后再试", "Try again later"),
}


def token_of(request: Asked) -> str:
    """The token in the path."""
    token: str = request.scope["path_params"]["token"]
    return token


async def paged(request: Asked, work: Callable[[], Awaitable[Answer]]) -> Answer:
    """A page, also when there is a problem."""
    house = house_of(request)
    try:
        return await strangers.counted(house, address_of(request.scope), work)
    except Problem as problem:
        if problem.status in (500, 503):
            raise
        zh, en = SAID.get(problem.status, (problem.title["zh"], problem.title["en"]))
        if isinstance(problem, TooLate):
            zh, en = problem.title["zh"], problem.title["en"]
        wait = problem.extra.get("retry_after")
        return plain(zh, en, house.desk.hotline, problem.status, ((b"retry-after", b"%d" % wait),) if wait else ())


@get("/c/{token:str}", opt={"says": LOOK})
async def show_customers_page(request: Asked) -> ASGIApp:
    """The page."""

    async def work() -> Answer:
        token = token_of(request)
        return _page(await customer.look(house_of(request), token), token)

    return await paged(request, work)


@post("/c/{token:str}/appointment", status_code=303, opt={"says": FORM})
async def agree_by_form(request: Asked) -> ASGIApp:
    """One button: I agree to the time that I saw."""

    async def work() -> Answer:
        seen = _moment((await form_of(request)).get("window", ""))
        answers = Answers(answers=(Answered(item="appointment_agreed", good=True),), window_from=seen)
        await customer.take(house_of(request), token_of(request), answers)
        return see_other(f"/c/{token_of(request)}")

    return await paged(request, work)


@post("/c/{token:str}/another-time", status_code=303, opt={"says": FORM})
async def ask_by_form(request: Asked) -> ASGIApp:
    """A wish for another time."""

    async def work() -> Answer:
        fields = await form_of(request)
        wish = fields.get("wish", "").strip()[:300] or "请改约其他时间"
        answers = Answers(another_time=AnotherTime(wish), window_from=_moment(fields.get("window", "")))
        await customer.take(house_of(request), token_of(request), answers)
        return see_other(f"/c/{token_of(request)}")

    return await paged(request, work)


@get("/v1/confirmations/{token:str}", opt={"says": JSON})
async def show_confirmation(request: Asked) -> ASGIApp:
    """The same as JSON."""
    house = house_of(request)

    async def work() -> Answer:
        return answer(await customer.look(house, token_of(request)))

    return await strangers.counted(house, address_of(request.scope), work)


@put("/v1/confirmations/{token:str}", opt={"says": ANSWER})
async def answer_confirmation(request: Asked) -> ASGIApp:
    """The customer's answers."""
    house = house_of(request)

    async def work() -> Answer:
        return answer(await customer.answer(house, token_of(request), await body_of(request)))

    return await strangers.counted(house, address_of(request.scope), work)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidBody("the form cannot be read")
    return moment


def _page(seen: Confirmation, token: str) -> Answer:
    visit, person = seen.visit, seen.technician
    window = spoken(visit.window) if visit.window else "近期，以电话为准"
    head = f"<h1>{both(f'{person.company}上门服务', 'A visit of your water utility')}</h1>"
    facts = rows(
        ("上门时间", "Time", window),
        ("工作内容", "Work", visit.content),
        ("工作地点", "Place", f"{visit.address} {visit.place}".strip()),
        ("来人", "Who comes", f"{person.title} {person.name}".strip()),
        ("工号", "Badge", person.badge),
        ("客户", "Customer", f"{visit.customer} {visit.phone}".strip()),
    )
    door = both(
        "来人到门口时，请扫他手机上的二维码，核对身份。",
        "At the door, scan the code on his phone to see that he is genuine.",
    )
    body = f"<section>{facts}</section>{_forms(seen, token)}<section>{door}</section>{call(seen.hotline)}"
    return page("上门服务", head + _status(seen) + body)


def _status(seen: Confirmation) -> str:
    stands = seen.appointment
    if seen.state == "cancelled":
        return f'<div class="bad"><h1>{both("这次上门已取消", "This visit was cancelled")}</h1></div>'
    if seen.state == "over":
        return f"<section>{both('这次上门已结束。', 'This visit is over.')}</section>"
    if seen.state == "under_way":
        return f"<section>{both('工作人员已经到了。', 'Our staff have arrived.')}</section>"
    if stands.agreed:
        return f'<div class="good"><h1>{both("✓ 已约好", "Agreed")}</h1></div>'
    if stands.asked is not None:
        said = both("您希望改约，我们会尽快与您联系。", "You asked for another time; we will contact you soon.")
        return f"<section><strong>{said}</strong><p>{escape(stands.asked.wish)}</p></section>"
    if stands.moved:
        said = both("上门时间有变，请重新确认。", "The time has changed; please confirm again.")
        return f"<section><strong>{said}</strong></section>"
    return ""


def _forms(seen: Confirmation, token: str) -> str:
    stands = seen.appointment
    if stands.window is None:
        return ""
    hidden = f'<input type="hidden" name="window" value="{escape(stands.window.start.isoformat())}">'
    forms = ""
    if stands.may_agree:
        forms += (
            f'<form method="post" action="/c/{escape(token)}/appointment">{hidden}'
            f'<button class="yes">{both("同意这个时间", "I agree to this time")}</button></form>'
        )
    if stands.may_ask_until is not None:
        until = stands.may_ask_until.astimezone(stands.window.start.tzinfo)
        by = f"{until.month}月{until.day}日 {until:%H:%M}"
        forms += (
            f'<form method="post" action="/c/{escape(token)}/another-time">{hidden}'
            f"<h2>{both('想改时间？', 'Another time?')}</h2>"
            f'<label for="wish">{both(f"请写您方便的时间（{by} 前可改）", "Write when it suits you")}</label>'
            '<textarea id="wish" name="wish" maxlength="300" required></textarea>'
            f"<p><button>{both('请改约', 'Ask for another time')}</button></p></form>"
        )
    return f"<section>{forms}</section>" if forms else ""


ROUTES = (show_customers_page, agree_by_form, ask_by_form, show_confirmation, answer_confirmation)
