"""Uploads in parts: tus 1.0 with creation, checksum, termination and expiration (https://tus.io/protocols)."""

import re
from base64 import b64decode
from dataclasses import dataclass
from email.utils import formatdate
from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, delete, head, patch, post, route
from litestar.datastructures import ResponseHeader
from litestar.enums import HttpMethod
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import OpenAPIHeader, OpenAPIResponse, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import FromPath, HeaderParameter

from service.accounts.caller import Caller, Context, limit_by_address
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
from service.web.api_document import (
    CHANGE_ERRORS,
    COMMON_ERRORS,
    PUBLIC,
    READ_ERRORS,
    ApiOperation,
    bytes_body,
    problems,
)
from service.web.request import AnyRequest
from service.web.request_info import get_header

from . import uploads
from .upload_store import Upload
from .uploads import Checksum

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,termination,expiration"
CHECKSUM_LENGTHS = {"sha1": 20, "sha256": 32}
PART = "application/offset+octet-stream"
_NUMBER = re.compile("[0-9]{1,15}")
_SHA256 = re.compile(b"[0-9a-f]{64}")
_WHOLE = (DigestMismatch, UnsupportedImageType, UnreadableImage, FileTooLarge, DayFull, PhotosUnnamed)
_COUNT = {"type": "integer", "minimum": 0}

TusResumable = Annotated[
    str, HeaderParameter(name="Tus-Resumable", description=VERSION, schema_extra={"enum": [VERSION]})
]
UploadLength = Annotated[
    str,
    HeaderParameter(
        name="Upload-Length", description="Bytes of the whole file.", schema_extra={"type": "integer", "minimum": 1}
    ),
]
UploadMetadata = Annotated[
    str,
    HeaderParameter(name="Upload-Metadata", description="`sha256` and the base64 of the digest's 64 hex digits."),
]
UploadOffset = Annotated[
    str, HeaderParameter(name="Upload-Offset", description="Where these bytes begin.", schema_extra=_COUNT)
]
UploadChecksum = Annotated[
    str | None,
    HeaderParameter(
        name="Upload-Checksum",
        required=False,
        description="`sha1` or `sha256`, a blank, and the base64 of the digest of this part.",
    ),
]


def _told(name: str, description: str, value: str = "") -> ResponseHeader:
    return ResponseHeader(name=name, value=value, documentation_only=True, required=True, description=description)


_SPEAKS = _told("Tus-Resumable", VERSION)
_AT = _told("Upload-Offset", "Bytes that have come, and are on the disk.")
_LENGTH = _told("Upload-Length", "Bytes of the whole file.")
_EXPIRES = _told("Upload-Expires", "When what has come is thrown away, as in `Date` (RFC 9110).")


@dataclass
class TusOperation(ApiOperation):
    """An operation that answers with headers, some of them numbers."""

    def __post_init__(self) -> None:
        """Describe them."""
        super().__post_init__()
        count = Schema(type=OpenAPIType.INTEGER, minimum=0)
        schemas = {
            "Tus-Resumable": Schema(type=OpenAPIType.STRING, enum=[VERSION]),
            **dict.fromkeys(("Upload-Offset", "Upload-Length", "Tus-Max-Size"), count),
        }
        for response in (self.responses or {}).values():
            for name, header in ((isinstance(response, OpenAPIResponse) and response.headers) or {}).items():
                if isinstance(header, OpenAPIHeader):
                    header.schema = schemas.get(name, header.schema)


@dataclass
class PartOperation(TusOperation):
    """The operation that takes a part: it reads the body itself."""

    def __post_init__(self) -> None:
        """Describe the body."""
        super().__post_init__()
        self.request_body = bytes_body(PART, "Bytes of the file from Upload-Offset on.")


