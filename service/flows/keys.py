"""The key of the doorstep codes: made when first needed, the same for every process of a house."""

from service.storage import links
from service.storage.database import Tx

from .house import House

DOORSTEP = "doorstep"


async def doorstep_key(house: House, tx: Tx) -> bytes:
    """The key; `tx` must be one that writes."""
    known = await links.secret(tx, DOORSTEP)
    if known is None:
        await links.add_secret(tx, DOORSTEP, house.salt())
        known = await links.secret(tx, DOORSTEP)
    if known is None:
        raise RuntimeError("the key is gone")
    return known


async def doorstep_key_if_any(tx: Tx) -> bytes | None:
    """The key, or None before the first code."""
    return await links.secret(tx, DOORSTEP)
