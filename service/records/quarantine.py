"""Quarantine: input that is refused is stored, for supervisors to read and decide about."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission, token_owner
from service.accounts.permissions import Person, supervises
from service.audit_log import erasures, log
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.errors import NotFound, Problem, QuarantineFull
from service.visits import batches
from service.visits.quota import daily_quota_exceeded
from service.web.pagination import decode_cursor, encode_cursor

from . import repository
from .repository import QuarantineRow

PAGE_SIZE = 50
MAX_PATH_ID = 100  # characters
RETRY_SECONDS = 3600  # by then inputs may have been decided
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
RESUBMITTED = "已重新提交并收下 / it came again and was taken"


class QuarantinedInput(msgspec.Struct, frozen=True):
    """An input in quarantine, without its bytes. One that was accepted when sent again counts as taken."""

    id: Annotated[str, Meta(description="Its id.")]
    code: Annotated[str, Meta(description="The code of the problem.")]
    path_id: Annotated[str, Meta(description="What the URL had as the record's id.")]
    size: Annotated[int, Meta(description="Bytes.")]
    sha256: Annotated[str, Meta(description="SHA-256 of the exact bytes, in hex.")]
    received_at: Annotated[datetime, Meta(description="When it arrived.")]
    received_from: Annotated[str, Meta(description="Login of the sender.")]
    decision: Annotated[str | None, Meta(description="take, discard, or null while undecided.")]
    decided_by: Annotated[str | None, Meta(description="Login of the person who decided.")]
    decided_at: Annotated[datetime | None, Meta(description="When.")]
    reason: Annotated[str | None, Meta(description="Why; with a note if a mended copy was taken.")]
    taken_as: Annotated[str | None, Meta(description="The id of the record, once it is taken.")]


class QuarantinePage(msgspec.Struct, frozen=True):
    """A page of the quarantine, oldest first."""

    items: Annotated[tuple[QuarantinedInput, ...], Meta(description="The inputs of this page.")]
    after: Annotated[str | None, Meta(description="The cursor of the next page; null on the last page.")]


async def quarantine_input(
    ctx: AppContext, token: bytes, path_id: str, raw: bytes, problem: Problem, signature: bytes | None = None
) -> None:
    """Store an input, once per device and digest, and add its id to the problem.

    `path_id` is whatever the URL had as the record's id.
    """
    now, is_full = ctx.clock(), await _is_full(ctx, len(raw))
    row = QuarantineRow(
        id=ctx.new_id(),
        device=token,
        sha256=sha256(raw).digest(),
        path_id="".join(char if char.isprintable() else "\ufffd" for char in path_id[:MAX_PATH_ID]),
        code=problem.code,
        body=raw,
        received_at=now,
        received_from="",
        signature=signature,
    )
    login, row_id = await _store(ctx, token, row, is_full)
    if row_id == row.id:
        ctx.daily_quota.kept_spent(login, len(raw), now)
    problem.extra["quarantine"] = str(row_id)


@transaction
async def _store(ctx: AppContext, tx: Transaction, token: bytes, row: QuarantineRow, is_full: bool) -> tuple[str, UUID]:
    """Store the row as sent by the token's owner; returns their login and the id that it is stored under."""
    owner = await token_owner(tx, token)
    login = owner.person.login
    require_permission(owner.person, "submit a record")
    device = sha256(owner.device.bytes).digest() if owner.device else token
    wait = ctx.daily_quota.kept_wait(login, len(row.body), row.received_at)
    if is_full or wait:
        duplicate = await repository.find_duplicate(tx, device, row.sha256)
        if duplicate is not None:
            return login, duplicate
        raise QuarantineFull(retry_after=RETRY_SECONDS) if is_full else daily_quota_exceeded(wait)
    row = msgspec.structs.replace(row, device=device, received_from=login, sent_by=owner.device)
    return login, await repository.insert_input(tx, row)


async def _is_full(ctx: AppContext, size: int) -> bool:
    """Whether the quarantine has no room for `size` more bytes. It is counted at most once a minute."""
    quota, waiting, now = ctx.daily_quota, ctx.daily_quota.waiting, ctx.clock()
    if not quota.waiting_rows and not quota.waiting_size:
        return False
    if not 0 <= now - waiting.counted_at < MINUTE_MS:
        waiting.rows, waiting.size = await ctx.db.read(repository.count_undecided)
        waiting.counted_at = now
    if quota.is_full(size) and not 0 <= now - waiting.settled_at < HOUR_MS:
        waiting.settled_at = now
        if await ctx.db.write(_decide_resubmissions):
            waiting.rows, waiting.size = await ctx.db.read(repository.count_undecided)
    return quota.is_full(size)


async def _decide_resubmissions(tx: Transaction) -> int:
    """Record that accepted resubmissions need no decision; returns how many."""
    count = 0
    for row_id, by, at in await repository.accepted_resubmissions(tx):
        count += await repository.record_decision(tx, row_id, "take", by, at, RESUBMITTED)
    return count


@read_only
async def list_quarantined(
    ctx: AppContext, tx: Transaction, token: bytes, after: str | None, *, decided: bool = False
) -> QuarantinePage:
    """Inputs that are undecided (or `decided`), from people whom the caller supervises."""
    start = decode_cursor(after) if after else repository.FIRST_KEY
    person = await authenticate_token(tx, token)
    require_permission(person, "see quarantine")
    rows = await repository.list_inputs(tx, start, PAGE_SIZE + 1, include_decided=decided)
    page, has_more = rows[:PAGE_SIZE], len(rows) > PAGE_SIZE
    visible = [await resolve_resubmission(tx, row) for row in page if await is_visible_to(tx, person, row)]
    items = tuple(to_view(ctx, row) for row in visible if (row.decision is not None) == decided)
    return QuarantinePage(items, encode_cursor((page[-1].received_at, page[-1].id)) if has_more else None)


async def resolve_resubmission(tx: Transaction, row: QuarantineRow) -> QuarantineRow:
    """The input, decided if the same bytes have since been accepted as a record."""
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
    """Whether the person supervises the sender."""
    sender = await accounts_repository.find_including_former(tx, row.received_from)
    return sender is not None and supervises(person, "see quarantine", sender[0])


@read_only
async def get_quarantined(ctx: AppContext, tx: Transaction, token: bytes, input_id: UUID) -> QuarantinedInput:
    """An input without its bytes, from somebody whom the caller supervises. NotFound."""
    person = await authenticate_token(tx, token)
    require_permission(person, "see quarantine")
    row = await repository.get_input(tx, input_id)
    if row is None:
        await erasures.refuse_erased(tx, input_id)
    if row is None or not await is_visible_to(tx, person, row):
        raise NotFound
    return to_view(ctx, await resolve_resubmission(tx, row))


@transaction
async def read_input(ctx: AppContext, tx: Transaction, token: bytes, input_id: UUID, reason: str) -> bytes:
    """The bytes. The access and its reason are logged."""
    person = await authenticate_token(tx, token)
    require_permission(person, "see quarantine")
    row = await repository.get_input(tx, input_id)
    if row is None:
        await erasures.refuse_erased(tx, input_id)
    if row is None or not await is_visible_to(tx, person, row):
        raise NotFound
    access, at = ctx.new_id(), ctx.clock()
    await log.record_access(tx, access, at, person.login, f"quarantine/{input_id}", reason)
    return row.body


def to_view(ctx: AppContext, row: QuarantineRow) -> QuarantinedInput:
    """An input as clients get it."""
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
        row.path_id if row.decision == "take" else None,
    )
