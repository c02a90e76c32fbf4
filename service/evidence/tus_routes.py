"""Uploads in parts: tus 1.0 with creation, checksum, termination and expiration (https://tus.io/protocols)."""

import re
from base64 import b64decode
from email.utils import formatdate

from litestar import delete, patch, post, route
from litestar.enums import HttpMethod
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.errors import (
    BodyTooLarge,
    ChecksumMismatch,
    DayFull,
    DigestMismatch,
    FileTooLarge,
    InvalidHeader,
    NotFound,
    PhotosUnnamed,
    TooManyRequests,
    TusVersion,
    UnreadableImage,
    UnsupportedImageType,
    UploadOffsetMismatch,
    WrongMediaType,
)
from service.web import body
from service.web.endpoint import (
    CHANGE_ERRORS,
    COMMON_ERRORS,
    READ_ERRORS,
    AnyRequest,
    Bytes,
    Parameter,
    RouteMetadata,
    context_of,
    id_of,
)
from service.web.request_info import get_header
from service.web.responses import Answer

from . import uploads
from .upload_store import Upload
from .uploads import Checksum

VERSION = b"1.0.0"
CHECKSUM_LENGTHS = {b"sha1": 20, b"sha256": 32}
_NUMBER = re.compile(rb"[0-9]{1,15}")
_SHA256 = re.compile(rb"[0-9a-f]{64}")
_RESUMABLE = (b"tus-resumable", VERSION)
_SPEAKS = {"Tus-Resumable": Parameter("1.0.0", {"type": "string", "enum": ["1.0.0"]}, required=True)}
_COUNT = {"type": "integer", "minimum": 0}
_AT = Parameter("Bytes that have come, and are on the disk.", _COUNT, required=True)
_LENGTH = Parameter("Bytes of the whole file.", _COUNT, required=True)
_EXPIRES = Parameter("When what has come is thrown away, as in `Date` (RFC 9110).", required=True)
_WHOLE = (DigestMismatch, UnsupportedImageType, UnreadableImage, FileTooLarge, DayFull, PhotosUnnamed)

OPTIONS = RouteMetadata(
    tag="uploads",
    summary="What this server knows of tus",
    responses={204: None},
    answers={
        204: {
            **_SPEAKS,
            "Tus-Version": Parameter("1.0.0", required=True),
            "Tus-Extension": Parameter("creation,checksum,termination,expiration", required=True),
            "Tus-Checksum-Algorithm": Parameter("sha1,sha256", required=True),
            "Tus-Max-Size": Parameter("Bytes that a file may have.", _COUNT, required=True),
        }
    },
    problems=COMMON_ERRORS,
    public=True,
)
CREATE = RouteMetadata(
    tag="uploads",
    summary="Begin an upload of a photo; Location is where its parts go",
    responses={201: None},
    answers={
        201: {
            **_SPEAKS,
            "Location": Parameter("Path of the upload: HEAD, PATCH and DELETE go there.", required=True),
            "Upload-Expires": _EXPIRES,
        }
    },
    headers={
        **_SPEAKS,
        "Upload-Length": Parameter("Bytes of the whole file.", {"type": "integer", "minimum": 1}, required=True),
        "Upload-Metadata": Parameter("`sha256` and the base64 of the digest's 64 hex digits.", required=True),
    },
    problems=(*CHANGE_ERRORS, InvalidHeader, TusVersion, FileTooLarge, TooManyRequests, DayFull, PhotosUnnamed),
)
STAND = RouteMetadata(
    tag="uploads",
    summary="How much has come; the end, and the file is kept: it equals Upload-Length",
    responses={200: None},
    answers={200: {**_SPEAKS, "Upload-Offset": _AT, "Upload-Length": _LENGTH, "Upload-Expires": _EXPIRES}},
    headers=_SPEAKS,
    problems=(*READ_ERRORS, *CHANGE_ERRORS, NotFound, InvalidHeader, TusVersion, *_WHOLE),
)
APPEND = RouteMetadata(
    tag="uploads",
    summary="The next bytes; what came of a broken request stays",
    request_body=Bytes("application/offset+octet-stream", "Bytes of the file from Upload-Offset on."),
    responses={204: None},
    answers={204: {**_SPEAKS, "Upload-Offset": _AT, "Upload-Expires": _EXPIRES}},
    headers={
        **_SPEAKS,
        "Upload-Offset": Parameter("Where these bytes begin.", _COUNT, required=True),
        "Upload-Checksum": Parameter("`sha1` or `sha256`, a blank, and the base64 of the digest of this part."),
    },
    problems=(
        *CHANGE_ERRORS,
        NotFound,
        InvalidHeader,
        TusVersion,
        UploadOffsetMismatch,
        ChecksumMismatch,
        BodyTooLarge,
        WrongMediaType,
        *_WHOLE,
    ),
)
END = RouteMetadata(
    tag="uploads",
    summary="End an upload",
    responses={204: None},
    answers={204: _SPEAKS},
    headers=_SPEAKS,
    problems=(*CHANGE_ERRORS, NotFound, InvalidHeader, TusVersion),
)


