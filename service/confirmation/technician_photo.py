"""The photo of the technician who is expected, for the customer's page."""

from service.context import House
from service.db.database import Tx
from service.evidence.card_photo import card_photo
from service.visits.customer_link import linked
from service.visits.loading import load
from service.visits.windows import technician_of


async def of_visit(house: House, token: str) -> bytes:
    """Who comes, for who has the link."""

    async def work(tx: Tx) -> str:
        _, row = await linked(house, tx, token, lock=False)
        return technician_of(await load(house, tx, row))

    return await card_photo(house, await house.db.read(work))
