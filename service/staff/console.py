"""What is set from the command line."""

from service.accounts import cards
from service.accounts.events import PersonEvent, noted
from service.context import House
from service.db.database import Tx


async def give_card(house: House, login: str, badge: str, title: str) -> None:
    """What is on somebody's ID card from now on, and so on what customers see."""

    async def work(tx: Tx) -> None:
        if await cards.set_card(tx, login, badge.strip(), title.strip()):
            event = PersonEvent(what="card", person=login, by="doorstep", badge=badge.strip(), title=title.strip())
            await noted(house, tx, event)

    await house.db.write(work)