@route("/v1/uploads", http_method=[HttpMethod.OPTIONS], opt={"says": OPTIONS}, status_code=200)
async def tell_tus(request: AnyRequest) -> ASGIApp:
    """What this server knows."""
    limit = context_of(request).evidence_storage.max_file
    return _tus_response(
        204,
        (b"tus-version", VERSION),
        (b"tus-extension", b"creation,checksum,termination,expiration"),
        (b"tus-checksum-algorithm", b",".join(CHECKSUM_LENGTHS)),
        (b"tus-max-size", b"%d" % limit),
    )


@post("/v1/uploads", opt={"says": CREATE})
async def create_upload(request: AnyRequest) -> ASGIApp:
    """Begin."""
    _require_tus_version(request)
    length, digest = _number(request, "Upload-Length"), _digest(request)
    upload = await uploads.create(*caller(request), digest, length)
    return _tus_response(201, (b"location", b"/v1/uploads/%s" % str(upload.id).encode()), _expires(upload))


@route("/v1/uploads/{upload_id:str}", http_method=[HttpMethod.HEAD], opt={"says": STAND}, status_code=200)
async def show_upload(request: AnyRequest) -> ASGIApp:
    """How much has come."""
    _require_tus_version(request)
    upload, size = await uploads.upload_status(*caller(request), id_of(request, "upload_id"))
    return _tus_response(
        200, (b"upload-offset", b"%d" % size), (b"upload-length", b"%d" % upload.length), _expires(upload)
    )


@patch("/v1/uploads/{upload_id:str}", opt={"says": APPEND})
async def append_to_upload(request: AnyRequest) -> ASGIApp:
    """The next bytes."""
    _require_tus_version(request)
    if get_header(request.scope, b"content-type") != b"application/offset+octet-stream":
        raise WrongMediaType("send Content-Type: application/offset+octet-stream")
    offset, checksum, ctx = _number(request, "Upload-Offset"), _checksum(request), context_of(request)
    parts = body.stream_body(request.scope, request.receive, ctx.evidence_storage.max_file)
    upload, size = await uploads.append_chunk(*caller(request), id_of(request, "upload_id"), offset, parts, checksum)
    return _tus_response(204, (b"upload-offset", b"%d" % size), _expires(upload))


@delete("/v1/uploads/{upload_id:str}", opt={"says": END}, status_code=200)
async def end_upload(request: AnyRequest) -> ASGIApp:
    """End it."""
    _require_tus_version(request)
    await uploads.remove(*caller(request), id_of(request, "upload_id"))
    return _tus_response(204)


def _tus_response(status: int, *headers: tuple[bytes, bytes]) -> Answer:
    return Answer(status, b"", (_RESUMABLE, (b"cache-control", b"no-store"), *headers))


def _require_tus_version(request: AnyRequest) -> None:
    if get_header(request.scope, b"tus-resumable") != VERSION:
        raise TusVersion("send Tus-Resumable: 1.0.0")


def _number(request: AnyRequest, name: str) -> int:
    given = get_header(request.scope, name.lower().encode()) or b""
    if not _NUMBER.fullmatch(given):
        raise InvalidHeader(f"{name} must be a number of bytes")
    return int(given)


def _digest(request: AnyRequest) -> bytes:
    """The file's SHA-256 out of Upload-Metadata: pairs with commas, each a key and a base64 value."""
    for pair in (get_header(request.scope, b"upload-metadata") or b"").split(b","):
        key, _, value = pair.strip().partition(b" ")
        if key == b"sha256":
            text = _unpacked(value, "Upload-Metadata")
            if _SHA256.fullmatch(text):
                return bytes.fromhex(text.decode())
    raise InvalidHeader("Upload-Metadata must have sha256 and the base64 of its 64 hex digits")


def _checksum(request: AnyRequest) -> Checksum | None:
    given = get_header(request.scope, b"upload-checksum")
    if given is None:
        return None
    name, _, value = given.partition(b" ")
    digest = _unpacked(value, "Upload-Checksum")
    if CHECKSUM_LENGTHS.get(name) != len(digest):
        raise InvalidHeader("Upload-Checksum must be sha1 or sha256, a blank and a base64 digest")
    return name.decode(), digest


def _unpacked(value: bytes, name: str) -> bytes:
    try:
        return b64decode(value, validate=True)
    except ValueError:
        raise InvalidHeader(f"{name} has what is no base64") from None


def _expires(upload: Upload) -> tuple[bytes, bytes]:
    return b"upload-expires", formatdate(upload.expires_at / 1000, usegmt=True).encode()


ROUTES = (tell_tus, create_upload, show_upload, append_to_upload, end_upload)
