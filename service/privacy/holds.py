"""Legal holds: what a court, an authority or a dispute needs is not erased, by nobody and by no term, until the hold
ends.

A visit is held, or a customer's account: then all visits with it, also those that are planned later. A visit has the
accounts that its plan and the changes of its details name. In both tables a row that names another one in `ends` ends
that hold.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, tzinfo
from hashlib import sha256
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person, covers_area
from service.audit_log import erasures, log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs, to_params
from service.errors import FieldError, Held, IdReusedWithOtherContent, InvalidBody, NotFound
from service.field_kinds import Cleaned, IdentifierText
from service.judge.bounds import check_time
from service.judge.entries import AwareDatetime
from service.judge.moments import to_ms
from service.text import identifier_key
from service.visits import repository as visits_repository
from service.visits.change_rows import changes_of
from service.visits.changes import DetailsUpdate, Reason
from service.visits.loading import PLAN_DECODER, lock_visible_visit
from service.web.decoding import to_json

from . import customers
from .customers import FoundVisit

PAST = "这个时间已经过去，保全不会生效 / this time is over: nothing would be held"
VISIT_LEAF, ACCOUNT_LEAF = "hold", "hold.account"


class Hold(Cleaned, frozen=True, omit_defaults=True, kw_only=True):
    """What must not be erased, why, and until when."""

    visit: Annotated[UUID | None, Meta(description="A visit; or give an account.")] = None
    account: Annotated[
        Annotated[IdentifierText, Meta(min_length=1)] | None,
        Meta(description="The number on the bill: all visits with it, also those to come."),
    ] = None
    reason: Annotated[Reason, Meta(description="Why, such as the number of the case.")]
    until: Annotated[AwareDatetime | None, Meta(description="Until when; without it until somebody ends it.")] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_time("until", self.until)
        if (self.visit is None) == (self.account is None):
            raise ValueError("name either a visit or an account")


class HoldEnd(Cleaned, frozen=True):
    """Why a hold ends."""

    reason: Annotated[Reason, Meta(description="Why.")]


class HoldView(msgspec.Struct, frozen=True, kw_only=True):
    """A hold, as it is now."""

    id: Annotated[str, Meta(description="Its id.")]
    visit: Annotated[str | None, Meta(description="The visit that must not be erased; null: all of the account.")]
    account: Annotated[str | None, Meta(description="The account whose visits must not be erased.")]
    reason: Annotated[str, Meta(description="Why.")]
    by: Annotated[str, Meta(description="Login of the person who set it.")]
    at: Annotated[datetime, Meta(description="Since when.")]
    until: Annotated[datetime | None, Meta(description="Until when; null: until somebody ends it.")]
    ended_at: Annotated[datetime | None, Meta(description="When somebody ended it.")]
    ended_by: Annotated[str | None, Meta(description="Login of the person who ended it.")]
    ended_because: Annotated[str | None, Meta(description="Why they ended it.")]
    active: Annotated[bool, Meta(description="Whether it holds now.")]


class HoldContent(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the leaf of a hold commits to, and that of its end (`hold`: the one that it ends).

    `areas`, of an account: whose supervisors see and end it; none means everybody's.
    """

    visit: str = ""
    account: str = ""
    by: str
    reason: str = ""
    until: AwareDatetime | None = None
    areas: tuple[str, ...] = ()
    hold: str = ""


class HoldRow(msgspec.Struct, frozen=True, kw_only=True):
    """A hold of a visit or of an account (an `identifier_key`), or (with `ends`) the end of one; times are ms UTC."""

    id: UUID
    visit: UUID | None
    account: str | None
    at: int
    until_at: int | None
    ends: UUID | None
    sha256: bytes
    body: bytes
    salt: bytes

    def content(self) -> HoldContent:
        """What is in the body."""
        return _DECODER.decode(self.body)


_DECODER = msgspec.json.Decoder(HoldContent)
_DETAILS = msgspec.json.Decoder(DetailsUpdate)


async def set_hold(ctx: AppContext, token: bytes, id: UUID, hold: Hold) -> tuple[bool, HoldView]:
    """Hold a visit, or the account of a visit, of the person's areas. False if it was done before with the same
    content. NotFound."""
    return await _set_hold(ctx, token, id, hold, await visits_with(ctx, hold.account))


@transaction
async def _set_hold(
    ctx: AppContext, tx: Transaction, token: bytes, id: UUID, hold: Hold, found: list[FoundVisit]
) -> tuple[bool, HoldView]:
    person = await authenticate_token(tx, token)
    require_permission(person, "hold visits")
    if hold.visit is not None:
        await lock_visible_visit(tx, person, hold.visit)
    elif not any(covers_area(person, one.area) for one in found):
        raise NotFound
    return await add_hold(ctx, tx, id, person.login, hold, [one for one in found if covers_area(person, one.area)])


