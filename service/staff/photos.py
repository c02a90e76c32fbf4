"""The photo on a technician's ID card: set by an admin, seen by the customer at the door and on his page."""

from collections.abc import AsyncIterator
from hashlib import sha256

from service.accounts import cards
from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.events import PersonEvent, record_event
from service.context import AppContext
from service.db.database import Transaction
from service.errors import NotFound, UnreadableImage
from service.evidence.attach import record_sender, store_bytes


async def set_staff_photo(ctx: AppContext, token: bytes, login: str, parts: AsyncIterator[bytes]) -> None:
    """The photo of somebody who works here, from now on. The same again is no change."""
    raw = b"".join([part async for part in parts])
    sealed = await store_bytes(ctx, raw, sha256(raw).digest())
    if not sealed.photo.is_complete:  # evidence is kept as it came; this one there only is to be shown
        raise UnreadableImage

    async def work(tx: Transaction) -> None:
        caller = await authenticate_token(tx, token)
        require_permission(caller, "add people")
        card = await cards.get_card(tx, login)
        if card is None or await accounts_repository.person(tx, login) is None:
            raise NotFound
        if card.photo == sealed.digest:
            return
        await record_sender(ctx, tx, sealed, caller.login)
        await cards.set_photo(tx, login, sealed.digest)
        await record_event(ctx, tx, PersonEvent(what="photo", person=login, by=caller.login, photo=sealed.digest.hex()))

    await ctx.db.write(work)
