"""Resumable uploads: tus 1.0 with creation, checksum, termination and expiration (https://tus.io/protocols)."""

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

from service import errors
from service.accounts.caller import Caller, Context, limit_by_address
from service.web import body
from service.web.api_document import (
    CHANGE_ERRORS,
    COMMON_ERRORS,
    PUBLIC,
    ApiOperation,
    bytes_body,
    problems,
)
from service.web.request import AnyRequest
from service.web.request_info import get_header

from . import uploads
from .routes import FILE_ERRORS
from .upload_store import Upload
from .uploads import Checksum

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,termination,expiration"
CHECKSUM_LENGTHS = {"sha1": 20, "sha256": 32}
PART = "application/offset+octet-stream"
_NUMBER = re.compile("[0-9]{1,15}")
_SHA256 = re.compile(b"[0-9a-fA-F]{64}")
_COUNT = {"type": "integer", "minimum": 0}
_UPLOAD_ERRORS = (*CHANGE_ERRORS, errors.NotFound, errors.Erased, errors.InvalidHeader, errors.TusVersion)

TusResumable = Annotated[
    str, HeaderParameter(name="Tus-Resumable", description=VERSION, schema_extra={"enum": [VERSION]})
]
UploadLength = Annotated[
    str,
    HeaderParameter(name="Upload-Length", description="Bytes of the whole file.", schema_extra=_COUNT | {"minimum": 1}),
]
UploadMetadata = Annotated[
    str, HeaderParameter(name="Upload-Metadata", description="`sha256` and the base64 of the digest's 64 hex digits.")
]
UploadOffset = Annotated[
    str, HeaderParameter(name="Upload-Offset", description="Where these bytes begin.", schema_extra=_COUNT)
]
UploadChecksum = Annotated[
    str | None,
    HeaderParameter(
        name="Upload-Checksum",
        required=False,
        description="`sha1` or `sha256`, a space, and the base64 of the digest of this part.",
    ),
]


def _header(name: str, description: str, value: str = "") -> ResponseHeader:
    return ResponseHeader(name=name, value=value, documentation_only=True, required=True, description=description)


_OFFSET = _header("Upload-Offset", "Bytes that have arrived and are on the disk.")
_LENGTH = _header("Upload-Length", "Bytes of the whole file.")
_EXPIRES = _header("Upload-Expires", "When the upload expires, as in `Date` (RFC 9110).")


@dataclass
class TusOperation(ApiOperation):
    """An operation whose response headers have types of their own."""

    def __post_init__(self) -> None:
        """Describe the headers."""
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
    """An operation whose handler reads a part of a file from the body itself."""

    def __post_init__(self) -> None:
        """Describe the body."""
        super().__post_init__()
        self.request_body = bytes_body(PART, "Bytes of the file from Upload-Offset on.")


