"""`doorstep erase`, `doorstep hold`, `doorstep retention` and `doorstep export-person`."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from service.audit_log import erasures
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.errors import NotFound
from service.visits import repository as visits_repository
from service.web.decoding import convert_strict, parse_uuid
from service.web.defects import or_unreadable

from . import customers, erasing, holds, staff, terms
from .customers import FoundVisit
from .erasing import Erased
from .holds import Hold, HoldView

PURGE_TRIES, PURGE_WAIT = 30, 1.0


class Unconfirmed(Exception):
    """It has to be confirmed first; the text says how."""


class Erasures(msgspec.Struct, frozen=True):
    """What was erased, or would be (`dry_run`). `purged`: nothing of it is left in the files of the database either."""

    dry_run: bool
    erased: list[Erased]
    visits: list[FoundVisit] = []
    purged: bool | None = None


class Holds(msgspec.Struct, frozen=True):
    """Holds, and the visits with the account that there are now."""

    holds: list[HoldView]
    visits: list[FoundVisit] = []


async def erase_visit(ctx: AppContext, visit: str, by: str, why: str, *, dry_run: bool) -> Erasures:
    """Erase one visit, by its id. Held, also as a dry run."""
    visit_id = parse_uuid(visit, "/visit")
    if dry_run:
        return Erasures(True, await _preview(ctx, [visit_id]))
    return Erasures(False, await _erase_visits(ctx, [visit_id], by, why), purged=await purge(ctx))


async def erase_customer(
    ctx: AppContext, text: str, by: str, why: str, *, confirmed: int | None, dry_run: bool
) -> Erasures:
    """Erase all visits of a customer. Unconfirmed unless the caller says how many there are, having read the list."""
    found = await customers.find(ctx, text)
    if not found:
        raise NotFound
    ids = [UUID(one.visit) for one in found]
    if dry_run:
        return Erasures(True, await _preview(ctx, ids), found)
    if confirmed != len(found):
        raise Unconfirmed(list_text(found))
    return Erasures(False, await _erase_visits(ctx, ids, by, why), purged=await purge(ctx))


async def _erase_visits(ctx: AppContext, ids: list[UUID], by: str, why: str) -> list[Erased]:
    """Erase visits, or none of them if one is held. Holds of an account that ended go with its last visit."""
    await _refuse_held(ctx, ids)
    accounts = [await or_unreadable(ctx, one, _accounts_of(ctx, one)) or set() for one in ids]
    erased = [await erasing.erase_visit(ctx, one, by, why) for one in ids]
    await terms.erase_holds_of_accounts(ctx, sorted(set[str]().union(*accounts)), "customer", by, why)
    return erased


async def _preview(ctx: AppContext, ids: list[UUID]) -> list[Erased]:
    await _refuse_held(ctx, ids)
    return [await erasing.preview(ctx, one) for one in ids]


async def _refuse_held(ctx: AppContext, ids: list[UUID]) -> None:
    for one in ids:
        await ctx.db.read(lambda tx, one=one: holds.refuse_held(ctx, tx, one))


async def _accounts_of(ctx: AppContext, visit: UUID) -> set[str]:
    return await ctx.db.read(lambda tx: holds.accounts_of(tx, visit))


async def erase_person(ctx: AppContext, login: str, by: str, why: str, *, dry_run: bool) -> Erasures:
    """Erase what is kept of a person who has left."""
    if dry_run:
        return Erasures(True, [await staff.preview_person(ctx, login)])
    return Erasures(False, [await staff.erase_person(ctx, login, by, why)], purged=await purge(ctx))


def typed_hold(ctx: AppContext, until: date | None, **given: str | None) -> Hold:
    """A hold as it is typed, until the end of a day. InvalidBody."""
    content: dict[str, Any] = {name: text for name, text in given.items() if text is not None}
    if until is not None:
        content["until"] = holds.end_of_day(until, ctx.zone)
    return convert_strict(Hold, content)


async def set_hold(ctx: AppContext, hold: Hold, by: str) -> Holds:
    """Hold a visit or an account, also one without visits: then all supervisors see it. NotFound, Erased."""
    found = await holds.visits_with(ctx, hold.account)
    return Holds([await _set_hold(ctx, hold, by, found)], found)


@transaction
async def _set_hold(ctx: AppContext, tx: Transaction, hold: Hold, by: str, found: list[FoundVisit]) -> HoldView:
    if hold.visit is not None and await visits_repository.lock_visit(tx, hold.visit) is None:
        await erasures.refuse_erased(tx, hold.visit)
        raise NotFound
    return (await holds.add_hold(ctx, tx, ctx.new_id(), by, hold, found))[1]


@transaction
async def _end_holds(ctx: AppContext, tx: Transaction, hold: Hold, by: str) -> list[HoldView]:
    if hold.visit is not None:
        await visits_repository.lock_visit(tx, hold.visit)
    rows = await holds.rows_of(tx, hold)
    active = [row for row, end in holds.with_ends(rows) if holds.is_active(row, end, ctx.clock())]
    return [await holds.add_end(ctx, tx, row, by, hold.reason) for row in active]


async def end_holds(ctx: AppContext, hold: Hold, by: str) -> Holds:
    """End all active holds of a visit or an account, for the reason that is given. NotFound if there are none."""
    ended = await _end_holds(ctx, hold, by)
    if not ended:
        raise NotFound
    return Holds(ended, await holds.visits_with(ctx, hold.account))


@read_only
async def list_holds(ctx: AppContext, tx: Transaction) -> Holds:
    """All holds, also those that ended."""
    return Holds(list(await holds.all_holds(ctx, tx)))


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
