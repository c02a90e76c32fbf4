"""Passkeys (WebAuthn): a phone, computer or key that proves who somebody is, after their finger, face or PIN.

A passkey is both factors: the device is one, and it verifies its user by the other. So it signs in by itself.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from secrets import token_bytes
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs
from service.errors import InvalidBody, InvalidCredentials, NotFound, TooManyPasskeys
from service.text import clean_line

from . import repository, throttling
from .authentication import authenticate_token
from .challenges import LIFETIME_MS
from .events import PersonEvent, record_event
from .new_session import NewSession, start_session
from .permissions import Person
from .recent_sign_in import require_recent_sign_in
from .sign_in_failures import failures_recorded
from .sign_in_origin import SignInOrigin

MAX_PASSKEYS, MAX_NAME = 10, 60


class PasskeyRow(msgspec.Struct, frozen=True):
    """A passkey. Times are ms UTC."""

    id: bytes
    login: str
    name: str
    public_key: bytes
    sign_count: int
    created_at: int
    used_at: int | None


class Passkey(msgspec.Struct, frozen=True):
    """A passkey, as its owner sees it."""

    id: Annotated[str, Meta(description="The credential's id, base64url.")]
    name: Annotated[str, Meta(description="What its owner calls it.")]
    created_at: Annotated[datetime, Meta(description="When it was added.")]
    used_at: Annotated[datetime | None, Meta(description="When it last signed in.")]


class Challenge(msgspec.Struct, frozen=True):
    """What the device has to sign, and for a new passkey whose it will be."""

    value: bytes
    login: str = ""


@read_only
async def of_caller(ctx: AppContext, tx: Transaction, token: bytes) -> tuple[Passkey, ...]:
    """The caller's passkeys, the oldest first."""
    person = await authenticate_token(tx, token)
    return tuple(_view(ctx, row) for row in await fetch_structs(tx, PasskeyRow, "passkeys_of", login=person.login))


@transaction
async def creation_options(ctx: AppContext, tx: Transaction, token: bytes) -> tuple[str, Challenge]:
    """What the browser needs to make a passkey, as JSON, and what the answer has to sign. SignInAgain,
    TooManyPasskeys."""
    from webauthn import generate_registration_options, options_to_json  # noqa: PLC0415 - half a second
    from webauthn.helpers import structs  # noqa: PLC0415

    person = await authenticate_token(tx, token)
    await require_recent_sign_in(ctx, tx, token)
    known = await _require_room(tx, person.login)
    challenge = Challenge(token_bytes(32), person.login)
    options = generate_registration_options(
        rp_id=_site(ctx),
        rp_name=ctx.company.company,
        user_name=person.login,
        user_display_name=person.name,
        user_id=sha256(f"passkey {person.login}".encode()).digest(),
        challenge=challenge.value,
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=row.id) for row in known],
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        timeout=LIFETIME_MS,
    )
    return options_to_json(options), challenge


async def add(ctx: AppContext, token: bytes, challenge: Challenge, answer: str, name: str) -> None:
    """Add the passkey that the browser made. InvalidBody when the answer does not fit; TooManyPasskeys."""
    from webauthn import verify_registration_response  # noqa: PLC0415
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge.value,
            expected_rp_id=_site(ctx),
            expected_origin=ctx.company.url,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise InvalidBody("通行密钥的回答不对，请重来 / the answer of the passkey does not fit; try again") from None

    async def store(tx: Transaction) -> None:
        person = await authenticate_token(tx, token)
        if person.login != challenge.login or not await repository.lock(tx, person.login):
            raise InvalidBody("这个通行密钥是为别人添加的 / the passkey was made for somebody else")
        await _require_room(tx, person.login)  # several may have been begun at once
        added = await tx.execute(
            "add_passkey",
            id=made.credential_id,
            login=person.login,
            name=clean_line(name)[:MAX_NAME] or "Passkey",
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            created_at=ctx.clock(),
        )
        if added:
            await record_event(ctx, tx, PersonEvent(what="passkey-added", person=person.login, by=person.login))

    await ctx.db.write(store)


