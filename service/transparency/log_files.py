"""What anybody may read of the log: the last checkpoint, tiles and entry bundles (C2SP `tlog-tiles`).

Entries are public too. A leaf has no personal data, only a kind, a time and salted commitments; and without the leaves
nobody could check what the hashes stand for.
"""

from service.audit_log import checkpoints, tiles
from service.audit_log.tiles import HASH_BYTES, WIDTH, TileAddress, parse_tile_path
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.errors import NotFound


@read_only
async def last_checkpoint(_: AppContext, tx: Transaction) -> bytes:
    """The last checkpoint, with the signatures of witnesses. NotFound before the first one."""
    found = await checkpoints.latest_note(tx)
    if found is None:
        raise NotFound
    return found[1]


async def get_tile(ctx: AppContext, path: str) -> tuple[TileAddress, bytes]:
    """The tile or entry bundle at a path below `/log/tile`. NotFound unless the last checkpoint covers it."""
    address = parse_tile_path(path)
    if address is None:
        raise NotFound
    return address, await _read_tile(ctx, address)


@read_only
async def _read_tile(_: AppContext, tx: Transaction, address: TileAddress) -> bytes:
    checkpoint = await checkpoints.latest(tx)
    if checkpoint is None or address.size > checkpoint.size:
        raise NotFound
    if address.level is not None:
        hashes = await tiles.get_tile(tx, address.level, address.number)
        return hashes[: address.width * HASH_BYTES]
    rows = await tx.fetch_all("numbered_leaves", first=address.number * WIDTH, size=address.width)
    return tiles.entry_bundle([leaf for leaf, _ in rows])
