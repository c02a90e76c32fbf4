"""Signing in with a password, for supervisors and admins also with a second factor, and signing out."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from secrets import token_bytes, token_urlsafe
from typing import Annotated

import msgspec
from msgspec import Meta

from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import InvalidCredentials, TooManyRequests, TotpAlreadySetUp, TotpRequired
from service.field_kinds import Cleaned, CodeText
from service.judge.bounds import LoginText, PasswordText
from service.web.access_log import get_logger
from service.web.qr import qr_svg

from . import attempts, passwords, repository, throttling, totp
from . import credentials as access
from .authentication import address_label, authenticate_token, login_label, session_digest
from .credentials import TotpSecret
from .events import Act, PersonEvent, record_event
from .permissions import SECOND_FACTOR, Person


class SignIn(Cleaned, frozen=True):
    """Login, password, and the code of the authenticator where there is one."""

    login: Annotated[LoginText, Meta(description="Who signs in.")]
    password: Annotated[PasswordText, Meta(description="Their password.")]
    code: Annotated[CodeText, Meta(description="The six digits of the authenticator; supervisors and admins.")] = ""


class Credentials(Cleaned, frozen=True):
    """Login and password, to set up the authenticator before the first sign-in."""

    login: Annotated[LoginText, Meta(description="Whose authenticator it is.")]
    password: Annotated[PasswordText, Meta(description="Their password.")]


class SecondFactor(msgspec.Struct, frozen=True):
    """What the authenticator app needs; shown this once. The first code at sign-in confirms it."""

    secret: Annotated[str, Meta(description="The secret in Base32, in groups, to type in.")]
    address: Annotated[str, Meta(description="The same as an `otpauth:` address.")]
    qr_svg: Annotated[str, Meta(description="The address as a QR code (SVG).")]


async def sign_in(ctx: AppContext, address: str, given: SignIn) -> str:
    """The token of a new session. Problems do not reveal whether there is such a person.

    Where no second factor is needed, one that somebody has begun to set up counts from the first code that is right.
    """
    async with failures_recorded(ctx, address, given.login):
        token = await _sign_in(ctx, address, given)
    _log("signed_in", address, given.login)
    return token


@asynccontextmanager
async def failures_recorded(ctx: AppContext, address: str, given: str) -> AsyncGenerator[None]:
    """Records an event for InvalidCredentials. Throttled attempts leave none, so that their number is bounded."""
    try:
        yield
    except InvalidCredentials:
        await _record_failure(ctx, address, given)
        _log("sign_in_failed", address, given)
        raise
    except TooManyRequests:
        _log("sign_in_throttled", address, given)
        raise


def _log(what: str, address: str, login: str) -> None:
    """A line without the login and the address: their digests are those of the events."""
    get_logger().info(what, login=login_label(login), address=address_label(address))


@transaction
async def _record_failure(ctx: AppContext, tx: Transaction, address: str, given: str) -> None:
    """An event of the person, or where nobody has that login, of its keyed digest."""
    login, label = await repository.known_login(tx, given), address_label(address)
    if await repository.person(tx, login) is None:
        await record_event(ctx, tx, Act(what="sign-in-failed", by="", subject=login_label(given), address=label))
        return
    await record_event(ctx, tx, PersonEvent(what="sign-in-failed", person=login, by="", address=label))


async def _sign_in(ctx: AppContext, address: str, given: SignIn) -> str:
    person, password_hash, factor = await _check_credentials(ctx, address, given.login, given.password)
    now = ctx.clock()
    step = None
    confirmed, begun = factor is not None and factor.confirmed_at is not None, factor is not None
    if confirmed or (begun and given.code.strip()) or not SECOND_FACTOR.isdisjoint(person.roles):
        if factor is None or not given.code.strip():
            await ctx.db.write(lambda tx: throttling.refund_attempt(tx, address, given.login))
            raise TotpRequired(enrol=factor is None or factor.confirmed_at is None)
        step = totp.matching_step(factor.secret, given.code, now)
        if step is None:
            raise InvalidCredentials
    token = token_urlsafe(32)

    async def start_session(tx: Transaction) -> None:
        if (
            not await repository.lock(tx, person.login)
            or await repository.password_hash(tx, person.login) != password_hash
        ):
            raise InvalidCredentials  # they left, or the password was changed meanwhile
        if factor is not None and step is not None:
            if not await access.consume_totp_step(tx, person.login, factor, step, totp.latest(now), now):
                raise InvalidCredentials("this code was used already; wait for the next one")
            if factor.confirmed_at is None:
                await record_event(ctx, tx, PersonEvent(what="second-factor", person=person.login, by=person.login))
        await access.add_token(tx, session_digest(token), person.login, now, "session")
        await throttling.reset_attempts(tx, address, given.login)
        await attempts.delete_old(tx, now)
        signed_in = PersonEvent(what="signed-in", person=person.login, by=person.login, address=address_label(address))
        await record_event(ctx, tx, signed_in)

    await ctx.db.write(start_session)
    return token


async def begin_totp_setup(ctx: AppContext, address: str, given: Credentials) -> SecondFactor:
    """A secret for the authenticator, in place of one that was never confirmed."""
    async with failures_recorded(ctx, address, given.login):
        person, _, _ = await _check_credentials(ctx, address, given.login, given.password)
    secret = token_bytes(20)

    async def store(tx: Transaction) -> None:
        if not await access.set_totp(ctx, tx, person.login, secret):
            raise TotpAlreadySetUp
        await record_event(ctx, tx, PersonEvent(what="second-factor-begun", person=person.login, by=person.login))
        await throttling.refund_attempt(tx, address, person.login)

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


@transaction
async def sign_out(ctx: AppContext, tx: Transaction, token: bytes, *, everywhere: bool = False) -> None:
    """End this session, or all sessions of the person."""
    person = await authenticate_token(tx, token)
    if everywhere:
        await access.revoke_tokens(tx, person.login, ctx.clock(), "session")
    else:
        await access.revoke_token(tx, token, ctx.clock())
    what = "signed-out-everywhere" if everywhere else "signed-out"
    await record_event(ctx, tx, PersonEvent(what=what, person=person.login, by=person.login))


async def _check_credentials(
    ctx: AppContext, address: str, login: str, password: str
) -> tuple[Person, str, TotpSecret | None]:
    """The person with this login and password. InvalidCredentials, which takes the same time for every login."""
    await throttling.check_attempt(ctx, address, login)

    async def load(tx: Transaction) -> tuple[Person | None, str | None, TotpSecret | None]:
        known = await repository.known_login(tx, login)
        return (
            await repository.person(tx, known),
            await repository.password_hash(tx, known),
            await access.get_totp(ctx, tx, known),
        )

    person, password_hash, factor = await ctx.db.read(load)
    if not await passwords.verify_password(password_hash, password) or person is None or password_hash is None:
        raise InvalidCredentials
    return person, password_hash, factor
