"""What a customer takes from his page: who comes, the pictures of his statements, and a copy of everything."""

from litestar import get
from litestar.types import ASGIApp

from service.accounts import throttling
from service.accounts.browser import browser_of
from service.accounts.public_pages import HTML, paged
from service.errors import CodeNeeded, LinkEnded, NotFound, PhotoUnreadable
from service.evidence.routes import JPEG, WHO
from service.web.endpoint import ANYBODY, AnyRequest, Bytes, Parameter, Says, house_of, query_of
from service.web.request_info import address_of
from service.web.responses import Answer, has_copy

from . import copy, page, technician_photo
from .html_copy import keepsake
from .html_fields import FormState
from .html_page import whole
from .html_questions import ENDED, ended
from .routes import token_of

PHOTO = Says(
    tag="customer",
    summary="A picture of the customer's statements, after the code",
    gives={200: Bytes("image/jpeg", "A copy without metadata; at most 480 pixels with size=small."), 304: None},
    query={"size": Parameter("The small one.", {"type": "string", "enum": ["small"]})},
    headers={"If-None-Match": Parameter("The ETag of the copy you have.")},
    problems=(*ANYBODY, NotFound, LinkEnded, PhotoUnreadable),
    public=True,
)
COPY = Says(
    tag="customer",
    summary="Statements, signatures and digests as one file to keep, after the code",
    gives={200: HTML, 403: HTML, 404: HTML, 410: HTML, 429: HTML},
    problems=ANYBODY,
    public=True,
)


@get("/c/{token:str}/photo/{sha256:str}", opt={"says": PHOTO})
async def show_customers_photo(request: AnyRequest) -> ASGIApp:
    """A picture. Whether it may be seen is asked every time, also for what the browser has."""
    file: str = request.scope["path_params"]["sha256"]
    small = query_of(request, PHOTO).get("size") == "small"
    house, browser = house_of(request), browser_of(request)

    async def work() -> bytes:
        return await copy.picture(house, token_of(request), browser, file, small=small)

    raw = await throttling.counted(house, browser.address, work)
    tag = f"{file}-{'small' if small else 'large'}"
    kept = ((b"etag", f'"{tag}"'.encode()), (b"cache-control", b"private, no-cache"))
    if has_copy(request.headers.get("if-none-match", ""), tag):
        return Answer(304, b"", kept)
    return Answer(200, raw, (*JPEG, *kept))


@get("/c/{token:str}/copy", opt={"says": COPY})
async def take_copy(request: AnyRequest) -> ASGIApp:
    """The copy."""
    house, token, browser = house_of(request), token_of(request), browser_of(request)

    async def work() -> Answer:
        try:
            return keepsake(house, await copy.copy(house, token, browser))
        except CodeNeeded as problem:
            seen = await page.look(house, token, browser)
            zh, en = ENDED if ended(seen) else (problem.title_zh, problem.title_en)
            return whole(house, seen, token, FormState("code", zh, en), problem.status)

    return await paged(request, work)


@get("/c/{token:str}/who", opt={"says": WHO})
async def show_who_comes(request: AnyRequest) -> ASGIApp:
    """The technician's photo, for who has the link."""
    house = house_of(request)
    raw = await throttling.counted(
        house, address_of(request.scope), lambda: technician_photo.of_visit(house, token_of(request))
    )
    return Answer(200, raw, (*JPEG, (b"cache-control", b"private, no-store")))


ROUTES = (show_customers_photo, take_copy, show_who_comes)
