"""The visits that call for a person, the most urgent first."""

from collections import Counter
from typing import cast
from uuid import UUID

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person, areas_to_list, covers_area
from service.context import AppContext, read_only
from service.db.database import Row, Transaction
from service.db.rows import Words, from_row
from service.judge.findings import Verdict
from service.visits.attention import ReasonKind
from service.visits.loading import PLAN_DECODER
from service.visits.status import Flag, State
from service.visits.summaries import MIN_KEY
from service.web.pagination import decode_cursor, encode_cursor

from .schemas import Queue, QueueItem

PAGE = 50


class QueueFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which visits are wanted. An `assignee` of "" means those that nobody looks at; None means all."""

    reason: str = ""
    area: str | None = None
    technician: str = ""
    assignee: str | None = None
    after: str | None = None


class QueueRow(msgspec.Struct, frozen=True, kw_only=True):
    """A visit's row; times are ms UTC."""

    visit: UUID
    type: str
    technician: str
    area: str
    planned_at: int
    state: str
    flags: Words
    verdict: str
    plan: bytes
    reasons: Words
    urgent_at: int
    since: int
    assignee: str


class CommentedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A visit's row; `planned_at` is ms UTC."""

    visit: UUID
    type: str
    technician: str
    area: str
    planned_at: int
    plan: bytes


@read_only
async def list_queue(ctx: AppContext, tx: Transaction, token: bytes, wanted: QueueFilter) -> Queue:
    """A page of the queue, for supervisors. PermissionDenied for an area that is not one of theirs."""
    return await load_queue(ctx, tx, await authenticate_token(tx, token), wanted)


@read_only
async def next_visit(_: AppContext, tx: Transaction, token: bytes, current: UUID) -> UUID | None:
    """The most urgent visit besides the current one that no other supervisor looks at."""
    person = await authenticate_token(tx, token)
    require_permission(person, "review visits")
    given = {"current": current.bytes, "login": person.login}
    found: list[Row] = []
    for area in areas_to_list(person, None):
        row = await (
            tx.fetch_one("next_of_all", **given) if area is None else tx.fetch_one("next_of_area", area=area, **given)
        )
        found += [row] if row is not None else []
    return UUID(bytes=min(found)[1]) if found else None


@read_only
async def next_commented(_: AppContext, tx: Transaction, token: bytes) -> UUID | None:
    """The oldest visit that calls for nobody, with words of the customer that nobody has read."""
    person = await authenticate_token(tx, token)
    require_permission(person, "review visits")
    rows = await fetch_commented(tx, person, None, 1)
    return rows[0].visit if rows else None


async def fetch_commented(tx: Transaction, person: Person, area: str | None, size: int) -> list[CommentedRow]:
    """The first visits that call for nobody, with words of the customer that nobody has read, the oldest first."""
    found: list[Row] = []
    for one in areas_to_list(person, area):
        found += await tx.fetch_all("commented", every_area=int(one is None), area=one or "", size=size)
    rows = sorted((from_row(CommentedRow, row) for row in found), key=lambda row: (row.planned_at, row.visit))
    return rows[:size]


async def load_queue(ctx: AppContext, tx: Transaction, person: Person, wanted: QueueFilter) -> Queue:
    """`list_queue` within a transaction."""
    require_permission(person, "review visits")
    place = MIN_KEY if wanted.after is None else decode_cursor(wanted.after)
    given = {
        "reason": wanted.reason,
        "technician": wanted.technician and await accounts_repository.known_login(tx, wanted.technician),
        "any_assignee": int(wanted.assignee is None),
        "assignee": wanted.assignee or "",
        "after_at": place[0],
        "after_id": place[1].bytes,
        "size": PAGE + 1,
    }
    rows: list[Row] = []
    for area in areas_to_list(person, wanted.area):
        rows += await (
            tx.fetch_all("queue_of_all", **given) if area is None else tx.fetch_all("queue_of_area", area=area, **given)
        )
    found = sorted((from_row(QueueRow, row) for row in rows), key=lambda row: (row.urgent_at, row.visit))
    counts: Counter[str] = Counter()
    for area, reasons, number in await tx.fetch_all("queue_counts"):
        if covers_area(person, area) and wanted.area in (None, area):
            counts.update(dict.fromkeys(reasons.split(), number))
    after = encode_cursor((found[PAGE - 1].urgent_at, found[PAGE - 1].visit)) if len(found) > PAGE else None
    return Queue(reviews=tuple(_item(ctx, row) for row in found[:PAGE]), counts=dict(counts), after=after)


def _item(ctx: AppContext, row: QueueRow) -> QueueItem:
    plan = PLAN_DECODER.decode(row.plan)
    return QueueItem(
        visit=str(row.visit),
        reasons=cast("tuple[ReasonKind, ...]", row.reasons),
        due_at=ctx.to_local_time(row.urgent_at),
        since=ctx.to_local_time(row.since),
        assignee=row.assignee or None,
        type=row.type,
        technician=row.technician,
        area=row.area,
        customer=plan.customer,
        external_ref=plan.external_ref,
        planned_at=ctx.to_local_time(row.planned_at),
        state=cast("State", row.state),
        flags=cast("tuple[Flag, ...]", row.flags),
        verdict=cast("Verdict | None", row.verdict or None),
    )
