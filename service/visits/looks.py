"""Looks of the office at visits that are none of their own: noted once for each person, visit and day, with a leaf.

Who loads a visit for a person only reads. So the look is noted in memory (`note`), and written before the response is
sent (`write_noted`).
"""

from uuid import UUID, uuid5

from service.audit_log import log
from service.context import AppContext
from service.db.database import Transaction
from service.errors import Problem

MOST = 10_000


def subject(visit_id: UUID) -> str:
    """How a visit is named in the log of accesses."""
    return f"visits/{visit_id}"


def note(ctx: AppContext, login: str, visit_id: UUID) -> None:
    """Note that somebody looks at a visit today."""
    look = _look(ctx, login, visit_id)
    if look in ctx.written_looks or len(ctx.noted_looks) >= MOST:
        return
    ctx.noted_looks[look] = None


def is_noted(ctx: AppContext, login: str, visit_id: UUID) -> bool:
    """Whether this server has noted already that somebody looked at a visit today."""
    look = _look(ctx, login, visit_id)
    return look in ctx.written_looks or look in ctx.noted_looks


def _look(ctx: AppContext, login: str, visit_id: UUID) -> tuple[str, UUID, str]:
    return login, visit_id, ctx.now().date().isoformat()


async def write_noted(ctx: AppContext) -> None:
    """Write what was noted. Where nothing can be written now, it stays noted: what is stored can still be read."""
    looks = sorted(ctx.noted_looks)  # other requests and servers write the same ones, in the same order
    if not looks:
        return
    try:
        await ctx.db.write(lambda tx: _write(ctx, tx, looks))
    except Problem:
        return
    if len(ctx.written_looks) >= MOST:
        ctx.written_looks.clear()
    for look in looks:
        ctx.noted_looks.pop(look, None)
        ctx.written_looks.add(look)


async def _write(ctx: AppContext, tx: Transaction, looks: list[tuple[str, UUID, str]]) -> None:
    for login, visit_id, day in looks:
        await write(ctx, tx, uuid5(visit_id, f"look {day} {login}"), login, visit_id, "")


async def write(ctx: AppContext, tx: Transaction, id: UUID, login: str, visit_id: UUID, reason: str) -> None:
    """Write a look with a leaf; nothing if it is written already, or the visit was erased meanwhile."""
    gone = await tx.fetch_one("visit", id=visit_id.bytes) is None
    if gone or await log.access_exists(tx, id):
        return
    await log.record_access(tx, id, ctx.clock(), login, subject(visit_id), reason)
