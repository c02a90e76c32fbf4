"""How a decision or an answer is added to a visit."""

from hashlib import sha256
from uuid import UUID

import msgspec

from service import errors
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Permission, Person
from service.context import AppContext
from service.db.database import Transaction
from service.visits.loading import LoadedVisit, load_visit, lock_visible_visit
from service.visits.review_rows import ReviewKind, ReviewRow, add_review, get_review
from service.visits.status import recompute_status
from service.visits.unassigned import with_assignment_flag


async def lock_for(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, permission: Permission
) -> tuple[Person, LoadedVisit]:
    """The caller and a visit that they may see, locked. PermissionDenied, NotFound."""
    person = await authenticate_token(tx, token)
    require_permission(person, permission)
    row = await lock_visible_visit(tx, person, visit_id)
    return person, await load_visit(ctx, tx, row)


async def is_known(tx: Transaction, id: UUID, kind: ReviewKind, visit_id: UUID, body: bytes) -> bool:
    """Whether the same was sent before under this id. IdReusedWithOtherContent for anything else."""
    known = await get_review(tx, id)
    if known is None:
        return False
    if known.kind != kind or known.visit != visit_id or known.sha256 != sha256(body).digest():
        raise errors.IdReusedWithOtherContent
    return True


async def add_row(
    ctx: AppContext, tx: Transaction, visit: LoadedVisit, id: UUID, kind: ReviewKind, author: str, body: bytes
) -> LoadedVisit:
    """Add a row to a locked visit; the visit as it is then. VisitFull, IdReusedWithOtherContent."""
    number, most = len(visit.reviews.rows) + 1, ctx.visit_limits.batches
    if number > most:
        raise errors.VisitFull(f"最多 {most} 次审核和说明 / at most {most} decisions and answers")
    new = ReviewRow(
        id=id,
        visit=visit.row.id,
        number=number,
        kind=kind,
        at=ctx.clock(),
        author=author,
        batches=len(visit.batches),
        sha256=sha256(body).digest(),
        body=body,
        salt=ctx.new_salt(),
    )
    if not await add_review(tx, new):
        raise errors.IdReusedWithOtherContent
    after = await load_visit(ctx, tx, msgspec.structs.replace(visit.row, reviews=number))
    if kind == "correction":
        after = await with_assignment_flag(tx, after)  # whom it goes back to may have left
    await recompute_status(tx, after)
    return after
