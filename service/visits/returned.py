"""The visits that were returned to a technician."""

from service.context import AppContext
from service.db.database import Transaction
from service.db.rows import fetch_ids
from service.web.defects import or_unreadable

from . import repository
from .loading import LoadedVisit, load_visit


async def returned_visits(ctx: AppContext, tx: Transaction, login: str) -> list[LoadedVisit]:
    """The visits of a technician with an open correction; those that cannot be read are left out."""
    found: list[LoadedVisit] = []
    for visit_id in await fetch_ids(tx, "returned_visits_of", login=login):
        row = await repository.get_visit(tx, visit_id)
        visit = row and await or_unreadable(ctx, visit_id, load_visit(ctx, tx, row))
        if visit:
            found.append(visit)
    return found