class UploadsController(Controller):
    """Photos that are sent in parts."""

    tags = ("uploads",)
    path = "/v1/uploads"
    response_headers = (ResponseHeader(name="Tus-Resumable", value=VERSION, required=True, description=VERSION),)

    def get_route_handlers(self) -> list[BaseRouteHandler]:
        """`tell_tus` comes first, because Litestar would add its own OPTIONS to a path that has none yet."""
        return sorted(super().get_route_handlers(), key=lambda handler: handler.handler_name != "tell_tus")

    @route(
        "/",
        http_method=[HttpMethod.OPTIONS],
        summary="Which parts of tus this server supports",
        status_code=204,
        operation_class=TusOperation,
        opt={"exclude_from_auth": True},
        guards=[limit_by_address],
        security=PUBLIC,
        response_headers=[
            _header("Tus-Version", VERSION),
            _header("Tus-Extension", EXTENSIONS),
            _header("Tus-Checksum-Algorithm", ",".join(CHECKSUM_LENGTHS)),
            _header("Tus-Max-Size", "Bytes that a file may have."),
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
        return Response(None, headers=headers)

    @post(
        "/",
        summary="Begin an upload of a photo; Location is where its parts go",
        status_code=201,
        operation_class=TusOperation,
        response_headers=[
            _header("Location", "Path of the upload: HEAD, PATCH and DELETE go there."),
            _EXPIRES,
        ],
        responses=problems(
            *CHANGE_ERRORS,
            errors.InvalidHeader,
            errors.TusVersion,
            errors.FileTooLarge,
            errors.DayFull,
            errors.PhotosUnnamed,
        ),
    )
    async def create_upload(
        self,
        caller: Caller,
        tus_resumable: TusResumable = "",
        upload_length: UploadLength = "",
        upload_metadata: UploadMetadata = "",
    ) -> Response[None]:
        """No bytes are sent yet. The upload lasts seven days, even if the connection or the server fails."""
        _require_tus_version(tus_resumable)
        length, digest = _number("Upload-Length", upload_length), _digest(upload_metadata)
        upload = await uploads.create(*caller, digest, length)
        return Response(None, headers={"Location": f"/v1/uploads/{upload.id}", **_expires(upload)})

    @head(
        "/{upload_id:uuid}",
        summary="How many bytes have arrived; when they equal Upload-Length, the file is stored",
        operation_class=TusOperation,
        response_headers=[_OFFSET, _LENGTH, _EXPIRES],
        responses=problems(*_UPLOAD_ERRORS, *FILE_ERRORS),
    )
    async def show_upload(
        self, caller: Caller, upload_id: FromPath[UUID], tus_resumable: TusResumable = ""
    ) -> Response[None]:
        """Ask this after a broken request, and continue from Upload-Offset."""
        _require_tus_version(tus_resumable)
        upload, size = await uploads.upload_status(*caller, upload_id)
        headers = {"Upload-Offset": str(size), "Upload-Length": str(upload.length), **_expires(upload)}
        return Response(None, headers=headers)

    @patch(
        "/{upload_id:uuid}",
        summary="The next bytes; those of a broken request stay",
        status_code=204,
        operation_class=PartOperation,
        response_headers=[_OFFSET, _EXPIRES],
        responses=problems(
            *_UPLOAD_ERRORS,
            errors.UploadOffsetMismatch,
            errors.ChecksumMismatch,
            errors.BodyTooLarge,
            errors.WrongMediaType,
            *FILE_ERRORS,
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
        """With Upload-Checksum a part counts only as a whole. After the last byte the file is stored, or refused for
        good."""
        _require_tus_version(tus_resumable)
        media_type, _, _ = (get_header(request.scope, b"content-type") or b"").partition(b";")
        if media_type.strip().lower() != PART.encode():
            raise errors.WrongMediaType(f"send Content-Type: {PART}")
        offset, checksum = _number("Upload-Offset", upload_offset), _checksum(upload_checksum)
        parts = body.stream_body(request.scope, request.receive, caller.ctx.evidence_storage.max_file, packed=False)
        upload, size = await uploads.append_chunk(*caller, upload_id, offset, parts, checksum)
        return Response(None, headers={"Upload-Offset": str(size), **_expires(upload)})

    @delete(
        "/{upload_id:uuid}",
        summary="End an upload",
        status_code=204,
        operation_class=TusOperation,
        responses=problems(*_UPLOAD_ERRORS),
    )
    async def end_upload(
        self, caller: Caller, upload_id: FromPath[UUID], tus_resumable: TusResumable = ""
    ) -> Response[None]:
        """The bytes that have arrived are deleted. A file that is complete stays."""
        _require_tus_version(tus_resumable)
        await uploads.remove(*caller, upload_id)
        return Response(None)


def _require_tus_version(given: str) -> None:
    if given != VERSION:
        raise errors.TusVersion("send Tus-Resumable: 1.0.0")


def _number(name: str, given: str) -> int:
    if not _NUMBER.fullmatch(given):
        raise errors.InvalidHeader(f"{name} must be a number of bytes")
    return int(given)


def _digest(metadata: str) -> bytes:
    """The file's SHA-256 in Upload-Metadata: comma-separated pairs of a key and a base64 value."""
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "sha256":
            text = _decode_base64(value, "Upload-Metadata")
            if _SHA256.fullmatch(text):
                return bytes.fromhex(text.decode())
    raise errors.InvalidHeader("Upload-Metadata must have sha256 and the base64 of its 64 hex digits")


def _checksum(given: str | None) -> Checksum | None:
    if given is None:
        return None
    name, _, value = given.partition(" ")
    name = name.lower()
    digest = _decode_base64(value, "Upload-Checksum")
    if CHECKSUM_LENGTHS.get(name) != len(digest):
        raise errors.InvalidHeader("Upload-Checksum must be sha1 or sha256, a blank and a base64 digest")
    return name, digest


def _decode_base64(value: str, name: str) -> bytes:
    try:
        return b64decode(value, validate=True)
    except ValueError:
        raise errors.InvalidHeader(f"{name} has what is no base64") from None


def _expires(upload: Upload) -> dict[str, str]:
    return {"Upload-Expires": formatdate(upload.expires_at / 1000, usegmt=True)}


ROUTES = (UploadsController,)
