"""What proves to its owner that something is in the log: the leaf and its salt at once, and later a proof."""

from base64 import b64decode, b64encode
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.db.database import Transaction

from . import checkpoints
from .merkle import leaf_hash
from .notes import InclusionProof, InvalidNote
from .tree import HashReader, stored_tree


class LogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The place of something in the log, which anybody can check (docs/log.md)."""

    leaf: Annotated[
        str,
        Meta(
            description="The exact text of the leaf. Its `c` is SHA-256(salt, SHA-256 of the bytes), `s` when it was "
            "added (ms UTC), `t` the kind."
        ),
    ]
    leaf_hash: Annotated[str, Meta(description="SHA-256 of a zero byte and the leaf, in hex (RFC 9162).")]
    salt: Annotated[str, Meta(description="32 random bytes in hex, to which the leaf commits. Keep them.")]
    number: Annotated[
        int | None, Meta(description="The leaf's number in the log, from 0; null until it has one, within seconds.")
    ] = None
    proof: Annotated[
        str | None,
        Meta(
            description="An inclusion proof with the signed checkpoint in it (C2SP `tlog-proof`), whose `extra` is "
            "JSON with `leaf`, `salt` and `sha256`; null until a checkpoint covers the leaf, within two minutes."
        ),
    ] = None


class Opening(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a leaf commits to, in the `extra` line of a proof: in hex, and the bytes, in Base64 where there are any."""

    leaf: str
    salt: str
    sha256: str
    body: str = ""

    @property
    def content(self) -> bytes | None:
        """The bytes, if they are given."""
        return b64decode(self.body) if self.body else None


class LogProver:
    """Makes proofs against the last published checkpoint, for several leaves in one transaction."""

    def __init__(self, tx: Transaction, size: int, note: bytes, tree: HashReader) -> None:
        self._tx, self._size, self._note, self._tree = tx, size, note, tree

    async def entry(self, id: UUID, leaf: bytes, salt: bytes, digest: bytes, body: bytes = b"") -> LogEntry:
        """The entry of the row `id`. With `body` the proof contains the bytes. `leaf` is what the leaf must be: those
        of earlier versions commit to less."""
        row = await self._tx.fetch_one("leaf", id=id.bytes)
        number = None if row is None else row[3]
        entry = unproven_entry(leaf if row is None else row[1], salt)
        if number is None or number >= self._size:
            return msgspec.structs.replace(entry, number=number)
        opening = Opening(entry.leaf, entry.salt, digest.hex(), b64encode(body).decode())
        path = tuple(await self._tree.inclusion(number, self._size))
        proof = InclusionProof(number, path, self._note, msgspec.json.encode(opening, order="sorted"))
        return msgspec.structs.replace(entry, number=number, proof=str(proof))


async def open_prover(tx: Transaction) -> LogProver:
    """A prover with the last published checkpoint."""
    size, note = await checkpoints.latest_note(tx) or (0, b"")
    return LogProver(tx, size, note, stored_tree(tx))


def unproven_entry(leaf: bytes, salt: bytes) -> LogEntry:
    """The entry of a leaf that has just been written."""
    return LogEntry(leaf=leaf.decode(), leaf_hash=leaf_hash(leaf).hex(), salt=salt.hex())


def read_opening(extra: bytes) -> Opening:
    """The `extra` of a proof. InvalidNote."""
    try:
        opening = msgspec.json.decode(extra, type=Opening)
        bytes.fromhex(opening.salt + opening.sha256)
        _ = opening.content
    except (msgspec.MsgspecError, ValueError):
        raise InvalidNote("the proof does not say what the leaf commits to") from None
    return opening
