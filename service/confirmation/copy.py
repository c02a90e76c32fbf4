"""What a customer may download: photos, and a copy of everything."""

import msgspec

from service.accounts.browser import Browser
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.errors import NotFound, OtpRequired, ServiceUnavailable, UnreadableImage
from service.evidence.thumbnails import card_photo, get_rendition, get_small_rendition
from service.visits import evidence_files
from service.visits.customer_link import resolve_link
from service.visits.loading import load_visit
from service.visits.windows import technician_of

from . import page
from .logged import CopyLog, log_of_visit
from .page import PageDetails
from .statements import StatementView

MAX_PICTURES = 24


class CustomerCopy(msgspec.Struct, frozen=True):
    """The page, small pictures (JPEG) by the SHA-256 of their originals, and proofs that it is in the log."""

    details: PageDetails
    pictures: dict[str, bytes]
    log: CopyLog


async def technician_photo(ctx: AppContext, token: str) -> bytes:
    """The small photo of the technician who is expected."""
    return await card_photo(ctx, await _technician(ctx, token))


@read_only
async def _technician(ctx: AppContext, tx: Transaction, token: str) -> str:
    _, row = await resolve_link(ctx, tx, token, lock=False)
    return technician_of(await load_visit(ctx, tx, row))


async def customer_photo(ctx: AppContext, token: str, browser: Browser, file: str, *, small: bool) -> bytes:
    """A picture (JPEG) that a statement names. NotFound for any other, and before the code."""
    found = await page.get_page(ctx, token, browser)
    if found.level is None or file not in _named_files(found.statements):
        raise NotFound
    if not await _was_received(ctx, token, file):
        raise NotFound
    return await (get_small_rendition if small else get_rendition)(ctx, bytes.fromhex(file))


async def build_copy(ctx: AppContext, token: str, browser: Browser) -> CustomerCopy:
    """The copy of everything. OtpRequired before the code."""
    details = await page.get_details(ctx, token, browser)
    if details.page.level is None:
        raise OtpRequired
    pictures: dict[str, bytes] = {}
    for file in _named_files(details.page.statements)[:MAX_PICTURES]:
        if await _was_received(ctx, token, file):
            try:
                pictures[file] = await get_small_rendition(ctx, bytes.fromhex(file))
            except (UnreadableImage, NotFound, ServiceUnavailable):
                continue  # the copy still has its digest
    return CustomerCopy(details, pictures, await log_of_visit(ctx, token))


def _named_files(statements: tuple[StatementView, ...]) -> list[str]:
    """The files that statements and their signatures name, without duplicates."""
    found: dict[str, None] = {}
    for view in statements:
        found |= dict.fromkeys(file for line in view.statement.lines for file in line.photos)
        if view.signature is not None and view.signature.sha256:
            found[view.signature.sha256] = None
    return list(found)


@read_only
async def _was_received(ctx: AppContext, tx: Transaction, token: str, file: str) -> bool:
    """Whether the file was sent for this visit: knowing a digest gives no access."""
    _, row = await resolve_link(ctx, tx, token, lock=False)
    return any(path.visit == row.id for path in await evidence_files.access_paths(tx, bytes.fromhex(file)))
