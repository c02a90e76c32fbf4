"""Photos are shown: a copy without metadata, made when first asked for. The original leaves the store for nobody."""

import asyncio
import os
import sys
from io import BytesIO
from pathlib import Path
from signal import SIGKILL

from PIL import Image

from service.accounts.authentication import person_of
from service.accounts.permissions import Person, may_see
from service.blobs.store import name_of
from service.context import House
from service.db.database import Tx
from service.durable_files import on_disk
from service.errors import Busy, NotFound, PhotoUnreadable
from service.visits import evidence_files

from . import thumbnail_worker

PATIENCE = 30.0  # seconds on the clock; of the processor's the copier has ten
_NOT_ITS_FAULT = (1, 2, -SIGKILL)  # Python did not start, or the machine had no memory left
FORM = "1"  # of the copies; another one when they are made otherwise


def tag(file: bytes) -> str:
    """The ETag of a copy."""
    return f"{file.hex()}-{FORM}"


async def permit(house: House, token: bytes, file: bytes) -> None:
    """NotFound unless the person may see a visit to which the file was sent."""

    async def work(tx: Tx) -> bool:
        person = await person_of(tx, token)
        return any(_opens(person, way) for way in await evidence_files.ways(tx, file))

    if not await house.db.read(work):
        raise NotFound


def _opens(person: Person, way: evidence_files.Way) -> bool:
    own = way.sender == person.login and person.may("see own records")  # also after the visit was handed over
    return own or may_see(person, way.technician, way.crew, way.area)


async def copy(house: House, file: bytes) -> bytes:
    """The copy (JPEG). PhotoUnreadable when it cannot be made; Busy when there is no time for it now."""
    place = house.vault.copies / FORM / f"{name_of(file)}.jpg"
    found = await on_disk(_read, place)
    if found is None:
        async with house.copying:
            found = await on_disk(_read, place)  # somebody else may have made it meanwhile
            if found is None:
                await _make(house, file, place)
                found = await on_disk(_read, place)
    if not found:
        raise PhotoUnreadable  # none, or an empty one: it was tried before
    return found


def _read(place: Path) -> bytes | None:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return None


async def _make(house: House, file: bytes, place: Path) -> None:
    """Make a copy, or an empty file when the photo cannot be decoded."""
    await on_disk(place.parent.mkdir, parents=True, exist_ok=True)
    new = place.with_suffix(f".{house.new_id()}")
    row = await house.db.read(lambda tx: evidence_files.stored(tx, file))
    if row is None:
        raise NotFound
    try:
        if row.width * row.height == 0:  # cut off before its header said how large it would become
            done = thumbnail_worker.UNREADABLE
        else:
            async with house.vault.blobs.local(file) as original:
                done = await _run(original, new)
        if done in _NOT_ITS_FAULT:
            raise Busy("the copy of the photo could not be made now")
        if done != 0:
            await on_disk(new.write_bytes, b"")
        await on_disk(os.replace, new, place)
    finally:
        await on_disk(new.unlink, missing_ok=True)


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
        return await asyncio.wait_for(process.wait(), PATIENCE)
    except TimeoutError as error:
        raise Busy("the copy of the photo is not ready yet") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


EDGE = 480  # pixels of a small picture
SMALL_FORM = f"{FORM}-{EDGE}"


async def shown(house: House, file: bytes, *, small: bool) -> bytes:
    """The copy that everybody gets (`photos`), or a small one of it: made by us, it is safe to decode here."""
    if not small:
        return await copy(house, file)
    place = house.vault.copies / SMALL_FORM / f"{name_of(file)}.jpg"
    try:
        return await on_disk(place.read_bytes)
    except FileNotFoundError:
        raw = await asyncio.to_thread(_smaller, await copy(house, file))
        await on_disk(_keep, place, f".{house.new_id()}", raw)
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
