"""What a customer may take with him: the pictures that his statements name, and a copy of all of it."""

import msgspec

from service.accounts.browser import Browser
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.errors import NotFound, OtpRequired, ServiceUnavailable, UnreadableImage
from service.evidence.thumbnails import shown
from service.visits import evidence_files
from service.visits.customer_link import resolve_link

from . import page
from .page import PageDetails
from .statements import StatementView

MOST = 24  # pictures in a copy


class CustomerCopy(msgspec.Struct, frozen=True):
    """What the customer sees, with the small pictures (JPEG) by the SHA-256 of their originals."""

    details: PageDetails
    pictures: dict[str, bytes]


async def customer_photo(ctx: AppContext, token: str, browser: Browser, file: str, *, small: bool) -> bytes:
    """A picture (JPEG) of a statement, for who entered the code. NotFound for any other, and before the code."""
    seen = await page.get_page(ctx, token, browser)
    if seen.level is None or file not in named(seen.statements) or not await _was_received(ctx, token, file):
        raise NotFound
    return await shown(ctx, bytes.fromhex(file), small=small)


async def build_copy(ctx: AppContext, token: str, browser: Browser) -> CustomerCopy:
    """Everything for the customer's own phone. CodeNeeded before the code."""
    details = await page.get_details(ctx, token, browser)
    if details.page.level is None:
        raise OtpRequired
    found: dict[str, bytes] = {}
    for file in named(details.page.statements)[:MOST]:
        if await _was_received(ctx, token, file):
            try:
                found[file] = await shown(ctx, bytes.fromhex(file), small=True)
            except (UnreadableImage, NotFound, ServiceUnavailable):
                continue  # its digest is in the copy all the same
    return CustomerCopy(details, found)


def named(statements: tuple[StatementView, ...]) -> list[str]:
    """The files that statements and their signatures name, once each."""
    found: dict[str, None] = {}
    for one in statements:
        found |= dict.fromkeys(file for line in one.statement.lines for file in line.photos)
        if one.signature is not None and one.signature.sha256:
            found[one.signature.sha256] = None
    return list(found)


@read_only
async def _was_received(ctx: AppContext, tx: Transaction, token: str, file: str) -> bool:
    """Whether its bytes were sent to this visit: a digest opens nothing by itself."""
    _, row = await resolve_link(ctx, tx, token, lock=False)
    return any(way.visit == row.id for way in await evidence_files.access_paths(tx, bytes.fromhex(file)))
