"""How `doorstep verify` checks the tree of the log: its tiles, the checkpoints that were signed, and the file of them.

All are compared with the leaves themselves, which are read once.
"""

import email
from collections.abc import Sequence
from pathlib import Path

import msgspec

from service.audit_log import checkpoint_file, checkpoints, tiles
from service.audit_log.checkpoints import CheckpointRow
from service.audit_log.merkle import MerkleTree, leaf_hash
from service.audit_log.notes import InvalidNote, VerifierKey, parse_checkpoint, parse_note, parse_verifier_key
from service.context import AppContext
from service.db.database import Transaction
from service.db.rows import fetch_structs
from service.durable_files import run_in_disk_thread
from service.keys import log_key_public

from .rows import collect_faults

BATCH_SIZE = 1000


class SignedRoot(msgspec.Struct, frozen=True):
    """A checkpoint to compare: where it comes from, and what it says."""

    source: str
    size: int
    root: bytes


class LogTree:
    """The leaves one after the other, the tiles that they make, and the roots that were signed."""

    def __init__(self, signed: Sequence[SignedRoot], stored: int) -> None:
        self._tree, self._count, self._stored = MerkleTree(), 0, stored
        self._signed = sorted(signed, key=lambda one: one.size, reverse=True)  # the next one is the last
        self._rows: list[bytes] = []  # by level: the hashes of the tile that is being filled
        self._filled: list[int] = []  # by level: how many tiles are full
        self.finished: list[tuple[int, int, bytes]] = []  # tiles that are full and not compared yet
        self.faults: list[str] = []
        self._compare_roots()

    @property
    def count(self) -> int:
        """How many leaves there were."""
        return self._count

    def root(self) -> bytes:
        """The root over them."""
        return self._tree.root()

    def add(self, leaf: bytes) -> None:
        """The next leaf."""
        own_hash = leaf_hash(leaf)
        self._tree.add_hash(own_hash)
        self._count += 1
        if self._count <= self._stored:
            self._add_hash(0, own_hash)
        self._compare_roots()

    def _add_hash(self, level: int, hash: bytes) -> None:
        if level == len(self._rows):
            self._rows.append(b"")
            self._filled.append(0)
        self._rows[level] += hash
        if len(self._rows[level]) == tiles.TILE_BYTES:
            self.finished.append((level, self._filled[level], self._rows[level]))
            self._add_hash(level + 1, tiles.perfect_root(self._rows[level]))
            self._rows[level] = b""
            self._filled[level] += 1

    def end(self) -> None:
        """There are no more leaves."""
        self.finished += [(level, self._filled[level], row) for level, row in enumerate(self._rows) if row]
        self.faults += [
            f"{one.source}: {one.size} leaves were signed, and the log has {self._count}"
            for one in reversed(self._signed)
        ]
        if self._stored > self._count:
            self.faults.append(f"the tiles have {self._stored} hashes, and the log has {self._count} leaves")

    def _compare_roots(self) -> None:
        while self._signed and self._signed[-1].size == self._count:
            one = self._signed.pop()
            if one.root != self._tree.root():
                self.faults.append(f"{one.source}: the first {one.size} leaves are not those that were signed")

    async def compare_tiles(self, ctx: AppContext) -> None:
        """Compare the tiles that are full with those of the database."""

        async def work(tx: Transaction) -> list[str]:
            return [
                f"tile {level}/{number} is not that of the leaves"
                for level, number, hashes in self.finished
                if (await tiles.get_tile(tx, level, number))[: len(hashes)] != hashes
            ]

        if self.finished:
            self.faults += await collect_faults("the tiles of the log cannot be read", ctx.db.read(work))
            self.finished.clear()


