"""Legal holds: what a court, an authority or a dispute needs is not erased, by nobody and by no term, until the hold
ends."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import covers_area
from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs, to_params
from service.errors import Held, IdReusedWithOtherContent, NotFound
from service.field_kinds import Cleaned
from service.judge.entries import AwareDatetime
from service.judge.moments import to_ms
from service.visits.changes import Reason
from service.visits.loading import lock_visible_visit
from service.web.decoding import to_json

from . import account_holds
from .hold_rules import is_active, require_ahead, with_ends

LEAF = "hold"


class Hold(Cleaned, frozen=True, omit_defaults=True):
    """Why a visit must not be erased, and until when."""

    reason: Annotated[Reason, Meta(description="Why, such as the number of the case.")]
    until: Annotated[AwareDatetime | None, Meta(description="Until when; without it until somebody ends it.")] = None


class HoldView(msgspec.Struct, frozen=True, kw_only=True):
    """A hold, as it is now."""

    id: Annotated[str, Meta(description="Its id.")]
    visit: Annotated[str, Meta(description="The visit that must not be erased.")]
    reason: Annotated[str, Meta(description="Why.")]
    by: Annotated[str, Meta(description="Login of the person who set it.")]
    at: Annotated[datetime, Meta(description="Since when.")]
    until: Annotated[datetime | None, Meta(description="Until when; null: until somebody ends it.")]
    ended_at: Annotated[datetime | None, Meta(description="When it was ended before that.")]
    ended_by: Annotated[str | None, Meta(description="Login of the person who ended it.")]
    active: Annotated[bool, Meta(description="Whether it holds now.")]


class HoldContent(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the leaf of a hold commits to, and that of its end (`hold`: the one that it ends)."""

    visit: str
    by: str
    reason: str = ""
    until: AwareDatetime | None = None
    hold: str = ""


class HoldRow(msgspec.Struct, frozen=True, kw_only=True):
    """A hold, or (with `ends`) the end of one; times are ms UTC."""

    id: UUID
    visit: UUID
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


async def refuse_held(ctx: AppContext, tx: Transaction, visit: UUID) -> None:
    """Held if a hold on the visit or on its customer's account is active."""
    if await is_held(ctx, tx, visit):
        raise Held


async def is_held(ctx: AppContext, tx: Transaction, visit: UUID) -> bool:
    """Whether a hold on the visit or on one of its accounts is active."""
    return any(one.active for one in await holds_of(ctx, tx, visit)) or any(
        one.active for one in await account_holds.holds_of_visit(ctx, tx, visit)
    )


async def holds_of(ctx: AppContext, tx: Transaction, visit: UUID) -> list[HoldView]:
    """All holds of a visit, the oldest first."""
    rows = await fetch_structs(tx, HoldRow, "holds_of_visit", visit=visit.bytes)
    return [_view(ctx, row, end) for row, end in with_ends(rows)]


@transaction
async def set_hold(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, id: UUID, hold: Hold
) -> tuple[bool, HoldView]:
    """Hold a visit. False if it was done before with the same content. InvalidBody for a time that is over."""
    person = await authenticate_token(tx, token)
    require_permission(person, "hold visits")
    await lock_visible_visit(tx, person, visit_id)
    row = _row(ctx, visit_id, id, HoldContent(str(visit_id), person.login, hold.reason, hold.until))
    known = await _get(tx, id)
    if known is not None:
        if known.visit != visit_id or known.body != row.body:
            raise IdReusedWithOtherContent
        return False, next(one for one in await holds_of(ctx, tx, visit_id) if one.id == str(id))
    require_ahead(hold.until, ctx.now())
    await _add(tx, row)
    return True, _view(ctx, row, None)


@transaction
async def end_hold(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, id: UUID) -> None:
    """End a hold; a repetition changes nothing. NotFound."""
    person = await authenticate_token(tx, token)
    require_permission(person, "hold visits")
    await lock_visible_visit(tx, person, visit_id)
    found = next((one for one in await holds_of(ctx, tx, visit_id) if one.id == str(id)), None)
    if found is None:
        raise NotFound
    if found.ended_at is None:
        await _add(tx, _row(ctx, visit_id, ctx.new_id(), HoldContent(str(visit_id), person.login, hold=str(id))))


def _row(ctx: AppContext, visit: UUID, id: UUID, content: HoldContent) -> HoldRow:
    body = to_json(content)
    return HoldRow(
        id=id,
        visit=visit,
        at=ctx.clock(),
        until_at=None if content.until is None else to_ms(content.until),
        ends=UUID(content.hold) if content.hold else None,
        sha256=sha256(body).digest(),
        body=body,
        salt=ctx.new_salt(),
    )


async def _add(tx: Transaction, row: HoldRow) -> None:
    await tx.execute("add_hold", **to_params(row))
    if not await log.append_leaf(tx, LEAF, row.id, row.salt, row.sha256, row.at, _commitment(row)):
        raise IdReusedWithOtherContent


def _commitment(row: HoldRow) -> bytes:
    ends = None if row.ends is None else str(row.ends)
    return log.row_commitment(visit=str(row.visit), until_at=row.until_at, ends=ends)


async def _get(tx: Transaction, id: UUID) -> HoldRow | None:
    return await fetch_struct(tx, HoldRow, "hold", id=id.bytes)


@read_only
async def list_holds(ctx: AppContext, tx: Transaction, token: bytes) -> tuple[HoldView, ...]:
    """The active holds of visits in the person's areas, the oldest first."""
    person = await authenticate_token(tx, token)
    require_permission(person, "hold visits")
    rows = await tx.fetch_all("visits_with_holds")
    found = [await holds_of(ctx, tx, UUID(bytes=visit)) for visit, area in rows if covers_area(person, area)]
    return tuple(sorted((one for holds in found for one in holds if one.active), key=lambda one: one.at))


def _view(ctx: AppContext, row: HoldRow, end: HoldRow | None) -> HoldView:
    content, local = row.content(), ctx.to_local_time
    return HoldView(
        id=str(row.id),
        visit=str(row.visit),
        reason=content.reason,
        by=content.by,
        at=local(row.at),
        until=None if row.until_at is None else local(row.until_at),
        ended_at=None if end is None else local(end.at),
        ended_by=None if end is None else end.content().by,
        active=is_active(row, end, ctx.clock()),
    )


@finds_rows_of(LEAF)
async def find_logged_hold(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A hold or its end, as its leaf commits to it."""
    row = await _get(tx, id)
    return row and LoggedRow(LEAF, row.at, row.body, row.sha256, row.salt, _commitment(row))
