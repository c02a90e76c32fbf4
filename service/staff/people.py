"""People come with an invitation, set their own password by its one-time code, and leave with everything at once."""

from datetime import datetime
from secrets import token_urlsafe

import msgspec

from service.accounts import cards, credentials, passwords, throttling
from service.accounts import repository as accounts_repository
from service.accounts.authentication import digest, need, person_of, sign_in
from service.accounts.events import PersonEvent, noted
from service.accounts.permissions import Person, Role, oversees
from service.accounts.repository import Known
from service.accounts.validation import NewPerson, trimmed, wrong_newcomer
from service.context import House
from service.db.database import Tx
from service.devices import repository as devices_repository
from service.errors import FieldError, InvalidBody, LoginTaken, NotAllowed, NotFound, UnknownCode, UnknownPerson
from service.judge.bounds import LoginText, PasswordText
from service.visits import unassigned
from service.visits.changes import Reason
from service.web.decoding import decode

HOURS_72 = 72 * 3_600_000
PAGE = 200


class PersonError(ValueError):
    """The person cannot be added; the message says why."""


class Added(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody new. The one-time code and the token are shown this once and kept only as digests."""

    person: Person
    code: str
    url: str
    expires_at: datetime
    token: str | None = None


class Invite(msgspec.Struct, frozen=True):
    """A new code for who works here. `reset` ends password, second factor, sessions and tokens of scripts at once."""

    person: LoginText
    reset: bool = False


class NewPassword(msgspec.Struct, frozen=True):
    """A password that one chose: at least twelve characters."""

    password: PasswordText


class PersonSummary(msgspec.Struct, frozen=True):
    """Whose password was set."""

    login: str
    name: str


class Departure(msgspec.Struct, frozen=True):
    """Why somebody leaves."""

    reason: Reason


class Colleague(msgspec.Struct, frozen=True):
    """Somebody who works or worked here; `badge` (工号) and `title` are on his ID card."""

    login: str
    name: str
    roles: tuple[Role, ...]
    areas: tuple[str, ...]
    left_at: datetime | None
    badge: str
    title: str


class PeoplePage(msgspec.Struct, frozen=True):
    """People by login; `after` leads to the next page."""

    items: tuple[Colleague, ...]
    after: str | None


new_people = msgspec.json.Decoder(NewPerson)
invites = msgspec.json.Decoder(Invite)
new_passwords = msgspec.json.Decoder(NewPassword)
departures = msgspec.json.Decoder(Departure)


async def add(house: House, given: NewPerson, *, with_token: bool) -> Added:
    """Add somebody, from the command line. PersonError when the login was used, or anything does not fit."""
    fault = wrong_newcomer(given)
    if fault is not None:
        raise PersonError(fault[1])
    token = token_urlsafe(32) if with_token else None

    async def work(tx: Tx) -> Added | None:
        return await _add(house, tx, _person(given), "doorstep", token)

    added = await house.db.write(work)
    if added is None:
        raise PersonError(f"登录名 {given.login} 已被使用，且不再分配 / this login was used, and is never used again")
    return added


async def hire(house: House, token: bytes, raw: bytes) -> Added:
    """Add somebody, as an admin."""
    caller = await sign_in(house, token, "add people")
    given = trimmed(decode(new_people, raw))
    fault = wrong_newcomer(given)
    if fault is not None:
        raise InvalidBody("", (FieldError(fault[0], "invalid", fault[1]),))

    async def work(tx: Tx) -> Added:
        added = await _add(house, tx, _person(given), caller.login)
        if added is None:
            raise LoginTaken
        badge, title = given.badge, given.title
        if badge or title:
            await cards.set_card(tx, given.login, badge, title)
            event = PersonEvent(what="card", person=given.login, by=caller.login, badge=badge, title=title)
            await noted(house, tx, event)
        return added

    return await house.db.write(work)


def _person(given: NewPerson) -> Person:
    return Person(given.login, given.name, given.roles, given.areas)


async def invite(house: House, token: bytes, raw: bytes) -> Added:
    """A new one-time code, for who forgot his password."""
    caller = await sign_in(house, token, "add people")
    given = decode(invites, raw)
    return await house.db.write(lambda tx: _again(house, tx, given, caller.login))


async def invite_from_console(house: House, login: str, *, reset: bool) -> Added:
    """The same from the command line: for the admin who forgot his own. PersonError when there is no such person."""
    try:
        return await house.db.write(lambda tx: _again(house, tx, Invite(login, reset), "doorstep"))
    except UnknownPerson:
        raise PersonError(f"没有这个人员：{login} / there is no such person") from None


async def accept(house: House, address: str, code: str, raw: bytes) -> PersonSummary:
    """Set the password by a one-time code."""
    person = await set_password(house, address, code, decode(new_passwords, raw).password)
    return PersonSummary(person.login, person.name)


async def set_password(house: House, address: str, code: str, password: str) -> Person:
    """Whose password it now is. Sessions that there were are ended."""
    await throttling.count(house, address)
    if not passwords.good(password, ""):
        raise InvalidBody("", (FieldError("/password", "too-weak", f"at least {passwords.LEAST} characters"),))
    kept = await passwords.hashed(password)

    async def work(tx: Tx) -> Person:
        now = house.clock()
        person = await credentials.use_code(tx, digest(code), "invitation", now)
        if person is None:
            raise UnknownCode
        if not passwords.good(password, person.login):
            raise InvalidBody("", (FieldError("/password", "too-weak", "not your login"),))
        await accounts_repository.set_password_hash(tx, person.login, kept)
        await noted(house, tx, PersonEvent(what="password", person=person.login, by=person.login))
        await credentials.revoke_tokens(tx, person.login, now, "session")
        await throttling.good(tx, address, person.login)
        return person

    return await house.db.write(work)


async def page(house: House, token: bytes, after: str) -> PeoplePage:
    """People of one's areas, for an admin all; also who left, because his name stays on his records."""

    async def work(tx: Tx) -> PeoplePage:
        caller = await person_of(tx, token)
        need(caller, "see people")
        found = await accounts_repository.page(tx, after, PAGE)
        items = tuple(_shown(house, one) for one in found if oversees(caller, "see people", one.person))
        return PeoplePage(items, found[-1].person.login if len(found) == PAGE else None)

    return await house.db.read(work)


async def depart(house: House, token: bytes, login: str, raw: bytes) -> Colleague:
    """Somebody leaves: every token, session, device and code of his ends at once. Again is no change."""
    caller = await sign_in(house, token, "add people")
    reason = decode(departures, raw).reason
    if caller.login == login:
        raise NotAllowed("somebody else has to do this")

    async def work(tx: Tx) -> Colleague:
        now = house.clock()
        for one in sorted({caller.login, login}):  # of two admins who send each other away one is too late
            await accounts_repository.lock(tx, one)
        need(await person_of(tx, token), "add people")
        if await accounts_repository.leave(tx, login, now):
            await credentials.revoke_tokens(tx, login, now)
            await devices_repository.revoke_all(tx, login, now, caller.login)
            await credentials.end_codes(tx, login, now)
            await noted(house, tx, PersonEvent(what="left", person=login, by=caller.login, reason=reason))
            await unassigned.review(tx, login)
        known = await colleague(house, tx, login)
        if known.left_at is None:
            raise NotFound
        return known

    return await house.db.write(work)


async def colleague(house: House, tx: Tx, login: str) -> Colleague:
    """Somebody who works or worked here. NotFound when nobody did by that login."""
    known = await accounts_repository.known(tx, login)
    if known is None:
        raise NotFound
    return _shown(house, known)


def _shown(house: House, known: Known) -> Colleague:
    one, left = known.person, known.left_at
    seen = None if left is None else house.time(left)
    return Colleague(one.login, one.name, one.roles, one.areas, seen, known.badge, known.title)


async def _add(house: House, tx: Tx, person: Person, by: str, token: str | None = None) -> Added | None:
    at = house.clock()
    if await accounts_repository.alike(tx, person.login) or not await accounts_repository.add_person(tx, person, at):
        return None
    added = PersonEvent(what="added", person=person.login, by=by, roles=person.roles, areas=person.areas)
    await noted(house, tx, added)
    if token is not None:
        await credentials.add_token(tx, digest(token), person.login, at)
    return await _invited(house, tx, person, by, token)


async def _again(house: House, tx: Tx, given: Invite, by: str) -> Added:
    person = await accounts_repository.person(tx, given.person)
    if person is None or not await accounts_repository.lock(tx, given.person):
        raise UnknownPerson
    if given.reset:
        await accounts_repository.set_password_hash(tx, person.login, None)
        await credentials.drop_factor(tx, person.login)
        for kind in ("session", "script"):  # who lost control of one may have lost the other; his phones are apart
            await credentials.revoke_tokens(tx, person.login, house.clock(), kind)
    await noted(house, tx, PersonEvent(what="reset" if given.reset else "invited", person=person.login, by=by))
    return await _invited(house, tx, person, by)


async def _invited(house: House, tx: Tx, person: Person, by: str, token: str | None = None) -> Added:
    code, at = token_urlsafe(16), house.clock()
    await credentials.add_code(tx, digest(code), "invitation", person.login, at=at, by=by, expires_at=at + HOURS_72)
    # behind # it is not sent to any server and stands in no log
    return Added(person, code, f"{house.desk.url}/invitation#{code}", house.time(at + HOURS_72), token)
