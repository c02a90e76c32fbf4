"""The customer's link: one living link a visit, 128 bits, of which only the SHA-256 is kept."""

from base64 import b32encode
from datetime import datetime
from secrets import token_bytes
from uuid import UUID

import msgspec

from service.accounts.authentication import digest, need, person_of
from service.accounts.permissions import Person
from service.context import House
from service.db.database import Tx
from service.errors import LinkEnded, NotFound
from service.web.qr import qr_svg

from . import link_rows, repository
from .loading import File, load, locked_row
from .repository import VisitRow

DAY = 86_400_000
LASTS = 7 * DAY  # after the end of the window, or after it was made


class Link(msgspec.Struct, frozen=True):
    """A link, shown this once."""

    url: str
    token: str
    expires_at: datetime
    qr_svg: str


async def create(house: House, token: bytes, visit: UUID) -> Link:
    """A new link for the customer of a visit; the one before ends."""

    async def work(tx: Tx) -> tuple[str, int]:
        row, person = await dispatched(tx, token, visit)
        return await renew(house, tx, row.id, await _end(house, tx, row), person.login)

    text, expires = await house.db.write(work)
    url = url_of(house, text)
    return Link(url, text, house.time(expires), qr_svg(url))


async def dispatched(tx: Tx, token: bytes, visit: UUID) -> tuple[VisitRow, Person]:
    """The visit, locked, and who asks: a dispatcher or supervisor of its area."""
    person = await person_of(tx, token)
    need(person, "write entries of the office")
    return await locked_row(tx, person, visit), person


async def renew(house: House, tx: Tx, visit: UUID, end: int, by: str) -> tuple[str, int]:
    """Make the link; its token and when it expires."""
    text = b32encode(token_bytes(16)).decode().rstrip("=").lower()
    now = house.clock()
    expires = max(now, end) + LASTS
    await link_rows.renew(tx, house.new_id(), visit, digest(text), by, now, expires)
    return text, expires


async def _end(house: House, tx: Tx, row: VisitRow) -> int:
    return window_end(await load(house, tx, row))


def window_end(file: File) -> int:
    """When the window in force ends, ms; 0 without a window."""
    visit = file.visit()
    window = visit.rescheduled[-1] if visit.rescheduled else visit.window
    return int(window.end.timestamp() * 1000) if window else 0


async def linked(house: House, tx: Tx, token: str, *, lock: bool) -> tuple[UUID, VisitRow]:
    """The link and the visit of a token. NotFound when nobody has it, LinkEnded when it expired or was replaced."""
    link = await link_rows.link(tx, digest(token))
    if link is None:
        raise NotFound
    if link.ended_at is not None or house.clock() > link.expires_at:
        raise LinkEnded
    row = await (repository.locked_visit if lock else repository.visit)(tx, link.visit)
    if row is None:
        raise NotFound
    return link.id, row


def url_of(house: House, token: str) -> str:
    """The address of a link."""
    return f"{house.desk.url}/c/{token}"
