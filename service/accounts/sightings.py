"""Networks where a technician's device was seen."""

from collections.abc import Iterable
from itertools import product

from service.db.database import Transaction


async def last_sighting(tx: Transaction, logins: Iterable[str], places: Iterable[bytes]) -> int | None:
    """When one of these technicians was last seen at one of these places, ms."""
    pairs = product(logins, set(places))
    found = [await tx.fetch_one("sighting", login=login, place=place) for login, place in pairs]
    return max((row[0] for row in found if row is not None), default=None)


async def record_sighting(tx: Transaction, login: str, place: bytes, at: int, near: int) -> None:
    """A technician was seen at a place. What he was more than `near` ms ago, or will be by a clock that was so far
    ahead, is forgotten; by one that is a little behind he is not seen earlier than he was."""
    await tx.execute("record_sighting", login=login, place=place, at=at, latest=at + near)
    await tx.execute("delete_old_sightings", login=login, before=at - near, latest=at + near)
