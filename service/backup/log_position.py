"""Where in the log a copy of the database is, and whether a kept checkpoint is of the same log."""

from base64 import b64decode
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from service.audit_log.merkle import MerkleTree
from service.context import AppContext

from .manifest import BackupError

PAGE = 10_000


class LogPosition(msgspec.Struct, frozen=True):
    """How many leaves have a number, and their root (RFC 9162, hex)."""

    leaves: int
    root: str


async def log_position(ctx: AppContext, size: int | None = None) -> LogPosition:
    """The place in the log; with `size` that of its first leaves, of fewer if there are not so many."""
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
    """The last checkpoint in a file (C2SP `tlog-checkpoint`: a line of origin, one of size, one of root)."""
    lines = file.read_text("utf-8", "replace").splitlines()
    found = None
    for size, root in pairwise(lines):
        try:
            decoded = b64decode(root, validate=True)
        except ValueError:
            continue
        if size.isdecimal() and len(decoded) == 32:
            found = LogPosition(int(size), decoded.hex())
    if found is None:
        raise BackupError(f"{file} 里没有检查点 / there is no checkpoint in it")
    return found
