"""The customer's link: one living link a visit, 128 bits, of which only the SHA-256 is kept."""

from base64 import b32encode
from datetime import datetime
from secrets import token_bytes
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate_token, require_permission, token_digest
from service.accounts.permissions import Person
from service.context import AppContext
from service.db.database import Transaction
from service.errors import LinkExpired, NotFound
from service.web.qr import qr_svg

from . import link_rows, repository
from .loading import LoadedVisit, load_visit, lock_visible_visit
from .repository import VisitRow

DAY_MS = 86_400_000
LIFETIME_MS = 7 * DAY_MS  # after the end of the window, or after it was made


class CustomerLink(msgspec.Struct, frozen=True):
    """A link, shown this once."""

    url: Annotated[str, Meta(description="The address of the customer's page.")]
    token: Annotated[str, Meta(description="The token at its end.")]
    expires_at: Annotated[datetime, Meta(description="Until when the link is good, unless it is replaced.")]
    qr_svg: Annotated[str, Meta(description="The address as a QR code (SVG).")]


async def create_link(ctx: AppContext, token: bytes, visit_id: UUID) -> CustomerLink:
    """A new link for the customer of a visit; the one before ends."""

    async def work(tx: Transaction) -> tuple[str, int]:
        row, person = await lock_for_dispatcher(tx, token, visit_id)
        return await replace_link(ctx, tx, row.id, await _end(ctx, tx, row), person.login)

    text, expires = await ctx.db.write(work)
    url = link_url(ctx, text)
    return CustomerLink(url, text, ctx.to_local_time(expires), qr_svg(url))


async def lock_for_dispatcher(tx: Transaction, token: bytes, visit_id: UUID) -> tuple[VisitRow, Person]:
    """The visit, locked, and who asks: a dispatcher or supervisor of its area."""
    person = await authenticate_token(tx, token)
    require_permission(person, "write entries of the office")
    return await lock_visible_visit(tx, person, visit_id), person


async def replace_link(ctx: AppContext, tx: Transaction, visit_id: UUID, end: int, by: str) -> tuple[str, int]:
    """Make the link; its token and when it expires."""
    text = b32encode(token_bytes(16)).decode().rstrip("=").lower()
    now = ctx.clock()
    expires = max(now, end) + LIFETIME_MS
    await link_rows.renew(tx, ctx.new_id(), visit_id, token_digest(text), by, now, expires)
    return text, expires


async def _end(ctx: AppContext, tx: Transaction, row: VisitRow) -> int:
    return window_end(await load_visit(ctx, tx, row))


def window_end(file: LoadedVisit) -> int:
    """When the window in force ends, ms; 0 without a window."""
    visit = file.visit()
    window = visit.rescheduled[-1] if visit.rescheduled else visit.window
    return int(window.end.timestamp() * 1000) if window else 0


async def resolve_link(ctx: AppContext, tx: Transaction, token: str, *, lock: bool) -> tuple[UUID, VisitRow]:
    """The link and the visit of a token. NotFound when nobody has it, LinkEnded when it expired or was replaced."""
    link = await link_rows.get_link(tx, token_digest(token))
    if link is None:
        raise NotFound
    if link.ended_at is not None or ctx.clock() > link.expires_at:
        raise LinkExpired
    row = await (repository.lock_visit if lock else repository.get_visit)(tx, link.visit)
    if row is None:
        raise NotFound
    return link.id, row


def link_url(ctx: AppContext, token: str) -> str:
    """The address of a link."""
    return f"{ctx.company.url}/c/{token}"
