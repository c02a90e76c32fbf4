"""Networks from which technicians' devices were used."""

from collections.abc import Iterable
from itertools import product

from service.db.database import Transaction


async def last_sighting(tx: Transaction, logins: Iterable[str], places: Iterable[bytes]) -> int | None:
    """When one of these technicians last used one of these networks (ms), or None."""
    pairs = product(logins, set(places))
    found = [await tx.fetch_one("sighting", login=login, place=place) for login, place in pairs]
    return max((row[0] for row in found if row is not None), default=None)


async def record_sighting(tx: Transaction, login: str, place: bytes, at: int, near: int) -> None:
    """Record that a technician used a network. Sightings more than `near` ms ago, or as far ahead by a wrong
    clock, are deleted; a clock that is slightly behind does not move a sighting back."""
    await tx.execute("record_sighting", login=login, place=place, at=at, latest=at + near)
    await tx.execute("delete_old_sightings", login=login, before=at - near, latest=at + near)
