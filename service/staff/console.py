"""What is set from the command line."""

from service.accounts import cards
from service.accounts.events import PersonEvent, record_event
from service.context import AppContext, transaction
from service.db.database import Transaction


@transaction
async def give_card(ctx: AppContext, tx: Transaction, login: str, badge: str, title: str) -> None:
    """What is on somebody's ID card from now on, and so on what customers see."""
    if await cards.set_card(tx, login, badge.strip(), title.strip()):
        event = PersonEvent(what="card", person=login, by="doorstep", badge=badge.strip(), title=title.strip())
        await record_event(ctx, tx, event)
