"""Guessing is slow: tries of logins and codes are counted per person and per address, in the database."""

from hashlib import sha256

from service.domain.errors import TooManyRequests
from service.storage import limits
from service.storage.database import Tx

from .house import House

PERSON = (5, 30 * 60)
ADDRESS = (50, 15 * 60)
"""So many tries within so many seconds."""


def key(what: str, whose: str) -> str:
    """The counter of somebody's tries: a login, whether it is anybody's or not, or an address."""
    return f"{what} {sha256(whose.encode()).hexdigest()[:32]}"


async def count(house: House, address: str, login: str | None = None) -> None:
    """Count a try before it is looked at, so that many at once gain nothing. TooManyRequests when there were enough."""

    async def work(tx: Tx) -> int:
        now = house.clock()
        wait = await limits.hit(tx, key("address", address), *ADDRESS, now)
        if login is not None and not wait:
            wait = await limits.hit(tx, key("login", login), *PERSON, now)
        return wait

    wait = await house.db.write(work)
    if wait:
        raise TooManyRequests(f"come again in {wait} seconds", retry_after=wait)


async def good(tx: Tx, address: str, login: str | None = None) -> None:
    """It was a good one: it does not count, and the person begins anew."""
    await limits.forgive(tx, key("address", address))
    if login is not None:
        await limits.forget(tx, key("login", login))


async def forgive(tx: Tx, address: str, login: str) -> None:
    """This try gave nothing away and was no guess: it does not count."""
    await limits.forgive(tx, key("address", address))
    await limits.forgive(tx, key("login", login))
