"""Who did what about a visit, in the order of time."""

from collections.abc import Iterable
from uuid import UUID

from service import errors
from service.accounts.authentication import authenticate_token
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.messages import outbox
from service.messages.calls import CHANNEL as CALL
from service.privacy import holds
from service.visits import looks
from service.visits.appointment import AGREED
from service.visits.batches import CUSTOMER_WRITER, SERVICE_WRITER
from service.visits.customer_link import door_links
from service.visits.loading import LoadedVisit, load_visible_visit
from service.visits.review_rows import describe

from .schemas import HistoryStep, VisitHistory

_BATCHES = {"record": "record", "office": "office", "link": "customer", "scan": "door", "callback": "callback"}


@read_only
async def get_history(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID) -> VisitHistory:
    """All that was done, for dispatchers and supervisors of the area."""
    person = await authenticate_token(tx, token)
    visit = await load_visible_visit(ctx, tx, person, visit_id)
    if not visit.office:
        raise errors.PermissionDenied
    return await build_history(ctx, tx, visit)


async def build_history(ctx: AppContext, tx: Transaction, visit: LoadedVisit) -> VisitHistory:
    """The history of a loaded visit."""
    steps = [*_plan(ctx, visit), *_departures(ctx, visit), *_batches(visit), *_reviews(ctx, visit)]
    for message in await outbox.messages_of(tx, visit.row.id):
        at = ctx.to_local_time(message.created_at)
        text = f"{message.about} {message.channel}" + ("" if message.channel == CALL else f" {message.state}")
        by = _login(message.created_by)
        steps.append(HistoryStep(at=at, kind="message", by=by, id=str(message.id), text=text))
    for link in await door_links(tx, visit.row.id):
        at, text = ctx.to_local_time(link.at), "same_network" if link.same_network else ""
        steps.append(HistoryStep(at=at, kind="link", by=link.technician, id=str(link.id), text=text))
    for row in visit.batch_rows:
        for (kept,) in await tx.fetch_all("quarantined_as", path_id=str(row.id)) if row.kind == "record" else ():
            for at, who, reason in await tx.fetch_all("looks_at", what=f"quarantine/{UUID(bytes=kept)}"):
                steps.append(HistoryStep(at=ctx.to_local_time(at), kind="looked", by=who, id=str(row.id), text=reason))
    for at, who, reason in await tx.fetch_all("looks_at", what=looks.subject(visit.row.id)):
        steps.append(HistoryStep(at=ctx.to_local_time(at), kind="viewed", by=who, id=str(visit.row.id), text=reason))
    for hold in await holds.holds_of(ctx, tx, visit.row.id):
        begun, ended = ("account_held", "account_released") if hold.account else ("held", "released")
        steps.append(HistoryStep(at=hold.at, kind=begun, by=hold.by, id=hold.id, text=hold.reason))
        if hold.ended_at is not None:
            by, why = hold.ended_by or "", hold.ended_because or ""
            steps.append(HistoryStep(at=hold.ended_at, kind=ended, by=by, id=hold.id, text=why))
    return VisitHistory(tuple(sorted(steps, key=lambda step: step.at)))


def _login(writer: str) -> str:
    """Who wrote something; empty for the customer and the service."""
    return "" if writer in (CUSTOMER_WRITER, SERVICE_WRITER) else writer


def _plan(ctx: AppContext, visit: LoadedVisit) -> Iterable[HistoryStep]:
    row = visit.row
    at = ctx.to_local_time(row.created_at)
    yield HistoryStep(at=at, kind="planned", by=row.created_by, id=str(row.id), text=row.type)
    for change in visit.plan_history.trail:
        text = f"{change.kind}: {change.reason}" if change.reason else change.kind
        yield HistoryStep(at=change.at, kind="changed", by=change.by, id=str(change.number), text=text)


def _departures(ctx: AppContext, visit: LoadedVisit) -> Iterable[HistoryStep]:
    for row in visit.departures:
        minutes = row.content().minutes
        text = "" if minutes is None else f"{minutes} min"
        yield HistoryStep(at=ctx.to_local_time(row.at), kind="departure", by=row.writer, id=str(row.id), text=text)


def _batches(visit: LoadedVisit) -> Iterable[HistoryStep]:
    for row, batch in zip(visit.batch_rows, visit.batches, strict=True):
        text = " ".join(dict.fromkeys(entry.what for entry in batch.entries if entry.holds is not False))
        wish = next((one.refused for one in batch.entries if one.what == AGREED and one.by == "customer"), None)
        if wish is not None:  # not the agreement that the item's name would mean
            text = f"asked_time: {wish.reason or ''}".strip()
        by = _login(row.writer)
        yield HistoryStep(at=batch.received_at, kind=_BATCHES[row.kind], by=by, id=batch.id, text=text)  # type: ignore[arg-type]


def _reviews(ctx: AppContext, visit: LoadedVisit) -> Iterable[HistoryStep]:
    for row in visit.reviews.rows:
        at = ctx.to_local_time(row.at)
        yield HistoryStep(at=at, kind=row.kind, by=row.author, id=str(row.id), text=describe(row))
