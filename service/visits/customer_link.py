"""The customer's link: 128 random bits, of which only the SHA-256 is stored.

The living link of a visit is the one that was handed out last. A link that a message carries is handed out when the
message is delivered; until then it opens the page too, and the one before it lives. So a customer always has one that
opens, and a text without a link ends none; one on which they are entering a code or signing ends half an hour later.
The link that a code at the door opens is for the customer there:
it neither ends the one from the message nor is ended by it.
"""

from base64 import b32encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from secrets import token_bytes
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate_token, require_permission, token_digest
from service.accounts.permissions import Person
from service.audit_log import erasures, log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.context import AppContext, transaction
from service.db.database import BatchStatement, Transaction
from service.errors import IdReusedWithOtherContent, LinkExpired, NotFound
from service.judge.moments import to_ms
from service.web.qr import qr_svg

from . import repository
from .loading import LoadedVisit, load_visit, lock_visible_visit
from .repository import VisitRow

DAY_MS = 86_400_000
_AT_DOOR, _NEAR_DOOR = "door of ", "door, same network, of "
LIFETIME_MS = 7 * DAY_MS
"""After the window, the last thing that the utility wrote, or the day by which an answer is due."""
IN_USE_MS = 30 * 60_000
"""For so long after a code a customer may be reading and signing: their page does not end meanwhile."""
Purpose = Literal["page", "door"]
LinkStatus = Literal["current", "replaced", "ended"]
"""`replaced`: another one was handed out since, and lives. `ended`: there is nothing left to do with it."""


class CustomerLink(msgspec.Struct, frozen=True):
    """A link, shown this once."""

    url: Annotated[str, Meta(description="The address of the customer's page.")]
    token: Annotated[str, Meta(description="The token at its end.")]
    expires_at: Annotated[datetime, Meta(description="Until when the link is good, unless it is replaced.")]
    qr_svg: Annotated[str, Meta(description="The address as a QR code (SVG).")]


class DoorLink(msgspec.Struct, frozen=True):
    """A link that was made by scanning the code at the door (`at`: ms UTC), and who showed it.

    `same_network`: it was scanned on a network from which this technician's device was used, perhaps by themselves.
    """

    id: UUID
    at: int
    technician: str
    same_network: bool


async def create_link(ctx: AppContext, token: bytes, visit_id: UUID) -> CustomerLink:
    """A new link for the customer of a visit; it replaces the previous one."""
    text, expires = await _create(ctx, token, visit_id)
    url = link_url(ctx, text)
    return CustomerLink(url, text, ctx.to_local_time(expires), qr_svg(url))


@transaction
async def _create(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID) -> tuple[str, int]:
    row, person = await lock_for_dispatcher(tx, token, visit_id)
    link = ctx.new_id()
    made = await add_link(ctx, tx, await load_visit(ctx, tx, row), person.login, id=link)
    await hand_out(tx, row.id, link, ctx.clock())
    return made


async def lock_for_dispatcher(tx: Transaction, token: bytes, visit_id: UUID) -> tuple[VisitRow, Person]:
    """The locked visit, and the dispatcher or supervisor of its area who asks."""
    person = await authenticate_token(tx, token)
    require_permission(person, "write entries of the office")
    return await lock_visible_visit(tx, person, visit_id), person


async def add_link(ctx: AppContext, tx: Transaction, visit: LoadedVisit, by: str, *, id: UUID) -> tuple[str, int]:
    """Create a link that a message will carry; its token and when it expires. It ends no other (see `hand_out`)."""
    return await _add(ctx, tx, visit, by, id, "page")


async def hand_out(tx: Transaction, visit_id: UUID, link: UUID, at: int) -> None:
    """The customer has a link: the one that was handed out before ends."""
    await _hand_out(tx, visit_id, link, "page", at)


async def add_door_link(ctx: AppContext, tx: Transaction, visit: LoadedVisit, by: str, *, id: UUID) -> tuple[str, int]:
    """The link that a code at the door opens; it replaces the one that an earlier code opened."""
    made = await _add(ctx, tx, visit, by, id, "door")
    await _hand_out(tx, visit.row.id, id, "door", ctx.clock())
    return made


async def _hand_out(tx: Transaction, visit_id: UUID, link: UUID, purpose: Purpose, at: int) -> None:
    since, later = at - IN_USE_MS, at + IN_USE_MS
    await tx.execute(
        "end_links_before", visit=visit_id.bytes, purpose=purpose, id=link.bytes, at=at, since=since, later=later
    )
    await tx.execute("hand_out_link", id=link.bytes, at=at)


async def _add(
    ctx: AppContext, tx: Transaction, visit: LoadedVisit, by: str, id: UUID, purpose: Purpose
) -> tuple[str, int]:
    text = b32encode(token_bytes(16)).decode().rstrip("=").lower()
    now = ctx.clock()
    expires = max(now, window_end(visit)) + LIFETIME_MS
    digest, salt = token_digest(text), log.new_salt()
    made = {"created_by": by, "purpose": purpose}
    leaf = log.columns_leaf("link", id, salt, now, visit=visit.row.id, digest=digest.hex(), **made)
    row = {"id": id.bytes, "visit": visit.row.id.bytes, "digest": digest, "created_at": now, "expires_at": expires}
    if not await log.add_with_leaf(tx, ("add_link", row | made | {"salt": salt}), leaf):
        raise IdReusedWithOtherContent
    return text, expires


