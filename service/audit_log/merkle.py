"""Leaves of the append-only log and their hashes (RFC 9162, section 2.1).

A leaf says that something was taken, when, and commits to its exact bytes; it holds no personal data.
The salt is stored beside the bytes: with both deleted the leaf means nothing any more, and the log still verifies.
"""

from collections.abc import Iterable
from hashlib import sha256


def leaf(kind: str, salt: bytes, digest: bytes, at: int, beside: bytes = b"") -> bytes:
    """A leaf as canonical JSON (RFC 8785). `salt` is 32 bytes, `digest` the SHA-256 of the bytes, `at` ms UTC.

    `beside`: the digest of what is kept beside the bytes (who wrote them, about what), which `e` commits to.
    """
    commitment = sha256(salt + digest).hexdigest().encode()
    if not beside:
        return b'{"c":"%s","s":%d,"t":"%s"}' % (commitment, at, kind.encode())
    envelope = sha256(salt + beside).hexdigest().encode()
    return b'{"c":"%s","e":"%s","s":%d,"t":"%s"}' % (commitment, envelope, at, kind.encode())


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\1" + left + right).digest()


class MerkleTree:
    """A tree that leaves are added to one by one, with memory for one branch."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []  # (height, hash), highest first: the perfect subtrees so far

    def add(self, data: bytes) -> None:
        """The next leaf."""
        height, top = 0, leaf_hash(data)
        while self._peaks and self._peaks[-1][0] == height:
            top = node_hash(self._peaks.pop()[1], top)
            height += 1
        self._peaks.append((height, top))

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._peaks:
            return sha256(b"").digest()
        *rest, (_, top) = self._peaks
        for _, left in reversed(rest):
            top = node_hash(left, top)
        return top


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaves in order, in one pass."""
    peaks = MerkleTree()
    for data in leaves:
        peaks.add(data)
    return peaks.root()
