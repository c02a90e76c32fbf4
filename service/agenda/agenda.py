"""A technician's agenda: exactly what changed for them since their phone last asked.

A cursor is valid for one person and one history. After a backup is restored, sequence numbers are assigned a second
time: a cursor ahead of the database reveals it, and then all cursors are invalidated, so that no phone misses a change.

A visit that cannot be read because of a defect does not hide the others: it is named in `unreadable`, and the cursor
carries its number along. It is tried again at each request and delivered as soon as it can be read.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from hmac import compare_digest, digest
from typing import Annotated

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person
from service.accounts.secrets import get_cursor_key, get_door_code_key, rotate_cursor_key
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.dispatch.views import VisitView, build_view
from service.visits import door_code, sync_feed
from service.visits import repository as visits_repository
from service.visits.loading import load_visit
from service.visits.repository import VisitRow
from service.visits.returned import returned_visits
from service.visits.review_rows import OpenCorrection
from service.visits.status import PHONE_DAYS, leaves_phones_at
from service.visits.sync_feed import FeedEntry
from service.web.decoding import to_json
from service.web.defects import or_unreadable

PAGE = 100
MAX_LEFT_OUT = 32  # numbers that a cursor carries; the visits beyond come when something about them changes
MAX_PAGE_BYTES, MAX_PAGE_ENTRIES = 4 * 2**20, 5000  # a page that is larger takes no further visit
SNAPSHOT_PAST_MS = PHONE_DAYS * 86_400_000  # a full snapshot has the active visits, and those planned since then


class DoorKey(msgspec.Struct, frozen=True, kw_only=True):
    """With what a phone makes the codes at the door when there is no network (docs/device.md)."""

    key: Annotated[str, Meta(description="The secret of this visit and technician: 32 bytes in hex.")]
    opens_at: Annotated[datetime, Meta(description="From when on the code is shown.")]
    closes_at: Annotated[datetime, Meta(description="Until when.")]
    word: Annotated[str, Meta(description="The words that the customer's message may have named.")]


class Agenda(msgspec.Struct, frozen=True, kw_only=True):
    """What replaces the phone's visits. `full`: it drops all of them first. `more`: ask again at once.

    `unreadable`: visits of this technician that cannot be shown now because of a defect of the server. The phone keeps
    its copies, says so, and goes on: each answer names them again until they appear in `visits`.
    """

    cursor: Annotated[str, Meta(description="What to send as `since` next time.")]
    server_time: Annotated[datetime, Meta(description="The server's clock.")]
    full: Annotated[bool, Meta(description="Forget all visits first.")]
    more: Annotated[bool, Meta(description="There is more: ask again at once.")]
    visits: Annotated[tuple[VisitView, ...], Meta(description="Visits that are new or changed, whole.")]
    gone: Annotated[tuple[str, ...], Meta(description="Ids of visits to drop: handed over, closed, or over for long.")]
    checklists: Annotated[tuple[str, ...], Meta(description="The versions that `visits` need, such as `onsite@1`.")]
    corrections: Annotated[
        tuple[OpenCorrection, ...], Meta(description="All open corrections of this technician's visits.")
    ] = ()
    unreadable: Annotated[tuple[str, ...], Meta(description="Ids of visits that cannot be shown just now.")] = ()
    price_list: Annotated[
        str, Meta(description="What a damaged meter costs: shown beside a statement by which the customer pays for it.")
    ] = ""
    door_keys: Annotated[
        dict[str, DoorKey], Meta(description="For the code at the door, by the visit's id: of those in `visits`.")
    ] = {}


class SyncCursor(msgspec.Struct, frozen=True):
    """A phone has everything up to `sequence`. During a full snapshot, changes after `top` follow the snapshot.

    `left_out` are the numbers of earlier visits that could not be read.
    """

    sequence: int
    top: int | None = None
    left_out: tuple[int, ...] = ()


class _CursorReset(Exception):
    """There is no key yet, or the key `old` signed a cursor that is ahead of the database: another history."""

    def __init__(self, old: bytes | None) -> None:
        super().__init__()
        self.old = old


class _Page(msgspec.Struct):
    """The visits of a page, and how many rows it took."""

    taken: int = 0
    visits: list[VisitView] = []
    door_keys: dict[str, DoorKey] = {}
    left_out: dict[str, int] = {}
    gone: dict[str, None] = {}


async def changes_since(ctx: AppContext, token: bytes, cursor: str | None) -> Agenda:
    """What changed since a cursor. A cursor of another person or history gives a full snapshot."""
    try:
        return await _changes_since(ctx, token, cursor)
    except _CursorReset as reset:
        await rotate_cursor_key(ctx, reset.old)
        return await _changes_since(ctx, token, cursor)


@read_only
async def _changes_since(ctx: AppContext, tx: Transaction, token: bytes, text: str | None) -> Agenda:
    person = await authenticate_token(tx, token)
    require_permission(person, "see own visits")
    key, door_key = await get_cursor_key(ctx, tx), await get_door_code_key(ctx, tx)
    if key is None or door_key is None:
        raise _CursorReset(None)
    latest = await sync_feed.latest_sequence(tx, person.login)
    cursor = (_decode_cursor(key, person, text) if text else None) or SyncCursor(0, latest)
    if max(cursor.sequence, cursor.top or 0) > latest:
        raise _CursorReset(key)
    if cursor.top is None:
        rows = await sync_feed.changes_after(tx, person.login, cursor.sequence, PAGE + 1)
    else:
        recent = ctx.clock() - SNAPSHOT_PAST_MS
        rows = await sync_feed.full_snapshot(tx, person.login, cursor.sequence, recent, PAGE + 1)
    retried = await sync_feed.entries_at(tx, person.login, cursor.left_out)
    page = await _read_page(ctx, tx, person, door_key, retried, rows[:PAGE])
    more = len(rows) > PAGE or page.taken < len(rows[:PAGE])
    if more:
        following = SyncCursor(rows[page.taken - 1].sequence, cursor.top)
    elif cursor.top is None:
        following = SyncCursor(latest)
    else:  # the snapshot is complete: what changed since its first page comes next
        following, more = SyncCursor(cursor.top), cursor.top < latest
    left_out = tuple(page.left_out.values())[:MAX_LEFT_OUT]
    returned = await returned_visits(ctx, tx, person.login)
    return Agenda(
        cursor=_encode_cursor(key, person, msgspec.structs.replace(following, left_out=left_out)),
        server_time=ctx.now(),
        full=cursor.sequence == 0 and bool(cursor.top),
        more=more,
        visits=tuple(page.visits),
        gone=tuple(page.gone),
        checklists=tuple(dict.fromkeys(visit.checklist for visit in page.visits)),
        corrections=tuple(one for visit in returned for one in visit.reviews.corrections),
        unreadable=tuple(page.left_out),
        door_keys=page.door_keys,
        price_list=ctx.company.price_list,
    )


async def _read_page(
    ctx: AppContext,
    tx: Transaction,
    person: Person,
    door_key: bytes,
    retried: Sequence[FeedEntry],
    rows: Sequence[FeedEntry],
) -> _Page:
    """The visits of `rows`, fewer where they are large, and those that could not be read before."""
    page, size, entries = _Page(), 0, 0
    for index, row in enumerate((*retried, *rows), -len(retried)):
        if index > 0 and (size > MAX_PAGE_BYTES or entries > MAX_PAGE_ENTRIES):
            break
        page.taken = max(0, index + 1)
        if index >= 0 and row in retried:
            continue
        if not row.is_assigned:
            page.gone[str(row.visit)] = None
            continue
        visit = await visits_repository.get_visit(tx, row.visit)
        if visit is None:
            continue
        shown = await or_unreadable(ctx, row.visit, _view(ctx, tx, visit, person, door_key))
        if shown is None:
            page.left_out[str(row.visit)] = row.sequence
            continue
        view, code = shown
        if view is None:
            page.gone[str(row.visit)] = None
            continue
        size, entries = size + len(to_json(view)), entries + len(view.entries)
        page.visits.append(view)
        if code is not None:
            page.door_keys[view.id] = code
    return page


async def _view(
    ctx: AppContext, tx: Transaction, row: VisitRow, person: Person, door_key: bytes
) -> tuple[VisitView | None, DoorKey | None]:
    """The visit as the technician may see it, unless phones drop it, and their key for the code at its door."""
    visit = (await load_visit(ctx, tx, row)).visible_to(person)
    view = await build_view(ctx, tx, visit)
    until = leaves_phones_at(visit, view.state, view.flags)
    if until is not None and until <= ctx.clock():
        return None, None
    view = msgspec.structs.replace(view, followed_by=())  # of no use at the door
    opens_at, closes_at = door_code.open_times(visit)
    if view.state == "cancelled" or closes_at < ctx.clock():
        return view, None
    return view, DoorKey(
        key=door_code.phone_key(door_key, row.id, person.login).hex(),
        opens_at=ctx.to_local_time(opens_at),
        closes_at=ctx.to_local_time(closes_at),
        word=door_code.verification_words(door_key, row.id),
    )


def _encode_cursor(key: bytes, person: Person, cursor: SyncCursor) -> str:
    numbers = (cursor.sequence, -1 if cursor.top is None else cursor.top, *cursor.left_out)
    raw = struct.pack(f">{len(numbers)}q", *numbers)
    return urlsafe_b64encode(raw + _mac(key, person, raw)).decode().rstrip("=")


def _decode_cursor(key: bytes, person: Person, text: str) -> SyncCursor | None:
    """None unless the key signed it for this person."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    raw, mac = raw[:-8], raw[-8:]
    if len(raw) < 16 or len(raw) % 8 or not compare_digest(mac, _mac(key, person, raw)):
        return None
    sequence, top, *left_out = struct.unpack(f">{len(raw) // 8}q", raw)
    return SyncCursor(sequence, None if top < 0 else top, tuple(left_out))


def _mac(key: bytes, person: Person, raw: bytes) -> bytes:
    rest = b"\0" + raw[16:] if raw[16:] else b""
    return digest(key, raw[:16] + person.login.encode() + rest, "sha256")[:8]
