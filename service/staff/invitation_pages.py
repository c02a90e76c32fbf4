"""Pages for invitations and enrolments: to set a password and an authenticator, and to enrol a phone.

Their links have the code after #, so no log contains it. `/invitation` works without JavaScript if the code is pasted.
"""

from contextlib import suppress

from litestar import get, post
from litestar.response.base import ASGIResponse

from service.accounts import sessions, totp
from service.accounts.caller import Context
from service.accounts.permissions import SECOND_FACTOR
from service.accounts.public_pages import PageController
from service.accounts.sessions import Credentials, SecondFactor, SignIn
from service.accounts.sign_in_origin import origin_of
from service.context import AppContext
from service.errors import (
    BodyTooLarge,
    FieldError,
    InvalidBody,
    InvalidCredentials,
    Problem,
    TotpAlreadySetUp,
    WrongMediaType,
)
from service.text import clean_secret
from service.web.api_document import COMMON_ERRORS, form_operation, pages, problems
from service.web.cross_origin import require_same_origin_for_browsers
from service.web.decoding import convert_strict
from service.web.field_words import in_words
from service.web.forms import read_form
from service.web.language import AnyText, Language, PageText, TextPair, language_cookie
from service.web.request import AnyRequest
from service.web.request_info import client_ip
from service.web.templates import Assets, Switch, render

from . import people

UNREADABLE = PageText("没有看懂您填的内容，请核对后再提交")
DIFFERENT = FieldError("/password", "different", "两次输入不一样 / the two are not the same")
TOO_LARGE = PageText("您填的内容太多，请缩短后再提交")
ENROLMENT = Assets("/web/phone/enrol.js", asks=True)
TO_START = Switch("/language", {"back": "/invitation"})
PASSWORD = Assets("/web/desk/invitation.js", asks=True)

_RESPONSES = {**problems(*COMMON_ERRORS), **pages(200, 429)}
_FORM_RESPONSES = {**problems(*COMMON_ERRORS), **pages(200, 403, 404, 409, 413, 415, 422, 429, 507)}
_FORM = form_operation("The fields of the form.")


class InvitationPagesController(PageController):
    """Pages of invitations and enrolments."""

    tags = ("pages",)

    @get("/invitation", summary="The page to set a password", responses=_RESPONSES)
    async def show_invitation(self, request: AnyRequest) -> ASGIResponse:
        """The page reads the one-time code after # in its address; it can be pasted too."""
        return _invitation(request)

    @post(
        "/invitation",
        summary="The form of the page to set a password",
        status_code=200,
        operation_class=_FORM,
        responses=_FORM_RESPONSES,
    )
    async def take_invitation(self, request: AnyRequest, context: Context) -> ASGIResponse:
        """Set the password. A person who needs an authenticator continues with its setup."""
        fields: dict[str, str] = {}
        try:
            fields = await read_form(request)
            return await _set_password(request, context, fields)
        except Problem as problem:
            return _invitation(request, problem, _explain(problem), fields.get("code", ""))

    @post(
        "/invitation/check",
        summary="The first code of the authenticator signs in",
        status_code=200,
        operation_class=_FORM,
        responses=_FORM_RESPONSES,
    )
    async def check_factor(self, request: AnyRequest, context: Context) -> ASGIResponse:
        """The first code of the authenticator, with the password, signs the person in."""
        fields: dict[str, str] = {}
        try:
            require_same_origin_for_browsers(request.scope, context)
            fields = await read_form(request)
            if fields.get("language") in ("zh", "en"):
                return _switch_language(request, fields)
            given = convert_strict(SignIn, {name: fields.get(name, "") for name in ("login", "password", "code")})
            if not given.code.strip():
                raise InvalidCredentials  # also where the role needs none: the page says that it works
            session = await sessions.sign_in(context, origin_of(request), given)
        except Problem as problem:
            return authenticator_page(request, fields.get("login", ""), trouble=_explain(problem), problem=problem)
        return render(request.scope, "staff/signed_in.html", {}, 200, await session.cookies(context), switch=TO_START)

    @get("/enrol", summary="The page on which a phone enrols", responses=_RESPONSES)
    async def show_enrolment(self, request: AnyRequest) -> ASGIResponse:
        """The phone makes its key and enrols with the one-time code after # in the address."""
        return render(request.scope, "staff/enrolment.html", {}, assets=ENROLMENT)


