"""The photo on a technician's ID card: set by an admin, shown to customers at the door and on their page."""

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
    """Set the photo of an active person; idempotent."""
    raw = b"".join([part async for part in parts])
    stored = await store_bytes(ctx, raw, sha256(raw).digest())
    if not stored.photo.is_complete:  # unlike evidence, which is kept as it came
        raise UnreadableImage

    async def assign(tx: Transaction) -> None:
        caller = await authenticate_token(tx, token)
        require_permission(caller, "add people")
        card = await cards.get_card(tx, login)
        if card is None or await accounts_repository.person(tx, login) is None:
            raise NotFound
        if card.photo == stored.digest:
            return
        await record_sender(ctx, tx, stored, caller.login)
        await cards.set_photo(tx, login, stored.digest)
        await record_event(ctx, tx, PersonEvent(what="photo", person=login, by=caller.login, photo=stored.digest.hex()))

    await ctx.db.write(assign)
