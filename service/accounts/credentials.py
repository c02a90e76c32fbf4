"""Credentials: tokens of scripts, sessions and devices, one-time codes, TOTP secrets. Tokens and codes as digests."""

from typing import Literal
from uuid import UUID

import msgspec

from service.context import AppContext
from service.db.database import Row, Transaction
from service.db.rows import fetch_structs

from .permissions import Person
from .sealing import TOTP_SECRET

TokenKind = Literal["script", "session", "device"]
CodeKind = Literal["enrolment", "invitation"]
MAX_CLOCK_SKEW_MS = 3_600_000
"""A time further in the future was written by a wrong clock, here or on another server."""
MAX_CODES = 5
"""Codes of one kind that a person may have at once: what was printed or sent before a newer one still works."""


class TokenOwner(msgspec.Struct, frozen=True, kw_only=True):
    """The owner of a token. Only a device's token has a `device`; `is_active`: neither revoked nor left."""

    person: Person
    kind: TokenKind
    created_at: int
    used_at: int | None
    device: UUID | None
    public_key: bytes | None
    device_revoked: bool
    is_active: bool
    expires_at: int | None = None


class TokenRow(msgspec.Struct, frozen=True):
    """A token, as it is listed."""

    digest: bytes
    kind: TokenKind
    label: str
    device: UUID | None
    created_at: int
    used_at: int | None
    expires_at: int | None


class TotpSecret(msgspec.Struct, frozen=True):
    """A second factor. `sealed` is its secret as it is stored, `step` the last time step whose code was accepted."""

    secret: bytes
    sealed: bytes
    confirmed_at: int | None
    step: int


def row_to_person(row: Row) -> Person:
    """The person in the first four columns."""
    return Person(row[0], row[1], tuple(row[2].split()), tuple(row[3].split("\n")) if row[3] else ())


async def find_token_owner(tx: Transaction, digest: bytes) -> TokenOwner | None:
    """The owner of a token, also of a revoked one; None when it never existed."""
    row = await tx.fetch_one("person_of_token", digest=digest)
    if row is None:
        return None
    return TokenOwner(
        person=row_to_person(row),
        kind=row[4],
        created_at=row[5],
        used_at=row[6],
        device=None if row[9] is None else UUID(bytes=row[9]),
        public_key=row[10],
        device_revoked=row[11] is not None,
        is_active=row[7] is None and row[8] is None and row[11] is None,
        expires_at=row[12],
    )


async def add_token(
    tx: Transaction,
    digest: bytes,
    login: str,
    at: int,
    kind: TokenKind = "script",
    device: UUID | None = None,
    *,
    label: str = "",
    expires_at: int | None = None,
) -> None:
    """Add a token. `digest` is its SHA-256, `label` says what it is for or, of a session, which browser has it."""
    given = {"digest": digest, "login": login, "at": at, "kind": kind, "label": label, "expires_at": expires_at}
    await tx.execute("add_token", **given, device=device.bytes if device else None)


async def living_tokens(tx: Transaction, login: str) -> list[TokenRow]:
    """A person's tokens that are not revoked, the oldest first; some may have ended by themselves."""
    return await fetch_structs(tx, TokenRow, "living_tokens", login=login)


async def revoke_token(tx: Transaction, digest: bytes, at: int) -> bool:
    """Revoke a token, from the next request on."""
    return await tx.execute("revoke_token", digest=digest, at=at) == 1


async def revoke_tokens(tx: Transaction, login: str, at: int, kind: TokenKind | None = None) -> None:
    """Revoke all tokens of a person (of a kind)."""
    await tx.execute("revoke_tokens", login=login, kind=kind or "", at=at)


async def mark_token_used(tx: Transaction, digest: bytes, at: int) -> bool:
    """Record a use; False when the token was revoked."""
    return await tx.execute("token_used", digest=digest, at=at) == 1


async def revoke_others(tx: Transaction, device: UUID, but: bytes, at: int) -> int:
    """Revoke all tokens of a device but one; how many."""
    return await tx.execute("revoke_tokens_of_device", device=device.bytes, but=but, at=at)


async def add_code(
    tx: Transaction, digest: bytes, kind: CodeKind, login: str, *, at: int, by: str, expires_at: int
) -> None:
    """Add a one-time code, for a person whom the caller has locked. Their earlier ones of this kind stay valid until
    one of them is used; of too many the oldest expire."""
    await tx.execute("expire_oldest_codes", login=login, kind=kind, at=at, keep=MAX_CODES - 1)
    await tx.execute("add_code", digest=digest, kind=kind, login=login, at=at, by=by, expires_at=expires_at)


