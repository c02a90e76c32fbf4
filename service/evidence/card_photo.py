"""The photo of an ID card, as a small JPEG."""

from service.accounts import cards
from service.context import House
from service.db.database import Tx
from service.errors import NotFound

from .thumbnails import shown


async def card_photo(house: House, login: str | None) -> bytes:
    """The photo on the card of a person. NotFound when there is none."""

    async def work(tx: Tx) -> bytes | None:
        card = await cards.get_card(tx, login) if login else None
        return card.photo if card else None

    photo = await house.db.read(work)
    if photo is None:
        raise NotFound
    return await shown(house, photo, small=True)
