"""The photo on a technician's ID card: set by an admin, seen by the customer at the door and on his page."""

from collections.abc import AsyncIterator
from hashlib import sha256

from service.domain.errors import NotFound, PhotoUnreadable
from service.storage import links as cards
from service.storage import people
from service.storage.database import Tx

from . import doorstep
from .access import person_of, sign_in
from .attach import keep_bytes, note
from .events import PersonEvent, noted
from .handout import shown
from .house import House
from .judging import load
from .links import linked
from .notice import technician_of


async def give(house: House, token: bytes, login: str, parts: AsyncIterator[bytes]) -> None:
    """The photo of somebody who works here, from now on. The same again is no change.

    Whoever may not do this is told before the photo is received.
    """
    await sign_in(house, token, "add people")
    raw = b"".join([part async for part in parts])
    sealed = await keep_bytes(house, raw, sha256(raw).digest())
    if not sealed.photo.whole:  # evidence is kept as it came; this one there only is to be shown
        raise PhotoUnreadable

    async def work(tx: Tx) -> None:
        caller = await person_of(tx, token)
        card = await cards.card(tx, login)
        if card is None or await people.person(tx, login) is None:
            raise NotFound
        if card.photo == sealed.digest:
            return
        await note(house, tx, sealed, caller.login)
        await cards.set_face(tx, login, sealed.digest)
        await noted(house, tx, PersonEvent(what="photo", person=login, by=caller.login, photo=sealed.digest.hex()))

    await house.db.write(work)


async def at_the_door(house: House, code: str) -> bytes:
    """Who shows this code, as a small JPEG. NotFound when the code is not genuine (any more), or he has no photo."""
    found = await doorstep.look(house, code)
    return await _of(house, found.login if found else None)


async def of_visit(house: House, token: str) -> bytes:
    """Who comes, for who has the link."""

    async def work(tx: Tx) -> str:
        _, row = await linked(house, tx, token, lock=False)
        return technician_of(await load(house, tx, row))

    return await _of(house, await house.db.read(work))


async def _of(house: House, login: str | None) -> bytes:
    async def work(tx: Tx) -> bytes | None:
        card = await cards.card(tx, login) if login else None
        return card.photo if card else None

    photo = await house.db.read(work)
    if photo is None:
        raise NotFound
    return await shown(house, photo, small=True)
