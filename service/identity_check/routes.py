"""What a customer sees who scans the code at his door: a big green page, or a big red one. No account needed."""

from html import escape

from litestar import get, post
from litestar.types import ASGIApp

from service.accounts import throttling
from service.accounts.browser import browser_of
from service.accounts.endpoint import caller
from service.accounts.middleware import confirmed_at_door, door_confirmation_cookie, session_cookie
from service.accounts.public_pages import HTML, public_page
from service.errors import NotFound, OutsideDoorCodeWindow, StorageFull
from service.evidence.routes import JPEG, WHO
from service.web.endpoint import COMMON_ERRORS, READ_ERRORS, AnyRequest, Bytes, RouteMetadata, context_of, id_of
from service.web.forms import read_form
from service.web.pages import avatar, bilingual, call_button, contact_advice, definition_list, page, redirect
from service.web.request_info import client_ip
from service.web.responses import Answer, json_answer

from . import identity_check, photo
from .identity_check import DoorCodeView, IdentityCheck

LOOK = RouteMetadata(
    tag="customer",
    summary="Who stands at the door; looking changes nothing",
    responses={200: HTML, 404: HTML, 429: HTML},
    problems=COMMON_ERRORS,
    public=True,
)
CONFIRM = RouteMetadata(
    tag="customer",
    summary="The customer saw the ID card",
    request_body=Bytes("application/x-www-form-urlencoded", "`ticket` as the page gave it."),
    responses={303: None} | dict.fromkeys((403, 404, 413, 415, 422, 429, 507), HTML),
    problems=COMMON_ERRORS,
    public=True,
)
OTHER = "不是同一个人", "Another person"
NOT_GENUINE = "✗ 不是真的！", "NOT genuine"
ADVICE_ZH = "这个码无效或已过期，不能证明来人是我们的工作人员。请不要让他进门。您可以请他当面重新出示，再扫一次。"
ADVICE_EN = (
    "This code is not valid, or has expired. It does not prove that this person works for us. Do not let him in. "
    "Ask him to show the code again, and scan it anew."
)


@get("/d/{code:str}", opt={"says": LOOK})
async def show_doorstep_page(request: AnyRequest) -> ASGIApp:
    """Genuine or not."""
    ctx, code = context_of(request), request.scope["path_params"]["code"]

    async def work() -> Answer:
        found = await identity_check.check_code(ctx, code)
        return _genuine(request, found, code) if found is not None else await _refused(request)

    return await public_page(request, work)


@post("/d/{code:str}", status_code=303, opt={"says": CONFIRM})
async def confirm_doorstep(request: AnyRequest) -> ASGIApp:
    """The button: he is the one, and he showed his card."""
    ctx, code = context_of(request), request.scope["path_params"]["code"]

    async def work() -> Answer:
        if _staff(request):
            said = bilingual("请用客户自己的手机扫码。", "Scan it with the customer's own phone.")
            return page("上门核验", f'<div class="bad"><h1>{said}</h1></div>', 403)
        if await identity_check.confirm_identity(
            ctx, code, (await read_form(request)).get("ticket", ""), browser_of(request)
        ):
            return redirect(f"/d/{code}", (door_confirmation_cookie(code),))  # a reload then asks nothing again
        found = await identity_check.check_code(ctx, code)
        return redirect(f"/d/{code}") if found is not None and found.used else await _refused(request)

    return await public_page(request, work)


def _staff(request: AnyRequest) -> bool:
    """Whether this browser is signed in here: then it is no customer's."""
    return session_cookie(request.scope) is not None or "authorization" in request.headers


async def _refused(request: AnyRequest) -> Answer:
    ctx = context_of(request)
    wait = await throttling.record_miss(ctx, client_ip(request.scope))
    red = f'<div class="bad"><h1>{bilingual(*NOT_GENUINE)}</h1><p>{bilingual(ADVICE_ZH, ADVICE_EN)}</p></div>'
    more = ((b"retry-after", b"%d" % wait),) if wait else ()
    return page(NOT_GENUINE[0], red + call_button(ctx.company.hotline), 429 if wait else 404, more)


