"""Signing in with a password, for supervisors and admins also with a second factor, and signing out."""

from secrets import token_bytes
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import (
    InvalidCredentials,
    NotASession,
    NotFound,
    ServiceUnavailable,
    TotpAlreadySetUp,
    TotpRemoved,
    TotpRequired,
)
from service.field_kinds import Cleaned, SecretText
from service.judge.bounds import LoginText, PasswordText
from service.web.qr import qr_svg

from . import credentials as access
from . import passwords, recovery_codes, repository, throttling, tokens, totp
from .authentication import authenticate, authenticate_token, token_owner
from .credentials import TotpSecret
from .events import PersonEvent, record_event
from .new_session import NewSession, start_session
from .permissions import SECOND_FACTOR, Person
from .recent_sign_in import require_recent_sign_in
from .sign_in_failures import failures_recorded, log_sign_in
from .sign_in_origin import SignInOrigin


class SignIn(Cleaned, frozen=True):
    """Login, password, and the code of the authenticator where there is one."""

    login: Annotated[LoginText, Meta(description="Who signs in.")]
    password: Annotated[PasswordText, Meta(description="Their password.")]
    code: Annotated[
        SecretText, Meta(description="The six digits of the authenticator, or a recovery code; supervisors and admins.")
    ] = ""


class Credentials(Cleaned, frozen=True):
    """Login and password, to set up the authenticator before the first sign-in."""

    login: Annotated[LoginText, Meta(description="Whose authenticator it is.")]
    password: Annotated[PasswordText, Meta(description="Their password.")]


class PasswordChange(Cleaned, frozen=True):
    """The old and the new password, and whether the calendar ends with the old one."""

    old: Annotated[PasswordText, Meta(description="The password until now.")]
    password: Annotated[
        PasswordText, Meta(description="The new one: at least twelve characters, and none that others would try.")
    ]
    end_calendar: Annotated[
        bool, Meta(description="End the secret address of the calendar too, which anybody who was signed in may know.")
    ] = False


class SecondFactor(msgspec.Struct, frozen=True):
    """What the authenticator app needs; shown this once. The first code at sign-in confirms it."""

    secret: Annotated[str, Meta(description="The secret in Base32, in groups, to type in.")]
    address: Annotated[str, Meta(description="The same as an `otpauth:` address.")]
    qr_svg: Annotated[str, Meta(description="The address as a QR code (SVG).")]


async def sign_in(ctx: AppContext, origin: SignInOrigin, given: SignIn) -> NewSession:
    """A new session. Problems do not reveal whether there is such a person.

    Where no second factor is needed, one that somebody has begun to set up counts from the first code that is right.
    """
    async with failures_recorded(ctx, origin.address, given.login):
        session = await _sign_in(ctx, origin, given)
    log_sign_in("signed_in", origin.address, given.login)
    return session


async def _sign_in(ctx: AppContext, origin: SignInOrigin, given: SignIn) -> NewSession:
    checked = await _check_credentials(ctx, origin, given.login, given.password)
    person, factor, now = checked.person, checked.factor, ctx.clock()
    step, recovery = None, None
    confirmed, begun = factor is not None and factor.confirmed_at is not None, factor is not None
    needed = confirmed or checked.has_passkey or not SECOND_FACTOR.isdisjoint(person.roles)
    if needed or (begun and given.code.strip()):
        if not given.code.strip() or (factor is None and not checked.has_passkey):
            await ctx.db.write(
                lambda tx: throttling.refund_attempt(tx, origin.address, given.login, checked.known_browser)
            )
            raise TotpRequired(enrol=not confirmed and not checked.has_passkey, passkey=checked.has_passkey)
        step = None if factor is None else totp.matching_step(factor.secret, given.code, now)
        if step is None:
            recovery = await recovery_codes.find(ctx, person.login, given.code)
            if recovery is None:
                raise InvalidCredentials

    async def start(tx: Transaction) -> NewSession:
        if (
            not await repository.lock(tx, person.login)
            or await repository.password_hash(tx, person.login) != checked.password_hash
        ):
            raise InvalidCredentials  # they left, or the password was changed meanwhile
        if factor is not None and step is not None:
            if not await access.consume_totp_step(tx, person.login, factor, step, totp.latest(now), now):
                raise InvalidCredentials("this code was used already; wait for the next one")
            if factor.confirmed_at is None:
                await record_event(ctx, tx, PersonEvent(what="second-factor", person=person.login, by=person.login))
        if recovery is not None:
            await recovery_codes.consume(ctx, tx, person.login, recovery)
        return await start_session(ctx, tx, origin, person, checked.known_browser)

    return await ctx.db.write(start)


async def begin_totp_setup(
    ctx: AppContext, origin: SignInOrigin, given: Credentials, *, signed_in: bool = False
) -> SecondFactor:
    """A secret for the authenticator, in place of one that was never confirmed.

    Who is not signed in has only shown the password, which must not add a factor: TotpAlreadySetUp for a person with a
    passkey, TotpRemoved for one who removed what they had.
    """
    async with failures_recorded(ctx, origin.address, given.login):
        checked = await _check_credentials(ctx, origin, given.login, given.password)
    person, secret = checked.person, token_bytes(20)
    if checked.has_passkey and not signed_in:
        raise TotpAlreadySetUp

    async def store(tx: Transaction) -> None:
        if not await access.set_totp(ctx, tx, person.login, secret):
            raise TotpAlreadySetUp
        if not signed_in and await access.removed_factor(tx, person.login):
            raise TotpRemoved
        await record_event(ctx, tx, PersonEvent(what="second-factor-begun", person=person.login, by=person.login))
        await throttling.refund_attempt(tx, origin.address, person.login, checked.known_browser)

    await ctx.db.write(store)
    return second_factor(secret, person.login)


