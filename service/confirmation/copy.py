"""What a customer may take with him: the pictures that his statements name, and a copy of all of it."""

import msgspec

from service.accounts.browser import Browser
from service.context import House
from service.db.database import Tx
from service.errors import Busy, CodeNeeded, NotFound, PhotoUnreadable
from service.evidence.thumbnails import shown
from service.visits import evidence_files
from service.visits.customer_link import linked

from . import page
from .page import Confirmation
from .statements import StatementView

MOST = 24  # pictures in a copy


class Handout(msgspec.Struct, frozen=True):
    """What the customer sees, with the small pictures (JPEG) by the SHA-256 of their originals."""

    seen: Confirmation
    pictures: dict[str, bytes]


async def picture(house: House, token: str, browser: Browser, file: str, *, small: bool) -> bytes:
    """A picture (JPEG) of a statement, for who entered the code. NotFound for any other, and before the code."""
    seen = await page.look(house, token, browser)
    if seen.level is None or file not in named(seen.statements) or not await _came(house, token, file):
        raise NotFound
    return await shown(house, bytes.fromhex(file), small=small)


async def copy(house: House, token: str, browser: Browser) -> Handout:
    """Everything for the customer's own phone. CodeNeeded before the code."""
    seen = await page.look(house, token, browser)
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
        return any(way.visit == row.id for way in await evidence_files.ways(tx, bytes.fromhex(file)))

    return await house.db.read(work)
