"""Evidence: photos by the SHA-256 of their bytes."""

import re

from litestar import get, put
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.blobs.image_header import KINDS, ImageType
from service.errors import (
    DayFull,
    DigestMismatch,
    FileTooLarge,
    IdReusedWithOtherContent,
    LinkExpired,
    NotFound,
    PhotosUnnamed,
    TooManyRequests,
    UnreadableImage,
    UnsupportedImageType,
)
from service.visits.receipt import Receipt
from service.web import body
from service.web.endpoint import (
    CHANGE_ERRORS,
    COMMON_ERRORS,
    READ_ERRORS,
    WRITE_ERRORS,
    AnyRequest,
    Bytes,
    Parameter,
    RouteMetadata,
    body_of,
    context_of,
    id_of,
)
from service.web.request_info import get_header
from service.web.responses import Answer, etag_matches, json_answer

from . import attach, missing, thumbnails
from .missing import GiveUpRequest

ATTACH = RouteMetadata(
    tag="evidence",
    summary="Send a photo by its digest; it counts for what the sender's records name",
    request_body=Bytes(
        "application/octet-stream", "The photo: JPEG, PNG or WEBP. Its own media type may be named, or none."
    ),
    responses={201: None, 200: None},
    problems=(
        *CHANGE_ERRORS,
        NotFound,
        DigestMismatch,
        FileTooLarge,
        UnsupportedImageType,
        UnreadableImage,
        DayFull,
        PhotosUnnamed,
    ),
)
PHOTO = RouteMetadata(
    tag="evidence",
    summary="A copy without metadata, for who may see a visit to which the photo was sent",
    responses={200: Bytes("image/jpeg", "At most 1600 pixels long."), 304: None},
    headers={"If-None-Match": Parameter("The ETag of the copy you have.")},
    problems=(*READ_ERRORS, NotFound, UnreadableImage),
)
GIVE_UP = RouteMetadata(
    tag="evidence",
    summary="A file named by a record (or by a batch of the office) will never come: not awaited, it counts as lacking",
    request_body=GiveUpRequest,
    responses={200: Receipt},
    problems=(*WRITE_ERRORS, NotFound, IdReusedWithOtherContent),
)
_SHA256 = re.compile("[0-9a-f]{64}")
SHOWN = (
    (b"content-type", b"image/jpeg"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


@put("/v1/evidence/{sha256:str}", opt={"says": ATTACH})
async def attach_evidence(request: AnyRequest) -> ASGIApp:
    """Send a photo."""
    digest, said, ctx = _digest(request), _said(request), context_of(request)
    parts = body.stream_body(request.scope, request.receive, ctx.evidence_storage.max_file)
    first = await attach.attach_file(*caller(request), digest, said, parts)
    return Answer(201 if first else 200)


@get("/v1/evidence/{sha256:str}", opt={"says": PHOTO})
async def show_evidence(request: AnyRequest) -> ASGIApp:
    """A copy. Whether the person may see it is asked every time, also for what he has."""
    digest, ctx = _digest(request), context_of(request)
    await thumbnails.require_access(*caller(request), digest)
    tag = thumbnails.etag(digest)
    kept = ((b"etag", f'"{tag}"'.encode()), (b"cache-control", b"private, no-cache"))
    if etag_matches(request.headers.get("if-none-match", ""), tag):
        return Answer(304, b"", kept)
    inline = (b"content-disposition", f'inline; filename="{digest.hex()[:16]}.jpg"'.encode())
    return Answer(200, await thumbnails.get_rendition(ctx, digest), (*SHOWN, inline, *kept))


@put("/v1/records/{record_id:str}/lost/{sha256:str}", opt={"says": GIVE_UP})
async def give_up_evidence(request: AnyRequest) -> ASGIApp:
    """A file will never come."""
    record, digest = id_of(request, "record_id"), _digest(request)
    return json_answer(await missing.give_up_file(*caller(request), record, digest, await body_of(request)))


def _digest(request: AnyRequest) -> bytes:
    text: str = request.scope["path_params"]["sha256"]
    if not _SHA256.fullmatch(text):
        raise NotFound("the address must end in a SHA-256: 64 hex digits in lower case")
    return bytes.fromhex(text)


def _said(request: AnyRequest) -> ImageType | None:
    """The kind that Content-Type names, if it names one: what the bytes are is seen in them."""
    given = (get_header(request.scope, b"content-type") or b"").partition(b";")[0].strip().lower().decode("latin-1")
    if given in ("", "application/octet-stream"):
        return None
    for kind in KINDS:
        if given == kind:
            return kind
    raise UnsupportedImageType(f"send Content-Type: {', '.join(KINDS)} or application/octet-stream")


ROUTES = (attach_evidence, show_evidence, give_up_evidence)
WHO = RouteMetadata(
    tag="customer",
    summary="The photo on the technician's ID card",
    responses={200: Bytes("image/jpeg", "At most 480 pixels.")},
    problems=(*COMMON_ERRORS, NotFound, LinkExpired, UnreadableImage, TooManyRequests),
    public=True,
)
JPEG = (*SHOWN, (b"referrer-policy", b"no-referrer"))
