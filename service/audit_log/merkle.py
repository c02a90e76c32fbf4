"""Leaves of the append-only log and their hashes (RFC 9162, section 2.1).

A leaf says that something was accepted, when, and commits to its exact bytes; it holds no personal data. The salt is
stored next to the bytes: with both deleted the leaf reveals nothing any more, and the log still verifies.
"""

from hashlib import sha256


def leaf(kind: str, salt: bytes, digest: bytes, at: int, row_commitment: bytes = b"") -> bytes:
    """A leaf as canonical JSON (RFC 8785). `salt` is 32 bytes, `digest` the SHA-256 of the bytes, `at` ms UTC.

    `c` commits to the bytes, `e` to the other columns of the row (`log.row_commitment`), if there is a commitment.
    """
    commitment = sha256(salt + digest).hexdigest().encode()
    if not row_commitment:
        return b'{"c":"%s","s":%d,"t":"%s"}' % (commitment, at, kind.encode())
    envelope = sha256(salt + row_commitment).hexdigest().encode()
    return b'{"c":"%s","e":"%s","s":%d,"t":"%s"}' % (commitment, envelope, at, kind.encode())


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\1" + left + right).digest()


class MerkleTree:
    """A tree that grows leaf by leaf and keeps only one branch in memory."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []  # (height, hash) of the perfect subtrees so far, highest first

    def add(self, data: bytes) -> None:
        """Append a leaf."""
        self.add_hash(leaf_hash(data))

    def add_hash(self, top: bytes) -> None:
        """Append a leaf by its hash."""
        height = 0
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