async def _require_room(tx: Transaction, login: str) -> list[PasskeyRow]:
    """Somebody's passkeys, if they may have another. TooManyPasskeys."""
    known = await fetch_structs(tx, PasskeyRow, "passkeys_of", login=login)
    if len(known) >= MAX_PASSKEYS:
        raise TooManyPasskeys
    return known


@transaction
async def remove(ctx: AppContext, tx: Transaction, token: bytes, passkey: str) -> None:
    """Remove one of the caller's passkeys. SignInAgain, NotFound."""
    person = await authenticate_token(tx, token)
    await require_recent_sign_in(ctx, tx, token)
    await repository.lock(tx, person.login)
    if await tx.execute("delete_passkey", id=_unpacked(passkey), login=person.login) == 0:
        raise NotFound
    await record_event(ctx, tx, PersonEvent(what="passkey-removed", person=person.login, by=person.login))


def request_options(ctx: AppContext) -> tuple[str, Challenge]:
    """What the browser needs to sign in with a passkey, as JSON, and what the answer has to sign."""
    from webauthn import generate_authentication_options, options_to_json  # noqa: PLC0415
    from webauthn.helpers import structs  # noqa: PLC0415

    challenge = Challenge(token_bytes(32))
    options = generate_authentication_options(
        rp_id=_site(ctx),
        challenge=challenge.value,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
        timeout=LIFETIME_MS,
    )
    return options_to_json(options), challenge


async def sign_in(ctx: AppContext, origin: SignInOrigin, challenge: Challenge, answer: str) -> NewSession:
    """A new session for the owner of the passkey that signed the challenge. InvalidCredentials."""
    async with failures_recorded(ctx, origin.address, ""):
        return await _sign_in(ctx, origin, challenge, answer)


async def _sign_in(ctx: AppContext, origin: SignInOrigin, challenge: Challenge, answer: str) -> NewSession:
    await throttling.check_attempt(ctx, origin.address)
    row = await ctx.db.read(lambda tx: fetch_struct(tx, PasskeyRow, "passkey", id=_id_in(answer)))
    if row is None:
        raise InvalidCredentials
    sign_count = _verified(ctx, row, challenge, answer)

    async def start(tx: Transaction) -> NewSession:
        person: Person | None = await repository.person(tx, row.login)
        if person is None or not await repository.lock(tx, row.login):
            raise InvalidCredentials  # they left
        if await tx.execute("passkey_used", id=row.id, sign_count=sign_count, at=ctx.clock()) == 0:
            raise InvalidCredentials  # it was removed meanwhile
        return await start_session(ctx, tx, origin, person, await origin.known_browser_in(ctx, tx, row.login))

    return await ctx.db.write(start)


def _verified(ctx: AppContext, row: PasskeyRow, challenge: Challenge, answer: str) -> int:
    """The device's new counter. InvalidCredentials."""
    from webauthn import verify_authentication_response  # noqa: PLC0415
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    try:
        return verify_authentication_response(
            credential=answer,
            expected_challenge=challenge.value,
            expected_rp_id=_site(ctx),
            expected_origin=ctx.company.url,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        ).new_sign_count
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise InvalidCredentials from None


def _site(ctx: AppContext) -> str:
    """The host that passkeys are for."""
    return urlsplit(ctx.company.url).hostname or ""


def _id_in(answer: str) -> bytes:
    """The id of the credential in a browser's answer; empty when it has none."""
    try:
        content: Any = msgspec.json.decode(answer)
        return _unpacked(content["id"])
    except (msgspec.DecodeError, KeyError, TypeError, NotFound):
        return b""


def _unpacked(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise NotFound from None


def _view(ctx: AppContext, row: PasskeyRow) -> Passkey:
    return Passkey(
        id=urlsafe_b64encode(row.id).decode().rstrip("="),
        name=row.name,
        created_at=ctx.to_local_time(row.created_at),
        used_at=None if row.used_at is None else ctx.to_local_time(row.used_at),
    )
