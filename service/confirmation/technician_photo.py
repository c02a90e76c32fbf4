"""The photo of the technician who is expected, for the customer's page."""

from service.context import AppContext
from service.db.database import Transaction
from service.evidence.card_photo import card_photo
from service.visits.customer_link import resolve_link
from service.visits.loading import load_visit
from service.visits.windows import technician_of


async def of_visit(ctx: AppContext, token: str) -> bytes:
    """Who comes, for who has the link."""

    async def work(tx: Transaction) -> str:
        _, row = await resolve_link(ctx, tx, token, lock=False)
        return technician_of(await load_visit(ctx, tx, row))

    return await card_photo(ctx, await ctx.db.read(work))
