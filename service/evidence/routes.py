"""Evidence: photos, addressed by the SHA-256 of their bytes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, get, put
from litestar.params import FromPath, JSONBody, PathParameter

from service import errors
from service.accounts.caller import Caller, requires
from service.audit_log import merkle
from service.audit_log.receipts import unproven_entry
from service.visits.receipt import Receipt
from service.web import body
from service.web.api_document import (
    CHANGE_ERRORS,
    READ_ERRORS,
    WRITE_ERRORS,
    ApiOperation,
    answer,
    bytes_body,
    example,
    problems,
)
from service.web.compression import etag_matches
from service.web.request import AnyRequest, IfNoneMatch
from service.web.strict_body import TolerantBody

from . import attach, missing, thumbnails
from .missing import GiveUpRequest

FILE_ERRORS = (
    errors.DigestMismatch,
    errors.UnsupportedImageType,
    errors.UnreadableImage,
    errors.FileTooLarge,
    errors.DayFull,
    errors.PhotosUnnamed,
)
"""Problems of any operation that stores a photo."""
Digest = Annotated[str, PathParameter(description="SHA-256 of the file, in hex.", pattern="^[0-9a-fA-F]{64}$(?!\n)")]
_PHOTO_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_RECEIPT = Receipt(
    record="01956e2c-8a00-7000-8000-000000000004",
    visit="01956e2c-8a00-7000-8000-000000000002",
    received_at=datetime.fromisoformat("2026-03-02T12:00:00+08:00"),
    sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    state="complete",
    missing_evidence=(),
    verdict="compliant",
    findings=(),
    ignored=(),
    replayed=False,
    log=unproven_entry(merkle.leaf("visit.submitted", bytes(32), bytes(32), 1_772_424_000_000), bytes(32)),
)


@dataclass
class PhotoOperation(ApiOperation):
    """An operation whose handler reads a photo from the body itself."""

    def __post_init__(self) -> None:
        """Describe the body."""
        super().__post_init__()
        about = "The photo: JPEG, PNG or WEBP. What it is, its bytes say: any media type may be named, or none."
        self.request_body = bytes_body("application/octet-stream", about)


class EvidenceController(Controller):
    """Photos that records name."""

    tags = ("evidence",)

    @put(
        "/v1/evidence/{sha256:str}",
        summary="Send a photo by its digest; it counts for what the sender's records name",
        status_code=201,
        operation_class=PhotoOperation,
        responses={
            200: answer(None, "This person had sent it before"),
            **problems(*CHANGE_ERRORS, errors.NotFound, errors.Erased, errors.WrongMediaType, *FILE_ERRORS),
        },
    )
    async def attach_evidence(self, request: AnyRequest, caller: Caller, sha256: Digest) -> Response[None]:
        """It may come before or after the record that names it. The bytes are needed every time, because a digest alone
        proves nothing. Large files may come in parts, at `/v1/uploads`."""
        parts = body.stream_body(request.scope, request.receive, caller.ctx.evidence_storage.max_file)
        first = await attach.attach_file(*caller, bytes.fromhex(sha256), parts)
        return Response(None, status_code=201 if first else 200)

    @get(
        "/v1/evidence/{sha256:str}",
        summary="A copy without metadata, for everybody who may see a visit to which the photo was sent",
        media_type="image/jpeg",
        response_description="At most 1600 pixels long.",
        responses={
            304: answer(None, "Not modified"),
            **problems(*READ_ERRORS, errors.NotFound, errors.Erased, errors.UnreadableImage),
        },
    )
    async def show_evidence(self, caller: Caller, sha256: Digest, if_none_match: IfNoneMatch = None) -> Response[bytes]:
        """Whether the caller may see it is checked every time, also for a copy that they have, and it is a look at the
        visit. The original, with its metadata, stays in the store: nobody can download it."""
        digest = bytes.fromhex(sha256)
        await thumbnails.require_access(*caller, digest)
        etag = thumbnails.etag(digest)
        headers = {"ETag": f'"{etag}"', "Cache-Control": "private, no-store"}
        if etag_matches(if_none_match or "", etag):
            return Response(b"", status_code=304, headers=headers)
        headers |= {**_PHOTO_HEADERS, "Content-Disposition": f'inline; filename="{sha256[:16].lower()}.jpg"'}
        return Response(await thumbnails.get_rendition(caller.ctx, digest), headers=headers)

    @put(
        "/v1/records/{record_id:uuid}/lost/{sha256:str}",
        summary="A file named by a record (or by a batch of the office) will never come: "
        "not awaited, it counts as lacking",
        dto=TolerantBody[GiveUpRequest],
        return_dto=None,
        guards=[requires("attach evidence")],
        operation_class=example({"reason": "手机掉进水里"}, _RECEIPT),
        responses=problems(*WRITE_ERRORS, errors.NotFound, errors.Erased, errors.IdReusedWithOtherContent),
    )
    async def give_up_evidence(
        self, caller: Caller, record_id: FromPath[UUID], sha256: Digest, data: JSONBody[GiveUpRequest]
    ) -> Receipt:
        """Open to the writer of the record and to supervisors. Repeating the same reason changes nothing. If the file
        comes after all, it counts."""
        return await missing.give_up_file(*caller, record_id, bytes.fromhex(sha256), data.reason)


ROUTES = (EvidenceController,)
