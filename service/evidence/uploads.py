"""Resumable uploads of large files (tus 1.0): what has arrived stays, whatever happens to the connection or the server.

A part is acknowledged once it is on the disk, in the data folder whatever the store is. When the last byte has
arrived, the file is treated like one that was sent whole.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from service import errors
from service.accounts.authentication import authenticate
from service.audit_log import erasures
from service.blobs.incoming import PartialFile, open_partial
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.durable_files import run_in_disk_thread
from service.visits import evidence_files
from service.visits.quota import check_unnamed_photos, daily_quota_exceeded

from . import upload_store
from .attach import register_upload, store_file
from .upload_store import Upload

LIFETIME_MS = 7 * 86_400_000  # a phone may be offline for some days
MAX_UPLOADS = 100  # of one person at a time: a day's photos
ORPHAN_AGE_MS = 3_600_000  # no request takes so long
POLL_SECONDS = 3600.0
Checksum = tuple[str, bytes]
_PERMANENT_PROBLEMS = (
    errors.DigestMismatch,
    errors.UnsupportedImageType,
    errors.UnreadableImage,
    errors.FileTooLarge,
)


async def create(ctx: AppContext, token: bytes, digest: bytes, length: int) -> Upload:
    """Begin an upload."""
    person = await authenticate(ctx, token, "attach evidence")
    if length > ctx.evidence_storage.max_file:
        raise errors.FileTooLarge(f"at most {ctx.evidence_storage.max_file} bytes")
    if length < 1:
        raise errors.InvalidHeader("Upload-Length must be at least 1")
    if wait := ctx.daily_quota.photo_wait(person.login, length, ctx.clock()):  # checked again when it is complete
        raise daily_quota_exceeded(wait)
    await _check_unnamed_photos(ctx, person.login, digest, length)
    upload = Upload(ctx.new_id(), digest.hex(), length, ctx.clock() + LIFETIME_MS)
    if not await run_in_disk_thread(upload_store.create, _folder(ctx, person.login), upload, MAX_UPLOADS):
        raise errors.TooManyRequests(f"at most {MAX_UPLOADS} uploads at a time; end some of them")
    return upload


@read_only
async def _check_unnamed_photos(ctx: AppContext, tx: Transaction, login: str, digest: bytes, length: int) -> None:
    if not await evidence_files.visits_referencing(tx, digest, login):
        await erasures.refuse_erased(tx, digest)
        await check_unnamed_photos(ctx.daily_quota, tx, login, length, ctx.clock())


async def upload_status(ctx: AppContext, token: bytes, id: UUID) -> tuple[Upload, int]:
    """An upload and the number of bytes received. A complete file that could not be stored before is stored now."""
    login, upload, size = await _take_over(ctx, token, id)
    if size == upload.length and not upload.kept:
        async with _open(ctx, login, upload) as file:
            await _finish(ctx, login, upload, file)
    return upload, size


async def append_chunk(
    ctx: AppContext, token: bytes, id: UUID, offset: int, parts: AsyncIterator[bytes], checksum: Checksum | None
) -> tuple[Upload, int]:
    """Append bytes. Without a checksum the bytes of a broken request stay; with one it is all or nothing."""
    login, upload, size = await _take_over(ctx, token, id)
    if size != offset or upload.kept:
        raise errors.UploadOffsetMismatch(f"{size} bytes have come")
    async with _open(ctx, login, upload) as file:
        if file.size != offset:
            raise errors.UploadOffsetMismatch(f"{file.size} bytes have come")
        await _receive(ctx, upload, file, parts, checksum)
        if file.size == upload.length:
            await _finish(ctx, login, upload, file)
        return upload, file.size


async def remove(ctx: AppContext, token: bytes, id: UUID) -> None:
    """End an upload."""
    login, _, _ = await _take_over(ctx, token, id)
    await run_in_disk_thread(upload_store.remove, _folder(ctx, login), id)


async def _take_over(ctx: AppContext, token: bytes, id: UUID) -> tuple[str, Upload, int]:
    """The sender's login, the upload and the bytes received, once a request that was still sending has stopped.

    A client that asks about an upload has given up its request before, which the server may not have noticed yet.
    """
    person = await authenticate(ctx, token, "attach evidence")
    found = await _find(ctx, person.login, id)
    task = ctx.active_uploads.get(id)
    if task is not None:
        task.cancel()
        for _ in range(300):
            if id not in ctx.active_uploads:
                break
            await asyncio.sleep(0.01)
        found = await _find(ctx, person.login, id)
    return person.login, *found


async def _find(ctx: AppContext, login: str, id: UUID) -> tuple[Upload, int]:
    """NotFound when there is no such upload of this person, or it has expired."""
    found = await run_in_disk_thread(upload_store.find, _folder(ctx, login), id)
    if found is None or found[0].expires_at <= ctx.clock():
        raise errors.NotFound
    return found


async def _receive(
    ctx: AppContext, upload: Upload, file: PartialFile, parts: AsyncIterator[bytes], checksum: Checksum | None
) -> None:
    """Receive in a separate task, which a later request for the upload can cancel; what arrived is then on the disk."""
    offset = file.size
    task = ctx.active_uploads[upload.id] = asyncio.create_task(_copy(file, upload.length, parts))
    try:
        await asyncio.wait([task])
    finally:
        task.cancel()
        await asyncio.wait([task])
        complete = not task.cancelled() and task.exception() is None
        await _flush(file, offset, checksum, complete=complete)
    if task.cancelled():
        raise errors.ServiceUnavailable("the upload goes on in another request")
    task.result()


async def _copy(file: PartialFile, length: int, parts: AsyncIterator[bytes]) -> None:
    async for part in parts:
        if file.size + len(part) > length:
            raise errors.BodyTooLarge("more bytes than Upload-Length says")
        await file.add(part)


async def _flush(file: PartialFile, offset: int, checksum: Checksum | None, *, complete: bool) -> None:
    """Sync the bytes to the disk, or drop them where they do not match the checksum."""
    if checksum is not None and not (complete and await file.digest(checksum[0], offset) == checksum[1]):
        await file.truncate(offset)
        if complete:
            raise errors.ChecksumMismatch
    await file.flush()


async def _finish(ctx: AppContext, login: str, upload: Upload, file: PartialFile) -> None:
    """Store a complete file. What can never be stored ends the upload; any other failure is retried by a request."""
    folder = _folder(ctx, login)
    try:
        stored = await store_file(ctx, file, bytes.fromhex(upload.sha256), sender=login)
    except _PERMANENT_PROBLEMS:
        await run_in_disk_thread(upload_store.remove, folder, upload.id)
        raise
    await register_upload(ctx, stored, login)
    await run_in_disk_thread(upload_store.mark_stored, folder, upload)


def _folder(ctx: AppContext, login: str) -> Path:
    return upload_store.upload_dir(ctx.evidence_storage.incoming, login)


@asynccontextmanager
async def _open(ctx: AppContext, login: str, upload: Upload) -> AsyncGenerator[PartialFile]:
    opened = False
    try:
        async with open_partial(upload_store.part_path(_folder(ctx, login), upload.id), new=False) as file:
            opened = True
            yield file
    except FileNotFoundError as error:
        raise errors.NotFound from error
    finally:
        if opened:  # another request may open it now
            ctx.active_uploads.pop(upload.id, None)


async def run(ctx: AppContext) -> None:
    """Delete what crashes and expired uploads left, at once and then every hour, until cancelled."""
    while True:
        await delete_expired(ctx)
        await asyncio.sleep(POLL_SECONDS)


async def delete_expired(ctx: AppContext) -> int:
    """Delete what belongs to no request or upload any more; returns how many files."""
    incoming = ctx.evidence_storage.incoming
    return await run_in_disk_thread(upload_store.delete_expired_files, incoming, ctx.clock(), ORPHAN_AGE_MS)
