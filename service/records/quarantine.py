"""Quarantine: what a device sent and cannot be taken is kept, and who may see it looks with a reason."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission, token_owner
from service.accounts.permissions import Person, supervises
from service.audit_log import log
from service.context import AppContext
from service.db.database import Transaction
from service.errors import NotFound, Problem, QuarantineFull
from service.visits import batches
from service.visits.quota import daily_quota_exceeded
from service.web.pagination import decode_cursor, encode_cursor

from . import repository
from .repository import QuarantineRow

PAGE = 50
NAME = 100  # characters that are kept of what stands in an address instead of an id
AGAIN_IN = 3600  # seconds after which somebody may have decided about some
MINUTE, HOUR = 60_000, 3_600_000  # ms
RESUBMITTED = "已重新提交并收下 / it came again and was taken"


class QuarantinedInput(msgspec.Struct, frozen=True):
    """An input in quarantine, without its bytes. What came again and was taken is decided with that, by who sent it."""

    id: Annotated[str, msgspec.Meta(description="Its id in quarantine.")]
    code: Annotated[str, msgspec.Meta(description="The code of the problem that it was refused with.")]
    path_id: Annotated[str, msgspec.Meta(description="What stood in the address as the record's id.")]
    size: Annotated[int, msgspec.Meta(description="Bytes.")]
    sha256: Annotated[str, msgspec.Meta(description="SHA-256 of the exact bytes, in hex.")]
    received_at: Annotated[datetime, msgspec.Meta(description="When it came.")]
    received_from: Annotated[str, msgspec.Meta(description="Login of who sent it.")]
    decision: Annotated[str | None, msgspec.Meta(description="take, discard, or null while nobody has decided.")]
    decided_by: Annotated[str | None, msgspec.Meta(description="Login of who decided.")]
    decided_at: Annotated[datetime | None, msgspec.Meta(description="When.")]
    reason: Annotated[str | None, msgspec.Meta(description="Why.")]


class QuarantinePage(msgspec.Struct, frozen=True):
    """A page of the quarantine, oldest first; `after` leads to the next one."""

    items: Annotated[tuple[QuarantinedInput, ...], msgspec.Meta(description="The inputs of this page.")]
    after: Annotated[
        str | None, msgspec.Meta(description="The cursor of the next page; null where this is the last one.")
    ]


async def quarantine_input(
    ctx: AppContext, token: bytes, path_id: str, raw: bytes, problem: Problem, signature: bytes | None = None
) -> None:
    """Keep what a device sent; the problem then carries where. One row per device and digest.

    `path_id` is the id in the address, or what stood there instead.
    """
    row_id, now = ctx.new_id(), ctx.clock()
    full = await _is_full(ctx, len(raw))

    async def work(tx: Transaction) -> tuple[str, UUID]:
        holder = await token_owner(tx, token)
        person = holder.person
        require_permission(person, "submit a record")
        device, digest = sha256(holder.device.bytes).digest() if holder.device else token, sha256(raw).digest()
        wait = ctx.daily_quota.kept_wait(person.login, len(raw), now)
        if full or wait:
            known = await repository.kept_as(tx, device, digest)
            if known is not None:
                return person.login, known
            raise QuarantineFull(retry_after=AGAIN_IN) if full else daily_quota_exceeded(wait)
        row = QuarantineRow(
            id=row_id,
            device=device,
            sha256=digest,
            path_id="".join(sign if sign.isprintable() else "\ufffd" for sign in path_id[:NAME]),
            code=problem.code,
            body=raw,
            received_at=now,
            received_from=person.login,
            sent_by=holder.device,
            signature=signature,
        )
        return person.login, await repository.insert_input(tx, row)

    login, kept = await ctx.db.write(work)
    if kept == row_id:
        ctx.daily_quota.kept_spent(login, len(raw), now)
    problem.extra["quarantine"] = str(kept)


async def _is_full(ctx: AppContext, size: int) -> bool:
    """Whether so many bytes more are too much for all that waits. It is counted once a minute at most."""
    quota, waiting, now = ctx.daily_quota, ctx.daily_quota.waiting, ctx.clock()
    if not quota.waiting_rows and not quota.waiting_size:
        return False
    if not 0 <= now - waiting.counted_at < MINUTE:
        waiting.rows, waiting.size = await ctx.db.read(repository.waiting)
        waiting.counted_at = now
    if quota.is_full(size) and not 0 <= now - waiting.settled_at < HOUR:
        waiting.settled_at = now
        if await ctx.db.write(_settle):
            waiting.rows, waiting.size = await ctx.db.read(repository.waiting)
    return quota.is_full(size)


async def _settle(tx: Transaction) -> int:
    """Write down of what came again and was taken that nothing is left to decide; how many."""
    count = 0
    for row_id, by, at in await repository.taken_again(tx):
        count += await repository.decide(tx, row_id, "take", by, at, RESUBMITTED)
    return count


async def list_quarantined(
    ctx: AppContext, token: bytes, after: str | None, *, decided: bool = False
) -> QuarantinePage:
    """What waits for a decision, or what was `decided`: for who may see it, from people whom he oversees."""
    start = decode_cursor(after) if after else repository.FIRST

    async def work(tx: Transaction) -> tuple[list[QuarantineRow], str | None]:
        person = await authenticate_token(tx, token)
        require_permission(person, "see quarantine")
        found = await repository.page(tx, start, PAGE + 1, decided=decided)
        more = encode_cursor(found[PAGE - 1].key) if len(found) > PAGE else None
        his = [await resolve_resubmission(tx, row) for row in found[:PAGE] if await is_visible_to(tx, person, row)]
        return [row for row in his if (row.decision is not None) == decided], more

    found, more = await ctx.db.read(work)
    return QuarantinePage(tuple(to_view(ctx, row) for row in found), more)


async def resolve_resubmission(tx: Transaction, row: QuarantineRow) -> QuarantineRow:
    """The input as it now is: if the same bytes came again as this record, and were taken, nobody has to decide."""
    if row.decision is not None:
        return row
    try:
        record = await batches.get_batch(tx, UUID(row.path_id))
    except ValueError:
        return row
    if record is None or record.sha256 != row.sha256:
        return row
    by, at = record.taken_in_by or record.writer, record.received_at
    return msgspec.structs.replace(row, decision="take", decided_by=by, decided_at=at, reason=RESUBMITTED)


async def is_visible_to(tx: Transaction, person: Person, row: QuarantineRow) -> bool:
    """Whether the input came from somebody whom the person oversees."""
    sender = await accounts_repository.find_including_former(tx, row.received_from)
    return sender is not None and supervises(person, "see quarantine", sender[0])


async def read_input(ctx: AppContext, token: bytes, kept: UUID, reason: str) -> bytes:
    """The bytes. Who looks says why, and that is kept in the log."""
    access, salt = ctx.new_id(), ctx.new_salt()

    async def work(tx: Transaction) -> bytes:
        person = await authenticate_token(tx, token)
        require_permission(person, "see quarantine")
        row = await repository.one(tx, kept)
        if row is None or not await is_visible_to(tx, person, row):
            raise NotFound
        at = ctx.clock()
        await log.record_access(tx, access, at, person.login, f"quarantine/{kept}", reason)
        said = sha256(f"{person.login} {kept} {reason}".encode()).digest()
        await log.append_leaf(tx, "access", access, salt, said, at)
        return row.body

    return await ctx.db.write(work)


def to_view(ctx: AppContext, row: QuarantineRow) -> QuarantinedInput:
    """A row for a client."""
    return QuarantinedInput(
        str(row.id),
        row.code,
        row.path_id,
        row.size,
        row.sha256.hex(),
        ctx.to_local_time(row.received_at),
        row.received_from,
        row.decision,
        row.decided_by,
        ctx.to_local_time(row.decided_at) if row.decided_at is not None else None,
        row.reason,
    )
