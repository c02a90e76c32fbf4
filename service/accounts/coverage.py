"""From when on everything has a leaf: an event of its own, written once, at the first start with such leaves.

It counts the rows from before, which have none, and has the state of everybody who was here. After it, leaves without a
commitment to the columns of their row, and rows without a leaf, are faults of `doorstep verify`.
"""

from collections.abc import Mapping
from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

import msgspec

from service.audit_log import events, log
from service.audit_log.events import EventRow
from service.context import AppContext, transaction
from service.db.database import Transaction

from . import person_state
from .events import OPERATOR

COVERAGE_ID = uuid5(NAMESPACE_URL, "urn:doorstep:coverage")


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows had no leaf, by table, and the state of people (`person_state`), by login."""

    what: str = "coverage"
    by: str = OPERATOR
    rows: Mapping[str, int]
    people: Mapping[str, Mapping[str, str]]


async def begin(ctx: AppContext) -> None:
    """Write the event, unless it is there. Leaves from before get their numbers first."""
    if await ctx.db.read(lambda tx: events.get_event(tx, COVERAGE_ID)) is None:
        await log.number_all(ctx.db)
        await _begin(ctx)


@transaction
async def _begin(ctx: AppContext, tx: Transaction) -> None:
    if not await tx.execute("lock_coverage") or await events.get_event(tx, COVERAGE_ID) is not None:
        return
    salt, at = log.new_salt(), ctx.clock()
    logins = [login for (login,) in await tx.fetch_all("all_logins")]
    body = msgspec.json.encode(
        Coverage(
            rows=await rows_without_leaf(tx),
            people={login: await person_state.digests(tx, login, salt, at) for login in logins},
        )
    )
    row = EventRow(
        id=COVERAGE_ID,
        kind="act",
        at=at,
        sha256=sha256(body).digest(),
        body=body,
        salt=salt,
        what="coverage",
        author=OPERATOR,
    )
    await events.add_event(tx, row)


async def rows_without_leaf(tx: Transaction) -> dict[str, int]:
    """How many rows have no leaf because they are older than those of their kind, by table."""
    return {table: count for table, count in await tx.fetch_all("rows_without_leaf") if count}
