"""Legal holds on a customer's account: as long as one is active, nothing of any visit with this account is erased, also
of visits that are planned later. A visit has the accounts that its plan and the changes of its details name."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from service.accounts.permissions import Person, covers_area
from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs, to_params
from service.errors import NotFound
from service.judge.entries import AwareDatetime
from service.judge.moments import to_ms
from service.text import clean_identifier, identifier_key
from service.visits import repository as visits_repository
from service.visits.change_rows import changes_of
from service.visits.changes import DetailsUpdate
from service.visits.loading import PLAN_DECODER
from service.web.decoding import to_json

from .hold_rules import is_active, require_ahead, with_ends

LEAF = "hold.account"


class AccountHoldView(msgspec.Struct, frozen=True, kw_only=True):
    """A hold on an account, as it is now. `by` and `ended_by` are logins."""

    id: str
    account: str
    reason: str
    by: str
    at: datetime
    until: datetime | None
    ended_at: datetime | None
    ended_by: str
    ended_because: str
    active: bool


class AccountHoldContent(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the leaf of a hold commits to, and that of its end (`hold`: the one that it ends).

    `areas`: whose supervisors see and end it; none means everybody's.
    """

    account: str
    by: str
    reason: str
    until: AwareDatetime | None = None
    areas: tuple[str, ...] = ()
    hold: str = ""


class AccountHoldRow(msgspec.Struct, frozen=True, kw_only=True):
    """A hold, or (with `ends`) the end of one; times are ms UTC. `account` is an `identifier_key`."""

    id: UUID
    account: str
    at: int
    until_at: int | None
    ends: UUID | None
    sha256: bytes
    body: bytes
    salt: bytes

    def content(self) -> AccountHoldContent:
        """What is in the body."""
        return _DECODER.decode(self.body)


_DECODER = msgspec.json.Decoder(AccountHoldContent)
_DETAILS = msgspec.json.Decoder(DetailsUpdate)


@transaction
async def set_hold(
    ctx: AppContext,
    tx: Transaction,
    account: str,
    by: str,
    reason: str,
    until: datetime | None,
    areas: tuple[str, ...] = (),
) -> AccountHoldView:
    """Hold an account, whether there are visits with it or not. InvalidBody for a time that is over."""
    require_ahead(until, ctx.now())
    row = _row(ctx, AccountHoldContent(clean_identifier(account), by, reason, until, areas))
    await _add(tx, row)
    return _view(ctx, row, None)


@transaction
async def end_hold(
    ctx: AppContext, tx: Transaction, id: UUID, by: str, reason: str, person: Person | None = None
) -> None:
    """End a hold; a repetition changes nothing. NotFound, also for a `person` of other areas."""
    row = await _get(tx, id)
    if row is None or row.ends is not None or (person is not None and not _concerns(person, row.content().areas)):
        raise NotFound
    if all(one.ends != id for one in await _rows_of(tx, row.account)):
        content = row.content()
        await _add(tx, _row(ctx, AccountHoldContent(content.account, by, reason, areas=content.areas, hold=str(id))))


@read_only
async def list_holds(ctx: AppContext, tx: Transaction, person: Person | None = None) -> tuple[AccountHoldView, ...]:
    """The active holds, the oldest first; with a `person`, those of their areas."""
    found: list[AccountHoldView] = []
    for (account,) in await tx.fetch_all("held_accounts"):
        rows = await _rows_of(tx, account)
        areas = {str(row.id): row.content().areas for row in rows}
        found += [one for one in _views(ctx, rows) if person is None or _concerns(person, areas[one.id])]
    return tuple(sorted((one for one in found if one.active), key=lambda one: one.at))


async def holds_of_account(ctx: AppContext, tx: Transaction, account: str) -> list[AccountHoldView]:
    """All holds of an account, the oldest first."""
    return _views(ctx, await _rows_of(tx, identifier_key(account)))


