"""The keys for door codes and cursors, created when first needed and shared by all processes."""

from service.context import AppContext, transaction
from service.db.database import Transaction

_DOOR_CODE, _CURSOR, _FINGERPRINTS = "doorstep", "agenda", "fingerprints"


async def get_or_create_door_code_key(ctx: AppContext, tx: Transaction) -> bytes:
    """The key; needs a transaction that writes."""
    key = await _get(tx, _DOOR_CODE)
    if key is None:
        await tx.execute("add_secret", name=_DOOR_CODE, value=ctx.new_salt())
        key = await _get(tx, _DOOR_CODE)  # another process may have been faster
    if key is None:
        raise RuntimeError("the key is gone")
    return key


@transaction
async def get_or_create_fingerprint_key(ctx: AppContext, tx: Transaction) -> bytes:
    """The key of fingerprints."""
    await tx.execute("add_secret", name=_FINGERPRINTS, value=ctx.new_salt())  # unless there is one
    key = await _get(tx, _FINGERPRINTS)
    if key is None:
        raise RuntimeError("the key is gone")
    return key


async def get_door_code_key(tx: Transaction) -> bytes | None:
    """The key, or None before the first code."""
    return await _get(tx, _DOOR_CODE)


async def get_cursor_key(tx: Transaction) -> bytes | None:
    """The key that signs the agenda's cursors, or None before the first one."""
    return await _get(tx, _CURSOR)


async def _get(tx: Transaction, name: str) -> bytes | None:
    row = await tx.fetch_one("secret", name=name)
    return None if row is None else row[0]


@transaction
async def rotate_cursor_key(ctx: AppContext, tx: Transaction, old: bytes | None) -> None:
    """Replace the key of cursors, unless another process was faster. All cursors become invalid: phones start over.

    With `old` None nothing is replaced, and both keys exist afterwards.
    """
    new = ctx.new_salt()
    await get_or_create_door_code_key(ctx, tx)
    if old is not None:
        await tx.execute("delete_secret", name=_CURSOR, value=old)
    await tx.execute("add_secret", name=_CURSOR, value=new)
