"""Photos are shown: a copy without metadata, made when first asked for. The original leaves the store for nobody."""

import asyncio
import os
import sys
from io import BytesIO
from pathlib import Path
from signal import SIGKILL

from PIL import Image

from service.accounts.authentication import authenticate_token
from service.accounts.permissions import Person, can_view_visit
from service.blobs.store import blob_path
from service.context import AppContext
from service.db.database import Transaction
from service.durable_files import run_in_disk_thread
from service.errors import NotFound, ServiceUnavailable, UnreadableImage
from service.visits import evidence_files

from . import thumbnail_worker

TIMEOUT_SECONDS = 30.0  # seconds on the clock; of the processor's the copier has ten
_TRANSIENT_EXIT_CODES = (1, 2, -SIGKILL)  # Python did not start, or the machine had no memory left
FORM = "1"  # of the copies; another one when they are made otherwise


def etag(file: bytes) -> str:
    """The ETag of a copy."""
    return f"{file.hex()}-{FORM}"


async def require_access(ctx: AppContext, token: bytes, file: bytes) -> None:
    """NotFound unless the person may see a visit to which the file was sent."""

    async def work(tx: Transaction) -> bool:
        person = await authenticate_token(tx, token)
        return any(_can_open(person, way) for way in await evidence_files.access_paths(tx, file))

    if not await ctx.db.read(work):
        raise NotFound


def _can_open(person: Person, way: evidence_files.FileAccess) -> bool:
    own = way.sender == person.login and person.can("see own records")  # also after the visit was handed over
    return own or can_view_visit(person, way.technician, way.crew, way.area)


async def get_rendition(ctx: AppContext, file: bytes) -> bytes:
    """The copy (JPEG). PhotoUnreadable when it cannot be made; Busy when there is no time for it now."""
    place = ctx.evidence_storage.copies / FORM / f"{blob_path(file)}.jpg"
    found = await run_in_disk_thread(_read, place)
    if found is None:
        async with ctx.thumbnail_semaphore:
            found = await run_in_disk_thread(_read, place)  # somebody else may have made it meanwhile
            if found is None:
                await _make_rendition(ctx, file, place)
                found = await run_in_disk_thread(_read, place)
    if not found:
        raise UnreadableImage  # none, or an empty one: it was tried before
    return found


def _read(place: Path) -> bytes | None:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return None


async def _make_rendition(ctx: AppContext, file: bytes, place: Path) -> None:
    """Make a copy, or an empty file when the photo cannot be decoded."""
    await run_in_disk_thread(place.parent.mkdir, parents=True, exist_ok=True)
    new = place.with_suffix(f".{ctx.new_id()}")
    row = await ctx.db.read(lambda tx: evidence_files.get_blob(tx, file))
    if row is None:
        raise NotFound
    try:
        if row.width * row.height == 0:  # cut off before its header said how large it would become
            done = thumbnail_worker.EXIT_UNREADABLE
        else:
            async with ctx.evidence_storage.blobs.open_local(file) as original:
                done = await _run(original, new)
        if done in _TRANSIENT_EXIT_CODES:
            raise ServiceUnavailable("the copy of the photo could not be made now")
        if done != 0:
            await run_in_disk_thread(new.write_bytes, b"")
        await run_in_disk_thread(os.replace, new, place)
    finally:
        await run_in_disk_thread(new.unlink, missing_ok=True)


async def _run(original: Path, new: Path) -> int:
    """Run the copier; its exit status."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        thumbnail_worker.__file__,
        str(original),
        str(new),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        return await asyncio.wait_for(process.wait(), TIMEOUT_SECONDS)
    except TimeoutError as error:
        raise ServiceUnavailable("the copy of the photo is not ready yet") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


EDGE = 480  # pixels of a small picture
SMALL_FORM = f"{FORM}-{EDGE}"


async def shown(ctx: AppContext, file: bytes, *, small: bool) -> bytes:
    """The copy that everybody gets (`photos`), or a small one of it: made by us, it is safe to decode here."""
    if not small:
        return await get_rendition(ctx, file)
    place = ctx.evidence_storage.copies / SMALL_FORM / f"{blob_path(file)}.jpg"
    try:
        return await run_in_disk_thread(place.read_bytes)
    except FileNotFoundError:
        raw = await asyncio.to_thread(_smaller, await get_rendition(ctx, file))
        await run_in_disk_thread(_keep, place, f".{ctx.new_id()}", raw)
        return raw


def _smaller(raw: bytes) -> bytes:
    with Image.open(BytesIO(raw), formats=["JPEG"]) as image:
        image.draft("RGB", (EDGE, EDGE))
        image.thumbnail((EDGE, EDGE))
        out = BytesIO()
        image.save(out, "JPEG", quality=75)
    return out.getvalue()


def _keep(place: Path, suffix: str, raw: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_suffix(suffix)
    new.write_bytes(raw)
    new.replace(place)
