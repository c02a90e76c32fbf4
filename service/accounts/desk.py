"""The desk: pages for people who are signed in with a browser.

A page calls the same functions as the API, with the digest of its session as token. Its forms post, carry the CSRF
token in the field `csrf`, and redirect when they are done.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import msgspec
from litestar import Controller
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation
from litestar.response.base import ASGIResponse

from service.context import AppContext
from service.errors import (
    BodyTooLarge,
    FieldError,
    InvalidBody,
    Problem,
    UnknownPerson,
    WrongMediaType,
)
from service.web.cross_origin import SAFE
from service.web.field_words import field_of, in_words
from service.web.forms import read_form, read_upload
from service.web.language import AnyText, Language, PageText, TextPair, language_of
from service.web.request import AnyRequest
from service.web.request_info import get_cookie
from service.web.responses import Headers
from service.web.templates import NO_ASSETS, SWITCHABLE, Assets, Switch, redirect, render

from . import authentication
from .labels import FIELDS
from .middleware import authenticate_session, csrf_token, require_csrf_token, session_cookie
from .permissions import Permission, Person

FORM_LIMIT, FORM_FIELDS = 200_000, 500
"""The largest form of a page: bytes and fields."""
NOTICE_COOKIE = b"__Host-doorstep-notice"
_NOTICE_ATTRIBUTES = b"; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age="
REFRESH = Assets("/web/desk/refresh.js", asks=True)
"""Of a list that fetches itself again from time to time."""
UNREADABLE = PageText("没有看懂您填的内容，请核对后再提交")
CORRECT = PageText("还没有完成，请改正标出的地方：")
TOO_LARGE = PageText("您填的内容太多，请缩短后再提交")


class Section(msgspec.Struct, frozen=True):
    """A section of the desk in the navigation, for those who have one of the permissions."""

    name: str
    path: str
    title: PageText
    permissions: tuple[Permission, ...]


SECTIONS = (
    Section("today", "/desk/today", PageText("日程"), ("see visits of an area", "see own visits")),
    Section("queue", "/desk/queue", PageText("待审"), ("review visits",)),
    Section("duties", "/desk/duties", PageText("待办"), ("see duties",)),
    Section("quarantine", "/desk/quarantine", PageText("隔离"), ("see quarantine",)),
    Section("people", "/desk/people", PageText("人员"), ("see people",)),
    Section("webhooks", "/desk/webhooks", PageText("对接"), ("see webhooks",)),
    Section("events", "/desk/events", PageText("事件"), ("see events",)),
    Section("privacy", "/desk/privacy", PageText("个人信息"), ("see what is kept",)),
    Section("checklists", "/desk/checklists", PageText("清单"), ("see people",)),  # the office and admins
)


class DeskRequest(msgspec.Struct, frozen=True):
    """A request of a person who is signed in. `form` has the fields of a POST, whose CSRF token was right.

    `files`: what it uploads, if the handler has the option `upload`: the largest body in bytes.
    """

    ctx: AppContext
    token: bytes
    person: Person
    request: AnyRequest
    form: Mapping[str, str] = {}
    files: Mapping[str, bytes] = {}

    @property
    def csrf(self) -> str:
        """The CSRF token for the forms of the page."""
        return csrf_token(session_cookie(self.request.scope) or "")

    @property
    def language(self) -> Language:
        """The language of the page."""
        return language_of(self.request.scope)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections that the person may see."""
        return tuple(one for one in SECTIONS if any(self.person.can(permission) for permission in one.permissions))


Desk = NamedDependency[SkipValidation[DeskRequest]]


async def _provide_desk(request: AnyRequest) -> DeskRequest:
    """NotAuthenticated, DeviceRevoked, CrossOriginRejected, TooManyRequests, or a problem of the form."""
    ctx: AppContext = request.app.state["ctx"]
    token = await authenticate_session(request.scope, ctx)
    person = await authentication.authenticate(ctx, token)
    request.state.desk = desk = DeskRequest(ctx, token, person, request)
    if request.method in SAFE:
        return desk
    upload: int | None = request.route_handler.opt.get("upload")
    if upload and request.headers.get("content-type", "").startswith("multipart/form-data"):
        form, files = await read_upload(request, upload)
    else:
        form, files = await read_form(request, upload or FORM_LIMIT, FORM_FIELDS), {}
    require_csrf_token(request.scope, form.get("csrf", "").encode())
    return msgspec.structs.replace(desk, form=form, files=files)


class DeskController(Controller):
    """Pages of the desk, which inject `desk: Desk`. A problem that the handler does not handle becomes a page
    (`desk_problems`); without a session that is the page to sign in."""

    opt = {"exclude_from_auth": True}  # noqa: RUF012 - as Litestar declares it
    include_in_schema = False
    dependencies = {"desk": Provide(_provide_desk)}  # noqa: RUF012