async def holds_of_visit(ctx: AppContext, tx: Transaction, visit: UUID) -> list[AccountHoldView]:
    """All holds of the accounts of a visit, also those that ended."""
    if await tx.fetch_one("account_held") is None:
        return []
    accounts = await accounts_of(tx, visit)
    return [one for account in sorted(accounts) for one in await holds_of_account(ctx, tx, account)]


async def accounts_of(tx: Transaction, visit: UUID) -> set[str]:
    """The accounts (as they are compared) that a visit has, or had before a change."""
    row = await visits_repository.get_visit(tx, visit)
    if row is None:
        return set()
    details = [_DETAILS.decode(one.body) for one in await changes_of(tx, visit) if one.kind == "details"]
    customers = [PLAN_DECODER.decode(row.body).customer, *(one.customer for one in details)]
    return {identifier_key(one.account) for one in customers if one is not None} - {""}


@read_only
async def released_accounts(_: AppContext, tx: Transaction, since: int, before: int) -> list[str]:
    """The accounts whose last hold ended in a time (ms UTC)."""
    return [account for (account,) in await tx.fetch_all("released_accounts", since=since, before=before)]


async def rows_to_erase(ctx: AppContext, tx: Transaction, account: str) -> dict[bytes, str]:
    """The rows of the holds of an account, by id; none while one is active."""
    rows = await _rows_of(tx, account)
    return {} if any(one.active for one in _views(ctx, rows)) else {row.id.bytes: "account_holds" for row in rows}


def _concerns(person: Person, areas: tuple[str, ...]) -> bool:
    return not areas or any(covers_area(person, area) for area in areas)


async def _rows_of(tx: Transaction, account: str) -> list[AccountHoldRow]:
    return await fetch_structs(tx, AccountHoldRow, "holds_of_account", account=account)


def _row(ctx: AppContext, content: AccountHoldContent) -> AccountHoldRow:
    body = to_json(content)
    return AccountHoldRow(
        id=ctx.new_id(),
        account=identifier_key(content.account),
        at=ctx.clock(),
        until_at=None if content.until is None else to_ms(content.until),
        ends=UUID(content.hold) if content.hold else None,
        sha256=sha256(body).digest(),
        body=body,
        salt=ctx.new_salt(),
    )


async def _add(tx: Transaction, row: AccountHoldRow) -> None:
    await tx.execute("add_account_hold", **to_params(row))
    await log.append_leaf(tx, LEAF, row.id, row.salt, row.sha256, row.at, _commitment(row))


def _commitment(row: AccountHoldRow) -> bytes:
    ends = None if row.ends is None else str(row.ends)
    return log.row_commitment(account=row.account, until_at=row.until_at, ends=ends)


async def _get(tx: Transaction, id: UUID) -> AccountHoldRow | None:
    return await fetch_struct(tx, AccountHoldRow, "account_hold", id=id.bytes)


def _views(ctx: AppContext, rows: Sequence[AccountHoldRow]) -> list[AccountHoldView]:
    return [_view(ctx, row, end) for row, end in with_ends(rows)]


def _view(ctx: AppContext, row: AccountHoldRow, end: AccountHoldRow | None) -> AccountHoldView:
    content, local = row.content(), ctx.to_local_time
    last = None if end is None else end.content()
    return AccountHoldView(
        id=str(row.id),
        account=content.account,
        reason=content.reason,
        by=content.by,
        at=local(row.at),
        until=None if row.until_at is None else local(row.until_at),
        ended_at=None if end is None else local(end.at),
        ended_by="" if last is None else last.by,
        ended_because="" if last is None else last.reason,
        active=is_active(row, end, ctx.clock()),
    )


@finds_rows_of(LEAF)
async def find_logged_account_hold(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A hold of an account or its end, as its leaf commits to it."""
    row = await _get(tx, id)
    return row and LoggedRow(LEAF, row.at, row.body, row.sha256, row.salt, _commitment(row))
