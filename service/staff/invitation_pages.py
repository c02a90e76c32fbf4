"""Where invitations and enrolments lead to: somebody sets his password and his authenticator, a phone is enrolled.

The code stands behind # in the address, so it is in no log. `/invitation` works without JavaScript, by pasting it.
"""

from collections.abc import Awaitable, Callable

from litestar import get, post
from litestar.response.base import ASGIResponse

from service.accounts import sessions, totp
from service.accounts.caller import Context
from service.accounts.middleware import session_cookies
from service.accounts.permissions import SECOND_FACTOR, Person
from service.accounts.public_pages import PageController
from service.accounts.sessions import Credentials, SecondFactor, SignIn
from service.errors import BodyTooLarge, InvalidBody, Problem, TotpAlreadySetUp, WrongMediaType
from service.web.api_document import COMMON_ERRORS, form_operation, pages, problems
from service.web.cross_origin import require_same_origin_for_browsers
from service.web.decoding import convert_strict
from service.web.forms import read_form
from service.web.language import AnyText, Language, PageText, TextPair, language_cookie
from service.web.request import AnyRequest
from service.web.request_info import client_ip
from service.web.templates import Assets, Switch, render

from . import people

UNREADABLE = PageText("没有看懂您填的内容，请核对后再提交")
TOO_LARGE = PageText("您填的内容太多，请缩短后再提交")
UNFIT_PASSWORD = PageText("密码不合适：至少 12 个字，两次输入要一样，不能是登录名。")
ENROLMENT = Assets("/web/phone/enrol.js", asks=True)
TO_START = Switch("/language", {"back": "/invitation"})
PASSWORD = Assets("/web/desk/invitation.js", asks=True)

_RESPONSES = {**problems(*COMMON_ERRORS), **pages(200, 429)}
_FORM_RESPONSES = {**problems(*COMMON_ERRORS), **pages(200, 403, 404, 409, 413, 415, 422, 429, 507)}
_FORM = form_operation("The fields of the form.")


class InvitationPagesController(PageController):
    """Pages of invitations and enrolments."""

    tags = ("pages",)

    @get("/invitation", summary="The page of an invitation: set one's password", responses=_RESPONSES)
    async def show_invitation(self, request: AnyRequest) -> ASGIResponse:
        """The code of the invitation stands behind # in the address, or is pasted."""
        return _invitation(request)

    @post(
        "/invitation",
        summary="The form of that page",
        status_code=200,
        operation_class=_FORM,
        responses=_FORM_RESPONSES,
    )
    async def take_invitation(self, request: AnyRequest, context: Context) -> ASGIResponse:
        """Set the password; who needs an authenticator sets it up at once."""
        address = client_ip(request.scope)
        fields: dict[str, str] = {}

        async def work() -> ASGIResponse:
            fields.update(await read_form(request))
            password = fields.get("password", "")
            if password != fields.get("again", ""):
                raise InvalidBody
            person = await people.set_password(context, address, fields.get("code", "").strip(), password)
            if SECOND_FACTOR.isdisjoint(person.roles):
                return _welcome(request, person)
            try:
                given = convert_strict(Credentials, {"login": person.login, "password": password})
                factor = await sessions.begin_totp_setup(context, address, given)
            except TotpAlreadySetUp:
                return _welcome(request, person)
            return _check(request, person.login, person.name, factor)

        def again(problem: Problem) -> ASGIResponse:
            unfit = isinstance(problem, InvalidBody) and bool(fields)  # else the form itself could not be read
            return _invitation(request, problem, UNFIT_PASSWORD if unfit else _trouble(problem), fields.get("code", ""))

        return await _render_again(work, again)

    @post(
        "/invitation/check",
        summary="The first code of the authenticator signs in",
        status_code=200,
        operation_class=_FORM,
        responses=_FORM_RESPONSES,
    )
    async def check_factor(self, request: AnyRequest, context: Context) -> ASGIResponse:
        """The authenticator's first code, with the password: one is signed in."""
        address = client_ip(request.scope)
        fields: dict[str, str] = {}

        async def work() -> ASGIResponse:
            require_same_origin_for_browsers(request.scope, context)
            fields.update(await read_form(request))
            if fields.get("language") in ("zh", "en"):
                return _switched(request, fields)
            given = convert_strict(SignIn, {name: fields.get(name, "") for name in ("login", "password", "code")})
            token = await sessions.sign_in(context, address, given)
            return render(request.scope, "staff/signed_in.html", {}, 200, session_cookies(token), switch=TO_START)

        def again(problem: Problem) -> ASGIResponse:
            return _check(request, fields.get("login", ""), problem=problem)

        return await _render_again(work, again)

    @get("/enrol", summary="The page of an enrolment: for the phone", responses=_RESPONSES)
    async def show_enrolment(self, request: AnyRequest) -> ASGIResponse:
        """The phone makes its key and registers by the code that stands behind # in the address."""
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


ROUTES = (InvitationPagesController,)
