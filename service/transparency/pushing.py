"""Sends checkpoints out of the reach of this machine: then nobody who holds it can rewrite history unnoticed.

A target that fails blocks nothing and is tried again."""

import asyncio
from contextlib import suppress
from uuid import NAMESPACE_URL, uuid5

import msgspec

from service.audit_log import checkpoints
from service.audit_log.checkpoints import CheckpointRow
from service.audit_log.notes import InvalidNote, parse_note
from service.audit_log.tiles import LogDamaged
from service.audit_log.tree import stored_tree
from service.context import AppContext, OutgoingMessage, read_only, transaction
from service.db.database import Transaction
from service.db.rows import fetch_struct
from service.errors import Problem
from service.messages import worker
from service.web.access_log import get_logger
from service.web.outgoing import RequestFailed

from .bucket import PushFailed, put_locked
from .targets import BucketTarget, MailTarget, parse_target
from .witness import add_checkpoint

POLL_SECONDS = 5.0
SEND_SECONDS = 60.0  # in all; a target that answers by the byte would hold up the others for ever
LEASE_MS = 120_000  # longer than a target may take
DAY_MS = 86_400_000
SUBJECT = "上门服务日志检查点 / checkpoint of the service log"
_MAIL = """请保存这封邮件。它证明到此刻为止的日志，以后谁也不能悄悄改写。
Keep this mail. It proves the log up to now: nobody can rewrite it unseen.

{note}
验证密钥 / verifier key:
{key}

核对方法：把这封邮件存成文件，运行 doorstep verify --checkpoint 文件 --key 验证密钥
To check the log: save this mail as a file and run doorstep verify --checkpoint FILE --key KEY
"""


class PushRow(msgspec.Struct, frozen=True):
    """How far a target is: the size of the last checkpoint it got, when (ms UTC), and what failed since."""

    target: str
    size: int
    pushed_at: int | None
    next_at: int
    tries: int
    error: str


class PushState(msgspec.Struct, frozen=True):
    """A target as monitors see it: how many leaves are signed that it does not have (`behind`), and for how long the
    first checkpoint of them has been there (`waiting`, s; 0 without one)."""

    target: str
    behind: int
    waiting: float
    error: str


async def run(ctx: AppContext) -> None:
    """Push until cancelled. While the database fails, checkpoints wait in it."""
    while ctx.checkpoint_targets:
        with suppress(Problem):
            await push_due(ctx)
        await asyncio.sleep(POLL_SECONDS)
    await asyncio.Event().wait()


async def push_due(ctx: AppContext) -> None:
    """Push the last checkpoint to the targets that lack it and are due."""
    await asyncio.gather(*(_push_target(ctx, target) for target in ctx.checkpoint_targets))


async def push_states(ctx: AppContext) -> list[PushState]:
    """How far each target is."""

    async def read(tx: Transaction) -> list[PushState]:
        last = await checkpoints.latest(tx)
        size, now = last.size if last else 0, ctx.clock()
        states: list[PushState] = []
        for target in ctx.checkpoint_targets:
            row = await _row(tx, target)
            (since,) = await tx.fetch_one("first_published_after", size=row.size) or (now,)
            label, waiting = parse_target(target).label, max(0, now - since) / 1000
            states.append(PushState(label, max(0, size - row.size), waiting, row.error))
        return states

    return await ctx.db.read(read)


async def _row(tx: Transaction, target: str) -> PushRow:
    found = await fetch_struct(tx, PushRow, "push", target=target)
    return found or PushRow(target, 0, None, 0, 0, "")


async def _push_target(ctx: AppContext, target: str) -> None:
    if not await _is_due(ctx, target):
        return
    claimed = await _claim(ctx, target)
    if claimed is None:
        return
    row, checkpoint = claimed
    lines: list[str] = []
    try:
        async with asyncio.timeout(SEND_SECONDS):
            lines = await _send(ctx, row, checkpoint)
    except (PushFailed, RequestFailed, LogDamaged, OSError) as error:
        detail = type(error).__name__ if isinstance(error, OSError) else str(error)
        get_logger().error("checkpoint not sent", target=parse_target(target).label, tries=row.tries + 1, detail=detail)
        await _record_failure(ctx, row, detail)
    else:
        await _record_success(ctx, row, checkpoint, lines)


