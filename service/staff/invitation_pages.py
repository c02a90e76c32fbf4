"""Where invitations and enrolments lead to: somebody sets his password and his authenticator, a phone is enrolled.

The code stands behind # in the address, so it is in no log. `/invitation` works without JavaScript, by pasting it.
"""

from collections.abc import Awaitable, Callable

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp

from service.accounts import sessions, totp
from service.accounts.middleware import session_cookies
from service.accounts.permissions import SECOND_FACTOR, Person
from service.accounts.public_pages import HTML
from service.accounts.sessions import Credentials, SecondFactor, SignIn
from service.errors import BodyTooLarge, InvalidBody, Problem, TotpAlreadySetUp, WrongMediaType
from service.web.cross_origin import require_same_origin_for_browsers
from service.web.endpoint import COMMON_ERRORS, AnyRequest, Bytes, RouteMetadata, context_of
from service.web.forms import read_form
from service.web.language import AnyText, Language, PageText, TextPair, language_cookie
from service.web.request_info import client_ip
from service.web.templates import Assets, Switch, render

from . import people

_FORM = Bytes("application/x-www-form-urlencoded", "The fields of the form.")


def _says(summary: str, *, form: bool = False) -> RouteMetadata:
    gives: dict[int, Bytes] = dict.fromkeys((200, 403, 404, 409, 413, 415, 422, 429, 507) if form else (200, 429), HTML)
    return RouteMetadata(
        tag="pages",
        summary=summary,
        request_body=_FORM if form else None,
        responses=gives,
        problems=COMMON_ERRORS,
        public=True,
    )


INVITATION = _says("The page of an invitation: set one's password")
SET = _says("The form of that page", form=True)
CHECK = _says("The first code of the authenticator signs in", form=True)
ENROL = _says("The page of an enrolment: for the phone")
UNREADABLE = PageText("没有看懂您填的内容，请核对后再提交")
TOO_LARGE = PageText("您填的内容太多，请缩短后再提交")
UNFIT_PASSWORD = PageText("密码不合适：至少 12 个字，两次输入要一样，不能是登录名。")
ENROLMENT = Assets("/web/phone/enrol.js", asks=True)
TO_START = Switch("/language", {"back": "/invitation"})
PASSWORD = Assets("/web/desk/invitation.js", asks=True)


@get("/invitation", opt={"says": INVITATION})
async def show_invitation(request: AnyRequest) -> ASGIApp:
    """The page of an invitation."""
    return _invitation(request)


@post("/invitation", status_code=200, opt={"says": SET})
async def take_invitation(request: AnyRequest) -> ASGIApp:
    """Set the password; who needs an authenticator sets it up at once."""
    ctx, address = context_of(request), client_ip(request.scope)
    fields: dict[str, str] = {}

    async def work() -> ASGIResponse:
        fields.update(await read_form(request))
        password = fields.get("password", "")
        if password != fields.get("again", ""):
            raise InvalidBody
        person = await people.set_password(ctx, address, fields.get("code", "").strip(), password)
        if SECOND_FACTOR.isdisjoint(person.roles):
            return _welcome(request, person)
        try:
            raw = msgspec.json.encode(Credentials(person.login, password))
            factor = await sessions.begin_totp_setup(ctx, address, raw)
        except TotpAlreadySetUp:
            return _welcome(request, person)
        return _check(request, person.login, person.name, factor)

    def again(problem: Problem) -> ASGIResponse:
        unfit = isinstance(problem, InvalidBody) and bool(fields)  # else the form itself could not be read
        return _invitation(request, problem, UNFIT_PASSWORD if unfit else _trouble(problem), fields.get("code", ""))

    return await _render_again(work, again)


@post("/invitation/check", status_code=200, opt={"says": CHECK})
async def check_factor(request: AnyRequest) -> ASGIApp:
    """The authenticator's first code, with the password: one is signed in."""
    ctx, address = context_of(request), client_ip(request.scope)
    fields: dict[str, str] = {}

    async def work() -> ASGIResponse:
        require_same_origin_for_browsers(request.scope, ctx)
        fields.update(await read_form(request))
        if fields.get("language") in ("zh", "en"):
            return _switched(request, fields)
        raw = msgspec.json.encode(SignIn(*(fields.get(name, "") for name in ("login", "password", "code"))))
        token = await sessions.sign_in(ctx, address, raw)
        return render(request.scope, "staff/signed_in.html", {}, 200, session_cookies(token), switch=TO_START)

    def again(problem: Problem) -> ASGIResponse:
        return _check(request, fields.get("login", ""), problem=problem)

    return await _render_again(work, again)


@get("/enrol", opt={"says": ENROL})
async def show_enrolment(request: AnyRequest) -> ASGIApp:
    """The page of an enrolment."""
    return render(request.scope, "staff/enrolment.html", {}, assets=ENROLMENT)


async def _render_again(
    work: Callable[[], Awaitable[ASGIResponse]], again: Callable[[Problem], ASGIResponse]
) -> ASGIResponse:
    try:
        return await work()
    except Problem as problem:
        if problem.status in (500, 503):
            raise
        return again(problem)


def _trouble(problem: Problem) -> AnyText:
    """What is said on the page; the titles of some problems are for who writes clients."""
    if isinstance(problem, InvalidBody | WrongMediaType):
        return UNREADABLE
    return TOO_LARGE if isinstance(problem, BodyTooLarge) else TextPair(problem.title_zh, problem.title_en)


def _wait(problem: Problem | None) -> tuple[tuple[bytes, bytes], ...]:
    wait = problem.extra.get("retry_after") if problem else None
    return ((b"retry-after", b"%d" % wait),) if wait else ()


def _invitation(
    request: AnyRequest, problem: Problem | None = None, trouble: AnyText | None = None, code: str = ""
) -> ASGIResponse:
    view = {"trouble": trouble, "code": code[:64]}
    status = problem.status if problem else 200
    return render(request.scope, "staff/invitation.html", view, status, _wait(problem), assets=PASSWORD)


def _welcome(request: AnyRequest, person: Person) -> ASGIResponse:
    view = {
        "person": person,
        "has_authenticator": not SECOND_FACTOR.isdisjoint(person.roles),
        "is_technician": person.roles == ("technician",),
    }
    return render(request.scope, "staff/password_set.html", view)


def _check(
    request: AnyRequest,
    login: str,
    name: str = "",
    factor: SecondFactor | None = None,
    problem: Problem | None = None,
    language: Language | None = None,
) -> ASGIResponse:
    """The form of the first code. The secret is shown once, so a switch of the language brings it along."""
    login, name = login[:64], name[:200]
    view = {"login": login, "name": name, "factor": factor, "trouble": _trouble(problem) if problem else None}
    kept = {"login": login, **({"name": name, "secret": factor.secret} if factor else {})}
    return render(
        request.scope,
        "staff/authenticator.html",
        view,
        problem.status if problem else 200,
        (*_wait(problem), *((language_cookie(language),) if language else ())),
        switch=Switch("/invitation/check", kept),
        language=language,
        origin=True,
    )


def _switched(request: AnyRequest, fields: dict[str, str]) -> ASGIResponse:
    """The same page in the other language."""
    language: Language = "en" if fields["language"] == "en" else "zh"
    login, secret = fields.get("login", ""), totp.parse_secret(fields.get("secret", ""))
    factor = sessions.second_factor(secret, login) if secret else None
    return _check(request, login, fields.get("name", ""), factor, language=language)


ROUTES = (show_invitation, take_invitation, check_factor, show_enrolment)
