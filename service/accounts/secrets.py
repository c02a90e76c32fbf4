"""The keys for door codes and cursors, created when first needed and shared by all processes."""

from service.context import AppContext, transaction
from service.db import secrets
from service.db.database import Transaction

DOORSTEP, AGENDA = "doorstep", "agenda"


async def get_or_create_door_code_key(ctx: AppContext, tx: Transaction) -> bytes:
    """The key; needs a transaction that writes."""
    key = await secrets.get_secret(tx, DOORSTEP)
    if key is None:
        await secrets.add_secret(tx, DOORSTEP, ctx.new_salt())
        key = await secrets.get_secret(tx, DOORSTEP)
    if key is None:
        raise RuntimeError("the key is gone")
    return key


async def get_door_code_key(tx: Transaction) -> bytes | None:
    """The key, or None before the first code."""
    return await secrets.get_secret(tx, DOORSTEP)


async def get_cursor_key(tx: Transaction) -> bytes | None:
    """The key that signs the agenda's cursors, or None before the first one."""
    return await secrets.get_secret(tx, AGENDA)


@transaction
async def rotate_cursor_key(ctx: AppContext, tx: Transaction, old: bytes | None) -> None:
    """Replace the key of cursors, unless another process was faster. All cursors become invalid: phones start over."""
    new = ctx.new_salt()
    if old is not None:
        await secrets.delete_secret(tx, AGENDA, old)
    await secrets.add_secret(tx, AGENDA, new)
