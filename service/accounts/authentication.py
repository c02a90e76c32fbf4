"""Who is asking: a token is looked up by its SHA-256 on every request, so a revoked one is out at once."""

from hashlib import sha256

import msgspec

from service.context import AppContext
from service.db.database import Transaction
from service.errors import DeviceRevoked, NotAuthenticated, PermissionDenied

from . import credentials, sightings
from .credentials import TokenOwner
from .permissions import Permission, Person

MINUTE_MS = 60_000
SIGHTING_WINDOW_MS = 24 * 60 * MINUTE_MS  # where a technician was seen so lately, his device may be there still
SESSION_IDLE_TIMEOUT_MS, SESSION_MAX_AGE_MS = 30 * MINUTE_MS, 12 * 60 * MINUTE_MS
"""A session ends when it was not used for so long, and so long after it began."""
CACHE_SIZE = 100_000


def token_digest(token: str) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode()).digest()


def session_digest(token: str) -> bytes:
    """What is stored of a session's token: a cookie is never good as a bearer token, nor the other way round."""
    return sha256(b"session " + token.encode()).digest()


def address_hash(address: str) -> bytes:
    """What is kept of an address."""
    return sha256(b"address " + address.encode()).digest()


def near(seen: int | None, now: int) -> bool:
    """Whether a technician may be where he was seen then."""
    return seen is not None and abs(now - seen) < SIGHTING_WINDOW_MS


async def token_owner(tx: Transaction, token: bytes) -> TokenOwner:
    """Whose token (its digest) it is. DeviceRevoked, or NotSignedIn when it is unknown, revoked, or he left."""
    holder = await credentials.find_token_owner(tx, token)
    if holder is None:
        raise NotAuthenticated
    if holder.device_revoked:
        raise DeviceRevoked
    if not holder.is_active:
        raise NotAuthenticated
    if holder.kind == "device":  # whatever else he is: a phone is for visits, and knows no second factor
        roles = tuple(role for role in holder.person.roles if role == "technician")
        return msgspec.structs.replace(holder, person=msgspec.structs.replace(holder.person, roles=roles))
    return holder


async def authenticate_token(tx: Transaction, token: bytes) -> Person:
    """The person a token stands for."""
    return (await token_owner(tx, token)).person


async def authenticate(ctx: AppContext, token: bytes, right: Permission | None = None) -> Person:
    """The same, with a read of its own; NotAllowed when he lacks the right."""
    person = await ctx.db.read(lambda tx: authenticate_token(tx, token))
    if right is not None:
        require_permission(person, right)
    return person


def require_permission(person: Person, right: Permission) -> None:
    """NotAllowed unless one of his roles has the right."""
    if not person.can(right):
        raise PermissionDenied


async def touch_token(ctx: AppContext, token: bytes, app: str = "", address: str = "") -> None:
    """What HTTP does with every token before anything else: sessions end in time, devices were seen.

    Once a minute for each token and address; in between it costs one look into a dictionary. It does not make a
    revoked token good: that the flows see in their own transactions.
    """
    now = ctx.clock()
    since, until = ctx.recently_seen_tokens.get((token, address), (0, 0))
    if since <= now < until:
        return
    holder = await ctx.db.read(lambda tx: token_owner(tx, token))
    until = now + MINUTE_MS
    if holder.kind == "session":
        used_at = holder.used_at or holder.created_at
        astray = max(holder.created_at, used_at) > now + credentials.ASTRAY  # it would last as much longer
        if astray or now >= holder.created_at + SESSION_MAX_AGE_MS or now >= used_at + SESSION_IDLE_TIMEOUT_MS:
            raise NotAuthenticated("the session has ended")
        until = min(until, holder.created_at + SESSION_MAX_AGE_MS)
    if holder.kind != "script":
        await ctx.db.write(lambda tx: _record_use(tx, holder, token, now, app, address))
    if len(ctx.recently_seen_tokens) >= CACHE_SIZE:
        ctx.recently_seen_tokens.clear()
    ctx.recently_seen_tokens[token, address] = now, until


async def _record_use(tx: Transaction, holder: TokenOwner, token: bytes, now: int, app: str, address: str) -> None:
    """It was here. The first use of a device's new token ends the old ones."""
    if address and "technician" in holder.person.roles:
        await sightings.record_sighting(tx, holder.person.login, address_hash(address), now, SIGHTING_WINDOW_MS)
    if not await credentials.mark_token_used(tx, token, now) or holder.device is None:
        return
    await credentials.touch_device(tx, holder.device, now, app)
    if holder.used_at is None:
        await credentials.revoke_others(tx, holder.device, token, now)
