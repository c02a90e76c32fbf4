"""ID cards: what customers see of a technician."""

from typing import Annotated

import msgspec

from service.context import AppContext
from service.db.database import Transaction


class TechnicianCard(msgspec.Struct, frozen=True):
    """The technician who comes, as on their ID card."""

    name: Annotated[str, msgspec.Meta(description="Their name.")]
    badge: Annotated[str, msgspec.Meta(description="Their number.")]
    title: Annotated[str, msgspec.Meta(description="Their post.")]
    company: Annotated[str, msgspec.Meta(description="The utility.")]
    photo: Annotated[bool, msgspec.Meta(description="Whether there is a photo.")] = False


async def technician_card(ctx: AppContext, tx: Transaction, login: str) -> TechnicianCard:
    """The card of a technician, as customers may see it."""
    card = await get_card(tx, login)
    if card is None:
        return TechnicianCard("", "", "", ctx.company.company)
    return TechnicianCard(card.name, card.badge, card.title, ctx.company.company, card.photo is not None)


class IdCard(msgspec.Struct, frozen=True):
    """The content of an ID card."""

    name: str
    badge: str
    title: str
    photo: bytes | None = None  # SHA-256 of a stored blob


async def get_card(tx: Transaction, login: str) -> IdCard | None:
    """A person's ID card, also after they left."""
    row = await tx.fetch_one("id_card", login=login)
    return None if row is None else IdCard(*row)


async def set_card(tx: Transaction, login: str, badge: str, title: str) -> bool:
    """Change an ID card; False when there is no such person."""
    return await tx.execute("set_card", login=login, badge=badge, title=title) == 1


async def set_photo(tx: Transaction, login: str, photo: bytes) -> None:
    """Change the photo of an ID card."""
    await tx.execute("set_staff_photo", login=login, photo=photo)