async def add_hold(
    ctx: AppContext, tx: Transaction, id: UUID, by: str, hold: Hold, found: list[FoundVisit]
) -> tuple[bool, HoldView]:
    """Add a hold; `found` are the visits with its account, whose areas' supervisors see and end it. What erases one of
    them has its lock, so it is done before, or finds the hold. False if it was there. IdReusedWithOtherContent;
    InvalidBody for a time that is over."""
    for visit in sorted(UUID(one.visit) for one in found):
        await visits_repository.lock_visit(tx, visit)
    content = HoldContent(
        visit="" if hold.visit is None else str(hold.visit),
        account=hold.account or "",
        by=by,
        reason=hold.reason,
        until=hold.until,
        areas=tuple(sorted({one.area for one in found})),
    )
    known = await _get(tx, id)
    if known is not None:
        if msgspec.structs.replace(known.content(), areas=content.areas) != content:
            raise IdReusedWithOtherContent
        return False, await _view_of(ctx, tx, known)
    _require_ahead(hold.until, ctx.now())
    row = _row(ctx, id, content)
    await _add(tx, row)
    return True, _view(ctx, row, None)


@transaction
async def end_hold(ctx: AppContext, tx: Transaction, token: bytes, id: UUID, end: HoldEnd) -> HoldView:
    """End a hold; a repetition changes nothing, and says who ended it. NotFound."""
    person = await authenticate_token(tx, token)
    require_permission(person, "hold visits")
    row = await _get(tx, id)
    if row is None or row.ends is not None:
        await erasures.refuse_erased(tx, id)
        raise NotFound
    if row.visit is not None:
        await lock_visible_visit(tx, person, row.visit)
    elif not _concerns(person, row.content().areas):
        raise NotFound
    return await add_end(ctx, tx, row, person.login, end.reason)


async def add_end(ctx: AppContext, tx: Transaction, row: HoldRow, by: str, reason: str) -> HoldView:
    """End a hold, if nobody has."""
    await tx.fetch_one("lock_hold", id=row.id.bytes)
    known = await _view_of(ctx, tx, row)
    if known.ended_at is not None:
        return known
    held = row.content()
    about = HoldContent(
        visit=held.visit, account=held.account, by=by, reason=reason, areas=held.areas, hold=str(row.id)
    )
    end = _row(ctx, ctx.new_id(), about)
    await _add(tx, end)
    return _view(ctx, row, end)


@read_only
async def list_holds(ctx: AppContext, tx: Transaction, token: bytes) -> tuple[HoldView, ...]:
    """All holds of visits and accounts in the person's areas, the oldest first, also those that ended."""
    person = await authenticate_token(tx, token)
    require_permission(person, "hold visits")
    return await all_holds(ctx, tx, person)


async def all_holds(ctx: AppContext, tx: Transaction, person: Person | None = None) -> tuple[HoldView, ...]:
    """All holds, the oldest first; with a `person`, those of their areas."""
    areas = {UUID(bytes=bytes(visit)): (area,) for visit, area in await tx.fetch_all("visits_with_holds")}
    return tuple(
        _view(ctx, row, end)
        for row, end in with_ends(await fetch_structs(tx, HoldRow, "all_holds"))
        if person is None or _concerns(person, areas[row.visit] if row.visit else row.content().areas)
    )


async def refuse_held(ctx: AppContext, tx: Transaction, visit: UUID) -> None:
    """Held if a hold on the visit or on its customer's account is active."""
    if await is_held(ctx, tx, visit):
        raise Held


async def is_held(ctx: AppContext, tx: Transaction, visit: UUID) -> bool:
    """Whether a hold on the visit or on one of its accounts is active."""
    return any(one.active for one in await holds_of(ctx, tx, visit))


async def holds_of(ctx: AppContext, tx: Transaction, visit: UUID) -> list[HoldView]:
    """All holds of a visit and of its accounts, also those that ended."""
    rows = await _rows_of_visit(tx, visit)
    if await tx.fetch_one("account_held") is not None:
        for account in sorted(await accounts_of(tx, visit)):
            rows += await rows_of_account(tx, account)
    return [_view(ctx, row, end) for row, end in with_ends(rows)]


async def rows_of(tx: Transaction, hold: Hold) -> list[HoldRow]:
    """The holds of what a hold is about, and their ends, the oldest first."""
    return await (rows_of_account(tx, hold.account or "") if hold.visit is None else _rows_of_visit(tx, hold.visit))


async def _rows_of_visit(tx: Transaction, visit: UUID) -> list[HoldRow]:
    return await fetch_structs(tx, HoldRow, "holds_of_visit", visit=visit.bytes)


async def rows_of_account(tx: Transaction, account: str) -> list[HoldRow]:
    """The holds of an account and their ends, the oldest first."""
    return await fetch_structs(tx, HoldRow, "holds_of_account", account=identifier_key(account))


async def rows_to_erase(ctx: AppContext, tx: Transaction, account: str) -> dict[bytes, str]:
    """The rows of the holds of an account, by id, what ended them first; none while one is active."""
    rows = await rows_of_account(tx, account)
    active = any(is_active(row, end, ctx.clock()) for row, end in with_ends(rows))
    rows.sort(key=lambda row: row.ends is None)
    return {} if active else {row.id.bytes: "account_holds" for row in rows}


