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
    ChecksumDiffers,
    DayFull,
    DigestDiffers,
    FileTooLarge,
    InvalidHeader,
    NotFound,
    NotPhoto,
    OffsetDiffers,
    PhotosUnnamed,
    PhotoUnreadable,
    TooManyRequests,
    TusVersion,
    WrongMediaType,
)
from service.web import body
from service.web.endpoint import ANYBODY, CHANGES, READS, AnyRequest, Bytes, Parameter, Says, house_of, id_of
from service.web.request_info import header
from service.web.responses import Answer

from . import uploads
from .upload_store import Upload
from .uploads import Checksum

VERSION = b"1.0.0"
LENGTHS = {b"sha1": 20, b"sha256": 32}
_NUMBER = re.compile(rb"[0-9]{1,15}")
_SHA256 = re.compile(rb"[0-9a-f]{64}")
_RESUMABLE = (b"tus-resumable", VERSION)
_SPEAKS = {"Tus-Resumable": Parameter("1.0.0", {"type": "string", "enum": ["1.0.0"]}, required=True)}
_COUNT = {"type": "integer", "minimum": 0}
_AT = Parameter("Bytes that have come, and are on the disk.", _COUNT, required=True)
_LENGTH = Parameter("Bytes of the whole file.", _COUNT, required=True)
_EXPIRES = Parameter("When what has come is thrown away, as in `Date` (RFC 9110).", required=True)
_WHOLE = (DigestDiffers, NotPhoto, PhotoUnreadable, FileTooLarge, DayFull, PhotosUnnamed)

OPTIONS = Says(
    tag="uploads",
    summary="What this server knows of tus",
    gives={204: None},
    answers={
        204: {
            **_SPEAKS,
            "Tus-Version": Parameter("1.0.0", required=True),
            "Tus-Extension": Parameter("creation,checksum,termination,expiration", required=True),
            "Tus-Checksum-Algorithm": Parameter("sha1,sha256", required=True),
            "Tus-Max-Size": Parameter("Bytes that a file may have.", _COUNT, required=True),
        }
    },
    problems=ANYBODY,
    public=True,
)
CREATE = Says(
    tag="uploads",
    summary="Begin an upload of a photo; Location is where its parts go",
    gives={201: None},
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
    problems=(*CHANGES, InvalidHeader, TusVersion, FileTooLarge, TooManyRequests, DayFull, PhotosUnnamed),
)
STAND = Says(
    tag="uploads",
    summary="How much has come; the end, and the file is kept: it equals Upload-Length",
    gives={200: None},
    answers={200: {**_SPEAKS, "Upload-Offset": _AT, "Upload-Length": _LENGTH, "Upload-Expires": _EXPIRES}},
    headers=_SPEAKS,
    problems=(*READS, *CHANGES, NotFound, InvalidHeader, TusVersion, *_WHOLE),
)
APPEND = Says(
    tag="uploads",
    summary="The next bytes; what came of a broken request stays",
    takes=Bytes("application/offset+octet-stream", "Bytes of the file from Upload-Offset on."),
    gives={204: None},
    answers={204: {**_SPEAKS, "Upload-Offset": _AT, "Upload-Expires": _EXPIRES}},
    headers={
        **_SPEAKS,
        "Upload-Offset": Parameter("Where these bytes begin.", _COUNT, required=True),
        "Upload-Checksum": Parameter("`sha1` or `sha256`, a blank, and the base64 of the digest of this part."),
    },
    problems=(
        *CHANGES,
        NotFound,
        InvalidHeader,
        TusVersion,
        OffsetDiffers,
        ChecksumDiffers,
        BodyTooLarge,
        WrongMediaType,
        *_WHOLE,
    ),
)
END = Says(
    tag="uploads",
    summary="End an upload",
    gives={204: None},
    answers={204: _SPEAKS},
    headers=_SPEAKS,
    problems=(*CHANGES, NotFound, InvalidHeader, TusVersion),
)


