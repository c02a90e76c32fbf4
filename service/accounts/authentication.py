"""Authentication: a token is looked up by its SHA-256 on every request, so revoking one takes effect at once."""

from hashlib import sha256

import msgspec

from service import fingerprints
from service.context import AppContext
from service.db.database import Transaction
from service.errors import DeviceRevoked, NotAuthenticated, PermissionDenied
from service.text import login_key

from . import credentials, sightings
from .credentials import TokenOwner, TokenRow
from .events import DeviceEvent, record_event
from .permissions import Permission, Person
from .person_state import SESSION_MAX_AGE_MS

MINUTE_MS, DAY_MS = 60_000, 86_400_000
WARNING_MS = 30 * DAY_MS
SIGHTING_WINDOW_MS = 24 * 60 * MINUTE_MS  # a technician's device may still be where it was sighted within this time
SESSION_IDLE_TIMEOUT_MS = 30 * MINUTE_MS
CACHE_SIZE = 100_000


def token_digest(token: str) -> bytes:
    """The digest of a token, which is all that is stored."""
    return sha256(token.encode()).digest()


def session_digest(token: str) -> bytes:
    """The digest of a session's token. It differs, so that a cookie is no bearer token, nor the reverse."""
    return sha256(b"session " + token.encode()).digest()


def address_label(address: str) -> str:
    """The first digits of the fingerprint by which events name an address."""
    return fingerprints.of_subject(address).hex()[:16]


def login_label(login: str) -> str:
    """The first digits of the fingerprint by which failures of unknown logins and log lines name a login."""
    return fingerprints.of_subject(f"login {login_key(login)}").hex()[:16]


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


async def touch_token(ctx: AppContext, token: bytes, app: str = "", address: str = "") -> int:
    """Record the use of a token before its request is handled. NotAuthenticated when it has ended by itself.

    Returns when it ends (ms UTC), if that is within a month and using it does not prolong it; otherwise 0.

    This happens once a minute for each token and address. Whether a token was revoked since, each feature checks in its
    own transaction.
    """
    now = ctx.clock()
    since, until, ends_soon = ctx.recent_tokens.get((token, address), (0, 0, 0))
    if since <= now < until:
        return ends_soon
    owner = await ctx.db.read(lambda tx: token_owner(tx, token))
    end = token_end(ctx, owner)
    if end is not None and now >= end:
        raise NotAuthenticated("the session has ended" if owner.kind == "session" else "the token has ended")
    await ctx.db.write(lambda tx: _record_use(ctx, tx, owner, token, now, app, address))
    if len(ctx.recent_tokens) >= CACHE_SIZE:
        ctx.recent_tokens.clear()
    until = now + MINUTE_MS if owner.expires_at is None else min(now + MINUTE_MS, owner.expires_at)
    if owner.kind == "session":
        until = min(until, owner.created_at + SESSION_MAX_AGE_MS)
    ends_soon = owner.expires_at if owner.expires_at is not None and owner.expires_at < now + WARNING_MS else 0
    ctx.recent_tokens[token, address] = now, until, ends_soon
    return ends_soon


def token_end(ctx: AppContext, token: TokenOwner | TokenRow) -> int | None:
    """When a token ends by itself (ms UTC), if it is not used until then. None for that of a script without an end."""
    used_at = max(token.created_at, token.used_at or 0)
    if token.kind == "script":
        return token.expires_at
    if token.kind == "device":
        return used_at + ctx.sign_in.device_days * DAY_MS
    latest = ctx.clock() + credentials.MAX_CLOCK_SKEW_MS
    if used_at > latest:  # from the future: it would last that much longer
        return 0
    return min(token.created_at + SESSION_MAX_AGE_MS, used_at + SESSION_IDLE_TIMEOUT_MS)


async def _record_use(
    ctx: AppContext, tx: Transaction, owner: TokenOwner, token: bytes, now: int, app: str, address: str
) -> None:
    """Record a use. The first use of a device's new token revokes the old ones."""
    if address and owner.kind != "script" and "technician" in owner.person.roles:
        place = fingerprints.of_address(address, now)
        await sightings.record_sighting(tx, owner.person.login, place, now, SIGHTING_WINDOW_MS)
    if not await credentials.mark_token_used(tx, token, now) or owner.device is None:
        return
    await credentials.touch_device(tx, owner.device, now, app)
    if owner.used_at is None and await credentials.revoke_others(tx, owner.device, token, now):
        login = owner.person.login
        await record_event(ctx, tx, DeviceEvent(what="token-used", device=owner.device, person=login, by=login))