def second_factor(secret: bytes, login: str) -> SecondFactor:
    """A secret as an authenticator app takes it."""
    uri = totp.otpauth_uri(secret, login, "Doorstep")
    return SecondFactor(totp.group_digits(secret), uri, qr_svg(uri))


async def has_second_factor(ctx: AppContext, login: str) -> bool:
    """Whether a person's authenticator is set up."""
    factor = await ctx.db.read(lambda tx: access.get_totp(ctx, tx, login))
    return factor is not None and factor.confirmed_at is not None


async def remove_totp(ctx: AppContext, origin: SignInOrigin, token: bytes, password: str) -> None:
    """Remove the caller's authenticator, to bind another; other sessions end, and recovery codes that only replaced it.
    SignInAgain, NotFound; InvalidCredentials for a wrong password."""
    login = await _with_totp(ctx, token)
    async with failures_recorded(ctx, origin.address, login):
        checked = await _check_credentials(ctx, origin, login, password)
    await _remove_totp(ctx, token)
    await ctx.db.write(lambda tx: throttling.refund_attempt(tx, origin.address, login, checked.known_browser))


@transaction
async def _with_totp(ctx: AppContext, tx: Transaction, token: bytes) -> str:
    """The login of the caller, who signed in just now and has an authenticator."""
    person = await authenticate_token(tx, token)
    await require_recent_sign_in(ctx, tx, token)
    factor = await access.get_totp(ctx, tx, person.login)
    if factor is None or factor.confirmed_at is None:
        raise NotFound
    return person.login


@transaction
async def _remove_totp(ctx: AppContext, tx: Transaction, token: bytes) -> None:
    person = await authenticate_token(tx, token)
    await repository.lock(tx, person.login)
    factor = await access.get_totp(ctx, tx, person.login)
    if factor is None or factor.confirmed_at is None:
        raise NotFound
    await access.delete_totp(tx, person.login)
    if not await access.has_passkey(tx, person.login):
        await access.delete_recovery_codes(tx, person.login)
    await tokens.end_other_sessions(ctx, tx, person.login, token)
    await record_event(ctx, tx, PersonEvent(what="second-factor-removed", person=person.login, by=person.login))


@transaction
async def sign_out(ctx: AppContext, tx: Transaction, token: bytes, *, everywhere: bool = False) -> None:
    """End this session, or all sessions of the person.

    NotASession for a token of a script, which stays, and for that of a phone: it may be in other hands.
    """
    owner = await token_owner(tx, token)
    person = owner.person
    if owner.kind == "device" or (owner.kind != "session" and not everywhere):
        raise NotASession
    if everywhere:
        await access.revoke_tokens(tx, person.login, ctx.clock(), "session")
    else:
        await access.revoke_token(tx, token, ctx.clock())
    what = "signed-out-everywhere" if everywhere else "signed-out"
    await record_event(ctx, tx, PersonEvent(what=what, person=person.login, by=person.login))


class _Checked(NamedTuple):
    """A person whose password was right."""

    person: Person
    password_hash: str
    factor: TotpSecret | None
    has_passkey: bool
    known_browser: str


async def _check_credentials(ctx: AppContext, origin: SignInOrigin, login: str, password: str) -> _Checked:
    """The person with this login and password. InvalidCredentials, which takes the same time for every login;
    ServiceUnavailable when too many sign in at once."""
    known_browser = await origin.known_browser(ctx, login)
    await throttling.check_attempt(ctx, origin.address, login, known_browser)

    async def load(tx: Transaction) -> tuple[Person | None, str | None, TotpSecret | None, bool]:
        known = await repository.known_login(tx, login)
        return (
            await repository.person(tx, known),
            await repository.password_hash(tx, known),
            await access.get_totp(ctx, tx, known),
            await access.has_passkey(tx, known),
        )

    person, password_hash, factor, has_passkey = await ctx.db.read(load)
    try:
        is_right = await passwords.verify_password(password_hash, password, known=bool(known_browser))
    except ServiceUnavailable:  # nothing was tried
        await ctx.db.write(lambda tx: throttling.refund_attempt(tx, origin.address, login, known_browser))
        raise
    if not is_right or person is None or password_hash is None:
        raise InvalidCredentials
    return _Checked(person, password_hash, factor, has_passkey, known_browser)


async def change_password(ctx: AppContext, origin: SignInOrigin, token: bytes, given: PasswordChange) -> None:
    """Change one's own password; all other sessions end. InvalidCredentials when the old one is wrong."""
    person = await authenticate(ctx, token)
    async with failures_recorded(ctx, origin.address, person.login):
        checked = await _check_credentials(ctx, origin, person.login, given.old)
    passwords.require_good_password(given.password, person.login, person.name, ctx.company.company)
    password_hash = await passwords.hash_password(given.password, known=True)

    async def store(tx: Transaction) -> None:
        await authenticate_token(tx, token)
        await repository.lock(tx, person.login)
        if await repository.password_hash(tx, person.login) != checked.password_hash:
            raise InvalidCredentials  # it was changed meanwhile
        await repository.set_password_hash(tx, person.login, password_hash)
        await tokens.end_other_sessions(ctx, tx, person.login, token)
        if given.end_calendar and await access.delete_calendar(tx, person.login):
            await record_event(ctx, tx, PersonEvent(what="calendar-ended", person=person.login, by=person.login))
        await throttling.reset_attempts(tx, origin.address, person.login, checked.known_browser)
        await record_event(ctx, tx, PersonEvent(what="password", person=person.login, by=person.login))

    await ctx.db.write(store)
