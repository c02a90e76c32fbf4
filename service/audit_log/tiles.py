"""The hashes of the log as tiles (C2SP `tlog-tiles`): rows of 256 hashes, of which a tile of the level above has the
roots. The rows are written in the transaction that numbers leaves (`log`), and only grow.

A row holds what there is of its tile. A partial tile of a smaller tree is the beginning of it.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from service.db.database import Transaction

from .merkle import leaf_hash, node_hash

WIDTH, HASH_BYTES = 256, 32
TILE_BYTES = WIDTH * HASH_BYTES
MAX_LEVEL = 63
_PATH = re.compile(r"(?:(0|[1-9]\d?)/)?((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)
_NUMBER_PARTS = 7  # 256 leaves each: more than there can be


class LogDamaged(Exception):
    """The rows of the log contradict one another."""


class TileAddress(NamedTuple):
    """The address of a tile: `width` hashes of its row. Level None: an entry bundle."""

    level: int | None
    number: int
    width: int

    @property
    def size(self) -> int:
        """How many leaves the log must have for this tile."""
        return (self.number * WIDTH + self.width) * WIDTH ** (self.level or 0)


def parse_tile_path(path: str) -> TileAddress | None:
    """The tile at `<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`; None if the path names none."""
    of_entries = path.startswith("entries/")
    found = _PATH.fullmatch(path.removeprefix("entries/"))
    if found is None or (found[1] is None) != of_entries:
        return None
    level = None if of_entries else int(found[1])
    digits = found[2].replace("/", "").replace("x", "")
    width = int(found[3]) if found[3] else WIDTH
    leading = found[2].startswith("x000/")
    too_large = (level or 0) > MAX_LEVEL or (found[3] and width >= WIDTH) or len(digits) > 3 * _NUMBER_PARTS
    return None if too_large or leading else TileAddress(level, int(digits), width)


def tile_path(address: TileAddress) -> str:
    """The path of a tile, as clients ask for it."""
    parts: list[str] = [f"{address.number % 1000:03d}"]
    rest = address.number // 1000
    while rest:
        parts.insert(0, f"x{rest % 1000:03d}")
        rest //= 1000
    partial = f".p/{address.width}" if address.width < WIDTH else ""
    return f"{'entries' if address.level is None else address.level}/{'/'.join(parts)}{partial}"


def entry_bundle(leaves: Sequence[bytes]) -> bytes:
    """Leaves with their lengths before them."""
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


def perfect_root(hashes: bytes) -> bytes:
    """The root over hashes whose number is a power of two."""
    while len(hashes) > HASH_BYTES:
        pairs = range(0, len(hashes), 2 * HASH_BYTES)
        hashes = b"".join(node_hash(hashes[at : at + 32], hashes[at + 32 : at + 64]) for at in pairs)
    return hashes


async def stored_size(tx: Transaction) -> int:
    """How many leaves the tiles cover."""
    row = await tx.fetch_one("last_tile")
    return 0 if row is None else row[0] * WIDTH + row[1] // HASH_BYTES


async def extend(tx: Transaction, limit: int) -> int:
    """Add the hashes of at most `limit` numbered leaves that the tiles do not cover yet; returns how many they cover.

    LogDamaged, before it changes anything, where tiles were changed.
    Logs of earlier versions have no tiles, so they are filled step by step.
    """
    size = await stored_size(tx)
    rows = await tx.fetch_all("numbered_leaves", first=size, size=limit)
    leaves = [row[0] for at, row in enumerate(rows) if row[1] == size + at]  # up to a gap, which is a fault
    if leaves:
        await require_whole(tx, size)
    await _append(tx, size, b"".join(map(leaf_hash, leaves)))
    return size + len(leaves)


async def require_whole(tx: Transaction, size: int) -> None:
    """LogDamaged unless the last tile of each level has as many hashes as in a log of `size` leaves."""
    level = 0
    while size:
        size, width = divmod(size, WIDTH)
        found = len(await get_tile(tx, level, size)) if width else 0
        if found != width * HASH_BYTES:
            raise LogDamaged(f"tile {level}/{size} has {found} bytes instead of {width * HASH_BYTES}")
        level += 1


async def _append(tx: Transaction, size: int, hashes: bytes) -> None:
    """Append hashes to the tiles of a log of `size` leaves."""
    level = 0
    while hashes:
        number, width = divmod(size, WIDTH)
        row = (await get_tile(tx, level, number) if width else b"") + hashes
        parts = [row[at : at + TILE_BYTES] for at in range(0, len(row), TILE_BYTES)]
        changed = [{"level": level, "number": number + at, "hashes": part} for at, part in enumerate(parts)]
        await tx.execute_many("put_tile", changed)
        hashes = b"".join(perfect_root(part) for part in parts if len(part) == TILE_BYTES)
        level, size = level + 1, number


async def get_tile(tx: Transaction, level: int, number: int) -> bytes:
    """What there is of a tile."""
    row = await tx.fetch_one("tile", level=level, number=number)
    return b"" if row is None else row[0]
