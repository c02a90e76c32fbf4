"""The photo of an ID card, as a small JPEG."""

from service.accounts import cards
from service.context import AppContext
from service.errors import NotFound

from .thumbnails import shown


async def card_photo(ctx: AppContext, login: str | None) -> bytes:
    """The photo on the card of a person. NotFound when there is none."""
    card = await ctx.db.read(lambda tx: cards.get_card(tx, login)) if login else None
    if card is None or card.photo is None:
        raise NotFound
    return await shown(ctx, card.photo, small=True)
