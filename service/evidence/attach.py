"""Incoming photos: checked, stored and recorded for their sender, after which the visits that name them are updated."""

from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec

from service.accounts.authentication import authenticate
from service.audit_log import erasures
from service.blobs import announcements
from service.blobs.image_header import MOST_PIXELS, Photo
from service.blobs.incoming import PartialFile, temporary_upload
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import DigestMismatch, FileTooLarge, ServiceUnavailable, UnreadableImage, UnsupportedImageType
from service.visits import evidence_files, status, sync_feed
from service.visits import repository as visits_repository
from service.visits.evidence_files import BlobRow
from service.visits.loading import load_visit
from service.visits.quota import check_unnamed_photos, daily_quota_exceeded

MAX_RETRIES = 20
BEING_DELETED = "an earlier copy of this file is just being deleted"


class StoredFile(msgspec.Struct, frozen=True):
    """A file in the store: its SHA-256, its size in bytes, and what its header says."""

    digest: bytes
    size: int
    photo: Photo


class RetryWithMoreLocks(Exception):
    """A record that names the file was committed before this transaction could lock its visit."""


async def attach_file(ctx: AppContext, token: bytes, digest: bytes, parts: AsyncIterator[bytes]) -> bool:
    """Store an uploaded file. False when this person sent it before.

    The bytes are needed every time, because knowing a digest proves nothing.
    """
    person = await authenticate(ctx, token, "attach evidence")
    async with temporary_upload(ctx.evidence_storage.incoming, ctx.new_id()) as file:
        async for part in parts:
            await file.add(part)
        stored = await store_file(ctx, file, digest, person.login)
    return await register_upload(ctx, stored, person.login)


async def store_bytes(ctx: AppContext, raw: bytes, digest: bytes) -> StoredFile:
    """Store a file that the service made or that came in a form; follow with `record_sender` in a transaction."""
    async with temporary_upload(ctx.evidence_storage.incoming, ctx.new_id()) as file:
        await file.add(raw)
        return await store_file(ctx, file, digest)


async def store_file(ctx: AppContext, file: PartialFile, digest: bytes, sender: str | None = None) -> StoredFile:
    """Check a complete file and store it, unless it is stored already. Nothing is decoded here.

    Raises FileTooLarge, UnsupportedImageType, DigestMismatch, UnreadableImage; for a `sender` also DayFull and
    PhotosUnnamed. A truncated picture is stored as it came, since its bytes match the digest that a record names.
    """
    info = await file.inspect()
    photo = info.photo
    if info.digest != digest:
        raise DigestMismatch
    if photo is None:
        raise UnsupportedImageType("its first bytes are of no JPEG, PNG or WEBP")
    if photo.pixels == 0 and not photo.header_truncated:
        raise UnreadableImage("its header does not say its size")
    if photo.pixels > MOST_PIXELS[photo.kind]:
        raise FileTooLarge(f"at most {MOST_PIXELS[photo.kind] // 1_000_000} million pixels")
    if await _announce(ctx, digest, sender, info.size):
        await ctx.evidence_storage.blobs.put(digest, file.path)
    return StoredFile(digest, info.size, photo)


async def _announce(ctx: AppContext, digest: bytes, sender: str | None, size: int) -> bool:
    """Announce that a file is about to be stored. False when it is stored already."""
    quota, now = ctx.daily_quota, ctx.clock()
    wait = 0 if sender is None else quota.photo_wait(sender, size, now)
    if sender is None or wait:
        return await _announce_if_new(ctx, digest, sender, size, wait, now)
    quota.photo_spent(sender, 1, size, now)  # before the result is known, because many uploads run at once
    announced = False
    try:
        announced = await _announce_if_new(ctx, digest, sender, size, 0, now)
    finally:
        if not announced:
            quota.photo_spent(sender, -1, -size, now)
    return announced


@transaction
async def _announce_if_new(
    ctx: AppContext, tx: Transaction, digest: bytes, sender: str | None, size: int, wait: int, now: int
) -> bool:
    if await evidence_files.get_blob(tx, digest) is not None:
        return False
    named = sender is None or bool(await evidence_files.visits_referencing(tx, digest, sender))
    if not named:
        await erasures.refuse_erased(tx, digest)
    if wait:
        raise daily_quota_exceeded(wait)
    if sender is not None and not named:
        await check_unnamed_photos(ctx.daily_quota, tx, sender, size, now)
    if not await announcements.announce_blob(tx, digest, now):
        raise ServiceUnavailable(BEING_DELETED)
    return True


async def register_upload(ctx: AppContext, stored: StoredFile, sender: str) -> bool:
    """Record who sent a stored file and update the visits that name it. False when they sent it before."""
    for _ in range(MAX_RETRIES):
        with suppress(RetryWithMoreLocks):
            return await _register(ctx, stored, sender)
    return await _register(ctx, stored, sender)


@transaction
async def _register(ctx: AppContext, tx: Transaction, stored: StoredFile, sender: str) -> bool:
    """To avoid deadlocks, locks visits before the file and sync counters after it, each in a fixed order."""
    naming = await evidence_files.visits_referencing(tx, stored.digest, sender)
    rows = [await visits_repository.lock_visit(tx, visit_id) for visit_id in naming]
    if not naming and await evidence_files.get_blob(tx, stored.digest) is None:  # just erased, after it was checked
        await erasures.refuse_erased(tx, stored.digest)
    if not await record_sender(ctx, tx, stored, sender):
        return False
    if await evidence_files.visits_referencing(tx, stored.digest, sender) != naming:
        raise RetryWithMoreLocks
    visits = [await load_visit(ctx, tx, row) for row in rows if row is not None]
    if len(visits) > 1:
        logins = (login for visit in visits for login in (visit.plan.technician, *visit.plan.crew))
        await sync_feed.lock_counters(tx, logins)
    for visit in visits:
        await status.recompute_status(tx, visit)
    return True


async def record_sender(ctx: AppContext, tx: Transaction, stored: StoredFile, sender: str) -> bool:
    """Record who sent a stored file; False when they sent it before. Lock the visits that name it first."""
    photo = stored.photo
    await evidence_files.lock_file(tx, stored.digest, sender)
    if await evidence_files.is_received(tx, stored.digest, sender):
        return False
    row = BlobRow(
        stored.digest, stored.size, photo.kind, photo.width, photo.height, ctx.clock(), int(photo.is_complete)
    )
    if not await evidence_files.mark_received(tx, row, sender):
        raise ServiceUnavailable(BEING_DELETED)  # the sender was suspended for a week after storing it
    return True
