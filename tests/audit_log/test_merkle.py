"""Leaves and roots as RFC 9162 has them."""

from hashlib import sha256

from service.audit_log.merkle import MerkleTree, leaf, leaf_hash, node_hash
from tests.support.merkle import root


def test_the_root_in_one_pass_is_the_root_by_definition() -> None:
    leaves = [bytes([n]) * n for n in range(70)]
    tree = MerkleTree()
    assert tree.root() == root([])
    for n, data in enumerate(leaves, 1):
        tree.add(data)
        assert tree.root() == root(leaves[:n])


def test_a_leaf_commits_to_the_bytes_and_holds_nothing_else() -> None:
    salt, digest = b"\1" * 32, sha256(b"record").digest()
    assert leaf("visit.submitted", salt, digest, 1_700_000_000_000) == (
        b'{"c":"' + sha256(salt + digest).hexdigest().encode() + b'","s":1700000000000,"t":"visit.submitted"}'
    )
    assert leaf("a", b"\2" * 32, digest, 1) != leaf("a", salt, digest, 1)


def test_leaves_and_nodes_cannot_be_taken_for_each_other() -> None:
    assert leaf_hash(b"ab") != node_hash(b"a", b"b")
