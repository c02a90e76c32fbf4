"""Photos come in: looked at, put into the store, and noted for who sent them; visits that waited stand anew."""

from collections.abc import AsyncIterator

import msgspec

from service.accounts.authentication import sign_in
from service.blobs import announcements
from service.blobs.image_header import MOST_PIXELS, ImageType, Photo
from service.blobs.incoming import Growing, passing
from service.context import House
from service.db.database import Tx
from service.errors import Busy, DigestDiffers, FileTooLarge, NotPhoto, PhotoUnreadable
from service.visits import evidence_files, sync_feed
from service.visits import repository as visits_repository
from service.visits.evidence_files import BlobRow
from service.visits.loading import load
from service.visits.quota import check_unnamed, day_full
from service.visits.status import written_now

TRIES = 20
SWEPT = "what was left of this file is just being swept"


class Sealed(msgspec.Struct, frozen=True):
    """A file in the store: its digest, its size in bytes, and what its header tells."""

    digest: bytes
    size: int
    photo: Photo


class MoreVisits(Exception):
    """A record that names the file was committed while this transaction had not locked its visit."""


async def attach(
    house: House, token: bytes, digest: bytes, said: ImageType | None, parts: AsyncIterator[bytes]
) -> bool:
    """Take a file. False when this person had sent it before. The bytes are wanted every time: a digest proves nothing.

    `said` is the kind that the sender names, if he does.
    """
    person = await sign_in(house, token, "attach evidence")
    async with passing(house.vault.incoming, house.new_id()) as file:
        async for part in parts:
            await file.add(part)
        sealed = await seal(house, file, digest, said, person.login)
    return await arrived(house, sealed, person.login)


async def keep_bytes(house: House, raw: bytes, digest: bytes) -> Sealed:
    """Put a file of the service's own making, or out of a form, into the store. Then `note` it in a transaction."""
    async with passing(house.vault.incoming, house.new_id()) as file:
        await file.add(raw)
        return await seal(house, file, digest)


async def seal(
    house: House, file: Growing, digest: bytes, said: ImageType | None = None, sender: str | None = None
) -> Sealed:
    """Look at a file that came whole, and put it into the store. What is known there is not written again.

    FileTooLarge, NotPhoto, DigestDiffers, PhotoUnreadable; for a `sender` also DayFull and PhotosUnnamed. Nothing is
    decoded here. A picture that ends too early is kept as it came: its bytes are what its digest promised. Where it
    ends before it says its size, no copy is made.
    """
    looked = await file.looked()
    photo = looked.photo
    if looked.digest != digest:
        raise DigestDiffers
    if photo is None or said not in (None, photo.kind):
        raise NotPhoto("by their first bytes, and as Content-Type says")
    if photo.pixels == 0 and not photo.cut:
        raise PhotoUnreadable("its header does not say its size")
    if photo.pixels > MOST_PIXELS[photo.kind]:
        raise FileTooLarge(f"at most {MOST_PIXELS[photo.kind] // 1_000_000} million pixels")
    if await _announced(house, digest, sender, looked.size):
        await house.vault.blobs.put(digest, file.path)
    return Sealed(digest, looked.size, photo)


async def _announced(house: House, digest: bytes, sender: str | None, size: int) -> bool:
    """Say that a file is about to be put into the store. False when it is there already."""
    quota, now = house.quota, house.clock()
    wait = 0 if sender is None else quota.photo_wait(sender, size, now)

    async def work(tx: Tx) -> bool:
        if await evidence_files.stored(tx, digest) is not None:
            return False
        if wait:
            raise day_full(wait)
        if sender is not None and not await evidence_files.naming(tx, digest, sender):
            await check_unnamed(quota, tx, sender, size, now)
        if not await announcements.announce(tx, digest, now):
            raise Busy(SWEPT)
        return True

    if sender is None or wait:
        return await house.db.write(work)
    quota.photo_spent(sender, 1, size, now)  # before it is known: many come at once
    announced = False
    try:
        announced = await house.db.write(work)
    finally:
        if not announced:
            quota.photo_spent(sender, -1, -size, now)
    return announced


async def arrived(house: House, sealed: Sealed, sender: str) -> bool:
    """Note who sent a file that is in the store, and stand the visits that name it anew. False when he had sent it."""
    for _ in range(TRIES):
        try:
            return await house.db.write(lambda tx: _arrive(house, tx, sealed, sender))
        except MoreVisits:  # now their rows are seen from the start
            continue
    return await house.db.write(lambda tx: _arrive(house, tx, sealed, sender))


async def _arrive(house: House, tx: Tx, sealed: Sealed, sender: str) -> bool:
    """Visits are locked before the file, and agendas after it, as records do it, and of each kind in their order:
    nobody waits in a circle."""
    naming = await evidence_files.naming(tx, sealed.digest, sender)
    rows = [await visits_repository.locked_visit(tx, visit) for visit in naming]
    if not await note(house, tx, sealed, sender):
        return False
    if await evidence_files.naming(tx, sealed.digest, sender) != naming:
        raise MoreVisits
    files = [await load(house, tx, row) for row in rows if row is not None]
    if len(files) > 1:
        await sync_feed.take_turns(tx, (login for file in files for login in (file.plan.technician, *file.plan.crew)))
    for file in files:
        await written_now(tx, file)
    return True


async def note(house: House, tx: Tx, sealed: Sealed, sender: str) -> bool:
    """Who sent a file that is in the store; False when he had sent it. Visits that name it are locked before."""
    now, photo = house.clock(), sealed.photo
    await evidence_files.hold(tx, sealed.digest, sender)
    if await evidence_files.sent(tx, sealed.digest, sender):
        return False
    whole = int(photo.whole)
    row = BlobRow(sealed.digest, sealed.size, photo.kind, photo.width, photo.height, now, whole)
    if not await evidence_files.send(tx, row, sender):
        raise Busy(SWEPT)  # whoever put it there slept for a week
    return True
