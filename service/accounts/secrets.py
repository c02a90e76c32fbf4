"""The keys for door codes, cursors and known browsers, created when first needed and shared by all processes."""

from service.context import AppContext, transaction
from service.db.database import Transaction

from .sealing import OWN_SECRET

_DOOR_CODE, _CURSOR, _BROWSER, _FINGERPRINTS = "doorstep", "agenda", "browser", "fingerprints"


async def get_or_create_door_code_key(ctx: AppContext, tx: Transaction) -> bytes:
    """The key; needs a transaction that writes."""
    return await _get_or_create(ctx, tx, _DOOR_CODE)


async def get_or_create_browser_key(ctx: AppContext, tx: Transaction) -> bytes:
    """The key by which browsers are known in which somebody signed in; needs a transaction that writes."""
    return await _get_or_create(ctx, tx, _BROWSER)


async def get_browser_key(ctx: AppContext, tx: Transaction) -> bytes | None:
    """The same, or None before the first sign-in."""
    return await _get(ctx, tx, _BROWSER)


async def _get_or_create(ctx: AppContext, tx: Transaction, name: str) -> bytes:
    key = await _get(ctx, tx, name)
    if key is None:
        await _add(ctx, tx, name, ctx.new_salt())
        key = await _get(ctx, tx, name)  # another process may have been faster
    if key is None:
        raise RuntimeError("the key is gone")
    return key


@transaction
async def get_or_create_fingerprint_key(ctx: AppContext, tx: Transaction) -> bytes:
    """The key of fingerprints."""
    return await _get_or_create(ctx, tx, _FINGERPRINTS)


async def get_door_code_key(ctx: AppContext, tx: Transaction) -> bytes | None:
    """The key, or None before the first code."""
    return await _get(ctx, tx, _DOOR_CODE)


async def get_cursor_key(ctx: AppContext, tx: Transaction) -> bytes | None:
    """The key that signs the agenda's cursors, or None before the first one."""
    return await _get(ctx, tx, _CURSOR)


async def _get(ctx: AppContext, tx: Transaction, name: str) -> bytes | None:
    row = await tx.fetch_one("secret", name=name)
    return None if row is None else ctx.keys.sealer.open(row[0], OWN_SECRET.name, name)


async def _add(ctx: AppContext, tx: Transaction, name: str, value: bytes) -> None:
    """Add a key, unless another process was faster."""
    await tx.execute("add_secret", name=name, value=ctx.keys.sealer.seal(value, OWN_SECRET.name, name))


@transaction
async def rotate_cursor_key(ctx: AppContext, tx: Transaction, old: bytes | None) -> None:
    """Replace the key of cursors, unless another process was faster. All cursors become invalid: phones start over.

    With `old` None nothing is replaced, and both keys exist afterwards.
    """
    new = ctx.new_salt()
    await get_or_create_door_code_key(ctx, tx)
    row = await tx.fetch_one("secret", name=_CURSOR)
    if row is not None and ctx.keys.sealer.open(row[0], OWN_SECRET.name, _CURSOR) == old:
        await tx.execute("delete_secret", name=_CURSOR, value=row[0])
    await _add(ctx, tx, _CURSOR, new)
