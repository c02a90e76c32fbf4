"""Where invitations and enrolments lead to: somebody sets his password and his authenticator, a phone is enrolled.

The code stands behind # in the address, so it is in no log. `/invitation` works without JavaScript, by pasting it.
"""

from collections.abc import Awaitable, Callable
from html import escape

import msgspec
from litestar import get, post
from litestar.types import ASGIApp

from service.accounts import sessions
from service.accounts.middleware import session_cookies
from service.accounts.permissions import SECOND_FACTOR, Person
from service.accounts.public_pages import HTML
from service.accounts.sessions import Credentials, SecondFactor, SignIn
from service.errors import InvalidBody, Problem, TotpAlreadySetUp
from service.web.cross_origin import require_same_origin_for_browsers
from service.web.decoding import decode_strict
from service.web.endpoint import COMMON_ERRORS, AnyRequest, Bytes, RouteMetadata, context_of
from service.web.forms import read_form
from service.web.pages import bilingual, page
from service.web.request_info import client_ip
from service.web.responses import Answer

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
TITLE = "欢迎使用上门"
_SIGN_IN_DECODER = msgspec.json.Decoder(SignIn)


@get("/invitation", opt={"says": INVITATION})
async def show_invitation(request: AnyRequest) -> ASGIApp:  # noqa: ARG001 - nothing of it matters
    """The page of an invitation."""
    return _invitation()


@post("/invitation", status_code=200, opt={"says": SET})
async def take_invitation(request: AnyRequest) -> ASGIApp:
    """Set the password; who needs an authenticator sets it up at once."""
    ctx, address = context_of(request), client_ip(request.scope)
    fields: dict[str, str] = {}

    async def work() -> Answer:
        fields.update(await read_form(request))
        password = fields.get("password", "")
        if password != fields.get("again", ""):
            raise InvalidBody
        person = await people.set_password(ctx, address, fields.get("code", "").strip(), password)
        if SECOND_FACTOR.isdisjoint(person.roles):
            return _welcome(person)
        try:
            setup = await sessions.begin_totp_setup(ctx, address, Credentials(person.login, password))
            return _totp_setup_page(person, setup)
        except TotpAlreadySetUp:
            return _welcome(person)

    def again(problem: Problem) -> Answer:
        said = problem.title_zh, problem.title_en
        if isinstance(problem, InvalidBody):
            said = (
                "密码不合适：至少 12 个字，两次输入要一样，不能是登录名。",
                "This password cannot be taken: 12 characters or more, twice the same, not your login.",
            )
        return _invitation(bilingual(*said), problem, fields.get("code", ""))

    return await _render_again(work, again)


@post("/invitation/check", status_code=200, opt={"says": CHECK})
async def check_factor(request: AnyRequest) -> ASGIApp:
    """The authenticator's first code, with the password: one is signed in."""
    ctx, address = context_of(request), client_ip(request.scope)
    fields: dict[str, str] = {}

    async def work() -> Answer:
        require_same_origin_for_browsers(request.scope, ctx)
        fields.update(await read_form(request))
        raw = msgspec.json.encode(SignIn(*(fields.get(name, "") for name in ("login", "password", "code"))))
        token = await sessions.sign_in(ctx, address, decode_strict(_SIGN_IN_DECODER, raw))
        done = bilingual("✓ 验证器已绑定，您已登录", "The authenticator is set up, and you are signed in")
        return page(TITLE, f'<div class="good"><h1>{done}</h1></div>', 200, session_cookies(token))

    def again(problem: Problem) -> Answer:
        body = _trouble(bilingual(problem.title_zh, problem.title_en)) + _check(fields.get("login", ""))
        return page(TITLE, body, problem.status, _wait(problem), own=True)

    return await _render_again(work, again)


@get("/enrol", opt={"says": ENROL})
async def show_enrolment(request: AnyRequest) -> ASGIApp:  # noqa: ARG001
    """The page of an enrolment."""
    return page("登记手机", _ENROL, script="/web/phone/enrol.js")


async def _render_again(work: Callable[[], Awaitable[Answer]], again: Callable[[Problem], Answer]) -> Answer:
    try:
        return await work()
    except Problem as problem:
        if problem.status in (500, 503):
            raise
        return again(problem)


def _wait(problem: Problem) -> tuple[tuple[bytes, bytes], ...]:
    wait = problem.extra.get("retry_after")
    return ((b"retry-after", b"%d" % wait),) if wait else ()


def _trouble(said: str) -> str:
    hidden = "" if said else " hidden"
    return f'<p id="trouble" class="trouble" role="alert"{hidden}>{said}</p>'


def _field(name: str, zh: str, en: str, kind: str, more: str = "") -> str:
    return (
        f'<p id="{name}-part"><label for="{name}">{bilingual(zh, en)}</label>'
        f'<input id="{name}" name="{name}" type="{kind}" required {more}></p>'
    )


