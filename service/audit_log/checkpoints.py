"""Signed checkpoints: the root of the log at a size, signed with a key that is not in the database.

A checkpoint is stored in the database, then appended to a file in the data folder, and only then shown or sent. Before
it is signed, the log must contain the last one of both; otherwise the database was rolled back or rewritten.
"""

import logging
from pathlib import Path

import msgspec

from service.context import AppContext
from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs
from service.durable_files import run_in_disk_thread
from service.errors import Problem, StorageFull
from service.keys import log_key_public

from . import checkpoint_file, log, tiles
from .notes import Checkpoint, InvalidNote, parse_checkpoint, parse_note, parse_verifier_key, sign
from .tiles import LogDamaged
from .tree import stored_tree

INTERVAL_MS = 60_000
RESTORED = "restored_log"
"""Names, in `installation`, the key of a log that may have gone on after the backup that was restored."""
_MIN_INTERVAL_MS = INTERVAL_MS // 2  # several processes sign at times of their own
_log = logging.getLogger("doorstep.log")


class CheckpointRow(msgspec.Struct, frozen=True):
    """A signed checkpoint; times are ms UTC."""

    size: int
    note: bytes
    signed_at: int
    published_at: int | None


class NotSigned(Exception):
    """The log is not what was signed before; the text says what is wrong."""


def verifier_key(ctx: AppContext) -> str:
    """The public key of the log, as others configure it."""
    return log_key_public(ctx.keys.log)


def file_of(ctx: AppContext) -> Path:
    """The file of checkpoints."""
    return ctx.evidence_storage.data / checkpoint_file.NAME


async def sign_checkpoint(ctx: AppContext, *, at_once: bool = False) -> None:
    """Check the log against the last checkpoint, sign a new one if there are new leaves, and publish it.

    Without `at_once` not if one was signed just before. A refusal and a failing disk are logged; the next call tries
    again.
    """
    try:
        await _sign(ctx, at_once=at_once)
        await _publish(ctx)
        ctx.log_health.refused = ctx.log_health.unkept = ""
    except (NotSigned, LogDamaged) as refusal:
        if ctx.log_health.refused != str(refusal):  # once, not each minute: the metric goes on showing it
            _log.critical("no checkpoint is signed: %s", refusal)
        ctx.log_health.refused = str(refusal)
    except (OSError, StorageFull) as error:
        ctx.log_health.unkept = type(error).__name__
        _log.error("no checkpoint can be kept (%s)", ctx.log_health.unkept)


async def _sign(ctx: AppContext, *, at_once: bool) -> None:
    key = parse_verifier_key(verifier_key(ctx))
    kept = [_content(one) for one in await run_in_disk_thread(checkpoint_file.last_notes, file_of(ctx))]
    own = [checkpoint for checkpoint in kept if checkpoint.origin == key.name]
    newest = max(own, key=lambda one: one.size, default=None)  # two processes may have appended theirs in either order

    async def work(tx: Transaction) -> None:
        if await tx.fetch_one("lock_sequencer") != (1,):
            return
        if await tx.fetch_one("installation", name=RESTORED) == (verifier_key(ctx),):
            raise NotSigned("the database was restored from a backup; run `doorstep keys new-log` (docs/backup.en.md)")
        last, size = await latest(tx, published=False), await tiles.stored_size(tx)
        await tiles.require_whole(tx, size)
        if size != (count := await log.numbered_count(tx)):
            if size < count and not await tx.fetch_one("has_leaf_number", number=size):
                raise NotSigned(f"leaf {size} is missing")
            size = 0  # the tiles of an older log are being filled
        known = ([newest] if newest else []) + ([_content(last.note)] if last else [])
        await _require_continuation(tx, max(size, count), known, filled=size)
        is_due = at_once or last is None or not 0 <= ctx.clock() - last.signed_at < _MIN_INTERVAL_MS
        if is_due and size > (last.size if last else 0):
            note = sign(Checkpoint(key.name, size, await stored_tree(tx).root(size)).text, ctx.keys.log)
            await tx.execute("add_checkpoint", size=size, note=note, signed_at=ctx.clock())

    await ctx.db.write(work)


async def _require_continuation(tx: Transaction, count: int, known: list[Checkpoint], *, filled: int) -> None:
    """NotSigned unless the log begins as each of the checkpoints says."""
    for checkpoint in known:
        if checkpoint.size > count:
            raise NotSigned(f"the log has {count} leaves, and one of {checkpoint.size} was signed")
        if checkpoint.size <= filled and await stored_tree(tx).root(checkpoint.size) != checkpoint.root:
            raise NotSigned(f"the first {checkpoint.size} leaves are not those that were signed")


def _content(note: bytes) -> Checkpoint:
    try:
        return parse_checkpoint(parse_note(note).text)
    except InvalidNote as error:
        raise NotSigned(f"a checkpoint that was kept cannot be read: {error}") from None


async def _publish(ctx: AppContext) -> None:
    """Append checkpoints to the file that are not in it, also those that a crash prevented, and let them be shown."""
    for row in await ctx.db.read(lambda tx: fetch_structs(tx, CheckpointRow, "unpublished_checkpoints")):
        await run_in_disk_thread(checkpoint_file.append, file_of(ctx), row.note)
        await ctx.db.write(
            lambda tx, row=row: tx.execute("publish_checkpoint", size=row.size, published_at=ctx.clock())
        )


async def forbid_to_sign(tx: Transaction) -> None:
    """Stop signing with the last key of the log: it may have signed more leaves than this database has."""
    if found := await tx.fetch_one("last_known_key", purpose="log"):
        await tx.execute("set_installation", name=RESTORED, value=found[0])


async def latest(tx: Transaction, *, published: bool = True) -> CheckpointRow | None:
    """The last checkpoint, by default of those that are in the file."""
    return await fetch_struct(tx, CheckpointRow, "last_published" if published else "last_checkpoint")


async def latest_note(tx: Transaction) -> tuple[int, bytes] | None:
    """The size and the note of the last published checkpoint, with the signatures of witnesses."""
    row = await latest(tx)
    return None if row is None else (row.size, await with_cosignatures(tx, row))


async def with_cosignatures(tx: Transaction, row: CheckpointRow) -> bytes:
    """The note of a checkpoint with the signatures of witnesses."""
    lines = await tx.fetch_all("cosignatures", size=row.size)
    return row.note + "".join(line for (line,) in lines).encode()


async def begin_new_log(ctx: AppContext, name: str) -> str:
    """Sign as a log of another name from now on; its verifier key. For a database that lost what was signed.

    InvalidNote for a name that cannot be one. The file of checkpoints is put aside: it still proves the former log.
    """
    former, path = parse_verifier_key(verifier_key(ctx)), file_of(ctx)
    if not name or name == former.name or "+" in name or any(part.isspace() for part in name):
        raise InvalidNote(
            "日志名称不能有空格和 +，也不能是原来的名称 / the name of a log has neither spaces nor +, and is not the "
            "former one"
        )
    await ctx.keys.replace_log_key(ctx.db, ctx.clock(), name)
    if path.exists():
        path.rename(path.with_name(f"{path.name}-{former.id.hex()}"))
    return verifier_key(ctx)


async def settle(ctx: AppContext) -> None:
    """Number what waits and sign it, at a stop or after a command."""
    try:
        await log.number_all(ctx.db)
        await sign_checkpoint(ctx, at_once=True)
    except Problem:
        _log.warning("no checkpoint was signed at the end")  # the next start signs it
