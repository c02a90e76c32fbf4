"""Dispatch changes a visit: another time, somebody else, a mended address, a date for a duty, or nobody goes.

Who changes something says which state he saw (`expected`, from the ETag): of two who change the same visit one is told.
"""

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

from service.domain.bounds import FIRST_YEAR, LAST_YEAR, YEARS
from service.domain.change import Cancellation, Content, NewTechnician, NewWindow, changed
from service.domain.errors import FieldError, InvalidBody, PreconditionFailed, VisitBegun, VisitCancelled, VisitFull
from service.domain.visit import Plan
from service.storage import agenda, board, changes, log, messages, people, search, visits
from service.storage.changes import ChangeKind, ChangeRow
from service.storage.database import Tx

from . import vacant
from .access import sign_in
from .decode import decode, encoded
from .house import House
from .judging import File, contents, load, locked_row
from .plan import due_faults, goes
from .standing import stand_again, texts
from .view import VisitView, view


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
            await people.staying(tx, (content.technician, *(content.crew or ())))
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
        await changes.add_change(tx, new)
        await log.note(tx, "visit.amended", new.id, new.salt, new.sha256, new.at, changes.beside(new))
        if _outdates(before.plan, content):
            await messages.withdraw(tx, row.id, new.at, kind)
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
    await board.repost(
        tx,
        row.id,
        technician=plan.technician,
        crew=plan.crew,
        planned_at=planned_at,
        revision=revision,
        plan=encoded(plan),
    )
    await search.change(tx, row.id, row.area, texts(before.plan), texts(plan))
    gone = set(_logins(before.plan)) - set(_logins(plan))
    now = await visits.locked_visit(tx, row.id)
    after = await load(house, tx, now or row)
    if isinstance(content, NewTechnician):
        after = await vacant.looked_at(tx, after)
    live = await stand_again(tx, after)
    await agenda.enlist(tx, _logins(plan), row.id, planned_at=planned_at, live=live, gone=gone)
    return after


def _logins(plan: Plan) -> Iterable[str]:
    return plan.technician, *plan.crew
