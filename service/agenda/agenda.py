"""A technician's agenda: exactly what changed for him since his phone asked last.

A cursor is good for one person and one history. When a backup was put back, numbers are given a second time: a cursor
that is ahead of them shows it, and then all cursors end, so that no phone misses what the same number means now.

A visit that cannot be shown, whatever the defect, does not hide the others: it is named in `unreadable`, and the cursor
goes on and carries its number along. So it is tried again each time the phone asks, and comes as soon as it can be
shown, be it that something about it changed or that the program was mended.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from hmac import compare_digest, digest
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person
from service.accounts.secrets import get_cursor_key, rotate_cursor_key
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.dispatch.views import VisitView, build_view
from service.visits import repository as visits_repository
from service.visits import sync_feed
from service.visits.loading import load_visit
from service.visits.repository import VisitRow
from service.web.decoding import to_json
from service.web.defects import or_unreadable

PAGE = 100
MOST_LEFT_OUT = 32  # numbers that a cursor carries; of more, the later ones come when something about them changes
LARGE, MANY = 4 * 2**20, 5000  # bytes and entries after which a page takes no further visit
SNAPSHOT_PAST_MS = (
    7 * 86_400_000
)  # a phone that comes with nothing gets what was planned within these ms, and all that is live


class Agenda(msgspec.Struct, frozen=True, kw_only=True):
    """What to put in place of what the phone has. `full`: it forgets all visits first. `more`: ask again at once.

    `unreadable`: visits of this technician that cannot be shown just now, by a defect of the server. Of those the phone
    keeps what it has, says so, and goes on: each answer names them again until they come among the `visits`.
    """

    cursor: Annotated[str, Meta(description="What to send as `since` next time.")]
    server_time: Annotated[datetime, Meta(description="The server's clock.")]
    full: Annotated[bool, Meta(description="Forget all visits first.")]
    more: Annotated[bool, Meta(description="There is more: ask again at once.")]
    visits: Annotated[tuple[VisitView, ...], Meta(description="Visits that are new or changed, whole.")]
    gone: Annotated[tuple[str, ...], Meta(description="Ids of visits that are no longer this technician's.")]
    checklists: Annotated[tuple[str, ...], Meta(description="The versions that `visits` need, such as `onsite@1`.")]
    corrections: Annotated[tuple[str, ...], Meta(description="Always empty.")] = ()
    unreadable: Annotated[tuple[str, ...], Meta(description="Ids of visits that cannot be shown just now.")] = ()


class SyncCursor(msgspec.Struct, frozen=True):
    """Where a phone is: after `number`. While it gets everything anew, `top` is where it goes on after that.

    `left_out` are the numbers of visits before it that could not be shown.
    """

    sequence: int
    top: int | None = None
    left_out: tuple[int, ...] = ()


class _CursorReset(Exception):
    """There is no key yet, or one (`old`) that signed a cursor which is ahead of the database: another history."""

    def __init__(self, old: bytes | None) -> None:
        super().__init__()
        self.old = old


async def changes_since(ctx: AppContext, token: bytes, cursor: str | None) -> Agenda:
    """What changed since a cursor. One that is none of his, or of another history, gives everything."""
    try:
        return await _since(ctx, token, cursor)
    except _CursorReset as anew:
        await rotate_cursor_key(ctx, anew.old)
        return await _since(ctx, token, cursor)


@read_only
async def _since(ctx: AppContext, tx: Transaction, token: bytes, cursor: str | None) -> Agenda:
    person = await authenticate_token(tx, token)
    require_permission(person, "see own visits")
    key = await get_cursor_key(tx)
    if key is None:
        raise _CursorReset(None)
    last = await sync_feed.latest_sequence(tx, person.login)
    known = read(key, person, cursor) if cursor else None
    if known is not None and max(known.sequence, known.top or 0) > last:
        raise _CursorReset(key)
    place = known or SyncCursor(0, last)
    if place.top is None:
        rows = await sync_feed.changes_after(tx, person.login, place.sequence, PAGE + 1)
    else:
        rows = await sync_feed.full_snapshot(tx, person.login, place.sequence, ctx.clock() - SNAPSHOT_PAST_MS, PAGE + 1)
    page = await _page(ctx, tx, person, await sync_feed.numbered(tx, person.login, place.left_out), rows[:PAGE])
    more = len(rows) > PAGE or page.taken < len(rows[:PAGE])
    full = place.sequence == 0 and bool(place.top)
    if more:
        new = SyncCursor(rows[page.taken - 1][1], place.top)
    elif place.top is None:
        new = SyncCursor(last)
    else:  # what changed since the first page of everything comes next
        new, more = SyncCursor(place.top), place.top < last
    return _answer(ctx, person, page, key, new, full=full, more=more)


class _Page(msgspec.Struct):
    """What a page has of the rows: how many of them it took, the visits, those that cannot be shown, those gone."""

    taken: int
    seen: list[VisitView]
    left_out: dict[str, int]
    gone: dict[str, None]


async def _page(
    ctx: AppContext,
    tx: Transaction,
    person: Person,
    again: Sequence[tuple[UUID, int, bool]],
    rows: Sequence[tuple[UUID, int, bool]],
) -> _Page:
    """A page of rows, which ends early where the visits are large. What could not be shown before is tried `again`."""
    page = _Page(0, [], {}, {})
    size = entries = 0
    for place, (visit, number, his) in enumerate((*again, *rows), -len(again)):
        if place > 0 and (size > LARGE or entries > MANY):
            break
        page.taken = max(0, place + 1)
        if place >= 0 and (visit, number, his) in again:
            continue
        if not his:
            page.gone[str(visit)] = None
        row = await visits_repository.get_visit(tx, visit) if his else None
        if row is None:
            continue
        whole = await or_unreadable(ctx, visit, _whole(ctx, tx, row, person))
        if whole is None:
            page.left_out[str(visit)] = number
            continue
        whole = msgspec.structs.replace(whole, followed_by=())  # of no use at the door
        size, entries = size + len(to_json(whole)), entries + len(whole.entries)
        page.seen.append(whole)
    return page


def _answer(
    ctx: AppContext, person: Person, page: _Page, key: bytes, place: SyncCursor, *, full: bool, more: bool
) -> Agenda:
    place = msgspec.structs.replace(place, left_out=tuple(page.left_out.values())[:MOST_LEFT_OUT])
    return Agenda(
        cursor=write(key, person, place),
        server_time=ctx.now(),
        full=full,
        more=more,
        visits=tuple(page.seen),
        gone=tuple(page.gone),
        checklists=tuple(dict.fromkeys(one.checklist for one in page.seen)),
        unreadable=tuple(page.left_out),
    )


async def _whole(ctx: AppContext, tx: Transaction, row: VisitRow, person: Person) -> VisitView:
    return await build_view(ctx, tx, (await load_visit(ctx, tx, row)).visible_to(person))


def write(key: bytes, person: Person, place: SyncCursor) -> str:
    """A place as a cursor, signed: nobody makes one up, and with another key it is none."""
    top = -1 if place.top is None else place.top
    raw = place.sequence.to_bytes(8, "big") + top.to_bytes(8, "big", signed=True)
    raw += b"".join(number.to_bytes(8, "big") for number in place.left_out)
    return urlsafe_b64encode(raw + _mark(key, person, raw)).decode().rstrip("=")


def read(key: bytes, person: Person, text: str) -> SyncCursor | None:
    """The place of a cursor; None when it is none of this person's."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    raw, mark = raw[:-8], raw[-8:]
    if len(raw) < 16 or len(raw) % 8 or not compare_digest(mark, _mark(key, person, raw)):
        return None
    top = int.from_bytes(raw[8:16], "big", signed=True)
    left_out = tuple(int.from_bytes(raw[at : at + 8], "big") for at in range(16, len(raw), 8))
    return SyncCursor(int.from_bytes(raw[:8], "big"), None if top < 0 else top, left_out)


def _mark(key: bytes, person: Person, raw: bytes) -> bytes:
    rest = b"\0" + raw[16:] if raw[16:] else b""
    return digest(key, raw[:16] + person.login.encode() + rest, "sha256")[:8]
