"""The photo of the technician who shows a code at the door."""

from service.context import AppContext
from service.evidence.card_photo import card_photo

from . import identity_check


async def at_the_door(ctx: AppContext, code: str) -> bytes:
    """Who shows this code, as a small JPEG. NotFound when the code is not genuine (any more), or he has no photo."""
    found = await identity_check.check_code(ctx, code)
    return await card_photo(ctx, found.login if found else None)
