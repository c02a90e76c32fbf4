"""How a visit stands: its state, its flags, and its row on the board, which whoever writes about a visit rewrites."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from service.context import AppContext
from service.db.database import BatchStatement, Transaction
from service.judge.findings import Judgement
from service.judge.timeline import withdrawn_ids
from service.web.defects import or_unreadable

from . import evidence_files, repository, search_index, summaries, sync_feed, unassigned
from .appointment import awaits_reschedule
from .clock_skew import seconds_ahead
from .grams import normalize_text
from .loading import LoadedVisit, batch_senders, load_visit
from .plan import Plan
from .summaries import VisitStatus

State = Literal["planned", "under_way", "to_review", "returned", "closed", "cancelled"]
Flag = Literal[
    "awaiting_evidence", "open_duties", "absent", "answered", "complaint", "asked_time", "no_technician", "clock"
]
COMPLAINT = "complaint_received"
_ACTIVE_STATES = frozenset({"planned", "under_way", "returned"})


def visit_state(visit: LoadedVisit, judgement: Judgement) -> State:
    """The state follows from what was written; nobody sets it. What was done on a cancelled visit is reviewed too."""
    if judgement.verdict is None:
        return "planned" if visit.plan_history.cancelled is None else "cancelled"
    return "to_review" if "left" in judgement.facts else "under_way"


def visit_flags(visit: LoadedVisit, judgement: Judgement) -> tuple[Flag, ...]:
    """What is still lacking, or came otherwise than planned."""
    flags: list[Flag] = []
    if visit.has_missing_files:
        flags.append("awaiting_evidence")
    if any(finding.severity == "open" for finding in judgement.findings):
        flags.append("open_duties")
    if "nobody_home" in judgement.facts:
        flags.append("absent")
    if visit.customer_responses:
        flags.append("answered")
    if _has_complaint(visit):
        flags.append("complaint")
    if judgement.verdict is None and awaits_reschedule(visit):  # nobody waits at a door that was opened
        flags.append("asked_time")
    if (
        unassigned.NO_TECHNICIAN in visit.row.flags.split() and visit_state(visit, judgement) in _ACTIVE_STATES
    ):  # `visits/unassigned` keeps it
        flags.append("no_technician")
    if any(
        seconds_ahead(one, row.received_at)
        for one, row in zip(visit.batches, visit.batch_rows, strict=True)
        if one.kind == "record"
    ):
        flags.append("clock")
    return tuple(flags)


def _has_complaint(visit: LoadedVisit) -> bool:
    """Whether the customer's last word on anything is that it was not right, whatever the checklist makes of that (what
    nobody declared is no finding, and still somebody of the office has to hear it), or somebody noted a complaint."""
    entries = visit.merged.entries
    noted = [one.id for one in entries if one.what == COMPLAINT and one.holds is not False]
    if noted and not withdrawn_ids(entries).issuperset(noted):
        return True
    said = [one.said for _, one in visit.customer_responses]
    last = {(one.question, one.item, one.thing): one.good for each in said for one in each.answers}
    return not all(last.values()) or any(one.raises for one in said)


async def save_status(
    tx: Transaction,
    visit: LoadedVisit,
    judgement: Judgement,
    *,
    notify_technicians: bool = True,
    also: Sequence[BatchStatement] = (),
) -> list[int]:
    """Something was written about a (locked) visit: the board, and the agendas of those who go. `file` as it now is,
    with its judgement now. Not `notify_technicians`: nothing changes for their phones. `also` is
    what was written, if it is not yet there; how many rows each of those changed."""
    stand, active = _status_statement(visit, judgement)
    changes = (*also, stand)
    if not notify_technicians:
        return (await tx.execute_batch(*changes))[: len(also)]
    same = not visit.customer_responses and active == _needs_sync(visit.row.state, visit.row.flags.split())
    going = visit.plan.technician, *visit.plan.crew
    counts = await sync_feed.bump(tx, going, visit.row.id, active=None if same else active, also=changes)
    return counts[: len(also)]


def _needs_sync(state: str, flags: Sequence[str]) -> bool:
    return state in _ACTIVE_STATES or (
        state != "cancelled" and ("open_duties" in flags or "awaiting_evidence" in flags)
    )


def visit_status(visit: LoadedVisit, judgement: Judgement) -> VisitStatus:
    """What the board has to say of a visit that was judged."""
    until = None if judgement.until is None else judgement.until // 1000 + 1
    return VisitStatus(visit_state(visit, judgement), visit_flags(visit, judgement), judgement.verdict or "", until)


def _status_statement(visit: LoadedVisit, judgement: Judgement) -> tuple[BatchStatement, bool]:
    """The board's row; whether phones need the visit however old it is, as far as those who go may know."""
    now = visit_status(visit, judgement)
    state, flags = now.state, now.flags
    stand = summaries.update_status_statement(visit.row.id, now)
    if visit.customer_responses:
        known = visit.visible_at(None)
        judgement = known.evaluate_at()
        state, flags = visit_state(known, judgement), visit_flags(known, judgement)
    return stand, _needs_sync(state, flags)


async def recompute_status(tx: Transaction, visit: LoadedVisit, *, notify_technicians: bool = True) -> None:
    """The same, judged as of now."""
    await save_status(tx, visit, visit.evaluate_at(), notify_technicians=notify_technicians)


async def refresh_status(tx: Transaction, visit: LoadedVisit) -> bool:
    """Only the board, judged as of now; whether phones need the visit however old it is."""
    stand, active = _status_statement(visit, visit.evaluate_at())
    await tx.execute_batch(stand)
    return active


def search_texts(plan: Plan) -> tuple[str, ...]:
    """The texts of a plan that are searched, as they are compared."""
    who = plan.customer
    return tuple(map(normalize_text, (who.name, who.account, who.address, who.phone, plan.external_ref or "")))


async def backfill_summaries(ctx: AppContext) -> int:
    """Work out the board's rows that were never worked out; how many. What cannot be read stops no start."""
    unreadable: set[UUID] = set()

    async def work(tx: Transaction) -> int:
        some = [one for one in await summaries.stale_summaries(tx, 100 + len(unreadable)) if one not in unreadable]
        for visit in some:
            row = await repository.lock_visit(tx, visit)
            if row is None:
                continue
            file = await or_unreadable(ctx, visit, load_visit(ctx, tx, row))
            if file is None:
                unreadable.add(visit)
            else:
                for batch, named in zip(
                    file.batch_rows, file.referenced_files, strict=True
                ):  # from before files were told apart
                    await evidence_files.expect_files(tx, visit, batch_senders(batch), named)
                await search_index.add(tx, visit, row.area, search_texts(file.plan))
                await recompute_status(tx, await unassigned.with_assignment_flag(tx, file))
        return len(some)

    total = 0
    while found := await ctx.db.write(work):
        total += found
    return total
