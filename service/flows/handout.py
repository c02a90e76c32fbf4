"""What a customer may take with him: the pictures that his statements name, and a copy of all of it."""

import asyncio
from io import BytesIO
from pathlib import Path

import msgspec
from PIL import Image

from service.domain.errors import Busy, CodeNeeded, NotFound, PhotoUnreadable
from service.storage import evidence
from service.storage.blobs import name_of
from service.storage.database import Tx
from service.storage.disk import on_disk

from . import customer, photos
from .browser import Browser
from .customer import Confirmation
from .house import House
from .links import linked
from .papers import StatementView

EDGE = 480  # pixels of a small picture
MOST = 24  # pictures in a copy
FORM = f"{photos.FORM}-{EDGE}"


class Handout(msgspec.Struct, frozen=True):
    """What the customer sees, with the small pictures (JPEG) by the SHA-256 of their originals."""

    seen: Confirmation
    pictures: dict[str, bytes]


async def picture(house: House, token: str, browser: Browser, file: str, *, small: bool) -> bytes:
    """A picture (JPEG) of a statement, for who entered the code. NotFound for any other, and before the code."""
    seen = await customer.look(house, token, browser)
    if seen.level is None or file not in named(seen.statements) or not await _came(house, token, file):
        raise NotFound
    return await shown(house, bytes.fromhex(file), small=small)


async def copy(house: House, token: str, browser: Browser) -> Handout:
    """Everything for the customer's own phone. CodeNeeded before the code."""
    seen = await customer.look(house, token, browser)
    if seen.level is None:
        raise CodeNeeded
    found: dict[str, bytes] = {}
    for file in named(seen.statements)[:MOST]:
        if await _came(house, token, file):
            try:
                found[file] = await shown(house, bytes.fromhex(file), small=True)
            except (PhotoUnreadable, NotFound, Busy):
                continue  # its digest is in the copy all the same
    return Handout(seen, found)


def named(statements: tuple[StatementView, ...]) -> list[str]:
    """The files that statements and their signatures name, once each."""
    found: dict[str, None] = {}
    for one in statements:
        found |= dict.fromkeys(file for line in one.statement.lines for file in line.photos)
        if one.signature is not None and one.signature.sha256:
            found[one.signature.sha256] = None
    return list(found)


async def _came(house: House, token: str, file: str) -> bool:
    """Whether its bytes were sent to this visit: a digest opens nothing by itself."""

    async def work(tx: Tx) -> bool:
        _, row = await linked(house, tx, token, lock=False)
        return any(way.visit == row.id for way in await evidence.ways(tx, bytes.fromhex(file)))

    return await house.db.read(work)


async def shown(house: House, file: bytes, *, small: bool) -> bytes:
    """The copy that everybody gets (`photos`), or a small one of it: made by us, it is safe to decode here."""
    if not small:
        return await photos.copy(house, file)
    place = house.vault.copies / FORM / f"{name_of(file)}.jpg"
    try:
        return await on_disk(place.read_bytes)
    except FileNotFoundError:
        raw = await asyncio.to_thread(_smaller, await photos.copy(house, file))
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
