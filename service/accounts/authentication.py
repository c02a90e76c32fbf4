"""Who is asking: a token is looked up by its SHA-256 on every request, so a revoked one is out at once."""

from hashlib import sha256

import msgspec

from service.context import House
from service.db.database import Tx
from service.errors import DeviceRevoked, NotAllowed, NotSignedIn

from . import credentials, sightings
from .credentials import Holder
from .permissions import Person, Right

MINUTE = 60_000
NEAR = 24 * 60 * MINUTE  # where a technician was seen so lately, his device may be there still
IDLE, LONGEST = 30 * MINUTE, 12 * 60 * MINUTE
"""A session ends when it was not used for so long, and so long after it began."""
REMEMBERED = 100_000


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode()).digest()


def session_digest(token: str) -> bytes:
    """What is stored of a session's token: a cookie is never good as a bearer token, nor the other way round."""
    return sha256(b"session " + token.encode()).digest()


def place(address: str) -> bytes:
    """What is kept of an address."""
    return sha256(b"address " + address.encode()).digest()


def near(seen: int | None, now: int) -> bool:
    """Whether a technician may be where he was seen then."""
    return seen is not None and abs(now - seen) < NEAR


async def holder_of(tx: Tx, token: bytes) -> Holder:
    """Whose token (its digest) it is. DeviceRevoked, or NotSignedIn when it is unknown, revoked, or he left."""
    holder = await credentials.holder(tx, token)
    if holder is None:
        raise NotSignedIn
    if holder.device_revoked:
        raise DeviceRevoked
    if not holder.living:
        raise NotSignedIn
    if holder.kind == "device":  # whatever else he is: a phone is for visits, and knows no second factor
        roles = tuple(role for role in holder.person.roles if role == "technician")
        return msgspec.structs.replace(holder, person=msgspec.structs.replace(holder.person, roles=roles))
    return holder


async def person_of(tx: Tx, token: bytes) -> Person:
    """The person a token stands for."""
    return (await holder_of(tx, token)).person


async def sign_in(house: House, token: bytes, right: Right | None = None) -> Person:
    """The same, with a read of its own; NotAllowed when he lacks the right."""
    person = await house.db.read(lambda tx: person_of(tx, token))
    if right is not None:
        need(person, right)
    return person


def need(person: Person, right: Right) -> None:
    """NotAllowed unless one of his roles has the right."""
    if not person.may(right):
        raise NotAllowed


async def admit(house: House, token: bytes, app: str = "", address: str = "") -> None:
    """What HTTP does with every token before anything else: sessions end in time, devices were seen.

    Once a minute for each token and address; in between it costs one look into a dictionary. It does not make a
    revoked token good: that the flows see in their own transactions.
    """
    now = house.clock()
    since, until = house.admitted.get((token, address), (0, 0))
    if since <= now < until:
        return
    holder = await house.db.read(lambda tx: holder_of(tx, token))
    until = now + MINUTE
    if holder.kind == "session":
        used_at = holder.used_at or holder.created_at
        astray = max(holder.created_at, used_at) > now + credentials.ASTRAY  # it would last as much longer
        if astray or now >= holder.created_at + LONGEST or now >= used_at + IDLE:
            raise NotSignedIn("the session has ended")
        until = min(until, holder.created_at + LONGEST)
    if holder.kind != "script":
        await house.db.write(lambda tx: _used(tx, holder, token, now, app, address))
    if len(house.admitted) >= REMEMBERED:
        house.admitted.clear()
    house.admitted[token, address] = now, until


async def _used(tx: Tx, holder: Holder, token: bytes, now: int, app: str, address: str) -> None:
    """It was here. The first use of a device's new token ends the old ones."""
    if address and "technician" in holder.person.roles:
        await sightings.sight(tx, holder.person.login, place(address), now, NEAR)
    if not await credentials.used(tx, token, now) or holder.device is None:
        return
    await credentials.seen(tx, holder.device, now, app)
    if holder.used_at is None:
        await credentials.revoke_others(tx, holder.device, token, now)
