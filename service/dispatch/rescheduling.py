"""Dispatch changes a visit: another time, somebody else, a mended address, a date for a duty, or nobody goes.

Who changes something says which state he saw (`expected`, from the ETag): of two who change the same visit one is told.
"""

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

from service.accounts import repository as accounts_repository
from service.accounts.authentication import sign_in
from service.audit_log import log
from service.context import House
from service.db.database import Tx
from service.errors import FieldError, InvalidBody, PreconditionFailed, VisitBegun, VisitCancelled, VisitFull
from service.judge.bounds import FIRST_YEAR, LAST_YEAR, YEARS
from service.messages import outbox
from service.visits import change_rows, search_index, summaries, sync_feed, unassigned
from service.visits import repository as visits_repository
from service.visits.change_rows import ChangeKind, ChangeRow
from service.visits.changes import Cancellation, Content, NewTechnician, NewWindow, changed
from service.visits.loading import File, contents, load, locked_row
from service.visits.plan import Plan
from service.visits.status import stand_again, texts
from service.web.decoding import decode, encoded

from .planning import due_faults, goes
from .views import VisitView, view


async def change(
    house: House, token: bytes, visit: UUID, kind: ChangeKind, raw: bytes, expected: frozenset[int]
) -> VisitView:
    """Change a part of a visit. What is so already is no change, whatever was expected: an answer may get lost."""
    person = await sign_in(house, token, "change a visit")
    content = decode(contents[kind], raw)
    if isinstance(content, dict) and not all(FIRST_YEAR <= at.year <= LAST_YEAR for at in content.values()):
        raise InvalidBody("", (FieldError("", "invalid", YEARS),))
    change_id = house.new_id()

    async def work(tx: Tx) -> VisitView:
        if isinstance(content, NewTechnician):  # people before visits, as who sends them away locks them
            await accounts_repository.staying(tx, (content.technician, *(content.crew or ())))
        row = await locked_row(tx, person, visit)
        before = await load(house, tx, row)
        if _is_so(before, content):
            return await view(house, tx, before.told(person))
        if row.revision not in expected:
            raise PreconditionFailed
        if row.revision >= house.most.batches and not isinstance(content, Cancellation):
            raise VisitFull(f"at most {house.most.batches} changes (最多 {house.most.batches} 次修改)")
        _open(before, content)
        await _check(tx, before, content)
        new = ChangeRow(
            id=change_id,
            visit=row.id,
            number=row.revision + 1,
            kind=kind,
            at=house.clock(),
            writer=person.login,
            sha256=sha256(raw).digest(),
            body=raw,
            salt=house.salt(),
        )
        await change_rows.add_change(tx, new)
        await log.note(tx, "visit.amended", new.id, new.salt, new.sha256, new.at, change_rows.beside(new))
        if _outdates(before.plan, content):
            await outbox.withdraw(tx, row.id, new.at, kind)
        return await view(house, tx, (await _spread(house, tx, before, content)).told(person))

    return await house.db.write(work)


def _open(file: File, content: Content) -> None:
    """What was done stays where it was done, and is reviewed (docs/decisions/0010). VisitBegun, VisitCancelled."""
    judgement = file.judged()
    if judgement.verdict is not None:
        over = isinstance(content, NewWindow) and "left" in judgement.facts  # work may be of more than one day
        if over or isinstance(content, Cancellation):
            raise VisitBegun
    elif file.standing.cancelled is not None:
        raise VisitCancelled


def _is_so(file: File, content: Content) -> bool:
    if isinstance(content, Cancellation):
        gone = file.standing.cancelled
        return gone is not None and gone.content == content
    return changed(file.plan, content) == file.plan


def _outdates(plan: Plan, content: Content) -> bool:
    """Whether a notice that still waits would tell the customer what no longer is so."""
    after = changed(plan, content)
    told = ("window", "technician", "customer", "work")
    return isinstance(content, Cancellation) or any(getattr(plan, name) != getattr(after, name) for name in told)


async def _check(tx: Tx, file: File, content: Content) -> None:
    """What the decoder cannot see."""
    faults: list[FieldError] = []
    if isinstance(content, NewWindow) and content.end < content.start:
        faults.append(FieldError("/to", "before-from", "must not be before `from`"))
    elif isinstance(content, NewTechnician):
        after = changed(file.plan, content)
        await goes(tx, after.technician, content.crew or ())
    elif isinstance(content, dict):
        faults += due_faults(content, file.rules, "")
    if faults:
        raise InvalidBody("", tuple(faults[:20]))


async def _spread(house: House, tx: Tx, before: File, content: Content) -> File:
    """Bring the board, the search and the agendas up to date; the visit as it now is."""
    row, plan = before.row, changed(before.plan, content)
    revision = row.revision + 1
    planned_at = before.planned_at if plan.window is None else int(plan.window.start.timestamp() * 1000)
    await summaries.repost(
        tx,
        row.id,
        technician=plan.technician,
        crew=plan.crew,
        planned_at=planned_at,
        revision=revision,
        plan=encoded(plan),
    )
    await search_index.change(tx, row.id, row.area, texts(before.plan), texts(plan))
    gone = set(_logins(before.plan)) - set(_logins(plan))
    now = await visits_repository.locked_visit(tx, row.id)
    after = await load(house, tx, now or row)
    if isinstance(content, NewTechnician):
        after = await unassigned.looked_at(tx, after)
    live = await stand_again(tx, after)
    await sync_feed.enlist(tx, _logins(plan), row.id, planned_at=planned_at, live=live, gone=gone)
    return after


def _logins(plan: Plan) -> Iterable[str]:
    return plan.technician, *plan.crew
