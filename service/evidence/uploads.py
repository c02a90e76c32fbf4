"""Large files come in parts (tus 1.0): what has come stays, whatever happens to the connection or the server.

A part is acknowledged when it is on the disk. When the last byte has come, the file goes the same way as one that
came whole. The parts lie in the data folder, whatever store there is.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from service.accounts.authentication import authenticate
from service.accounts.permissions import Person
from service.blobs.incoming import PartialFile, open_partial
from service.context import AppContext
from service.db.database import Transaction
from service.durable_files import run_in_disk_thread
from service.errors import (
    ChecksumMismatch,
    DigestMismatch,
    FileTooLarge,
    InvalidHeader,
    NotFound,
    ServiceUnavailable,
    TooManyRequests,
    UnreadableImage,
    UnsupportedImageType,
    UploadOffsetMismatch,
)
from service.visits import evidence_files
from service.visits.quota import check_unnamed_photos, daily_quota_exceeded

from . import upload_store
from .attach import register_upload, store_file
from .upload_store import Upload

LIFETIME_MS = 7 * 86_400_000  # ms: a phone may be without network for some days
MOST = 100  # of one person at a time: a day's photos
ORPHAN_AGE_MS = 3_600_000  # ms after which a file of one request belongs to nobody: no request takes so long
POLL_SECONDS = 3600.0  # seconds between sweeps
Checksum = tuple[str, bytes]
_PERMANENT_PROBLEMS = (DigestMismatch, UnsupportedImageType, UnreadableImage, FileTooLarge)


async def create(ctx: AppContext, token: bytes, digest: bytes, length: int) -> Upload:
    """Begin an upload of a file."""
    person = await authenticate(ctx, token, "attach evidence")
    folder = _folder(ctx, person)
    if length > ctx.evidence_storage.max_file:
        raise FileTooLarge(f"at most {ctx.evidence_storage.max_file} bytes")
    if length < 1:
        raise InvalidHeader("Upload-Length must be at least 1")
    await _allowed(ctx, person.login, digest, length)
    upload = Upload(ctx.new_id(), digest.hex(), length, ctx.clock() + LIFETIME_MS)
    if not await run_in_disk_thread(upload_store.create, folder, upload, MOST):
        raise TooManyRequests(f"at most {MOST} uploads at a time; end some of them")
    return upload


async def _allowed(ctx: AppContext, login: str, digest: bytes, length: int) -> None:
    """DayFull or PhotosUnnamed, before anything is sent. When it has come whole this is asked again."""
    now = ctx.clock()
    if wait := ctx.daily_quota.photo_wait(login, length, now):
        raise daily_quota_exceeded(wait)

    async def work(tx: Transaction) -> None:
        if not await evidence_files.visits_referencing(tx, digest, login):
            await check_unnamed_photos(ctx.daily_quota, tx, login, length, now)

    if ctx.daily_quota.unnamed_size:
        await ctx.db.read(work)


async def upload_status(ctx: AppContext, token: bytes, id: UUID) -> tuple[Upload, int]:
    """An upload and how much has come. What came whole and could not be kept yet is kept now."""
    person = await authenticate(ctx, token, "attach evidence")
    await _found(ctx, person, id)
    await _interrupt(ctx, id)
    upload, size = await _found(ctx, person, id)
    if size == upload.length and not upload.kept:
        async with _held(ctx, person, upload) as file:
            await _finish(ctx, person, upload, file)
    return upload, size


async def append_chunk(
    ctx: AppContext, token: bytes, id: UUID, offset: int, parts: AsyncIterator[bytes], checksum: Checksum | None
) -> tuple[Upload, int]:
    """Take bytes at the end. Without a checksum what came of a broken request stays; with one it is all or nothing."""
    person = await authenticate(ctx, token, "attach evidence")
    await _found(ctx, person, id)
    await _interrupt(ctx, id)
    upload, size = await _found(ctx, person, id)
    if size != offset or upload.kept:
        raise UploadOffsetMismatch(f"{size} bytes have come")
    async with _held(ctx, person, upload) as file:
        if file.size != offset:
            raise UploadOffsetMismatch(f"{file.size} bytes have come")
        await _receive(ctx, upload, file, parts, checksum)
        if file.size == upload.length:
            await _finish(ctx, person, upload, file)
        return upload, file.size


async def remove(ctx: AppContext, token: bytes, id: UUID) -> None:
    """End an upload."""
    person = await authenticate(ctx, token, "attach evidence")
    await _found(ctx, person, id)
    await _interrupt(ctx, id)
    await run_in_disk_thread(upload_store.remove, _folder(ctx, person), id)


async def _receive(
    ctx: AppContext, upload: Upload, file: PartialFile, parts: AsyncIterator[bytes], checksum: Checksum | None
) -> None:
    """Receive in a task of its own, which whoever goes on with the upload can end. What came is on the disk then."""
    offset = file.size
    taking = ctx.active_uploads[upload.id] = asyncio.create_task(_take(file, upload.length, parts))
    try:
        await asyncio.wait([taking])
    finally:
        taking.cancel()
        await asyncio.wait([taking])
        whole = not taking.cancelled() and taking.exception() is None
        await _keep(file, offset, checksum, whole=whole)
    if taking.cancelled():
        raise ServiceUnavailable("the upload goes on in another request")
    taking.result()


async def _take(file: PartialFile, length: int, parts: AsyncIterator[bytes]) -> None:
    async for part in parts:
        if file.size + len(part) > length:
            raise FileTooLarge("more than Upload-Length says")
        await file.add(part)


async def _keep(file: PartialFile, offset: int, checksum: Checksum | None, *, whole: bool) -> None:
    """What came is on the disk afterwards, unless a checksum says how it has to be and it is not."""
    if checksum is not None and not (whole and await file.digest(checksum[0], offset) == checksum[1]):
        await file.truncate(offset)
        if whole:
            raise ChecksumMismatch
    await file.flush()


async def _finish(ctx: AppContext, person: Person, upload: Upload, file: PartialFile) -> None:
    """The file has come whole. One that can never be taken ends; what fails for now is tried with the next request."""
    folder = _folder(ctx, person)
    try:
        sealed = await store_file(ctx, file, bytes.fromhex(upload.sha256), sender=person.login)
    except _PERMANENT_PROBLEMS:
        await run_in_disk_thread(upload_store.remove, folder, upload.id)
        raise
    await register_upload(ctx, sealed, person.login)
    await run_in_disk_thread(upload_store.keep, folder, upload)


def _folder(ctx: AppContext, person: Person) -> Path:
    return upload_store.upload_dir(ctx.evidence_storage.incoming, person.login)


async def _found(ctx: AppContext, person: Person, id: UUID) -> tuple[Upload, int]:
    """NotFound when there is none, it is another one's, or too old."""
    found = await run_in_disk_thread(upload_store.find, _folder(ctx, person), id)
    if found is None or found[0].expires_at <= ctx.clock():
        raise NotFound
    return found


