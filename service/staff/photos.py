"""The photo on a technician's ID card: set by an admin, seen by the customer at the door and on his page."""

from collections.abc import AsyncIterator
from hashlib import sha256

from service.accounts import cards
from service.accounts import repository as accounts_repository
from service.accounts.authentication import person_of, sign_in
from service.accounts.events import PersonEvent, noted
from service.context import House
from service.db.database import Tx
from service.errors import NotFound, PhotoUnreadable
from service.evidence.attach import keep_bytes, note


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
        card = await cards.get_card(tx, login)
        if card is None or await accounts_repository.person(tx, login) is None:
            raise NotFound
        if card.photo == sealed.digest:
            return
        await note(house, tx, sealed, caller.login)
        await cards.set_face(tx, login, sealed.digest)
        await noted(house, tx, PersonEvent(what="photo", person=login, by=caller.login, photo=sealed.digest.hex()))

    await house.db.write(work)
