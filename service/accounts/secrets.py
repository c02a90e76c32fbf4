"""The keys of a house, made when first needed, the same for its every process: of doorstep codes, and of cursors."""

from service.context import House
from service.db import secrets
from service.db.database import Tx

DOORSTEP, AGENDA = "doorstep", "agenda"


async def doorstep_key(house: House, tx: Tx) -> bytes:
    """The key; `tx` must be one that writes."""
    known = await secrets.secret(tx, DOORSTEP)
    if known is None:
        await secrets.add_secret(tx, DOORSTEP, house.salt())
        known = await secrets.secret(tx, DOORSTEP)
    if known is None:
        raise RuntimeError("the key is gone")
    return known


async def doorstep_key_if_any(tx: Tx) -> bytes | None:
    """The key, or None before the first code."""
    return await secrets.secret(tx, DOORSTEP)


async def agenda_key(tx: Tx) -> bytes | None:
    """The key that signs the agenda's cursors, or None before the first one."""
    return await secrets.secret(tx, AGENDA)


async def new_agenda_key(house: House, old: bytes | None) -> None:
    """A key for cursors in place of `old`, unless another process was faster. All cursors end: phones begin anew."""
    new = house.salt()

    async def work(tx: Tx) -> None:
        if old is not None:
            await secrets.drop_secret(tx, AGENDA, old)
        await secrets.add_secret(tx, AGENDA, new)

    await house.db.write(work)
