"""The codes that customers get by SMS for their link, and where technicians' devices were seen."""

from collections.abc import Iterable
from itertools import product
from uuid import UUID

import msgspec

from .database import Tx


class CodeRow(msgspec.Struct, frozen=True):
    """The last code that a browser asked for; times are ms UTC."""

    digest: bytes
    expires_at: int
    tries: int
    passed_at: int | None
    passed_from: bytes | None


async def renew(tx: Tx, link: UUID, seat: bytes, digest: bytes, expires_at: int) -> None:
    """A new code for a browser; its one before ends. What is open stays open."""
    await tx.run("set_link_code", link=link.bytes, seat=seat, digest=digest, expires_at=expires_at)


async def code(tx: Tx, link: UUID, seat: bytes) -> CodeRow | None:
    """The last code of a browser."""
    row = await tx.one("link_code", link=link.bytes, seat=seat)
    return None if row is None else CodeRow(*row)


async def count(tx: Tx, link: UUID, seat: bytes, most: int, now: int, latest: int) -> bool:
    """Count one try; False when there is no living code (one that ends after `latest` is none) or it was tried too
    often."""
    given = {"link": link.bytes, "seat": seat, "most": most}
    return await tx.run("try_link_code", **given, now=now, latest=latest) == 1


async def passed(tx: Tx, link: UUID, seat: bytes, address: bytes, most: int, now: int) -> None:
    """The right code came, from this address. It is used up: its tries are one more than there are."""
    await tx.run("pass_link_code", link=link.bytes, seat=seat, address=address, most=most, now=now)


async def phone_seen(tx: Tx, logins: Iterable[str], places: Iterable[bytes]) -> int | None:
    """When one of these technicians was last seen at one of these places, ms."""
    pairs = product(logins, set(places))
    found = [await tx.one("seen_at_place", login=login, place=place) for login, place in pairs]
    return max((row[0] for row in found if row is not None), default=None)


async def sight(tx: Tx, login: str, place: bytes, at: int, near: int) -> None:
    """A technician was seen at a place. What he was more than `near` ms ago, or will be by a clock that was so far
    ahead, is forgotten; by one that is a little behind he is not seen earlier than he was."""
    await tx.run("sight", login=login, place=place, at=at, latest=at + near)
    await tx.run("forget_sightings", login=login, before=at - near, latest=at + near)
