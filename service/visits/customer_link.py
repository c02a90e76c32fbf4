"""The customer's link: one active link for each visit, with 128 random bits of which only the SHA-256 is stored."""

from base64 import b32encode
from datetime import datetime
from secrets import token_bytes
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate_token, require_permission, token_digest
from service.accounts.permissions import Person
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import LinkExpired, NotFound
from service.judge.moments import to_ms
from service.web.qr import qr_svg

from . import repository
from .loading import LoadedVisit, load_visit, lock_visible_visit
from .repository import VisitRow

DAY_MS = 86_400_000
_AT_DOOR, _NEAR_DOOR = "door of ", "door, same network, of "
LIFETIME_MS = 7 * DAY_MS  # after the end of the window, or after the link was created


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
    return await replace_link(ctx, tx, row.id, window_end(await load_visit(ctx, tx, row)), person.login)


async def lock_for_dispatcher(tx: Transaction, token: bytes, visit_id: UUID) -> tuple[VisitRow, Person]:
    """The locked visit, and the dispatcher or supervisor of its area who asks."""
    person = await authenticate_token(tx, token)
    require_permission(person, "write entries of the office")
    return await lock_visible_visit(tx, person, visit_id), person


async def replace_link(
    ctx: AppContext, tx: Transaction, visit_id: UUID, end: int, by: str, *, id: UUID | None = None
) -> tuple[str, int]:
    """Create a link, replacing the previous one; its token and when it expires."""
    text = b32encode(token_bytes(16)).decode().rstrip("=").lower()
    now = ctx.clock()
    expires = max(now, end) + LIFETIME_MS
    await tx.execute("expire_links", visit=visit_id.bytes, at=now)
    await tx.execute(
        "add_link",
        id=(id or ctx.new_id()).bytes,
        visit=visit_id.bytes,
        digest=token_digest(text),
        created_at=now,
        created_by=by,
        expires_at=expires,
    )
    return text, expires


def made_at_door(technician: str, *, same_network: bool) -> str:
    """By whom a link is that was made by scanning the code that a technician showed."""
    return (_NEAR_DOOR if same_network else _AT_DOOR) + technician


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
    replaced."""
    link = await tx.fetch_one("link", digest=token_digest(token))
    if link is None:
        raise NotFound
    link_id, visit_id, expires_at, ended_at = link
    if ended_at is not None or ctx.clock() > expires_at:
        ended = await repository.get_visit(tx, UUID(bytes=visit_id))
        problem = LinkExpired()
        problem.replaced = ended_at is not None
        problem.visit_cancelled = ended is not None and ended.state == "cancelled"
        raise problem
    row = await (repository.lock_visit if lock else repository.get_visit)(tx, UUID(bytes=visit_id))
    if row is None:
        raise NotFound
    return UUID(bytes=link_id), row


async def link_expiry(tx: Transaction, id: UUID) -> int | None:
    """When a link expires (ms UTC)."""
    row = await tx.fetch_one("link_expires", id=id.bytes)
    return None if row is None else row[0]


def link_url(ctx: AppContext, token: str) -> str:
    """The address of a link."""
    return f"{ctx.company.url}/c/{token}"