async def open_tree(ctx: AppContext, files: Sequence[Path], key: str) -> LogTree:
    """What the leaves will be compared with. `files`: checkpoints kept elsewhere. `key`: the verifier key of the log,
    by default those that the database and the data folder know."""
    signed = SignedRoots(await _trusted_keys(ctx, key))
    signed.faults += await collect_faults("the tiles of the log cannot be read", _count_stored(ctx, signed))
    signed.faults += await collect_faults("checkpoints cannot be read", _read_database(ctx, signed))
    own = checkpoints.file_of(ctx)
    if await run_in_disk_thread(own.exists):
        content = await run_in_disk_thread(own.read_bytes)
        for note in checkpoint_file.find_own_notes(content):
            signed.read(f"file {own.name}", note)
    for path in files:
        signed.read(str(path), await run_in_disk_thread(path.read_bytes), required=True)
    tree = LogTree(signed.roots, signed.stored)
    tree.faults += signed.faults
    return tree


async def _trusted_keys(ctx: AppContext, key: str) -> list[VerifierKey]:
    """The keys whose signatures count: the given one, or all that the log was signed with. InvalidNote."""
    if key:
        return [parse_verifier_key(key)]
    known = {row[0] for row in await ctx.db.read(lambda tx: tx.fetch_all("known_keys", purpose="log"))}
    own = {log_key_public(ctx.keys.log)} if ctx.keys.has_log_key else set[str]()
    return [parse_verifier_key(one) for one in sorted(known | own)]


class SignedRoots:
    """Reads checkpoints: their roots, and what is wrong with them. `stored` is how many leaves the tiles cover."""

    def __init__(self, keys: list[VerifierKey]) -> None:
        self._keys = keys
        self.roots: list[SignedRoot] = []
        self.faults: list[str] = []
        self.stored = 0

    def read(self, source: str, content: bytes, *, required: bool = False) -> list[int]:
        """The sizes of the checkpoints in a text. `required`: there must be one, signed with a known key."""
        notes, sizes = checkpoint_file.find_notes(content) or _notes_in_mail(content), list[int]()
        if required and not notes:
            self.faults.append(f"{source}: there is no signed checkpoint in it")
        if required and not self._keys:
            self.faults.append(f"{source}: there is no key to check its signature with; give --key")
        for raw in notes:
            try:
                note = parse_note(raw)
                checkpoint = parse_checkpoint(note.text)
                own = required or checkpoint.origin in [key.name for key in self._keys]
                if self._keys and not note.signed_by(self._keys) and own:
                    self.faults.append(f"{source}: checkpoint {checkpoint.size} is not signed with the key of the log")
            except InvalidNote as error:
                self.faults.append(f"{source}: {error}")
            else:
                sizes.append(checkpoint.size)
                self.roots.append(SignedRoot(source, checkpoint.size, checkpoint.root))
        return sizes


def _notes_in_mail(content: bytes) -> list[bytes]:
    """The checkpoints in a mail that was saved as it came, with its text encoded."""
    parts = email.message_from_bytes(content).walk()
    texts = [part.get_payload(decode=True) for part in parts if part.get_content_maintype() == "text"]
    return [note for text in texts if isinstance(text, bytes) for note in checkpoint_file.find_notes(text)]


async def _count_stored(ctx: AppContext, signed: SignedRoots) -> list[str]:
    signed.stored = await ctx.db.read(tiles.stored_size)
    return []


async def _read_database(ctx: AppContext, signed: SignedRoots) -> list[str]:
    """Read the checkpoints of the database; the tiles must cover all of them."""
    faults: list[str] = []
    first = 0
    while rows := await ctx.db.read(
        lambda tx, first=first: fetch_structs(tx, CheckpointRow, "checkpoints_from", first=first, count=BATCH_SIZE)
    ):
        faults += [
            f"checkpoint {row.size} in the database: it is not one of this size"
            for row in rows
            if signed.read(f"checkpoint {row.size} in the database", row.note) != [row.size]
        ]
        first = rows[-1].size + 1
    if first - 1 > signed.stored:
        faults.append(f"checkpoint {first - 1} in the database: the tiles have only {signed.stored} hashes")
    return faults
