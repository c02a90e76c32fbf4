"""The keys of a house, made when first needed, the same for its every process: of doorstep codes, and of cursors."""

from service.context import AppContext, transaction
from service.db import secrets
from service.db.database import Transaction

DOORSTEP, AGENDA = "doorstep", "agenda"


async def get_or_create_door_code_key(ctx: AppContext, tx: Transaction) -> bytes:
    """The key; `tx` must be one that writes."""
    known = await secrets.get_secret(tx, DOORSTEP)
    if known is None:
        await secrets.add_secret(tx, DOORSTEP, ctx.new_salt())
        known = await secrets.get_secret(tx, DOORSTEP)
    if known is None:
        raise RuntimeError("the key is gone")
    return known


async def get_door_code_key(tx: Transaction) -> bytes | None:
    """The key, or None before the first code."""
    return await secrets.get_secret(tx, DOORSTEP)


async def get_cursor_key(tx: Transaction) -> bytes | None:
    """The key that signs the agenda's cursors, or None before the first one."""
    return await secrets.get_secret(tx, AGENDA)


@transaction
async def rotate_cursor_key(ctx: AppContext, tx: Transaction, old: bytes | None) -> None:
    """A key for cursors in place of `old`, unless another process was faster. All cursors end: phones begin anew."""
    new = ctx.new_salt()
    if old is not None:
        await secrets.delete_secret(tx, AGENDA, old)
    await secrets.add_secret(tx, AGENDA, new)
