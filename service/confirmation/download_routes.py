"""What a customer takes from his page: who comes, the pictures of his statements, and a copy of everything."""

from litestar import get
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp

from service.accounts import throttling
from service.accounts.browser import browser_of
from service.accounts.public_pages import HTML, public_page
from service.errors import LinkExpired, NotFound, OtpRequired, UnreadableImage
from service.evidence.routes import JPEG, WHO
from service.web.compression import etag_matches
from service.web.endpoint import COMMON_ERRORS, AnyRequest, Bytes, Parameter, RouteMetadata, context_of, query_of
from service.web.language import TextPair
from service.web.request_info import client_ip
from service.web.responses import raw_response

from . import copy, page, technician_photo
from .form_state import FormState
from .page_view import VERIFICATION_EXPIRED, verification_expired
from .render import render_copy, render_page
from .routes import token_of

PHOTO = RouteMetadata(
    tag="customer",
    summary="A picture of the customer's statements, after the code",
    responses={200: Bytes("image/jpeg", "A copy without metadata; at most 480 pixels with size=small."), 304: None},
    query={"size": Parameter("The small one.", {"type": "string", "enum": ["small"]})},
    headers={"If-None-Match": Parameter("The ETag of the copy you have.")},
    problems=(*COMMON_ERRORS, NotFound, LinkExpired, UnreadableImage),
    public=True,
)
COPY = RouteMetadata(
    tag="customer",
    summary="Statements, signatures and digests as one file to keep, after the code",
    responses={200: HTML, 403: HTML, 404: HTML, 410: HTML, 429: HTML},
    problems=COMMON_ERRORS,
    public=True,
)


@get("/c/{token:str}/photo/{sha256:str}", opt={"says": PHOTO})
async def show_customers_photo(request: AnyRequest) -> ASGIApp:
    """A picture. Whether it may be seen is asked every time, also for what the browser has."""
    file: str = request.scope["path_params"]["sha256"]
    small = query_of(request, PHOTO).get("size") == "small"
    ctx, browser = context_of(request), browser_of(request)

    async def work() -> bytes:
        return await copy.customer_photo(ctx, token_of(request), browser, file, small=small)

    raw = await throttling.count_not_found(ctx, browser.address, work)
    tag = f"{file}-{'small' if small else 'large'}"
    kept = ((b"etag", f'"{tag}"'.encode()), (b"cache-control", b"private, no-cache"))
    if etag_matches(request.headers.get("if-none-match", ""), tag):
        return raw_response(304, b"", kept)
    return raw_response(200, raw, (*JPEG, *kept))


@get("/c/{token:str}/copy", opt={"says": COPY})
async def take_copy(request: AnyRequest) -> ASGIApp:
    """The copy."""
    ctx, token, browser = context_of(request), token_of(request), browser_of(request)

    async def work() -> ASGIResponse:
        try:
            return render_copy(request.scope, ctx, await copy.build_copy(ctx, token, browser))
        except OtpRequired as problem:
            details = await page.get_details(ctx, token, browser)
            ended = verification_expired(details.page)
            message = VERIFICATION_EXPIRED if ended else TextPair(problem.title_zh, problem.title_en)
            return render_page(request.scope, ctx, details, token, FormState("code", message), problem.status)

    return await public_page(request, work)


@get("/c/{token:str}/who", opt={"says": WHO})
async def show_who_comes(request: AnyRequest) -> ASGIApp:
    """The technician's photo, for who has the link."""
    ctx = context_of(request)
    raw = await throttling.count_not_found(
        ctx, client_ip(request.scope), lambda: technician_photo.of_visit(ctx, token_of(request))
    )
    return raw_response(200, raw, (*JPEG, (b"cache-control", b"private, no-store")))


ROUTES = (show_customers_photo, take_copy, show_who_comes)