@read_only
async def _is_due(ctx: AppContext, tx: Transaction, target: str) -> bool:
    return await _due(ctx, tx, target) is not None


async def _due(ctx: AppContext, tx: Transaction, target: str) -> tuple[PushRow, CheckpointRow] | None:
    row, checkpoint = await _row(tx, target), await checkpoints.latest(tx)
    far = ctx.clock() + DAY_MS + LEASE_MS  # the clock may have been wrong
    if checkpoint is None or row.size >= checkpoint.size or ctx.clock() < row.next_at < far:
        return None
    return row, checkpoint


@transaction
async def _claim(ctx: AppContext, tx: Transaction, target: str) -> tuple[PushRow, CheckpointRow] | None:
    """What to push, if no other process does. The note has the signatures of witnesses so far."""
    found = await _due(ctx, tx, target)
    if found is None:
        return None
    row, checkpoint = found
    await tx.execute("add_push", target=target)
    lease = ctx.clock() + LEASE_MS
    if not await tx.execute("claim_push", target=target, lease=lease, previous=row.next_at, size=row.size):
        return None  # another process claims it, or has pushed it within this millisecond
    return row, msgspec.structs.replace(checkpoint, note=await checkpoints.with_cosignatures(tx, checkpoint))


async def _send(ctx: AppContext, row: PushRow, checkpoint: CheckpointRow) -> list[str]:
    """Send a checkpoint; a witness answers with signature lines."""
    target = parse_target(row.target)
    if isinstance(target, MailTarget):
        await _mail(ctx, target, checkpoint)
        return []
    if isinstance(target, BucketTarget):
        key = parse_note(checkpoint.note).signatures[0].key_id.hex()  # another log has checkpoints of the same sizes
        name = f"{key}/{checkpoint.size:020d}.checkpoint"
        found = await put_locked(target, name, checkpoint.note, ctx.now())
        if found is not None and not _is_same(found, checkpoint.note):
            raise PushFailed(f"the bucket has another object as {name}")
        return []

    async def prove(old: int) -> list[bytes]:
        return await ctx.db.read(lambda tx: stored_tree(tx).consistency(old, checkpoint.size))

    return await add_checkpoint(target, checkpoint.note, checkpoint.size, row.size, prove)


def _is_same(found: bytes, note: bytes) -> bool:
    """Whether both are one checkpoint; witnesses may have signed it in between."""
    try:
        one, other = parse_note(found), parse_note(note)
    except InvalidNote:
        return False
    return (one.text, one.signatures[0]) == (other.text, other.signatures[0])


async def _mail(ctx: AppContext, target: MailTarget, checkpoint: CheckpointRow) -> None:
    message = OutgoingMessage(
        id=str(uuid5(NAMESPACE_URL, f"{target.address} {checkpoint.note.hex()}")),
        channel="email",
        to=target.address,
        subject=SUBJECT,
        text=_MAIL.format(note=checkpoint.note.decode(), key=checkpoints.verifier_key(ctx)),
        at=ctx.now(),
    )
    outcome, detail = await worker.attempt(ctx, message)
    if outcome != "delivered":
        raise PushFailed(detail)


@transaction
async def _record_success(
    ctx: AppContext, tx: Transaction, row: PushRow, checkpoint: CheckpointRow, lines: list[str]
) -> None:
    now = ctx.clock()
    for line in lines:
        await tx.execute("add_cosignature", size=checkpoint.size, line=line, at=now)
    next_at = now + DAY_MS if isinstance(parse_target(row.target), MailTarget) else now
    await tx.execute("record_push", target=row.target, size=checkpoint.size, pushed_at=now, next_at=next_at)


@transaction
async def _record_failure(ctx: AppContext, tx: Transaction, row: PushRow, detail: str) -> None:
    next_at = ctx.clock() + worker.backoff(row.tries + 1)
    await tx.execute("record_failed_push", target=row.target, next_at=next_at, error=detail)
