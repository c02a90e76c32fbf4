"""Merkle trees by their recursive definition in RFC 9162, sections 2.1.1, 2.1.3.1 and 2.1.4.1, word for word."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256


@cache
def _root(leaves: tuple[bytes, ...]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\1" + _root(leaves[:k]) + _root(leaves[k:])).digest()


def split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def root(leaves: Sequence[bytes]) -> bytes:
    """MTH(D[n])."""
    return _root(tuple(leaves))


def inclusion_path(number: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n])."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if number < k:
        return [*inclusion_path(number, leaves[:k]), root(leaves[k:])]
    return [*inclusion_path(number - k, leaves[k:]), root(leaves[:k])]


def consistency_path(old: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """PROOF(m, D[n]) = SUBPROOF(m, D[n], true)."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if old <= k:
        return [*consistency_path(old, leaves[:k], whole=whole), root(leaves[k:])]
    return [*consistency_path(old - k, leaves[k:], whole=False), root(leaves[:k])]
