"""Photos come in: looked at, put into the store, and noted for who sent them; visits that waited stand anew."""

from collections.abc import AsyncIterator

import msgspec

from service.accounts.authentication import authenticate
from service.blobs import announcements
from service.blobs.image_header import MOST_PIXELS, ImageType, Photo
from service.blobs.incoming import PartialFile, temporary_upload
from service.context import AppContext
from service.db.database import Transaction
from service.errors import DigestMismatch, FileTooLarge, ServiceUnavailable, UnreadableImage, UnsupportedImageType
from service.visits import evidence_files, sync_feed
from service.visits import repository as visits_repository
from service.visits.evidence_files import BlobRow
from service.visits.loading import load_visit
from service.visits.quota import check_unnamed_photos, daily_quota_exceeded
from service.visits.status import recompute_status

TRIES = 20
BEING_DELETED = "what was left of this file is just being swept"


class StoredFile(msgspec.Struct, frozen=True):
    """A file in the store: its digest, its size in bytes, and what its header tells."""

    digest: bytes
    size: int
    photo: Photo


class RetryWithMoreLocks(Exception):
    """A record that names the file was committed while this transaction had not locked its visit."""


async def attach_file(
    ctx: AppContext, token: bytes, digest: bytes, said: ImageType | None, parts: AsyncIterator[bytes]
) -> bool:
    """Take a file. False when this person had sent it before. The bytes are wanted every time: a digest proves nothing.

    `said` is the kind that the sender names, if he does.
    """
    person = await authenticate(ctx, token, "attach evidence")
    async with temporary_upload(ctx.evidence_storage.incoming, ctx.new_id()) as file:
        async for part in parts:
            await file.add(part)
        sealed = await store_file(ctx, file, digest, said, person.login)
    return await register_upload(ctx, sealed, person.login)


async def store_bytes(ctx: AppContext, raw: bytes, digest: bytes) -> StoredFile:
    """Put a file of the service's own making, or out of a form, into the store. Then `note` it in a transaction."""
    async with temporary_upload(ctx.evidence_storage.incoming, ctx.new_id()) as file:
        await file.add(raw)
        return await store_file(ctx, file, digest)


async def store_file(
    ctx: AppContext, file: PartialFile, digest: bytes, said: ImageType | None = None, sender: str | None = None
) -> StoredFile:
    """Look at a file that came whole, and put it into the store. What is known there is not written again.

    FileTooLarge, NotPhoto, DigestDiffers, PhotoUnreadable; for a `sender` also DayFull and PhotosUnnamed. Nothing is
    decoded here. A picture that ends too early is kept as it came: its bytes are what its digest promised. Where it
    ends before it says its size, no copy is made.
    """
    looked = await file.inspect()
    photo = looked.photo
    if looked.digest != digest:
        raise DigestMismatch
    if photo is None or said not in (None, photo.kind):
        raise UnsupportedImageType("by their first bytes, and as Content-Type says")
    if photo.pixels == 0 and not photo.header_truncated:
        raise UnreadableImage("its header does not say its size")
    if photo.pixels > MOST_PIXELS[photo.kind]:
        raise FileTooLarge(f"at most {MOST_PIXELS[photo.kind] // 1_000_000} million pixels")
    if await _announced(ctx, digest, sender, looked.size):
        await ctx.evidence_storage.blobs.put(digest, file.path)
    return StoredFile(digest, looked.size, photo)


async def _announced(ctx: AppContext, digest: bytes, sender: str | None, size: int) -> bool:
    """Say that a file is about to be put into the store. False when it is there already."""
    quota, now = ctx.daily_quota, ctx.clock()
    wait = 0 if sender is None else quota.photo_wait(sender, size, now)

    async def work(tx: Transaction) -> bool:
        if await evidence_files.get_blob(tx, digest) is not None:
            return False
        if wait:
            raise daily_quota_exceeded(wait)
        if sender is not None and not await evidence_files.visits_referencing(tx, digest, sender):
            await check_unnamed_photos(quota, tx, sender, size, now)
        if not await announcements.announce_blob(tx, digest, now):
            raise ServiceUnavailable(BEING_DELETED)
        return True

    if sender is None or wait:
        return await ctx.db.write(work)
    quota.photo_spent(sender, 1, size, now)  # before it is known: many come at once
    announced = False
    try:
        announced = await ctx.db.write(work)
    finally:
        if not announced:
            quota.photo_spent(sender, -1, -size, now)
    return announced


async def register_upload(ctx: AppContext, sealed: StoredFile, sender: str) -> bool:
    """Note who sent a file that is in the store, and stand the visits that name it anew. False when he had sent it."""
    for _ in range(TRIES):
        try:
            return await ctx.db.write(lambda tx: _arrive(ctx, tx, sealed, sender))
        except RetryWithMoreLocks:  # now their rows are seen from the start
            continue
    return await ctx.db.write(lambda tx: _arrive(ctx, tx, sealed, sender))


async def _arrive(ctx: AppContext, tx: Transaction, sealed: StoredFile, sender: str) -> bool:
    """Visits are locked before the file, and agendas after it, as records do it, and of each kind in their order:
    nobody waits in a circle."""
    naming = await evidence_files.visits_referencing(tx, sealed.digest, sender)
    rows = [await visits_repository.lock_visit(tx, visit) for visit in naming]
    if not await record_sender(ctx, tx, sealed, sender):
        return False
    if await evidence_files.visits_referencing(tx, sealed.digest, sender) != naming:
        raise RetryWithMoreLocks
    files = [await load_visit(ctx, tx, row) for row in rows if row is not None]
    if len(files) > 1:
        await sync_feed.lock_counters(
            tx, (login for file in files for login in (file.plan.technician, *file.plan.crew))
        )
    for file in files:
        await recompute_status(tx, file)
    return True


async def record_sender(ctx: AppContext, tx: Transaction, sealed: StoredFile, sender: str) -> bool:
    """Who sent a file that is in the store; False when he had sent it. Visits that name it are locked before."""
    now, photo = ctx.clock(), sealed.photo
    await evidence_files.lock_file(tx, sealed.digest, sender)
    if await evidence_files.is_received(tx, sealed.digest, sender):
        return False
    whole = int(photo.is_complete)
    row = BlobRow(sealed.digest, sealed.size, photo.kind, photo.width, photo.height, now, whole)
    if not await evidence_files.mark_received(tx, row, sender):
        raise ServiceUnavailable(BEING_DELETED)  # whoever put it there slept for a week
    return True
