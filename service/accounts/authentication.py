"""Authentication: a token is looked up by its SHA-256 on every request, so revoking one takes effect at once."""

from hashlib import sha256

import msgspec

from service import fingerprints
from service.context import AppContext
from service.db.database import Transaction
from service.errors import DeviceRevoked, NotAuthenticated, PermissionDenied

from . import credentials, sightings
from .credentials import TokenOwner
from .permissions import Permission, Person

MINUTE_MS = 60_000
SIGHTING_WINDOW_MS = 24 * 60 * MINUTE_MS  # a technician's device may still be where it was sighted within this time
SESSION_IDLE_TIMEOUT_MS, SESSION_MAX_AGE_MS = 30 * MINUTE_MS, 12 * 60 * MINUTE_MS
CACHE_SIZE = 100_000


def token_digest(token: str) -> bytes:
    """The digest of a token, which is all that is stored."""
    return sha256(token.encode()).digest()


def session_digest(token: str) -> bytes:
    """The digest of a session's token. It differs, so that a cookie is no bearer token, nor the reverse."""
    return sha256(b"session " + token.encode()).digest()


def near(last_sighting: int | None, now: int) -> bool:
    """Whether a technician may still be where they were last sighted."""
    return last_sighting is not None and abs(now - last_sighting) < SIGHTING_WINDOW_MS


async def token_owner(tx: Transaction, token: bytes) -> TokenOwner:
    """The owner of a token, by its digest. DeviceRevoked, or NotAuthenticated when it is not valid any more."""
    owner = await credentials.find_token_owner(tx, token)
    if owner is None:
        raise NotAuthenticated
    if owner.device_revoked:
        raise DeviceRevoked
    if not owner.is_active:
        raise NotAuthenticated
    if owner.kind == "device":  # a phone has no second factor, so it grants only the role of a technician
        roles = tuple(role for role in owner.person.roles if role == "technician")
        return msgspec.structs.replace(owner, person=msgspec.structs.replace(owner.person, roles=roles))
    return owner


async def authenticate_token(tx: Transaction, token: bytes) -> Person:
    """The person a token belongs to."""
    return (await token_owner(tx, token)).person


async def authenticate(ctx: AppContext, token: bytes, permission: Permission | None = None) -> Person:
    """The same in a separate read; PermissionDenied when the person lacks the permission."""
    person = await ctx.db.read(lambda tx: authenticate_token(tx, token))
    if permission is not None:
        require_permission(person, permission)
    return person


def require_permission(person: Person, permission: Permission) -> None:
    """PermissionDenied unless one of the person's roles has the permission."""
    if not person.can(permission):
        raise PermissionDenied


async def touch_token(ctx: AppContext, token: bytes, app: str = "", address: str = "") -> None:
    """Record the use of a token before its request is handled. NotAuthenticated when its session has timed out.

    This happens once a minute for each token and address. Whether a token was revoked since, each feature checks in its
    own transaction.
    """
    now = ctx.clock()
    since, until = ctx.recent_tokens.get((token, address), (0, 0))
    if since <= now < until:
        return
    owner = await ctx.db.read(lambda tx: token_owner(tx, token))
    until = now + MINUTE_MS
    if owner.kind == "session":
        used_at = owner.used_at or owner.created_at
        latest = now + credentials.MAX_CLOCK_SKEW_MS  # a session from the future would last that much longer
        in_future = max(owner.created_at, used_at) > latest
        if in_future or now >= owner.created_at + SESSION_MAX_AGE_MS or now >= used_at + SESSION_IDLE_TIMEOUT_MS:
            raise NotAuthenticated("the session has ended")
        until = min(until, owner.created_at + SESSION_MAX_AGE_MS)
    if owner.kind != "script":
        await ctx.db.write(lambda tx: _record_use(tx, owner, token, now, app, address))
    if len(ctx.recent_tokens) >= CACHE_SIZE:
        ctx.recent_tokens.clear()
    ctx.recent_tokens[token, address] = now, until


async def _record_use(tx: Transaction, owner: TokenOwner, token: bytes, now: int, app: str, address: str) -> None:
    """Record a use. The first use of a device's new token revokes the old ones."""
    if address and "technician" in owner.person.roles:
        place = fingerprints.of_address(address, now)
        await sightings.record_sighting(tx, owner.person.login, place, now, SIGHTING_WINDOW_MS)
    if not await credentials.mark_token_used(tx, token, now) or owner.device is None:
        return
    await credentials.touch_device(tx, owner.device, now, app)
    if owner.used_at is None:
        await credentials.revoke_others(tx, owner.device, token, now)
