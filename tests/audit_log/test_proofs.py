"""Proofs and tiles as RFC 9162 and C2SP `tlog-tiles` have them: all trees of up to 70 leaves, and some larger ones."""

import random
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise

import pytest

from service.audit_log import proofs, tiles
from service.audit_log.merkle import leaf_hash
from service.audit_log.tiles import TileAddress, parse_tile_path, tile_path
from service.audit_log.tree import HashReader
from tests.support.merkle import consistency_path, inclusion_path, root

LEAVES = [bytes([n]) * n for n in range(70)]


def full_tiles(leaves: list[bytes]) -> dict[tuple[int, int], bytes]:
    """The tiles by their definition: hash i of tile n at level l is MTH(D[(256n+i)256^l : (256n+i+1)256^l])."""
    found: dict[tuple[int, int], bytes] = {}
    level, size = 0, len(leaves)
    while size:
        for at in range(size):
            node = root(leaves[at * 256**level : (at + 1) * 256**level])
            found[level, at // 256] = found.get((level, at // 256), b"") + node
        level, size = level + 1, size // 256
    return found


def reader(leaves: list[bytes]) -> HashReader:
    stored = full_tiles(leaves)

    async def get_tile(level: int, number: int) -> bytes:
        return stored.get((level, number), b"")

    return HashReader(get_tile)


async def test_roots_and_proofs_are_those_of_the_definition_for_all_small_trees() -> None:
    tree, count = reader(LEAVES), 0
    roots = [root(LEAVES[:size]) for size in range(len(LEAVES) + 1)]
    for size in range(len(LEAVES) + 1):
        assert await tree.root(size) == roots[size]
        for number in range(size):
            path = await tree.inclusion(number, size)
            assert path == inclusion_path(number, LEAVES[:size])
            assert proofs.inclusion_root(number, size, leaf_hash(LEAVES[number]), path) == roots[size]
            count += 1
        for old in range(size + 1):
            path = await tree.consistency(old, size)
            assert path == (consistency_path(old, LEAVES[:size]) if 0 < old < size else [])
            assert proofs.is_consistent(old, size, roots[old], roots[size], path)
            count += 1
    assert count == 70 * 71 // 2 + 71 * 72 // 2


async def test_no_altered_proof_is_accepted() -> None:
    tree, chance = reader(LEAVES), random.Random(7)
    roots = [root(LEAVES[:size]) for size in range(len(LEAVES) + 1)]
    for _ in range(3000):
        size = chance.randint(2, 70)
        number, old = chance.randrange(size), chance.randint(1, size - 1)
        path, between = await tree.inclusion(number, size), await tree.consistency(old, size)
        for bad in altered(path, chance):
            assert proofs.inclusion_root(number, size, leaf_hash(LEAVES[number]), bad) != roots[size]
        for bad in altered(between, chance):
            assert not proofs.is_consistent(old, size, roots[old], roots[size], bad)
        other = chance.choice([n for n in range(70) if n != number])
        assert proofs.inclusion_root(number, size, leaf_hash(LEAVES[other]), path) != roots[size]
        assert other >= size or proofs.inclusion_root(other, size, leaf_hash(LEAVES[number]), path) != roots[size]
        assert not proofs.is_consistent(old, size, sha256(roots[old]).digest(), roots[size], between)
        assert not proofs.is_consistent(old, size, roots[old], sha256(roots[size]).digest(), between)
    assert proofs.inclusion_root(-1, 5, b"", []) is None
    assert proofs.inclusion_root(5, 5, b"", []) is None
    assert not proofs.is_consistent(6, 5, roots[6], roots[5], [])
    assert not proofs.is_consistent(5, 5, roots[5], roots[4], [])


def altered(path: list[bytes], chance: random.Random) -> list[list[bytes]]:
    """The path with a bit changed, a hash more, one less, or two exchanged."""
    at = chance.randrange(len(path))
    bit = bytearray(path[at])
    bit[chance.randrange(32)] ^= 1 << chance.randrange(8)
    found = [[*path[:at], bytes(bit), *path[at + 1 :]], [*path[:at], *path[at + 1 :]], [*path, path[at]]]
    if at and path[at] != path[at - 1]:
        found.append([*path[: at - 1], path[at], path[at - 1], *path[at + 1 :]])
    return found


async def test_proofs_over_several_levels_of_tiles() -> None:
    leaves = [n.to_bytes(3, "big") for n in range(66_000)]  # more than 256 * 256: three levels
    stored = full_tiles_fast(leaves)

    async def get_tile(level: int, number: int) -> bytes:
        return stored.get((level, number), b"")

    tree, chance, roots = HashReader(get_tile), random.Random(3), dict[int, bytes]()
    sizes = sorted({1, 255, 256, 257, 65_535, 65_536, 65_537, 66_000, *(chance.randint(1, 66_000) for _ in range(30))})
    for size in sizes:
        roots[size] = await tree.root(size)
        for number in (0, size - 1, chance.randrange(size)):
            path = await tree.inclusion(number, size)
            assert proofs.inclusion_root(number, size, leaf_hash(leaves[number]), path) == roots[size]
    for old, new in [*pairwise(sizes), (1, 66_000), (256, 65_536)]:
        assert proofs.is_consistent(old, new, roots[old], roots[new], await tree.consistency(old, new))
    assert roots[257] == root(leaves[:257])


def full_tiles_fast(leaves: list[bytes]) -> dict[tuple[int, int], bytes]:
    """The same as `full_tiles`, each level from the one below."""
    found: dict[tuple[int, int], bytes] = {}
    level, hashes = 0, [leaf_hash(leaf) for leaf in leaves]
    while hashes:
        for at in range(0, len(hashes), 256):
            found[level, at // 256] = b"".join(hashes[at : at + 256])
        full = len(hashes) // 256
        level, hashes = level + 1, [tiles.perfect_root(found[level, at]) for at in range(full)]
    return found


PATHS = {
    "0/000": TileAddress(0, 0, 256),
    "0/000.p/1": TileAddress(0, 0, 1),
    "63/999.p/255": TileAddress(63, 999, 255),
    "1/x001/x234/067": TileAddress(1, 1_234_067, 256),  # the example of the specification
    "entries/x003/905.p/12": TileAddress(None, 3905, 12),
}
NO_PATHS = (
    "00/000 64/000 -1/000 a/000 0/0 0/00 0/0000 0/x000/001 0/001/002 0/x001 0/000.p/0 0/000.p/256 0/000.p/01 0/000.p/ "
    "0/000.p/1/2 entries entries/0 entries/0/000 /0/000 0//000 0/000/ 0/x1/000 ٣/000 0/٠٠٠ 0/000.p/٣ data/000"
).split()


@pytest.mark.parametrize(("path", "address"), PATHS.items())
def test_paths_of_tiles(path: str, address: TileAddress) -> None:
    assert parse_tile_path(path) == address
    assert tile_path(address) == path


@pytest.mark.parametrize("path", [*NO_PATHS, "", "0/" + "x001/" * 9 + "000"])
def test_what_is_no_path_of_a_tile(path: str) -> None:
    assert parse_tile_path(path) is None


def test_the_size_that_a_tile_needs() -> None:
    assert parse_tile_path("2/000.p/1") == TileAddress(2, 0, 1)
    assert TileAddress(2, 0, 1).size == 65_536
    assert TileAddress(0, 273, 112).size == 70_000  # the example of the specification
    assert TileAddress(1, 1, 17).size == (256 + 17) * 256


def test_an_entry_bundle_has_lengths() -> None:
    assert tiles.entry_bundle([b"", b"ab", b"x" * 300]) == b"\0\0\0\2ab\1\x2c" + b"x" * 300
    assert b64encode(tiles.perfect_root(leaf_hash(b"") + leaf_hash(b"ab"))) == b64encode(root([b"", b"ab"]))
