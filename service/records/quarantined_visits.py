"""Which visit an input in quarantine is about, as far as its bytes say: it may not be a record at all."""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import can_view_visit
from service.accounts.repository import names_of
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.visits.loading import PLAN_DECODER
from service.visits.summaries import VisitSummaryRow, get_summary

EDGE = 4096
"""How many bytes at the beginning and at the end of an input are searched: a record names its visit before or after its
entries, which may be long."""
_VISIT = re.compile(rb'"visit"\s*:\s*"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"')


class NamedVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A visit that an input names. Without a plan it is not there, or the caller may not see it."""

    id: str
    customer: str = ""
    external_ref: str | None = None
    technician: str = ""
    planned_at: datetime | None = None


@read_only
async def named_visits(ctx: AppContext, tx: Transaction, token: bytes, inputs: Iterable[str]) -> dict[str, NamedVisit]:
    """By the id of an input, the visit that it names; nothing where its bytes name none."""
    person = await authenticate_token(tx, token)
    require_permission(person, "see quarantine")
    found: dict[str, NamedVisit] = {}
    for one in inputs:
        row = await tx.fetch_one("quarantine_edges", id=UUID(one).bytes, edge=EDGE)
        if row is None or (visit_id := _visit_in(row[0], row[1])) is None:
            continue
        summary = await get_summary(tx, visit_id)
        may_see = summary is not None and can_view_visit(person, summary.technician, summary.crew, summary.area)
        found[one] = await _named(ctx, tx, summary) if summary and may_see else NamedVisit(id=str(visit_id))
    return found


def _visit_in(beginning: bytes, end: bytes) -> UUID | None:
    places = (*_VISIT.findall(beginning), *reversed(_VISIT.findall(end)))
    return UUID(places[0].decode()) if places else None


async def _named(ctx: AppContext, tx: Transaction, summary: VisitSummaryRow) -> NamedVisit:
    plan = PLAN_DECODER.decode(summary.plan)
    return NamedVisit(
        id=str(summary.visit),
        customer=plan.customer.name,
        external_ref=plan.external_ref,
        technician=(await names_of(tx, (summary.technician,)))[summary.technician],
        planned_at=ctx.to_local_time(summary.planned_at),
    )