def _invitation(said: str = "", problem: Problem | None = None, code: str = "") -> Answer:
    fields = (
        _field(
            "code",
            "邀请码（地址里 # 后面的部分）",
            "Code (what stands behind # in the address)",
            "text",
            f'value="{escape(code[:64])}" autocomplete="off" autocapitalize="off" spellcheck="false"',
        )
        + _field(
            "password",
            "新密码（至少 12 个字）",
            "New password (12 characters or more)",
            "password",
            'autocomplete="new-password" minlength="12"',
        )
        + _field("again", "再输一次", "The same again", "password", 'autocomplete="new-password"')
    )
    body = (
        f"<h1>{bilingual('请设置您的密码', 'Set your password')}</h1>{_trouble(said)}"
        f'<section><form id="form" method="post" action="/invitation">{fields}'
        f'<button class="yes">{bilingual("设好密码", "Set it")}</button></form></section>'
    )
    status, more = (problem.status, _wait(problem)) if problem else (200, ())
    return page(TITLE, body, status, more, script="/web/desk/invitation.js")


def _welcome(person: Person) -> Answer:
    done = bilingual(f"✓ {person.name}，密码已设好", "Your password is set")
    now = bilingual(f"登录名：{person.login}", "This is your login")
    if not SECOND_FACTOR.isdisjoint(person.roles):
        now += bilingual("登录时用您原来的验证器。", "Sign in with the authenticator that you have.")
    if person.roles == ("technician",):
        now += bilingual("手机另由主管出示二维码登记。", "Your phone is enrolled by a code that your supervisor shows.")
    return page(TITLE, f'<div class="good"><h1>{done}</h1></div><section>{now}</section>')


def _totp_setup_page(person: Person, factor: SecondFactor) -> Answer:
    done = bilingual(f"✓ {person.name}，密码已设好", "Your password is set")
    scan = bilingual(
        "再绑定验证器：用验证器 App 扫这个码，只显示这一次。",
        "Now your authenticator: scan this with the app. It is shown this once.",
    )
    text = " ".join(factor.secret[n : n + 4] for n in range(0, len(factor.secret), 4))
    by_hand = bilingual("不能扫码时，输入这个密钥：", "Where you cannot scan, type this key:")
    body = (
        f'<div class="good"><h1>{done}</h1></div><section><p>{scan}</p><div class="qr">{factor.qr_svg}</div>'
        f'<p>{by_hand}</p><p class="code">{text}</p></section>{_check(person.login)}'
    )
    return page(TITLE, body, own=True)


def _check(login: str) -> str:
    fields = (
        _field("login", "登录名", "Login", "text", f'value="{escape(login[:64])}" autocomplete="username"')
        + _field("password", "刚设的密码", "Your new password", "password", 'autocomplete="current-password"')
        + _field(
            "code",
            "验证器上的 6 位数字",
            "The 6 digits on the authenticator",
            "text",
            'inputmode="numeric" autocomplete="one-time-code"',
        )
    )
    return (
        f'<section><form method="post" action="/invitation/check">{fields}'
        f'<button class="yes">{bilingual("核对并登录", "Check and sign in")}</button></form></section>'
    )


_ENROL = f"""
<h1>{bilingual("登记这台手机", "Enrol this phone")}</h1>
<section id="app"><p>{
    bilingual("请打开上门 App，用它扫主管出示的二维码。", "Open the app and scan the code that your supervisor shows.")
}</p>
<div id="code-part" hidden><p>{
    bilingual(
        "或在 App 里输入这个码（十分钟内有效，只能用一次）：",
        "Or type this code in the app (good for ten minutes, once):",
    )
}</p>
<p id="code" class="code"></p><button id="copy">{bilingual("复制", "Copy")}</button>
<p id="copied" role="status" hidden></p></div>
<p id="plain">{bilingual("码是地址里 # 后面的部分。", "The code is what stands behind # in the address.")}</p>
</section>
<section id="ask" hidden><h2>{bilingual("没有 App？用这个浏览器", "No app? Use this browser")}</h2>
<p><label for="name">{bilingual("给这台手机起个名字", "A name for this phone")}</label>
<input id="name" type="text" maxlength="100" value="手机浏览器"></p>
<p id="trouble" class="trouble" role="alert" hidden></p>
<button id="enrol" class="yes">{bilingual("登记这台手机", "Enrol this phone")}</button></section>
<section id="wechat" hidden>{
    bilingual(
        "微信里不能登记。请点右上角「…」，选择「在浏览器打开」，然后在那里登记。",
        "This does not work inside WeChat: touch … at the top, open it in the browser, and enrol there.",
    )
}</section>
<section id="insecure" hidden>{
    bilingual(
        "这个浏览器不能保管密钥。请用手机自带的浏览器，从 https 开头的地址打开。",
        "This browser cannot keep a key. Use the phone's own browser, and an https address.",
    )
}</section>
<section id="none" hidden>{
    bilingual(
        "这里没有登记码。请用手机相机再扫一次主管出示的二维码；过了十分钟，请主管出示新的。",
        "There is no code here. Scan your supervisor's again with the camera; after ten minutes ask for a new one.",
    )
}</section>
<div id="done" class="good" hidden><h1>{bilingual("✓ 已登记", "Enrolled")}</h1><p id="who"></p></div>
"""
ROUTES = (show_invitation, take_invitation, check_factor, show_enrolment)