@route("/v1/uploads", http_method=[HttpMethod.OPTIONS], opt={"says": OPTIONS}, status_code=200)
async def tell_tus(request: AnyRequest) -> ASGIApp:
    """What this server knows."""
    limit = house_of(request).vault.max_file
    return _said(
        204,
        (b"tus-version", VERSION),
        (b"tus-extension", b"creation,checksum,termination,expiration"),
        (b"tus-checksum-algorithm", b",".join(LENGTHS)),
        (b"tus-max-size", b"%d" % limit),
    )


@post("/v1/uploads", opt={"says": CREATE})
async def create_upload(request: AnyRequest) -> ASGIApp:
    """Begin."""
    _speaks(request)
    length, digest = _number(request, "Upload-Length"), _digest(request)
    upload = await uploads.create(*caller(request), digest, length)
    return _said(201, (b"location", b"/v1/uploads/%s" % str(upload.id).encode()), _expires(upload))


@route("/v1/uploads/{upload_id:str}", http_method=[HttpMethod.HEAD], opt={"says": STAND}, status_code=200)
async def show_upload(request: AnyRequest) -> ASGIApp:
    """How much has come."""
    _speaks(request)
    upload, size = await uploads.stand(*caller(request), id_of(request, "upload_id"))
    return _said(200, (b"upload-offset", b"%d" % size), (b"upload-length", b"%d" % upload.length), _expires(upload))


@patch("/v1/uploads/{upload_id:str}", opt={"says": APPEND})
async def append_to_upload(request: AnyRequest) -> ASGIApp:
    """The next bytes."""
    _speaks(request)
    if header(request.scope, b"content-type") != b"application/offset+octet-stream":
        raise WrongMediaType("send Content-Type: application/offset+octet-stream")
    offset, checksum, house = _number(request, "Upload-Offset"), _checksum(request), house_of(request)
    parts = body.parts(request.scope, request.receive, house.vault.max_file)
    upload, size = await uploads.append(*caller(request), id_of(request, "upload_id"), offset, parts, checksum)
    return _said(204, (b"upload-offset", b"%d" % size), _expires(upload))


@delete("/v1/uploads/{upload_id:str}", opt={"says": END}, status_code=200)
async def end_upload(request: AnyRequest) -> ASGIApp:
    """End it."""
    _speaks(request)
    await uploads.remove(*caller(request), id_of(request, "upload_id"))
    return _said(204)


def _said(status: int, *headers: tuple[bytes, bytes]) -> Answer:
    return Answer(status, b"", (_RESUMABLE, (b"cache-control", b"no-store"), *headers))


def _speaks(request: AnyRequest) -> None:
    if header(request.scope, b"tus-resumable") != VERSION:
        raise TusVersion("send Tus-Resumable: 1.0.0")


def _number(request: AnyRequest, name: str) -> int:
    given = header(request.scope, name.lower().encode()) or b""
    if not _NUMBER.fullmatch(given):
        raise InvalidHeader(f"{name} must be a number of bytes")
    return int(given)


def _digest(request: AnyRequest) -> bytes:
    """The file's SHA-256 out of Upload-Metadata: pairs with commas, each a key and a base64 value."""
    for pair in (header(request.scope, b"upload-metadata") or b"").split(b","):
        key, _, value = pair.strip().partition(b" ")
        if key == b"sha256":
            text = _unpacked(value, "Upload-Metadata")
            if _SHA256.fullmatch(text):
                return bytes.fromhex(text.decode())
    raise InvalidHeader("Upload-Metadata must have sha256 and the base64 of its 64 hex digits")


def _checksum(request: AnyRequest) -> Checksum | None:
    given = header(request.scope, b"upload-checksum")
    if given is None:
        return None
    name, _, value = given.partition(b" ")
    digest = _unpacked(value, "Upload-Checksum")
    if LENGTHS.get(name) != len(digest):
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