def render_desk(
    desk: DeskRequest,
    template: str,
    view: Mapping[str, Any],
    status: int = 200,
    headers: Headers = (),
    *,
    section: str = "",
    assets: Assets = NO_ASSETS,
    back: str = "",
) -> ASGIResponse:
    """A page in the frame of the desk (`web/desk.html`). `section` is marked in the navigation.

    `back`: where the language switch returns to; by default to this address, which has to answer GET.
    """
    scope = desk.request.scope
    notice = _notice(desk)
    here = back or own_address(desk.request)
    frame = {
        "desk": desk,
        "section": section,
        "company": desk.ctx.company.company,
        "notice": notice,
        "printed_at": desk.ctx.now(),
        "address": desk.ctx.company.url + here,
    }
    if notice:
        headers = (*headers, (b"set-cookie", NOTICE_COOKIE + b"=" + _NOTICE_ATTRIBUTES + b"0"))
    switch = Switch("/language", {"back": here})
    assets = msgspec.structs.replace(assets, images=True)
    return render(scope, template, {**frame, **view}, status, headers, assets=assets, switch=switch, origin=True)


def redirect_with_notice(path: str, notice: PageText | None = None) -> ASGIResponse:
    """Redirect after a form, and show a notice on the next page; it has no values."""
    if notice is None:
        return redirect(path)
    cookie = NOTICE_COOKIE + b"=" + quote(notice.zh, safe="").encode() + _NOTICE_ATTRIBUTES + b"60"
    return redirect(path, ((b"set-cookie", cookie),))


def _notice(desk: DeskRequest) -> PageText | None:
    text = unquote(get_cookie(desk.request.scope, NOTICE_COOKIE) or "")
    return PageText(text) if text and "%" not in text else None


class FieldSentence(msgspec.Struct, frozen=True):
    """What is wrong with a field of a form, with the id of its element. Without a label it is about the whole form."""

    zh: str
    en: str
    field: str = ""
    label: PageText | None = None


def require_sure(desk: DeskRequest) -> None:
    """InvalidBody unless the box of the form is ticked (`sure` in `web/desk_macros.html`): what cannot be undone is
    asked once more, also where a browser does not insist on the box."""
    if desk.form.get("sure") != "yes":
        detail = "还没有做：请先勾选“确定”，再按按钮 / not done yet: tick the box first, then press the button"
        raise InvalidBody("", (FieldError("/sure", "unconfirmed", detail),))


def _same_id(error: FieldError, name: str) -> str:
    del error
    return name


def explain(
    problem: Problem,
    whole: str = "",
    *,
    labels: Mapping[str, PageText] = FIELDS,
    place: Callable[[FieldError, str], str] = _same_id,
) -> tuple[AnyText, ...]:
    """The sentences that tell a person what is wrong: what happened, then each wrong place.

    `whole`: the field that errors about everything belong to, such as that of a file. `labels`: the names of fields.
    `place`: the id of the element that an error about a field leads to, empty for none; by default the field's name.
    """

    def sentence(error: FieldError) -> FieldSentence | None:
        """None where neither the field nor the error has a name for people."""
        name = field_of(error) or whole
        label = labels.get(name)
        if label is None and " / " not in error.detail:
            return None
        return FieldSentence(*in_words(error), place(error, name) if label else "", label)

    if isinstance(problem, InvalidBody | UnknownPerson):
        wrong = tuple(filter(None, map(sentence, problem.errors)))
        return (CORRECT if wrong else UNREADABLE, *wrong)
    if isinstance(problem, WrongMediaType | BodyTooLarge):
        return (TOO_LARGE if isinstance(problem, BodyTooLarge) else UNREADABLE,)
    places = (sentence(error) for error in problem.errors if " / " in error.detail)
    return (TextPair(problem.title_zh, problem.title_en), *filter(None, places))


def retry_after(problem: Problem) -> Headers:
    """The header of a problem that goes away by itself."""
    seconds = problem.extra.get("retry_after")
    return ((b"retry-after", b"%d" % seconds),) if seconds else ()


def own_address(request: AnyRequest) -> str:
    """The path and query of a request."""
    query: bytes = request.scope["query_string"]
    return quote(request.scope["path"]) + (f"?{query.decode('latin-1')}" if query else "")


def own_path(text: str, otherwise: str = "/desk") -> str:
    """An address of this site that a person may be sent to."""
    return text if SWITCHABLE.fullmatch(text) else otherwise


def sign_in_address(request: AnyRequest, *, again: bool = False) -> str:
    """The page to sign in, which leads back to this one; after a form, which was not saved, to the page it is on.
    `again`: the person is signed in, and has to prove who they are."""
    why = "&again=1" if again else ""
    if request.method in SAFE:
        return f"/sign-in?next={quote(own_path(own_address(request)), safe='/')}{why}"
    page = urlsplit(request.headers.get("referer", ""))
    back = own_path(page.path + (f"?{page.query}" if page.query else ""))
    return f"/sign-in?next={quote(back, safe='/')}{why or '&unsaved=1'}"