@finds_rows_of("link")
async def find_logged_link(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A link, as its leaf commits to it: until when it is good follows from what was written about the visit."""
    row = await tx.fetch_one("link_of_leaf", id=id.bytes)
    if row is None:
        return None
    visit, digest, created_at, created_by, purpose, salt = row
    made = {"created_by": created_by, "purpose": purpose}
    return log.columns_row("link", id, salt, created_at, visit=UUID(bytes=visit), digest=digest.hex(), **made)


def extend_links_statement(visit: LoadedVisit, answers_due: Iterable[int]) -> BatchStatement:
    """The statement by which links live as long as there is a reason for them: the window, what the utility wrote, and
    the answers that are due (ms UTC). What the customer writes prolongs nothing."""
    written = (row.received_at for row in visit.batch_rows if row.kind in ("record", "office"))
    until = max((window_end(visit), *written, *answers_due)) + LIFETIME_MS
    return "extend_links", {"visit": visit.row.id.bytes, "until": until}


def made_at_door(technician: str, *, same_network: bool) -> str:
    """By whom a link is that was made by scanning the code that a technician showed."""
    return (_NEAR_DOOR if same_network else _AT_DOOR) + technician


def technician_at_door(by: str) -> str:
    """The technician who showed the code from which a link was made; empty if it was made in another way."""
    return next((by.removeprefix(start) for start in (_AT_DOOR, _NEAR_DOOR) if by.startswith(start)), "")


async def door_links(tx: Transaction, visit_id: UUID) -> list[DoorLink]:
    """The links of a visit that were made by scanning the code at the door, oldest first."""
    rows = await tx.fetch_all("links_of_visit", visit=visit_id.bytes)
    return [
        DoorLink(UUID(bytes=link), at, by.removeprefix(prefix), same_network)
        for link, at, by in rows
        for prefix, same_network in ((_AT_DOOR, False), (_NEAR_DOOR, True))
        if by.startswith(prefix)
    ]


def window_end(loaded: LoadedVisit) -> int:
    """When the current window ends (ms UTC); 0 without a window."""
    visit = loaded.visit()
    window = visit.rescheduled[-1] if visit.rescheduled else visit.window
    return to_ms(window.end) if window else 0


async def resolve_link(ctx: AppContext, tx: Transaction, token: str, *, lock: bool) -> tuple[UUID, VisitRow]:
    """The link and the visit of a token. NotFound for an unknown token, LinkExpired for a link that expired or was
    replaced (see `link_status`)."""
    link = await tx.fetch_one("link", digest=token_digest(token))
    if link is None:
        await erasures.refuse_erased(tx, token_digest(token))
        raise NotFound
    link_id, visit_id, expires_at, ended_at = link
    now = ctx.clock()
    if _has_ended(ended_at, now) or now > expires_at:
        ended = await repository.get_visit(tx, UUID(bytes=visit_id))
        problem = LinkExpired()
        problem.visit_cancelled = ended is not None and ended.state == "cancelled"
        problem.replaced = await link_status(ctx, tx, token) == "replaced"
        raise problem
    row = await (repository.lock_visit if lock else repository.get_visit)(tx, UUID(bytes=visit_id))
    if row is None:
        raise NotFound
    return UUID(bytes=link_id), row


async def link_status(ctx: AppContext, tx: Transaction, token: str) -> LinkStatus:
    """Whether a link opens its page. NotFound for an unknown token."""
    link = await tx.fetch_one("link", digest=token_digest(token))
    if link is None:
        await erasures.refuse_erased(tx, token_digest(token))
        raise NotFound
    _, visit_id, expires_at, ended_at = link
    now = ctx.clock()
    if not _has_ended(ended_at, now) and now <= expires_at:
        return "current"
    living = await tx.fetch_one("living_link", visit=visit_id, now=now)
    return "replaced" if ended_at is not None and living is not None else "ended"


def _has_ended(ended_at: int | None, now: int) -> bool:
    return ended_at is not None and ended_at <= now


def passed_digest(browser: bytes, address: bytes, message: bytes | None) -> str:
    """What the event of a right one-time code commits to: the browser, its address, and the message of the code."""
    return sha256(b"".join((browser, address, message or b""))).hexdigest()


async def maker_of_link(tx: Transaction, id: UUID) -> str:
    """By whom a link was made; '' when there is none."""
    row = await tx.fetch_one("link_of_leaf", id=id.bytes)
    return row[3] if row else ""


async def link_expiry(tx: Transaction, id: UUID) -> int | None:
    """When a link expires (ms UTC)."""
    row = await tx.fetch_one("link_expires", id=id.bytes)
    return None if row is None else row[0]


def link_url(ctx: AppContext, token: str) -> str:
    """The address of a link."""
    return f"{ctx.company.url}/c/{token}"