def _used(request: AnyRequest, found: IdentityCheck, code: str) -> Answer:
    """Neither green nor red: this code proved what it had to, and proves nothing more. Who confirmed it is thanked."""
    hotline = context_of(request).company.hotline
    zh, en = contact_advice(hotline)
    if confirmed_at_door(request.scope, code):
        name = found.technician.name
        done = bilingual(f"✓ 您已确认：{name}", f"You have confirmed: {name}")
        doubt = bilingual(
            "谢谢！核验已完成，可以关掉本页。以后再有人来，请让他出示新的码，重新扫。",
            "Thank you. You may close this page. Whoever comes later has to show a new code; scan it anew.",
        )
        return page("上门核验", f"<section><h1>{done}</h1><p>{doubt}</p></section>" + call_button(hotline))
    done = bilingual("已确认过，谢谢！", "It was confirmed already. Thank you.")
    doubt = bilingual(
        f"如果不是您确认的，请不要开门，请{zh}。", f"If it was not you who confirmed it, do not open; {en}."
    )
    return page("上门核验", f"<section><h1>{done}</h1><p>{doubt}</p></section>" + call_button(hotline))


def _genuine(request: AnyRequest, found: IdentityCheck, code: str) -> Answer:
    if found.used:
        return _used(request, found, code)
    person = found.technician
    facts = definition_list(
        ("姓名", "Name", f"{person.title} {person.name}".strip()),
        ("工号", "Badge", person.badge),
        ("单位", "Company", person.company),
        ("来意", "Purpose", found.purpose),
    )
    word = f"<dl><dt>{bilingual('口令（应与短信里的一样）', 'Word (as in your message)')}</dt>"
    word += f'<dd class="word">{escape(found.word)}</dd></dl>'
    form = (
        f'<form method="post" action="/d/{escape(code)}"><input type="hidden" name="ticket" '
        f'value="{escape(found.ticket)}"><button class="yes">'
        f"{bilingual('是本人，已出示证件', 'It is him, and he showed his ID card')}</button></form>"
    )
    if _staff(request):
        form = f"<p>{bilingual('请用客户自己的手机扫码。', 'Scan it with the customer’s own phone.')}</p>"
    zh, en = contact_advice(context_of(request).company.hotline)
    other = ("口令不一样，或不是同一个人", "Another word, or another person") if found.word else OTHER
    doubt = bilingual(f"{other[0]}？请不要开门，请{zh}。", f"{other[1]}? Do not open; {en}.")
    body = (
        f'<div class="good"><h1>{bilingual("✓ 是我们的工作人员", "Genuine: he works for us")}</h1></div>'
        f"<section>{avatar(person.name, f'/d/{code}/who' if person.photo else None)}{facts}"
        f"{word if found.word else ''}</section><section>{form}</section>"
        f"<p>{doubt}</p>"
    )
    return page("上门核验", body + call_button(context_of(request).company.hotline), images=person.photo)


@get("/d/{code:str}/who", opt={"says": WHO})
async def show_who_stands_there(request: AnyRequest) -> ASGIApp:
    """The photo of who shows a code at the door, while the code is fresh."""
    ctx, code = context_of(request), request.scope["path_params"]["code"]
    raw = await throttling.count_not_found(ctx, client_ip(request.scope), lambda: photo.at_the_door(ctx, code))
    return Answer(200, raw, (*JPEG, (b"cache-control", b"private, no-store")))


DOORSTEP = RouteMetadata(
    tag="messages",
    summary="The code that the technician shows at the door; it changes every 30 seconds",
    responses={200: DoorCodeView},
    problems=(*READ_ERRORS, NotFound, OutsideDoorCodeWindow, StorageFull),
)


@get("/v1/visits/{visit_id:str}/doorstep", opt={"says": DOORSTEP})
async def show_doorstep_code(request: AnyRequest) -> ASGIApp:
    """The code of now."""
    return json_answer(await identity_check.current_code(*caller(request), id_of(request, "visit_id")))


ROUTES = (show_doorstep_page, confirm_doorstep, show_doorstep_code, show_who_stands_there)
