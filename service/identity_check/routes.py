"""What a customer sees who scans the code at his door: a big green page, or a big red one. No account needed."""

from litestar import get, post
from litestar.response.base import ASGIResponse
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
from service.web.request_info import client_ip
from service.web.responses import raw_response
from service.web.templates import Assets, redirect, render

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


@get("/d/{code:str}", opt={"says": LOOK})
async def show_doorstep_page(request: AnyRequest) -> ASGIApp:
    """Genuine or not."""
    ctx, code = context_of(request), request.scope["path_params"]["code"]

    async def work() -> ASGIResponse:
        found = await identity_check.check_code(ctx, code)
        return _genuine(request, found, code) if found is not None else await _refused(request)

    return await public_page(request, work)


@post("/d/{code:str}", status_code=303, opt={"says": CONFIRM})
async def confirm_doorstep(request: AnyRequest) -> ASGIApp:
    """The button: he is the one, and he showed his card."""
    ctx, code = context_of(request), request.scope["path_params"]["code"]

    async def work() -> ASGIResponse:
        if _staff(request):
            return render(request.scope, "identity_check/staff_browser.html", {}, 403)
        if await identity_check.confirm_identity(
            ctx, code, (await read_form(request)).get("ticket", ""), browser_of(request)
        ):
            return redirect(f"/d/{code}", (door_confirmation_cookie(code),))  # a reload then asks nothing again
        found = await identity_check.check_code(ctx, code)
        again = found is not None and (found.used or found.cancelled)
        return redirect(f"/d/{code}") if again else await _refused(request)

    return await public_page(request, work)


def _staff(request: AnyRequest) -> bool:
    """Whether this browser is signed in here: then it is no customer's."""
    return session_cookie(request.scope) is not None or "authorization" in request.headers


async def _refused(request: AnyRequest) -> ASGIResponse:
    ctx = context_of(request)
    wait = await throttling.record_miss(ctx, client_ip(request.scope))
    headers = ((b"retry-after", b"%d" % wait),) if wait else ()
    view = {"hotline": ctx.company.hotline}
    return render(request.scope, "identity_check/not_genuine.html", view, 429 if wait else 404, headers)


def _genuine(request: AnyRequest, found: IdentityCheck, code: str) -> ASGIResponse:
    template = "visit_cancelled" if found.cancelled else "confirmed" if found.used else "genuine"
    photo = f"/d/{code}/who" if found.technician.photo and template != "confirmed" else None
    view = {
        "code": code,
        "person": found.technician,
        "photo": photo,
        "purpose": found.purpose,
        "word": found.word,
        "ticket": found.ticket,
        "staff": _staff(request),
        "here": confirmed_at_door(request.scope, code),
        "hotline": context_of(request).company.hotline,
    }
    return render(request.scope, f"identity_check/{template}.html", view, assets=Assets(images=photo is not None))


@get("/d/{code:str}/who", opt={"says": WHO})
async def show_who_stands_there(request: AnyRequest) -> ASGIApp:
    """The photo of who shows a code at the door, while the code is fresh."""
    ctx, code = context_of(request), request.scope["path_params"]["code"]
    raw = await throttling.count_not_found(ctx, client_ip(request.scope), lambda: photo.at_the_door(ctx, code))
    return raw_response(200, raw, (*JPEG, (b"cache-control", b"private, no-store")))


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
