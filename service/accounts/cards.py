"""ID cards: what customers see of a technician."""

from typing import Annotated

import msgspec

from service.context import AppContext
from service.db.database import Transaction


class TechnicianCard(msgspec.Struct, frozen=True):
    """Who comes: what is on his ID card."""

    name: Annotated[str, msgspec.Meta(description="Their name.")]
    badge: Annotated[str, msgspec.Meta(description="Their number.")]
    title: Annotated[str, msgspec.Meta(description="Their post.")]
    company: Annotated[str, msgspec.Meta(description="The utility.")]
    photo: Annotated[bool, msgspec.Meta(description="Whether there is a photo.")] = False


async def technician_card(ctx: AppContext, tx: Transaction, login: str) -> TechnicianCard:
    """What may be told of a technician."""
    card = await get_card(tx, login)
    if card is None:
        return TechnicianCard("", "", "", ctx.company.company)
    return TechnicianCard(card.name, card.badge, card.title, ctx.company.company, card.photo is not None)


class IdCard(msgspec.Struct, frozen=True):
    """What is on somebody's ID card."""

    name: str
    badge: str
    title: str
    photo: bytes | None = None  # SHA-256 of a stored file


async def get_card(tx: Transaction, login: str) -> IdCard | None:
    """The ID card of somebody, also after he left."""
    row = await tx.fetch_one("id_card", login=login)
    return None if row is None else IdCard(*row)


async def set_card(tx: Transaction, login: str, badge: str, title: str) -> bool:
    """What is on somebody's ID card from now on."""
    return await tx.execute("set_card", login=login, badge=badge, title=title) == 1


async def set_photo(tx: Transaction, login: str, photo: bytes) -> None:
    """The photo on somebody's ID card from now on."""
    await tx.execute("set_staff_photo", login=login, photo=photo)
