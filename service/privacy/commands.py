"""`doorstep erase`, `doorstep retention` and `doorstep export-person`."""

import asyncio
from uuid import UUID

import msgspec

from service.context import AppContext
from service.errors import NotFound
from service.web.decoding import parse_uuid

from . import customers, erasing, staff
from .customers import FoundVisit
from .erasing import Erased

PURGE_TRIES, PURGE_WAIT = 30, 1.0


class Unconfirmed(Exception):
    """It has to be confirmed first; the text says how."""


class Erasures(msgspec.Struct, frozen=True):
    """What was erased, or would be (`dry_run`). `purged`: nothing of it is left in the files of the database either."""

    dry_run: bool
    erased: list[Erased]
    visits: list[FoundVisit] = []
    purged: bool | None = None


async def erase_visit(ctx: AppContext, visit: str, by: str, why: str, *, dry_run: bool) -> Erasures:
    """Erase one visit, by its id."""
    visit_id = parse_uuid(visit, "/visit")
    if dry_run:
        return Erasures(True, [await erasing.preview(ctx, visit_id)])
    return Erasures(False, [await erasing.erase_visit(ctx, visit_id, by, why)], purged=await purge(ctx))


async def erase_customer(
    ctx: AppContext, text: str, by: str, why: str, *, confirmed: int | None, dry_run: bool
) -> Erasures:
    """Erase all visits of a customer. Unconfirmed unless the caller says how many there are, having read the list."""
    found = await customers.find(ctx, text)
    if not found:
        raise NotFound
    ids = [UUID(one.visit) for one in found]
    if dry_run:
        return Erasures(True, [await erasing.preview(ctx, one) for one in ids], found)
    if confirmed != len(found):
        raise Unconfirmed(list_text(found))
    erased = [await erasing.erase_visit(ctx, one, by, why) for one in ids]
    return Erasures(False, erased, purged=await purge(ctx))


async def erase_person(ctx: AppContext, login: str, by: str, why: str, *, dry_run: bool) -> Erasures:
    """Erase what is kept of a person who has left."""
    if dry_run:
        return Erasures(True, [await staff.preview_person(ctx, login)])
    return Erasures(False, [await staff.erase_person(ctx, login, by, why)], purged=await purge(ctx))


async def purge(ctx: AppContext) -> bool:
    """Remove what was deleted from the files of the database; False if somebody goes on reading it."""
    for _ in range(PURGE_TRIES):
        if await ctx.db.purge():
            return True
        await asyncio.sleep(PURGE_WAIT)
    return False


def list_text(found: list[FoundVisit]) -> str:
    """The visits, for a person who has to confirm them."""
    lines = [f"{one.visit}  {one.customer}  {one.phone}  {one.address}  {one.external_ref}" for one in found]
    count = len(found)
    lines += [
        f"共 {count} 次上门。核对无误后，再加 --yes {count} 运行",
        f"{count} visits: if all of them are meant, run it again with --yes {count}",
    ]
    return "\n".join(lines)
