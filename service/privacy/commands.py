"""`doorstep erase`, `doorstep hold`, `doorstep retention` and `doorstep export-person`."""

import asyncio
from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.context import AppContext
from service.db.database import Transaction
from service.errors import NotFound
from service.field_kinds import Cleaned, IdentifierText
from service.visits.changes import Reason
from service.web.decoding import convert_strict, parse_uuid
from service.web.defects import or_unreadable

from . import account_holds, customers, erasing, holds, staff, terms
from .account_holds import AccountHoldView
from .customers import FoundVisit
from .erasing import Erased
from .hold_rules import end_of_day

PURGE_TRIES, PURGE_WAIT = 30, 1.0


class Unconfirmed(Exception):
    """It has to be confirmed first; the text says how."""


class Erasures(msgspec.Struct, frozen=True):
    """What was erased, or would be (`dry_run`). `purged`: nothing of it is left in the files of the database either."""

    dry_run: bool
    erased: list[Erased]
    visits: list[FoundVisit] = []
    purged: bool | None = None


class AccountHold(Cleaned, frozen=True):
    """An account that is held or released, and why."""

    account: Annotated[IdentifierText, Meta(description="The number on the bill.", min_length=1)]
    reason: Reason


class AccountHolds(msgspec.Struct, frozen=True):
    """Holds of an account, and the visits with it that there are now."""

    holds: list[AccountHoldView]
    visits: list[FoundVisit]


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
    return await ctx.db.read(lambda tx: account_holds.accounts_of(tx, visit))


async def erase_person(ctx: AppContext, login: str, by: str, why: str, *, dry_run: bool) -> Erasures:
    """Erase what is kept of a person who has left."""
    if dry_run:
        return Erasures(True, [await staff.preview_person(ctx, login)])
    return Erasures(False, [await staff.erase_person(ctx, login, by, why)], purged=await purge(ctx))


async def hold_account(ctx: AppContext, account: str, by: str, why: str, until: date | None) -> AccountHolds:
    """Hold an account until the end of a day. The supervisors of its visits' areas see it; of one that has none
    yet, all. InvalidBody if the account or the reason is none."""
    checked = convert_strict(AccountHold, {"account": account, "reason": why})
    found = await customers.find(ctx, checked.account, by=("account",))
    end = None if until is None else end_of_day(until, ctx.zone)
    areas = tuple(sorted({one.area for one in found}))
    hold = await account_holds.set_hold(ctx, checked.account, by, checked.reason, end, areas)
    return AccountHolds([hold], found)


async def release_account(ctx: AppContext, account: str, by: str, why: str) -> AccountHolds:
    """End all active holds of an account. NotFound if there are none."""
    checked = convert_strict(AccountHold, {"account": account, "reason": why})

    async def read(tx: Transaction) -> list[AccountHoldView]:
        return await account_holds.holds_of_account(ctx, tx, checked.account)

    active = {one.id for one in await ctx.db.read(read) if one.active}
    if not active:
        raise NotFound
    for one in active:
        await account_holds.end_hold(ctx, UUID(one), by, checked.reason)
    ended = [one for one in await ctx.db.read(read) if one.id in active]
    return AccountHolds(ended, await customers.find(ctx, checked.account, by=("account",)))


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
