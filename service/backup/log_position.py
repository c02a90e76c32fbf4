"""Where in the log a copy of the database is, and whether a kept checkpoint is of the same log."""

from pathlib import Path
from typing import Any

import msgspec

from service.audit_log import log, tiles
from service.audit_log.checkpoint_file import find_notes
from service.audit_log.merkle import MerkleTree
from service.audit_log.notes import InvalidNote, parse_checkpoint, parse_note
from service.audit_log.tree import stored_tree
from service.context import AppContext
from service.db.database import Transaction

from .manifest import BackupError

PAGE = 10_000


class LogPosition(msgspec.Struct, frozen=True):
    """How many leaves have a number, and their root (RFC 9162, hex)."""

    leaves: int
    root: str


async def log_position(ctx: AppContext, size: int | None = None) -> LogPosition:
    """The place in the log; with `size` that of its first leaves, of fewer if there are not so many.

    The root is that of the tiles, which `doorstep verify` compares with the leaves; that of the leaves where tiles lack
    hashes, as those of an older log do until they are filled.
    """
    return await ctx.db.read(lambda tx: _by_tiles(tx, size)) or await _by_leaves(ctx, size)


async def _by_tiles(tx: Transaction, size: int | None) -> LogPosition | None:
    leaves = await log.numbered_count(tx)
    if size is not None:
        leaves = min(leaves, size)
    if await tiles.stored_size(tx) < leaves:
        return None
    try:
        return LogPosition(leaves, (await stored_tree(tx).root(leaves)).hex())
    except tiles.LogDamaged:
        return None


async def _by_leaves(ctx: AppContext, size: int | None) -> LogPosition:
    tree, first = MerkleTree(), 0
    while size is None or first < size:
        page: list[Any] = await ctx.db.read(
            lambda tx, first=first: tx.fetch_all(
                "leaves_from", first=first, size=PAGE if size is None else min(PAGE, size - first)
            )
        )
        for _, data, _, _ in page:
            tree.add(data)
        first += len(page)
        if len(page) < PAGE:
            break
    return LogPosition(first, tree.root().hex())


def read_checkpoint(file: Path) -> LogPosition:
    """The largest of the signed checkpoints in a file, such as a copy of the file of checkpoints, or a mail."""
    try:
        found = [parse_checkpoint(parse_note(note).text) for note in find_notes(file.read_bytes())]
    except InvalidNote as error:
        raise BackupError(f"{file}: {error}") from error
    if not found:
        raise BackupError(f"{file} 里没有检查点 / there is no checkpoint in it")
    newest = max(found, key=lambda one: one.size)
    return LogPosition(newest.size, newest.root.hex())
