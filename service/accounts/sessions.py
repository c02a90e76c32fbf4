"""Somebody signs in with his password, supervisors and admins with a second factor too, and signs out."""

from secrets import token_bytes, token_urlsafe

import msgspec

from service.context import House
from service.db.database import Tx
from service.errors import SecondFactorKnown, SecondFactorNeeded, SignInFailed
from service.judge.bounds import LoginText, PasswordText, SecretText
from service.web.decoding import decode
from service.web.qr import qr_svg

from . import attempts, passwords, repository, throttling, totp
from . import credentials as access
from .authentication import person_of, session_digest
from .credentials import Factor
from .events import PersonEvent, noted
from .permissions import SECOND_FACTOR, Person


class SignIn(msgspec.Struct, frozen=True):
    """Login, password, and the code of the authenticator where there is one."""

    login: LoginText
    password: PasswordText
    code: SecretText = ""


class Credentials(msgspec.Struct, frozen=True):
    """Login and password, to set up the authenticator before the first sign-in."""

    login: LoginText
    password: PasswordText


class SecondFactor(msgspec.Struct, frozen=True):
    """What the authenticator app needs; shown this once. The first code at sign-in confirms it."""

    secret: str
    address: str
    qr_svg: str


sign_ins = msgspec.json.Decoder(SignIn)
credentials = msgspec.json.Decoder(Credentials)


async def sign_in(house: House, address: str, raw: bytes) -> str:
    """The token of a new session. Problems do not tell whether there is such a person."""
    given = decode(sign_ins, raw)
    person, kept, factor = await _known(house, address, given.login, given.password)
    now = house.clock()
    step, secret = None, b""
    if (factor is not None and factor.confirmed_at is not None) or not SECOND_FACTOR.isdisjoint(person.roles):
        if factor is None or not given.code.strip():
            await house.db.write(lambda tx: throttling.forgive(tx, address, given.login))
            raise SecondFactorNeeded(enrol=factor is None or factor.confirmed_at is None)
        secret = factor.secret
        step = totp.step_of(secret, given.code, now)
        if step is None:
            raise SignInFailed
    token = token_urlsafe(32)

    async def work(tx: Tx) -> None:
        if not await repository.lock(tx, person.login) or await repository.password_hash(tx, person.login) != kept:
            raise SignInFailed  # he left, or the password changed meanwhile
        if step is not None and not await access.pass_factor(tx, person.login, secret, step, totp.latest(now), now):
            raise SignInFailed("this code was used already; wait for the next one")
        if step is not None and factor is not None and factor.confirmed_at is None:
            await noted(house, tx, PersonEvent(what="second-factor", person=person.login, by=person.login))
        await access.add_token(tx, session_digest(token), person.login, now, "session")
        await throttling.good(tx, address, given.login)
        await attempts.tidy(tx, now)

    await house.db.write(work)
    return token


async def set_up(house: House, address: str, raw: bytes) -> SecondFactor:
    """A secret for the authenticator, in place of one that was never confirmed."""
    given = decode(credentials, raw)
    person, _, _ = await _known(house, address, given.login, given.password)
    secret = token_bytes(20)

    async def work(tx: Tx) -> None:
        if not await access.set_factor(tx, person.login, secret, house.clock()):
            raise SecondFactorKnown
        await throttling.forgive(tx, address, person.login)

    await house.db.write(work)
    told = totp.address(secret, person.login, "Doorstep")
    return SecondFactor(totp.text(secret), told, qr_svg(told))


async def sign_out(house: House, token: bytes, *, everywhere: bool = False) -> None:
    """End this session, or all sessions of the person."""

    async def work(tx: Tx) -> None:
        person = await person_of(tx, token)
        if everywhere:
            await access.revoke_tokens(tx, person.login, house.clock(), "session")
        else:
            await access.revoke_token(tx, token, house.clock())

    await house.db.write(work)


async def _known(house: House, address: str, login: str, password: str) -> tuple[Person, str, Factor | None]:
    """Whose login and password it is. SignInFailed, with the same work for everybody."""
    await throttling.count(house, address, login)

    async def work(tx: Tx) -> tuple[Person | None, str | None, Factor | None]:
        return (
            await repository.person(tx, login),
            await repository.password_hash(tx, login),
            await access.factor(tx, login),
        )

    person, kept, factor = await house.db.read(work)
    if not await passwords.fits(kept, password) or person is None or kept is None:
        raise SignInFailed
    return person, kept, factor
