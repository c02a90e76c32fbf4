"""The photo of the technician who shows a code at the door."""

from service.context import House
from service.evidence.card_photo import card_photo

from . import identity_check


async def at_the_door(house: House, code: str) -> bytes:
    """Who shows this code, as a small JPEG. NotFound when the code is not genuine (any more), or he has no photo."""
    found = await identity_check.look(house, code)
    return await card_photo(house, found.login if found else None)
