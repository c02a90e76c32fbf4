"""What a customer takes from his page: who comes, the pictures of his statements, and a copy of everything."""

from typing import Annotated, Literal

from litestar import get
from litestar.params import PathParameter, QueryParameter
from litestar.response.base import ASGIResponse

from service.accounts import throttling
from service.accounts.browser import browser_of
from service.accounts.caller import Context, PublicController
from service.accounts.public_pages import PageController, public_page
from service.errors import LinkExpired, NotFound, OtpRequired, UnreadableImage
from service.web.api_document import CARD_PHOTO, COMMON_ERRORS, answer, pages, problems
from service.web.compression import etag_matches
from service.web.language import TextPair
from service.web.request import AnyRequest, IfNoneMatch
from service.web.request_info import client_ip
from service.web.responses import JPEG, raw_response

from . import copy, page, technician_photo
from .form_state import FormState
from .page_view import VERIFICATION_EXPIRED, verification_expired
from .render import render_copy, render_page
from .routes import GONE, Token

SHA256 = "^[0-9a-f]{64}$"


class CopyController(PageController):
    """The copy of everything."""

    tags = ("customer",)

    @get(
        "/c/{token:str}/copy",
        summary="Statements, signatures and digests as one file to keep, after the code",
        responses={**problems(*COMMON_ERRORS), **pages(200, 403, 404, 410, 429)},
    )
    async def take_copy(self, request: AnyRequest, context: Context, token: Token) -> ASGIResponse:
        """A page that needs nothing else: it can be kept for years."""
        browser = browser_of(request)

        async def work() -> ASGIResponse:
            try:
                return render_copy(request.scope, context, await copy.build_copy(context, token, browser))
            except OtpRequired as problem:
                details = await page.get_details(context, token, browser)
                ended = verification_expired(details.page)
                message = VERIFICATION_EXPIRED if ended else TextPair(problem.title_zh, problem.title_en)
                return render_page(request.scope, context, details, token, FormState("code", message), problem.status)

        return await public_page(request, context, work)


class PicturesController(PublicController):
    """Pictures of the customer's page."""

    tags = ("customer",)

    @get(
        "/c/{token:str}/photo/{sha256:str}",
        summary="A picture of the customer's statements, after the code",
        responses={
            200: answer(bytes, "A copy without metadata; at most 480 pixels with size=small.", "image/jpeg"),
            304: answer(None, "Not modified"),
            **problems(*COMMON_ERRORS, NotFound, LinkExpired, UnreadableImage),
        },
    )
    async def show_customers_photo(
        self,
        request: AnyRequest,
        context: Context,
        token: Token,
        sha256: Annotated[str, PathParameter(description="The photo's digest.", schema_extra={"pattern": SHA256})],
        size: Annotated[Literal["small"] | None, QueryParameter(description="The small one.")] = None,
        if_none_match: IfNoneMatch = None,
    ) -> ASGIResponse:
        """Whether it may be seen is asked every time, also for what the browser has."""
        browser, small = browser_of(request), size == "small"

        async def work() -> bytes:
            return await copy.customer_photo(context, token, browser, sha256, small=small)

        raw = await throttling.count_not_found(context, browser.address, work)
        tag = f"{sha256}-{'small' if small else 'large'}"
        kept = ((b"etag", f'"{tag}"'.encode()), (b"cache-control", b"private, no-cache"))
        if etag_matches(if_none_match or "", tag):
            return raw_response(304, b"", kept)
        return raw_response(200, raw, (*JPEG, *kept))

    @get(
        "/c/{token:str}/who",
        summary="The photo on the technician's ID card",
        responses={**CARD_PHOTO, **problems(*COMMON_ERRORS, *GONE, UnreadableImage)},
    )
    async def show_who_comes(self, request: AnyRequest, context: Context, token: Token) -> ASGIResponse:
        """The technician who is expected, for who has the link."""
        raw = await throttling.count_not_found(
            context, client_ip(request.scope), lambda: technician_photo.of_visit(context, token)
        )
        return raw_response(200, raw, (*JPEG, (b"cache-control", b"private, no-store")))


ROUTES = (CopyController, PicturesController)