async def _set_password(request: AnyRequest, ctx: AppContext, fields: dict[str, str]) -> ASGIResponse:
    address, password = client_ip(request.scope), fields.get("password", "")
    if password != fields.get("again", ""):
        raise InvalidBody("", (DIFFERENT,))
    person = await people.set_password(ctx, address, clean_secret(fields.get("code", "")), password)
    needs_authenticator = not SECOND_FACTOR.isdisjoint(person.roles)
    if needs_authenticator:
        given = convert_strict(Credentials, {"login": person.login, "password": password})
        with suppress(TotpAlreadySetUp):
            factor = await sessions.begin_totp_setup(ctx, origin_of(request), given)
            return authenticator_page(request, person.login, person.name, factor)
    view = {
        "person": person,
        "has_authenticator": needs_authenticator,
        "is_technician": person.roles == ("technician",),
    }
    return render(request.scope, "staff/password_set.html", view)


def _explain(problem: Problem) -> AnyText:
    """The text for the page: the titles of some problems address developers. Server errors are raised again."""
    if problem.status in (500, 503):
        raise problem
    if isinstance(problem, InvalidBody) and problem.errors and problem.errors[0].pointer == "/password":
        zh, en = in_words(problem.errors[0])
        return TextPair(f"密码不合适：{zh}", f"Choose another password: {en}")
    if isinstance(problem, InvalidBody | WrongMediaType):
        return UNREADABLE
    return TOO_LARGE if isinstance(problem, BodyTooLarge) else TextPair(problem.title_zh, problem.title_en)


def _retry_after(problem: Problem | None) -> tuple[tuple[bytes, bytes], ...]:
    seconds = problem.extra.get("retry_after") if problem else None
    return ((b"retry-after", b"%d" % seconds),) if seconds else ()


def _invitation(
    request: AnyRequest, problem: Problem | None = None, trouble: AnyText | None = None, code: str = ""
) -> ASGIResponse:
    view, status = {"trouble": trouble, "code": code[:64]}, problem.status if problem else 200
    return render(request.scope, "staff/invitation.html", view, status, _retry_after(problem), assets=PASSWORD)


def authenticator_page(
    request: AnyRequest,
    login: str,
    name: str = "",
    factor: SecondFactor | None = None,
    *,
    trouble: AnyText | None = None,
    problem: Problem | None = None,
    language: Language | None = None,
) -> ASGIResponse:
    """The form for the first code. The secret is shown once, so the language switch carries it along."""
    login, name = login[:64], name[:200]
    view = {"login": login, "name": name, "factor": factor, "trouble": trouble}
    carried = {"login": login, **({"name": name, "secret": factor.secret} if factor else {})}
    return render(
        request.scope,
        "staff/authenticator.html",
        view,
        problem.status if problem else 200,
        (*_retry_after(problem), *((language_cookie(language),) if language else ())),
        switch=Switch("/invitation/check", carried),
        language=language,
        origin=True,
    )


def _switch_language(request: AnyRequest, fields: dict[str, str]) -> ASGIResponse:
    language: Language = "en" if fields["language"] == "en" else "zh"
    login, secret = fields.get("login", ""), totp.parse_secret(fields.get("secret", ""))
    factor = sessions.second_factor(secret, login) if secret else None
    return authenticator_page(request, login, fields.get("name", ""), factor, language=language)


ROUTES = (InvitationPagesController,)
