"""ID cards: what customers see of a technician."""

import msgspec

from service.context import House
from service.db.database import Tx


class Who(msgspec.Struct, frozen=True):
    """Who comes: what is on his ID card."""

    name: str
    badge: str
    title: str
    company: str
    photo: bool = False


async def who(house: House, tx: Tx, login: str) -> Who:
    """What may be told of a technician."""
    card = await get_card(tx, login)
    if card is None:
        return Who("", "", "", house.desk.company)
    return Who(card.name, card.badge, card.title, house.desk.company, card.photo is not None)


class Card(msgspec.Struct, frozen=True):
    """What is on somebody's ID card."""

    name: str
    badge: str
    title: str
    photo: bytes | None = None  # SHA-256 of a stored file


async def get_card(tx: Tx, login: str) -> Card | None:
    """The ID card of somebody, also after he left."""
    row = await tx.one("card", login=login)
    return None if row is None else Card(*row)


async def set_card(tx: Tx, login: str, badge: str, title: str) -> bool:
    """What is on somebody's ID card from now on."""
    return await tx.run("set_card", login=login, badge=badge, title=title) == 1


async def set_face(tx: Tx, login: str, photo: bytes) -> None:
    """The photo on somebody's ID card from now on."""
    await tx.run("set_face", login=login, photo=photo)
