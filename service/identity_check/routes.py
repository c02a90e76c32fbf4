"""The page behind the code at the door: green for a genuine technician, amber for an old code, red for a forged one.

Nobody needs an account for it.
"""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, PathParameter
from litestar.response.base import ASGIResponse

from service.accounts import throttling
from service.accounts.browser import browser_of
from service.accounts.caller import Caller, Context, PublicController
from service.accounts.middleware import confirmed_at_door, door_confirmation_cookie, session_cookie
from service.accounts.public_pages import PageController, public_page
from service.context import AppContext
from service.errors import Erased, LinkExpired, NotFound, OutsideDoorCodeWindow, StorageFull, UnreadableImage
from service.evidence.thumbnails import card_photo
from service.text import clean_link_code
from service.web.api_document import CARD_PHOTO, COMMON_ERRORS, READ_ERRORS, form_operation, pages, problems
from service.web.forms import read_form
from service.web.request import AnyRequest
from service.web.request_info import client_ip
from service.web.responses import JPEG, raw_response
from service.web.templates import Assets, redirect, render

from . import identity_check
from .identity_check import DoorCodeView, IdentityCheck

DoorCode = Annotated[str, PathParameter(description="What the code at the door says.", schema_extra={"maxLength": 200})]


class DoorstepPageController(PageController):
    """The page that the code at the door leads to."""

    tags = ("customer",)

    @get(
        "/d/{code:str}",
        summary="Who is at the door; looking changes nothing",
        responses={**problems(*COMMON_ERRORS), **pages(200, 404, 410, 429)},
    )
    async def show_doorstep_page(self, request: AnyRequest, context: Context, code: DoorCode) -> ASGIResponse:
        """A green page for one of our technicians, an amber one for an old code, a red one for anybody else."""
        code = clean_link_code(code)

        async def show() -> ASGIResponse:
            found = await identity_check.check_code(context, code)
            return _genuine(request, context, found, code) if found else await _not_genuine(request, context)

        return await public_page(request, context, show)

    @post(
        "/d/{code:str}",
        summary="The customer saw the ID card, or opens their page on this phone",
        status_code=303,
        operation_class=form_operation("`ticket` as the page gave it; `does`: `page` for the customer's page."),
        responses={**problems(*COMMON_ERRORS), **pages(403, 404, 413, 415, 422, 429, 507)},
    )
    async def confirm_doorstep(self, request: AnyRequest, context: Context, code: DoorCode) -> ASGIResponse:
        """That they saw the card is recorded once, also when the form is sent again. A code opens the customer's page
        once: a new link, which replaces the previous one. Where a form does nothing, the page is shown again."""
        code = clean_link_code(code)

        async def confirm() -> ASGIResponse:
            if _is_staff(request):
                return render(request.scope, "identity_check/staff_browser.html", {}, 403, company=context.company)
            form = await read_form(request)
            ticket = form.get("ticket", "")
            if form.get("does") == "page":
                token = await identity_check.open_customer_page(context, code, ticket, browser_of(request))
                if token is not None:
                    return redirect(f"/c/{token}")
            elif await identity_check.confirm_identity(context, code, ticket, browser_of(request)):
                return redirect(f"/d/{code}", (door_confirmation_cookie(code),))  # a reload posts no form again
            found = await identity_check.check_code(context, code)
            return redirect(f"/d/{code}") if found else await _not_genuine(request, context)

        return await public_page(request, context, confirm)


class DoorstepPhotoController(PublicController):
    """The picture on that page."""

    tags = ("customer",)

    @get(
        "/d/{code:str}/who",
        summary="The photo on the technician's ID card",
        responses={**CARD_PHOTO, **problems(*COMMON_ERRORS, NotFound, Erased, LinkExpired, UnreadableImage)},
    )
    async def show_who_stands_there(self, request: AnyRequest, context: Context, code: DoorCode) -> ASGIResponse:
        """The technician who shows the code, while it is valid."""

        async def photo() -> bytes:
            found = await identity_check.check_code(context, code)
            return await card_photo(context, found.login if found and not found.expired else None)

        raw = await throttling.count_not_found(context, client_ip(request.scope), photo)
        return raw_response(200, raw, (*JPEG, (b"cache-control", b"private, no-store")))


class DoorCodeController(Controller):
    """The code that the technician shows."""

    tags = ("messages",)

    @get(
        "/v1/visits/{visit_id:uuid}/doorstep",
        summary="The code that the technician shows at the door; it changes every 30 seconds",
        responses=problems(*READ_ERRORS, NotFound, Erased, OutsideDoorCodeWindow, StorageFull),
    )
    async def show_doorstep_code(self, caller: Caller, visit_id: FromPath[UUID]) -> DoorCodeView:
        """For the technicians of the visit, around its time."""
        return await identity_check.current_code(*caller, visit_id)


def _is_staff(request: AnyRequest) -> bool:
    """Whether a member of staff is signed in, so that the browser is no customer's."""
    return session_cookie(request.scope) is not None or "authorization" in request.headers


async def _not_genuine(request: AnyRequest, ctx: AppContext) -> ASGIResponse:
    wait = await throttling.record_miss(ctx, client_ip(request.scope))
    headers = ((b"retry-after", b"%d" % wait),) if wait else ()
    view = {"hotline": ctx.company.hotline}
    return render(
        request.scope, "identity_check/not_genuine.html", view, 429 if wait else 404, headers, company=ctx.company
    )


def _genuine(request: AnyRequest, ctx: AppContext, found: IdentityCheck, code: str) -> ASGIResponse:
    if found.expired:
        view = {"hotline": ctx.company.hotline}
        return render(request.scope, "identity_check/expired.html", view, 410, company=ctx.company)
    template = "visit_cancelled" if found.cancelled else "confirmed" if found.used else "genuine"
    photo = f"/d/{code}/who" if found.technician.photo else None
    view = {
        "code": code,
        "found": found,
        "person": found.technician,
        "photo": photo,
        "staff": _is_staff(request),
        "here": confirmed_at_door(request.scope, code),
        "hotline": ctx.company.hotline,
    }
    assets = Assets(images=photo is not None)
    return render(request.scope, f"identity_check/{template}.html", view, assets=assets, company=ctx.company)


ROUTES = (DoorstepPageController, DoorstepPhotoController, DoorCodeController)
