"""The photo of an ID card, as a small JPEG."""

from service.accounts import cards
from service.context import AppContext
from service.db.database import Transaction
from service.errors import NotFound

from .thumbnails import shown


async def card_photo(ctx: AppContext, login: str | None) -> bytes:
    """The photo on the card of a person. NotFound when there is none."""

    async def work(tx: Transaction) -> bytes | None:
        card = await cards.get_card(tx, login) if login else None
        return card.photo if card else None

    photo = await ctx.db.read(work)
    if photo is None:
        raise NotFound
    return await shown(ctx, photo, small=True)