async def _interrupt(ctx: AppContext, id: UUID) -> None:
    """Whoever asks about an upload has given up the request before, which the server may not have noticed yet."""
    task = ctx.active_uploads.get(id)
    if task is None:
        return
    task.cancel()
    for _ in range(300):
        if id not in ctx.active_uploads:
            return
        await asyncio.sleep(0.01)


@asynccontextmanager
async def _held(ctx: AppContext, person: Person, upload: Upload) -> AsyncGenerator[PartialFile]:
    held = False
    try:
        async with open_partial(upload_store.part_path(_folder(ctx, person), upload.id), new=False) as file:
            held = True
            yield file
    except FileNotFoundError as error:
        raise NotFound from error
    finally:
        if held:  # now somebody else can have it
            ctx.active_uploads.pop(upload.id, None)


async def run(ctx: AppContext) -> None:
    """Sweep what crashes and ended uploads left, at once and then every hour, until cancelled."""
    while True:
        await delete_expired(ctx)
        await asyncio.sleep(POLL_SECONDS)


async def delete_expired(ctx: AppContext) -> int:
    """Remove what belongs to nobody any more; how many files."""
    return await run_in_disk_thread(
        upload_store.delete_expired_files, ctx.evidence_storage.incoming, ctx.clock(), ORPHAN_AGE_MS
    )