@read_only
async def released_accounts(_: AppContext, tx: Transaction, since: int, before: int) -> list[str]:
    """The accounts whose last hold ended in a time (ms UTC)."""
    return [account for (account,) in await tx.fetch_all("released_accounts", since=since, before=before)]


async def visits_with(ctx: AppContext, account: str | None) -> list[FoundVisit]:
    """The visits that have, or had, an account."""
    return [] if account is None else await customers.find(ctx, account, by=("account",))


async def accounts_of(tx: Transaction, visit: UUID) -> set[str]:
    """The accounts (as they are compared) that a visit has, or had before a change."""
    row = await visits_repository.get_visit(tx, visit)
    if row is None:
        return set()
    details = [_DETAILS.decode(one.body) for one in await changes_of(tx, visit) if one.kind == "details"]
    people = [PLAN_DECODER.decode(row.body).customer, *(one.customer for one in details)]
    return {identifier_key(one.account) for one in people if one is not None} - {""}


def with_ends(rows: Sequence[HoldRow]) -> list[tuple[HoldRow, HoldRow | None]]:
    """Each hold, in the order of the rows, and what ended it."""
    ends = {row.ends: row for row in rows if row.ends is not None}
    return [(row, ends.get(row.id)) for row in rows if row.ends is None]


def is_active(row: HoldRow, end: HoldRow | None, now: int) -> bool:
    """Whether a hold was not ended, and lasts at a time (ms UTC)."""
    return end is None and (row.until_at is None or now < row.until_at)


def end_of_day(day: date, zone: tzinfo | None) -> datetime:
    """Until when a hold lasts that somebody sets until a day: that day is held, too."""
    return datetime.combine(day, time(23, 59, 59), zone)


def _require_ahead(until: datetime | None, now: datetime) -> None:
    if until is not None and until <= now:
        raise InvalidBody("", (FieldError("/until", "in-the-past", PAST),))


def ended_at(hold: HoldView) -> datetime:
    """When a hold that is not active ended."""
    return hold.ended_at or hold.until or hold.at


def _concerns(person: Person, areas: tuple[str, ...]) -> bool:
    return not areas or any(covers_area(person, area) for area in areas)


def _row(ctx: AppContext, id: UUID, content: HoldContent) -> HoldRow:
    body = to_json(content)
    return HoldRow(
        id=id,
        visit=UUID(content.visit) if content.visit else None,
        account=identifier_key(content.account) if content.account else None,
        at=ctx.clock(),
        until_at=None if content.until is None else to_ms(content.until),
        ends=UUID(content.hold) if content.hold else None,
        sha256=sha256(body).digest(),
        body=body,
        salt=ctx.new_salt(),
    )


async def _add(tx: Transaction, row: HoldRow) -> None:
    given = to_params(row)
    query, other = ("add_account_hold", "visit") if row.visit is None else ("add_hold", "account")
    del given[other]
    await tx.execute(query, **given)
    if not await log.append_leaf(tx, _leaf(row), row.id, row.salt, row.sha256, row.at, _commitment(row)):
        raise IdReusedWithOtherContent


def _leaf(row: HoldRow) -> str:
    return ACCOUNT_LEAF if row.visit is None else VISIT_LEAF


def _commitment(row: HoldRow) -> bytes:
    held = {"account": row.account} if row.visit is None else {"visit": str(row.visit)}
    ends = None if row.ends is None else str(row.ends)
    return log.row_commitment(**held, until_at=row.until_at, ends=ends)


async def _get(tx: Transaction, id: UUID) -> HoldRow | None:
    return await fetch_struct(tx, HoldRow, "hold", id=id.bytes)


async def _view_of(ctx: AppContext, tx: Transaction, row: HoldRow) -> HoldView:
    return _view(ctx, row, await fetch_struct(tx, HoldRow, "end_of_hold", id=row.id.bytes))


def _view(ctx: AppContext, row: HoldRow, end: HoldRow | None) -> HoldView:
    content, local = row.content(), ctx.to_local_time
    last = None if end is None else end.content()
    return HoldView(
        id=str(row.id),
        visit=content.visit or None,
        account=content.account or None,
        reason=content.reason,
        by=content.by,
        at=local(row.at),
        until=None if row.until_at is None else local(row.until_at),
        ended_at=None if end is None else local(end.at),
        ended_by=None if last is None else last.by,
        ended_because=None if last is None else last.reason,
        active=is_active(row, end, ctx.clock()),
    )


@finds_rows_of(VISIT_LEAF, ACCOUNT_LEAF)
async def find_logged_hold(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A hold or its end, as its leaf commits to it."""
    row = await _get(tx, id)
    return row and LoggedRow(_leaf(row), row.at, row.body, row.sha256, row.salt, _commitment(row))