class UploadsController(Controller):
    """Photos that come in parts."""

    tags = ("uploads",)
    path = "/v1/uploads"

    def get_route_handlers(self) -> list[BaseRouteHandler]:
        """With `tell_tus` first: to a path that has no OPTIONS yet Litestar adds its own, which then stays."""
        return sorted(super().get_route_handlers(), key=lambda one: one.handler_name != "tell_tus")

    @route(
        "/",
        http_method=[HttpMethod.OPTIONS],
        summary="What this server knows of tus",
        status_code=204,
        operation_class=TusOperation,
        opt={"exclude_from_auth": True},
        guards=[limit_by_address],
        security=PUBLIC,
        response_headers=[
            _SPEAKS,
            _told("Tus-Version", VERSION),
            _told("Tus-Extension", EXTENSIONS),
            _told("Tus-Checksum-Algorithm", ",".join(CHECKSUM_LENGTHS)),
            _told("Tus-Max-Size", "Bytes that a file may have."),
        ],
        responses=problems(*COMMON_ERRORS),
    )
    async def tell_tus(self, context: Context) -> Response[None]:
        """The version and extensions of tus, and how large a file may be."""
        headers = {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Checksum-Algorithm": ",".join(CHECKSUM_LENGTHS),
            "Tus-Max-Size": str(context.evidence_storage.max_file),
        }
        return _tus_response(204, headers)

    @post(
        "/",
        summary="Begin an upload of a photo; Location is where its parts go",
        status_code=201,
        operation_class=TusOperation,
        response_headers=[_SPEAKS, _told("Location", "Path of the upload: HEAD, PATCH and DELETE go there."), _EXPIRES],
        responses=problems(
            *CHANGE_ERRORS, InvalidHeader, TusVersion, FileTooLarge, TooManyRequests, DayFull, PhotosUnnamed
        ),
    )
    async def create_upload(
        self,
        caller: Caller,
        tus_resumable: TusResumable = "",
        upload_length: UploadLength = "",
        upload_metadata: UploadMetadata = "",
    ) -> Response[None]:
        """No bytes come yet. It may go on for seven days, also after the connection or the server was lost."""
        _require_tus_version(tus_resumable)
        length, digest = _number("Upload-Length", upload_length), _digest(upload_metadata)
        upload = await uploads.create(*caller, digest, length)
        return _tus_response(201, {"Location": f"/v1/uploads/{upload.id}", **_expires(upload)})

    @head(
        "/{upload_id:uuid}",
        summary="How much has come; the end, and the file is kept: it equals Upload-Length",
        operation_class=TusOperation,
        response_headers=[_SPEAKS, _AT, _LENGTH, _EXPIRES],
        responses=problems(*READ_ERRORS, *CHANGE_ERRORS, NotFound, InvalidHeader, TusVersion, *_WHOLE),
    )
    async def show_upload(
        self, caller: Caller, upload_id: FromPath[UUID], tus_resumable: TusResumable = ""
    ) -> Response[None]:
        """Ask this after a broken request, and go on from Upload-Offset."""
        _require_tus_version(tus_resumable)
        upload, size = await uploads.upload_status(*caller, upload_id)
        headers = {"Upload-Offset": str(size), "Upload-Length": str(upload.length), **_expires(upload)}
        return _tus_response(200, headers)

    @patch(
        "/{upload_id:uuid}",
        summary="The next bytes; what came of a broken request stays",
        status_code=204,
        operation_class=PartOperation,
        response_headers=[_SPEAKS, _AT, _EXPIRES],
        responses=problems(
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
    async def append_to_upload(
        self,
        request: AnyRequest,
        caller: Caller,
        upload_id: FromPath[UUID],
        tus_resumable: TusResumable = "",
        upload_offset: UploadOffset = "",
        upload_checksum: UploadChecksum = None,
    ) -> Response[None]:
        """With Upload-Checksum a part counts only as a whole. With the last byte the file is kept, or refused for
        good."""
        _require_tus_version(tus_resumable)
        if get_header(request.scope, b"content-type") != PART.encode():
            raise WrongMediaType(f"send Content-Type: {PART}")
        offset, checksum = _number("Upload-Offset", upload_offset), _checksum(upload_checksum)
        parts = body.stream_body(request.scope, request.receive, caller.ctx.evidence_storage.max_file)
        upload, size = await uploads.append_chunk(*caller, upload_id, offset, parts, checksum)
        return _tus_response(204, {"Upload-Offset": str(size), **_expires(upload)})

    @delete(
        "/{upload_id:uuid}",
        summary="End an upload",
        status_code=204,
        operation_class=TusOperation,
        response_headers=[_SPEAKS],
        responses=problems(*CHANGE_ERRORS, NotFound, InvalidHeader, TusVersion),
    )
    async def end_upload(
        self, caller: Caller, upload_id: FromPath[UUID], tus_resumable: TusResumable = ""
    ) -> Response[None]:
        """What has come is thrown away. A file that came whole stays."""
        _require_tus_version(tus_resumable)
        await uploads.remove(*caller, upload_id)
        return _tus_response(204, {})


def _tus_response(status: int, headers: dict[str, str]) -> Response[None]:
    return Response(None, status_code=status, headers={"Tus-Resumable": VERSION, **headers})


def _require_tus_version(given: str) -> None:
    if given != VERSION:
        raise TusVersion("send Tus-Resumable: 1.0.0")


def _number(name: str, given: str) -> int:
    if not _NUMBER.fullmatch(given):
        raise InvalidHeader(f"{name} must be a number of bytes")
    return int(given)


def _digest(metadata: str) -> bytes:
    """The file's SHA-256 out of Upload-Metadata: pairs with commas, each a key and a base64 value."""
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "sha256":
            text = _unpacked(value, "Upload-Metadata")
            if _SHA256.fullmatch(text):
                return bytes.fromhex(text.decode())
    raise InvalidHeader("Upload-Metadata must have sha256 and the base64 of its 64 hex digits")


def _checksum(given: str | None) -> Checksum | None:
    if given is None:
        return None
    name, _, value = given.partition(" ")
    digest = _unpacked(value, "Upload-Checksum")
    if CHECKSUM_LENGTHS.get(name) != len(digest):
        raise InvalidHeader("Upload-Checksum must be sha1 or sha256, a blank and a base64 digest")
    return name, digest


def _unpacked(value: str, name: str) -> bytes:
    try:
        return b64decode(value, validate=True)
    except ValueError:
        raise InvalidHeader(f"{name} has what is no base64") from None


def _expires(upload: Upload) -> dict[str, str]:
    return {"Upload-Expires": formatdate(upload.expires_at / 1000, usegmt=True)}


ROUTES = (UploadsController,)
