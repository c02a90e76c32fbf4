"""Events as people read them: who did what to whom, and when, the newest first; and signs of an attack."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person, supervises
from service.audit_log.events import EventKind, EventRow
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.db.rows import fetch_structs
from service.judge.moments import to_ms
from service.web.decoding import parse_timestamp
from service.web.pagination import decode_cursor, encode_cursor

PAGE, SCANNED = 100, 2000
DAY_MS = 86_400_000
FAILURES = 5
"""So many failed attempts within a day are a sign."""
FAILED, LOCKED = "sign-in-failed", "lockout"
_LAST = (2**62, UUID(int=2**128 - 1))


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events a list has; '' and None: all."""

    person: str = ""
    what: str = ""
    since: str | None = None
    until: str | None = None
    after: str | None = None


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """An event."""

    id: Annotated[str, Meta(description="Its id, which is also that of its leaf in the log.")]
    at: Annotated[datetime, Meta(description="When.")]
    kind: Annotated[EventKind, Meta(description="`access`: of a person; `key`: of a device; `act`: anything else.")]
    what: Annotated[str, Meta(description="What happened, such as `signed-in`.")]
    person: Annotated[str, Meta(description="Login of whom it happened to; empty for an `act`.")]
    by: Annotated[str, Meta(description="Login of who did it; `doorstep`: the service; empty where that is not known.")]
    reason: Annotated[str, Meta(description="Why, where a reason was given.")] = ""
    details: Annotated[dict[str, str], Meta(description="What else is known, such as roles or the name of a device.")]


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """Many failed attempts, or a lockout, within a day."""

    what: Annotated[str, Meta(description="`sign-in-failed` or `lockout`.")]
    person: Annotated[str, Meta(description="Login that was tried; for an unknown one its keyed digest; or empty.")]
    address: Annotated[str, Meta(description="Keyed digest of the address that tried, or empty.")]
    count: Annotated[int, Meta(description="How many attempts.")]
    last_at: Annotated[datetime, Meta(description="When the last one was.")]


class EventPage(msgspec.Struct, frozen=True):
    """Events, the newest first."""

    items: Annotated[tuple[EventView, ...], Meta(description="A page of events; it may be short, or even empty.")]
    after: Annotated[str | None, Meta(description="The cursor of the next page; null on the last one.")]
    signs: Annotated[tuple[Sign, ...], Meta(description="Signs of an attack within a day, only on the first page.")]


@read_only
async def list_events(ctx: AppContext, tx: Transaction, token: bytes, wanted: EventFilter, size: int = 0) -> EventPage:
    """The events that the caller may see: an admin all, a supervisor those of the people in their areas."""
    size = size or PAGE
    caller = await authenticate_token(tx, token)
    require_permission(caller, "see events")
    start = decode_cursor(wanted.after) if wanted.after else _LAST
    may_see = await _visible_people(tx, caller)
    times = {"since": wanted.since, "until": wanted.until}
    since, until = (given and to_ms(parse_timestamp(given, name)) for name, given in times.items())
    filters = {
        "person": await accounts_repository.known_login(tx, wanted.person) if wanted.person else "",
        "what": wanted.what,
        "since": 0 if since is None else since,
        "until": _LAST[0] if until is None else until,
    }
    rows = await _page(tx, start, filters, SCANNED if may_see is not None else size + 1)
    shown = [row for row in rows if may_see is None or may_see(row)][:size]
    is_last = len(rows) < (SCANNED if may_see is not None else size + 1) and (not shown or shown[-1] == rows[-1])
    last = shown[-1] if len(shown) == size else rows[-1] if rows else None
    after = None if is_last or last is None else encode_cursor((last.at, last.id))
    signs = () if wanted.after else await _signs(ctx, tx, may_see)
    return EventPage(tuple(_to_view(ctx, row) for row in shown), after, signs)


async def _visible_people(tx: Transaction, caller: Person) -> Callable[[EventRow], bool] | None:
    """Whether an event is about somebody whom the caller supervises; None where they may see every event."""
    if "admin" in caller.roles:
        return None
    logins = {
        row.person.login
        for row in await accounts_repository.page(tx, "", 100_000)
        if supervises(caller, "see events", row.person)
    }
    return lambda row: row.person in logins


async def _page(tx: Transaction, start: tuple[int, UUID], filters: dict[str, Any], size: int) -> list[EventRow]:
    before = {"before_at": start[0], "before_id": start[1].bytes}
    times = {"since": filters["since"], "until": filters["until"], "size": size}
    if filters["person"]:
        names = {"person": filters["person"], "what": filters["what"]}
        return await fetch_structs(tx, EventRow, "events_of_person", **before, **times, **names)
    if filters["what"]:
        return await fetch_structs(tx, EventRow, "events_called", **before, **times, what=filters["what"])
    return await fetch_structs(tx, EventRow, "events_page", **before, **times)


async def _signs(ctx: AppContext, tx: Transaction, may_see: Callable[[EventRow], bool] | None) -> tuple[Sign, ...]:
    filters = {"what": "", "person": "", "since": ctx.clock() - DAY_MS, "until": _LAST[0]}
    rows = [row for what in (FAILED, LOCKED) for row in await _page(tx, _LAST, filters | {"what": what}, 10_000)]
    visible = [row for row in rows if may_see is None or may_see(row)]
    return tuple(sorted(_count(ctx, visible), key=lambda sign: (-sign.count, sign.person, sign.address)))


def _count(ctx: AppContext, rows: Iterable[EventRow]) -> Iterable[Sign]:
    counts: Counter[tuple[str, str, str]] = Counter()
    last: dict[tuple[str, str, str], int] = {}
    for row in rows:
        body = msgspec.json.decode(row.body)
        whose = row.person or body.get("subject", "")
        for key in ((row.what, whose, ""), (row.what, "", body.get("address", ""))):
            if any(key[1:]):
                counts[key] += 1
                last[key] = max(last.get(key, 0), row.at)
    for (what, person, address), count in counts.items():
        if count >= FAILURES or (what == LOCKED and person):
            at = ctx.to_local_time(last[what, person, address])
            yield Sign(what=what, person=person, address=address, count=count, last_at=at)


def _to_view(ctx: AppContext, row: EventRow) -> EventView:
    body: dict[str, Any] = msgspec.json.decode(row.body)
    hidden = {"what", "person", "by", "reason", "number", "state", "rows", "people"}
    details = {name: _text(value) for name, value in body.items() if name not in hidden and value}
    return EventView(
        id=str(row.id),
        at=ctx.to_local_time(row.at),
        kind=row.kind,
        what=row.what,
        person=row.person,
        by=row.author,
        reason=body.get("reason", ""),
        details=details,
    )


def _text(value: object) -> str:
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)  # type: ignore[reportUnknownArgumentType]
