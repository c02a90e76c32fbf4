"""Departures: a technician says that they are on the way to a visit. Numbered for each visit, only added."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.context import AppContext
from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs, to_params
from service.judge.bounds import check_time
from service.judge.entries import AwareDatetime
from service.judge.moments import later

from .changes import PlanHistory

OUTDATING_CHANGES = ("window", "technician")
"""After one of these changes an earlier departure says nothing any more."""


REPORTED_WITHIN = timedelta(hours=1)
"""A phone reports a departure within this time; one that seems older comes from a clock that is behind."""


class Departure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The technician is on the way."""

    at: Annotated[AwareDatetime, Meta(description="When they left for the visit, by the phone's clock.")]
    minutes: Annotated[
        Annotated[int, Meta(ge=1, le=240)] | None, Meta(description="In how many minutes they expect to arrive.")
    ] = None

    def __post_init__(self) -> None:
        check_time("at", self.at)


class DepartureRow(msgspec.Struct, frozen=True, kw_only=True):
    """A departure. `revision`: how many changes of the visit came before. `at` is ms UTC, by the server's clock."""

    id: UUID
    visit: UUID
    number: int
    revision: int
    at: int
    writer: str
    sha256: bytes
    body: bytes
    salt: bytes

    def content(self) -> Departure:
        """What the technician sent."""
        return _DECODER.decode(self.body)


class DepartureView(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on the way, and when they expect to arrive."""

    at: Annotated[datetime, Meta(description="When they left for the visit, by the phone's clock.")]
    minutes: Annotated[int | None, Meta(description="In how many minutes they expected to arrive.")]
    by: Annotated[str, Meta(description="Login of the technician who is on the way.")]
    received_at: Annotated[datetime, Meta(description="When the server learned of it.")]
    arrives_at: Annotated[
        datetime | None,
        Meta(description="When they expect to arrive; null if they did not say, or the phone's clock is behind."),
    ]


_DECODER = msgspec.json.Decoder(Departure)


def current_departure(rows: Sequence[DepartureRow], history: PlanHistory) -> DepartureRow | None:
    """The last departure for the visit as it is planned now."""
    return rows[-1] if rows and is_current(rows[-1], history) else None


def is_current(row: DepartureRow, history: PlanHistory) -> bool:
    """Whether a departure came after the last change that makes earlier ones say nothing."""
    return all(change.number <= row.revision for change in history.trail if change.kind in OUTDATING_CHANGES)


def view_of(ctx: AppContext, row: DepartureRow) -> DepartureView:
    """A departure for a client. A phone whose clock is ahead does not arrive later for that, nor one that is behind
    before it left."""
    content, received_at = row.content(), ctx.to_local_time(row.at)
    is_behind = received_at - content.at > REPORTED_WITHIN
    wait = None if content.minutes is None or is_behind else timedelta(minutes=content.minutes)
    return DepartureView(
        at=content.at,
        minutes=content.minutes,
        by=row.writer,
        received_at=received_at,
        arrives_at=None if wait is None else later(min(content.at.astimezone(ctx.zone), received_at), wait),
    )


async def add_departure(tx: Transaction, row: DepartureRow) -> None:
    """Insert a departure and its leaf. The visit must be locked, so that the number is free."""
    leaf = log.leaf_insert("visit.departed", row.id, row.salt, row.sha256, row.at, departure_commitment(row))
    count = ("count_departure", {"visit": row.visit.bytes, "number": row.number})
    await tx.execute_batch(("add_departure", to_params(row)), leaf, count)


async def departures_of(tx: Transaction, visit_id: UUID) -> tuple[DepartureRow, ...]:
    """All departures of a visit, by number."""
    return tuple(await fetch_structs(tx, DepartureRow, "departures_of", visit=visit_id.bytes))


def departure_commitment(row: DepartureRow) -> bytes:
    """What the leaf commits to in addition to the bytes."""
    return log.row_commitment(visit=row.visit, number=row.number, revision=row.revision, writer=row.writer)


@finds_rows_of("visit.departed")
async def find_logged_departure(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A departure, as its leaf commits to it."""
    row = await fetch_struct(tx, DepartureRow, "departure", id=id.bytes)
    return row and LoggedRow("visit.departed", row.at, row.body, row.sha256, row.salt, departure_commitment(row))