async def consume_code(
    tx: Transaction, digest: bytes, kind: CodeKind, at: int, device: UUID | None = None
) -> Person | None:
    """Use up a code, and with it the person's others of its kind, and return its person; None when it is unknown, used,
    expired, or the person left.

    `device` is the device that it enrols.
    """
    row = await tx.fetch_one("person_of_code", digest=digest, kind=kind)
    # the lock: of two codes that are used at once, the second is expired by the first
    if row is None or await tx.execute("lock_person", login=row[0]) == 0:
        return None
    given = {"digest": digest, "kind": kind, "device": device.bytes if device else None}
    if await tx.execute("consume_code", **given, at=at, latest=at + MAX_CLOCK_SKEW_MS) == 0:
        return None
    person = row_to_person(row)
    await expire_codes(tx, person.login, at, kind)
    return person


async def maker_of_code(tx: Transaction, digest: bytes) -> str:
    """The login of who made a code; '' when there is none."""
    row = await tx.fetch_one("maker_of_code", digest=digest)
    return row[0] if row else ""


async def device_enrolled_with(tx: Transaction, digest: bytes, at: int) -> tuple[Person, UUID] | None:
    """The person and device that a used code enrolled, while it would still be valid."""
    row = await tx.fetch_one("enrolled_by_code", digest=digest, at=at, latest=at + MAX_CLOCK_SKEW_MS)
    return None if row is None else (row_to_person(row), UUID(bytes=row[4]))


async def expire_codes(tx: Transaction, login: str, at: int, kind: CodeKind | None = None) -> None:
    """Expire all codes of a person (of a kind)."""
    await tx.execute("expire_codes", login=login, kind=kind or "", at=at)


async def set_totp(ctx: AppContext, tx: Transaction, login: str, secret: bytes) -> bool:
    """Set an unconfirmed secret, replacing another unconfirmed one; False when there is a confirmed one."""
    sealed = ctx.keys.sealer.seal(secret, TOTP_SECRET.name, login)
    return await tx.execute("set_totp_secret", login=login, secret=sealed, at=ctx.clock()) == 1


async def get_totp(ctx: AppContext, tx: Transaction, login: str) -> TotpSecret | None:
    """A person's second factor."""
    row = await tx.fetch_one("totp_secret", login=login)
    if row is None:
        return None
    sealed, confirmed_at, step = row
    return TotpSecret(ctx.keys.sealer.open(sealed, TOTP_SECRET.name, login), sealed, confirmed_at, step)


async def consume_totp_step(tx: Transaction, login: str, factor: TotpSecret, step: int, latest: int, at: int) -> bool:
    """Accept the code of a time step; False when it or a later one (up to `latest`) was accepted before, or the secret
    was replaced meanwhile."""
    return (
        await tx.execute("consume_totp_step", login=login, secret=factor.sealed, step=step, latest=latest, at=at) == 1
    )


async def removed_factor(tx: Transaction, login: str) -> bool:
    """Whether a person removed an authenticator or passkey, and since then neither confirmed another authenticator nor
    was invited again."""
    last = await tx.fetch_one("last_factor_event", login=login)
    return last is not None and last[0] in ("second-factor-removed", "passkey-removed")


async def delete_totp(tx: Transaction, login: str) -> None:
    """Delete the second factor; the person has to set it up again."""
    await tx.execute("delete_totp_secret", login=login)


async def revoke_labelled(tx: Transaction, login: str, label: str, at: int) -> None:
    """Revoke all tokens of a person with a label."""
    await tx.execute("revoke_labelled", login=login, label=label, at=at)


async def has_passkey(tx: Transaction, login: str) -> bool:
    """Whether a person has a passkey."""
    return bool(await tx.fetch_all("passkeys_of", login=login))


async def delete_passkeys(tx: Transaction, login: str) -> None:
    """Remove all passkeys of a person."""
    await tx.execute("delete_passkeys", login=login)


async def delete_recovery_codes(tx: Transaction, login: str) -> None:
    """No recovery code of the person counts from now on."""
    await tx.execute("delete_recovery_codes", login=login)


async def has_calendar(tx: Transaction, login: str) -> bool:
    """Whether there is a secret address of the person's calendar."""
    return await tx.fetch_one("calendar_of", login=login) is not None


async def delete_calendar(tx: Transaction, login: str) -> bool:
    """The address of the person's calendar is not found from now on. Whether there was one."""
    return bool(await tx.execute("delete_calendar", login=login))


async def touch_device(tx: Transaction, id: UUID, at: int, app: str) -> None:
    """It was here; `app` is '' when it did not say its version."""
    await tx.execute("touch_device", id=id.bytes, at=at, app=app)
