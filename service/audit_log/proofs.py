"""Inclusion and consistency proofs of RFC 9162, sections 2.1.3 and 2.1.4. Nothing here reads a database.

What a proof contains is given as ranges of leaves, whose hashes a `HashReader` finds (`tree`).
"""

from collections.abc import Sequence

from .merkle import node_hash

Range = tuple[int, int]
"""Leaves from the first number up to, but without, the second."""


def split_point(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_ranges(number: int, size: int) -> list[Range]:
    """The subtrees whose hashes prove that leaf `number` is in the tree of `size` leaves, the leaf's sibling first."""
    if not 0 <= number < size:
        raise ValueError(f"there is no leaf {number} among {size}")
    start, end = 0, size
    path: list[Range] = []
    while end - start > 1:
        middle = start + split_point(end - start)
        if number < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The subtrees whose hashes prove that the tree of `old` leaves is the beginning of the one of `new` leaves."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves does not continue one of {old}")
    if old in (0, new):
        return []
    start, end = 0, new
    path: list[Range] = []
    while old != end:
        middle = start + split_point(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    if start:  # otherwise it is the whole old tree, whose root the verifier has
        path.append((start, end))
    return path[::-1]


def inclusion_root(number: int, size: int, leaf_hash: bytes, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to; None if the proof is not one of this leaf and size."""
    if not 0 <= number < size:
        return None
    fn, sn, root = number, size - 1, leaf_hash
    for sibling in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            root = node_hash(sibling, root)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node_hash(root, sibling)
        fn, sn = fn >> 1, sn >> 1
    return None if sn else root


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a consistency proof shows that a tree with these roots only grew."""
    if not 0 <= old <= new:
        return False
    if old in (0, new):
        return not path and (old == 0 or old_root == new_root)
    nodes = [old_root, *path] if old & (old - 1) == 0 else [*path]
    if not nodes:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = nodes[0]
    for node in nodes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_hash(node, first), node_hash(node, second)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, node)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_root and second == new_root
