"""Large files come in parts (tus 1.0): what has come stays, whatever happens to the connection or the server.

A part is acknowledged when it is on the disk. When the last byte has come, the file goes the same way as one that
came whole. The parts lie in the data folder, whatever store there is.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from service.accounts.authentication import sign_in
from service.accounts.permissions import Person
from service.blobs.incoming import Growing, growing
from service.context import House
from service.db.database import Tx
from service.durable_files import on_disk
from service.errors import (
    Busy,
    ChecksumDiffers,
    DigestDiffers,
    FileTooLarge,
    InvalidHeader,
    NotFound,
    NotPhoto,
    OffsetDiffers,
    PhotoUnreadable,
    TooManyRequests,
)
from service.visits import evidence_files
from service.visits.quota import check_unnamed, day_full

from . import upload_store
from .attach import arrived, seal
from .upload_store import Upload

LIFE = 7 * 86_400_000  # ms: a phone may be without network for some days
MOST = 100  # of one person at a time: a day's photos
ORPHAN = 3_600_000  # ms after which a file of one request belongs to nobody: no request takes so long
PAUSE = 3600.0  # seconds between sweeps
Checksum = tuple[str, bytes]
_HOPELESS = (DigestDiffers, NotPhoto, PhotoUnreadable, FileTooLarge)


async def create(house: House, token: bytes, digest: bytes, length: int) -> Upload:
    """Begin an upload of a file."""
    person = await sign_in(house, token, "attach evidence")
    folder = _folder(house, person)
    if length > house.vault.max_file:
        raise FileTooLarge(f"at most {house.vault.max_file} bytes")
    if length < 1:
        raise InvalidHeader("Upload-Length must be at least 1")
    await _allowed(house, person.login, digest, length)
    upload = Upload(house.new_id(), digest.hex(), length, house.clock() + LIFE)
    if not await on_disk(upload_store.create, folder, upload, MOST):
        raise TooManyRequests(f"at most {MOST} uploads at a time; end some of them")
    return upload


async def _allowed(house: House, login: str, digest: bytes, length: int) -> None:
    """DayFull or PhotosUnnamed, before anything is sent. When it has come whole this is asked again."""
    now = house.clock()
    if wait := house.quota.photo_wait(login, length, now):
        raise day_full(wait)

    async def work(tx: Tx) -> None:
        if not await evidence_files.naming(tx, digest, login):
            await check_unnamed(house.quota, tx, login, length, now)

    if house.quota.unnamed_size:
        await house.db.read(work)


async def stand(house: House, token: bytes, id: UUID) -> tuple[Upload, int]:
    """An upload and how much has come. What came whole and could not be kept yet is kept now."""
    person = await sign_in(house, token, "attach evidence")
    await _found(house, person, id)
    await _interrupt(house, id)
    upload, size = await _found(house, person, id)
    if size == upload.length and not upload.kept:
        async with _held(house, person, upload) as file:
            await _finish(house, person, upload, file)
    return upload, size


async def append(
    house: House, token: bytes, id: UUID, offset: int, parts: AsyncIterator[bytes], checksum: Checksum | None
) -> tuple[Upload, int]:
    """Take bytes at the end. Without a checksum what came of a broken request stays; with one it is all or nothing."""
    person = await sign_in(house, token, "attach evidence")
    await _found(house, person, id)
    await _interrupt(house, id)
    upload, size = await _found(house, person, id)
    if size != offset or upload.kept:
        raise OffsetDiffers(f"{size} bytes have come")
    async with _held(house, person, upload) as file:
        if file.size != offset:
            raise OffsetDiffers(f"{file.size} bytes have come")
        await _receive(house, upload, file, parts, checksum)
        if file.size == upload.length:
            await _finish(house, person, upload, file)
        return upload, file.size


async def remove(house: House, token: bytes, id: UUID) -> None:
    """End an upload."""
    person = await sign_in(house, token, "attach evidence")
    await _found(house, person, id)
    await _interrupt(house, id)
    await on_disk(upload_store.remove, _folder(house, person), id)


async def _receive(
    house: House, upload: Upload, file: Growing, parts: AsyncIterator[bytes], checksum: Checksum | None
) -> None:
    """Receive in a task of its own, which whoever goes on with the upload can end. What came is on the disk then."""
    offset = file.size
    taking = house.sending[upload.id] = asyncio.create_task(_take(file, upload.length, parts))
    try:
        await asyncio.wait([taking])
    finally:
        taking.cancel()
        await asyncio.wait([taking])
        whole = not taking.cancelled() and taking.exception() is None
        await _keep(file, offset, checksum, whole=whole)
    if taking.cancelled():
        raise Busy("the upload goes on in another request")
    taking.result()


async def _take(file: Growing, length: int, parts: AsyncIterator[bytes]) -> None:
    async for part in parts:
        if file.size + len(part) > length:
            raise FileTooLarge("more than Upload-Length says")
        await file.add(part)


async def _keep(file: Growing, offset: int, checksum: Checksum | None, *, whole: bool) -> None:
    """What came is on the disk afterwards, unless a checksum says how it has to be and it is not."""
    if checksum is not None and not (whole and await file.digest(checksum[0], offset) == checksum[1]):
        await file.cut(offset)
        if whole:
            raise ChecksumDiffers
    await file.keep()


async def _finish(house: House, person: Person, upload: Upload, file: Growing) -> None:
    """The file has come whole. One that can never be taken ends; what fails for now is tried with the next request."""
    folder = _folder(house, person)
    try:
        sealed = await seal(house, file, bytes.fromhex(upload.sha256), sender=person.login)
    except _HOPELESS:
        await on_disk(upload_store.remove, folder, upload.id)
        raise
    await arrived(house, sealed, person.login)
    await on_disk(upload_store.keep, folder, upload)


def _folder(house: House, person: Person) -> Path:
    return upload_store.folder_of(house.vault.incoming, person.login)


async def _found(house: House, person: Person, id: UUID) -> tuple[Upload, int]:
    """NotFound when there is none, it is another one's, or too old."""
    found = await on_disk(upload_store.find, _folder(house, person), id)
    if found is None or found[0].expires_at <= house.clock():
        raise NotFound
    return found


async def _interrupt(house: House, id: UUID) -> None:
    """Whoever asks about an upload has given up the request before, which the server may not have noticed yet."""
    task = house.sending.get(id)
    if task is None:
        return
    task.cancel()
    for _ in range(300):
        if id not in house.sending:
            return
        await asyncio.sleep(0.01)


@asynccontextmanager
async def _held(house: House, person: Person, upload: Upload) -> AsyncGenerator[Growing]:
    held = False
    try:
        async with growing(upload_store.part_of(_folder(house, person), upload.id), new=False) as file:
            held = True
            yield file
    except FileNotFoundError as error:
        raise NotFound from error
    finally:
        if held:  # now somebody else can have it
            house.sending.pop(upload.id, None)


async def run(house: House) -> None:
    """Sweep what crashes and ended uploads left, at once and then every hour, until cancelled."""
    while True:
        await sweep(house)
        await asyncio.sleep(PAUSE)


async def sweep(house: House) -> int:
    """Remove what belongs to nobody any more; how many files."""
    return await on_disk(upload_store.swept, house.vault.incoming, house.clock(), ORPHAN)
