"""Networks from which technicians' devices were used."""

from collections.abc import Iterable
from itertools import product
from uuid import UUID, uuid4

import msgspec

from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.db.database import BatchStatement, Transaction


async def last_sighting(tx: Transaction, logins: Iterable[str], places: Iterable[bytes]) -> int | None:
    """When one of these technicians last used one of these networks (ms), or None."""
    pairs = product(logins, set(places))
    found = [await tx.fetch_one("sighting", login=login, place=place) for login, place in pairs]
    return max((row[0] for row in found if row is not None), default=None)


async def record_sighting(tx: Transaction, login: str, place: bytes, at: int, near: int) -> None:
    """Record that a technician used a network, the first time with a leaf.

    Sightings more than `near` ms ago, or as far ahead by a wrong clock, are deleted; a clock that is slightly behind
    does not move a sighting back.
    """
    await tx.execute("delete_old_sightings", login=login, before=at - near, latest=at + near)
    leaf_id, salt, sighted = uuid4(), log.new_salt(), {"login": login, "place": place}
    if await tx.execute("add_sighting", **sighted, at=at, id=leaf_id.bytes, salt=salt):
        query, params = _leaf(leaf_id, salt, at, login, place)
        await tx.execute(query, **params)
    else:
        await tx.execute("record_sighting", **sighted, at=at)


def _leaf(id: UUID, salt: bytes, at: int, login: str, place: bytes) -> BatchStatement:
    return log.columns_leaf("sighting", id, salt, at, login=login, place=place.hex())


@finds_rows_of("sighting")
async def find_logged_sighting(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A sighting, as the leaf of its first time commits to it; later times move `at`."""
    row = await tx.fetch_one("sighting_of_leaf", id=id.bytes)
    if row is None:
        return None
    login, place, at, salt, leaf_at = row
    found = log.columns_row("sighting", id, salt, leaf_at, login=login, place=place.hex())
    return found if at >= leaf_at else msgspec.structs.replace(found, at=at)
