"""Roots and proofs from tiles: a proof in a log of a million leaves needs some five rows."""

from collections.abc import Awaitable, Callable
from hashlib import sha256

from service.db.database import Transaction

from . import tiles
from .merkle import node_hash
from .proofs import consistency_ranges, inclusion_ranges, split_point
from .tiles import HASH_BYTES, LogDamaged

GetTile = Callable[[int, int], Awaitable[bytes]]
_LEVEL_BITS = 8  # 256 hashes in a tile


class HashReader:
    """Hashes of subtrees. Each tile is read once."""

    def __init__(self, get_tile: GetTile) -> None:
        self._get_tile = get_tile
        self._tiles: dict[tuple[int, int], bytes] = {}

    async def root(self, size: int) -> bytes:
        """The root over the first `size` leaves. LogDamaged where a tile has too few hashes."""
        return await self._hash(0, size) if size else sha256(b"").digest()

    async def inclusion(self, number: int, size: int) -> list[bytes]:
        """The proof that leaf `number` is in the tree of `size` leaves."""
        return [await self._hash(start, end) for start, end in inclusion_ranges(number, size)]

    async def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of `new` leaves continues the one of `old` leaves."""
        return [await self._hash(start, end) for start, end in consistency_ranges(old, new)]

    async def _hash(self, start: int, end: int) -> bytes:
        """The hash of a subtree; all that occur in trees and proofs begin at a multiple of their size."""
        size = end - start
        if size & (size - 1) == 0:
            height = size.bit_length() - 1
            return await self._node(height, start >> height)
        middle = start + split_point(size)
        return node_hash(await self._hash(start, middle), await self._hash(middle, end))

    async def _node(self, height: int, number: int) -> bytes:
        """The hash over 2^height leaves, which is in a tile, or the root of some hashes in it."""
        level, rest = divmod(height, _LEVEL_BITS)
        tile, first = divmod(number << rest, tiles.WIDTH)
        if (level, tile) not in self._tiles:
            self._tiles[level, tile] = await self._get_tile(level, tile)
        start, end = first * HASH_BYTES, (first + (1 << rest)) * HASH_BYTES
        hashes = self._tiles[level, tile][start:end]
        if len(hashes) != end - start:
            raise LogDamaged(f"tile {level}/{tile} lacks hashes")
        return tiles.perfect_root(hashes)


def stored_tree(tx: Transaction) -> HashReader:
    """The tree in the database."""
    return HashReader(lambda level, number: tiles.get_tile(tx, level, number))
