"""Photos are shown: a copy without metadata, made when first asked for. The original leaves the store for nobody."""

import asyncio
import os
import sys
from pathlib import Path
from signal import SIGKILL

from service.domain.errors import Busy, NotFound, PhotoUnreadable
from service.domain.people import Person, may_see
from service.storage import evidence
from service.storage.blobs import name_of
from service.storage.database import Tx
from service.storage.disk import on_disk

from . import copier
from .access import person_of
from .house import House

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
        return any(_opens(person, way) for way in await evidence.ways(tx, file))

    if not await house.db.read(work):
        raise NotFound


def _opens(person: Person, way: evidence.Way) -> bool:
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
    row = await house.db.read(lambda tx: evidence.stored(tx, file))
    if row is None:
        raise NotFound
    try:
        if row.width * row.height == 0:  # cut off before its header said how large it would become
            done = copier.UNREADABLE
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
        copier.__file__,
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
