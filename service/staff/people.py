"""People: they are invited, set their password with a one-time code, and lose all access when they leave."""

from datetime import datetime
from secrets import token_urlsafe
from typing import Annotated

import msgspec
from msgspec import Meta

from service import errors
from service.accounts import cards, credentials, passwords, throttling, tokens
from service.accounts import repository as accounts_repository
from service.accounts.authentication import address_label, authenticate_token, require_permission, token_digest
from service.accounts.events import OPERATOR, PersonEvent, record_event
from service.accounts.permissions import Person, Role, supervises
from service.accounts.recent_sign_in import require_recent_sign_in
from service.accounts.repository import PersonRow
from service.accounts.validation import NewPerson, normalized, validate_new_person
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.devices import repository as devices_repository
from service.field_kinds import Cleaned
from service.judge.bounds import LoginText, PasswordText
from service.visits import unassigned
from service.visits.changes import Reason

INVITATION_MS = 72 * 3_600_000
PAGE = 200


class PersonError(ValueError):
    """The person cannot be added; the message says why."""


class InvitationIssued(msgspec.Struct, frozen=True, omit_defaults=True):
    """An invitation. The code and the token are shown only here; only their digests are stored."""

    person: Annotated[Person, Meta(description="The person it is for.")]
    code: Annotated[
        str, Meta(description="The one-time code. Earlier ones stay valid until one is used, at most five.")
    ]
    url: Annotated[str, Meta(description="The page to set a password, with the code after `#`.")]
    expires_at: Annotated[datetime, Meta(description="When the code expires: after 72 hours.")]
    token: Annotated[str | None, Meta(description="A token for scripts; only the command line issues one.")] = None


class Invite(msgspec.Struct, frozen=True):
    """A new one-time code. `reset` also ends earlier codes, the password, second factors, sessions, tokens and the
    calendar."""

    person: Annotated[LoginText, Meta(description="Login of somebody who works here.")]
    reset: Annotated[bool, Meta(description="Whether their credentials may be in other hands.")] = False


class NewPassword(msgspec.Struct, frozen=True):
    """The chosen password."""

    password: Annotated[PasswordText, Meta(description="At least twelve characters, and not the login.")]


class PersonSummary(msgspec.Struct, frozen=True):
    """The person whose password was set."""

    login: Annotated[str, Meta(description="The login to sign in with.")]
    name: Annotated[str, Meta(description="The name.")]


class DeactivationRequest(Cleaned, frozen=True):
    """Why a person leaves."""

    reason: Annotated[Reason, Meta(description="Why, for the log.")]


class PersonView(msgspec.Struct, frozen=True):
    """A present or former colleague."""

    login: Annotated[str, Meta(description="The login, which is never reused.")]
    name: Annotated[str, Meta(description="The name, as on the ID card.")]
    roles: Annotated[tuple[Role, ...], Meta(description="All roles.")]
    areas: Annotated[tuple[str, ...], Meta(description="Areas (片区); none means the whole utility.")]
    left_at: Annotated[datetime | None, Meta(description="When they left; null for present colleagues.")]
    badge: Annotated[str, Meta(description="The number of the ID card (工号).")]
    title: Annotated[str, Meta(description="The title on the ID card.")]


class PeoplePage(msgspec.Struct, frozen=True):
    """People by login; `after` leads to the next page."""

    items: Annotated[tuple[PersonView, ...], Meta(description="A page of people.")]
    after: Annotated[str | None, Meta(description="The cursor of the next page; null on the last one.")]


async def create_person(ctx: AppContext, given: NewPerson, *, with_token: bool) -> InvitationIssued:
    """Add a person from the command line. PersonError if a field is invalid or the login was used."""
    fault = validate_new_person(given)
    if fault is not None:
        raise PersonError(fault[1])
    token = token_urlsafe(32) if with_token else None
    added = await ctx.db.write(lambda tx: _add(ctx, tx, given, OPERATOR, token))
    if added is None:
        raise PersonError(f"登录名 {given.login} 已被使用，且不再分配 / this login was used, and is never used again")
    return added


@transaction
async def create_person_as(ctx: AppContext, tx: Transaction, token: bytes, new: NewPerson) -> InvitationIssued:
    """Add a person, as an admin. A repetition of the request gives a new code, until the person has used one.
    SignInAgain."""
    given = normalized(new)
    fault = validate_new_person(given)
    if fault is not None:
        raise errors.InvalidBody("", (errors.FieldError(fault[0], "invalid", fault[1]),))
    caller = await authenticate_token(tx, token)
    require_permission(caller, "add people")
    await require_recent_sign_in(ctx, tx, token)
    added = await _add(ctx, tx, given, caller.login)
    if added is None and await _is_repeated(tx, given):  # the answer was lost, and the code with it
        return await _reissue_invitation(ctx, tx, Invite(given.login), caller.login)
    if added is None:
        raise errors.LoginTaken
    return added


async def _is_repeated(tx: Transaction, given: NewPerson) -> bool:
    """Whether just this person was added before, and has not used the invitation yet."""
    row = await accounts_repository.find_person_row(tx, given.login)
    if row is None or row.left_at is not None:
        return False
    same = Person(given.login, given.name, given.roles, given.areas) == row.person
    unused = await accounts_repository.password_hash(tx, given.login) is None
    return same and unused and (row.badge, row.title) == (given.badge, given.title)


@transaction
async def invite(ctx: AppContext, tx: Transaction, token: bytes, given: Invite) -> InvitationIssued:
    """Issue a new one-time code, for a forgotten password. SignInAgain."""
    caller = await authenticate_token(tx, token)
    require_permission(caller, "add people")
    await require_recent_sign_in(ctx, tx, token)
    return await _reissue_invitation(ctx, tx, given, caller.login)


async def invite_from_console(ctx: AppContext, login: str, *, reset: bool) -> InvitationIssued:
    """Issue a new code from the command line, for admins who forgot their own password. PersonError if unknown."""
    try:
        return await ctx.db.write(lambda tx: _reissue_invitation(ctx, tx, Invite(login, reset), OPERATOR))
    except errors.UnknownPerson:
        raise PersonError(f"没有这个人员：{login} / there is no such person") from None


async def set_password(ctx: AppContext, address: str, code: str, password: str) -> Person:
    """Set a password with a one-time code, end the person's sessions, and return the person."""
    await throttling.check_attempt(ctx, address)
    passwords.require_good_password(password, ctx.company.company)
    password_hash = await passwords.hash_password(password)

    async def store(tx: Transaction) -> Person:
        now = ctx.clock()
        person = await credentials.consume_code(tx, token_digest(code), "invitation", now)
        if person is None:
            raise errors.InvalidOneTimeCode
        passwords.require_good_password(password, person.login, person.name, ctx.company.company)
        await accounts_repository.set_password_hash(tx, person.login, password_hash)
        await credentials.revoke_tokens(tx, person.login, now, "session")
        changed = PersonEvent(what="password", person=person.login, by=person.login, address=address_label(address))
        await record_event(ctx, tx, changed)
        await throttling.reset_attempts(tx, address, person.login)
        return person

    return await ctx.db.write(store)


@read_only
async def page(ctx: AppContext, tx: Transaction, token: bytes, after: str) -> PeoplePage:
    """The people the caller supervises, including former ones: their names are on records."""
    caller = await authenticate_token(tx, token)
    require_permission(caller, "see people")
    found = await accounts_repository.page(tx, after, PAGE)
    items = tuple(_to_view(ctx, row) for row in found if supervises(caller, "see people", row.person))
    return PeoplePage(items, found[-1].person.login if len(found) == PAGE else None)


@read_only
async def find(ctx: AppContext, tx: Transaction, token: bytes, login: str) -> PersonView:
    """A person whom the caller supervises. NotFound."""
    caller = await authenticate_token(tx, token)
    require_permission(caller, "see people")
    row = await accounts_repository.find_person_row(tx, await accounts_repository.known_login(tx, login))
    if row is None or not supervises(caller, "see people", row.person):
        raise errors.NotFound
    return _to_view(ctx, row)


@transaction
async def deactivate(ctx: AppContext, tx: Transaction, token: bytes, login: str, reason: str) -> PersonView:
    """Revoke all tokens, sessions, devices and codes of a person who leaves; idempotent."""
    login = await accounts_repository.known_login(tx, login)
    await require_recent_sign_in(ctx, tx, token)
    caller, person = await lock_caller_and_target(tx, token, login)
    if caller.login == login:
        raise errors.PermissionDenied("somebody else has to do this")
    now = ctx.clock()
    if person is not None and await accounts_repository.deactivate(tx, login, now):
        await credentials.revoke_tokens(tx, login, now)
        await credentials.delete_calendar(tx, login)
        await devices_repository.revoke_all(tx, login, now, caller.login)
        await credentials.expire_codes(tx, login, now)
        await record_event(ctx, tx, PersonEvent(what="left", person=login, by=caller.login, reason=reason))
        await unassigned.refresh_assignments(tx, login)
    return await person_view(ctx, tx, login)


async def lock_caller_and_target(tx: Transaction, token: bytes, login: str) -> tuple[Person, Person | None]:
    """The calling admin and an active person, locked: of two admins who revoke each other, the second one fails."""
    caller = await authenticate_token(tx, token)
    for one in sorted({caller.login, login}):
        await accounts_repository.lock(tx, one)
    caller = await authenticate_token(tx, token)
    require_permission(caller, "add people")
    return caller, await accounts_repository.person(tx, login)


async def person_view(ctx: AppContext, tx: Transaction, login: str) -> PersonView:
    """A present or former colleague. NotFound for an unknown login."""
    row = await accounts_repository.find_person_row(tx, login)
    if row is None:
        raise errors.NotFound
    return _to_view(ctx, row)


def _to_view(ctx: AppContext, row: PersonRow) -> PersonView:
    person, left_at = row.person, None if row.left_at is None else ctx.to_local_time(row.left_at)
    return PersonView(person.login, person.name, person.roles, person.areas, left_at, row.badge, row.title)


async def record_card(ctx: AppContext, tx: Transaction, login: str, badge: str, title: str, by: str) -> None:
    """Set the number and title on an ID card."""
    await cards.set_card(tx, login, badge, title)
    await record_event(ctx, tx, PersonEvent(what="card", person=login, by=by, badge=badge, title=title))


async def _add(
    ctx: AppContext, tx: Transaction, given: NewPerson, by: str, token: str | None = None
) -> InvitationIssued | None:
    """Add a person and their ID card. None if the login was ever used."""
    person, at = Person(given.login, given.name, given.roles, given.areas), ctx.clock()
    if not await accounts_repository.add_person(tx, person, at):
        return None
    if token is not None:
        await tokens.add_script_token(ctx, tx, token_digest(token), person.login)
    issued = await _issue_invitation(ctx, tx, person, by, token)
    added = PersonEvent(what="added", person=person.login, by=by, roles=person.roles, areas=person.areas)
    await record_event(ctx, tx, added)
    if given.badge or given.title:
        await record_card(ctx, tx, person.login, given.badge, given.title, by)
    return issued


async def _reissue_invitation(ctx: AppContext, tx: Transaction, given: Invite, by: str) -> InvitationIssued:
    person = await accounts_repository.person(tx, await accounts_repository.known_login(tx, given.person))
    if person is None or not await accounts_repository.lock(tx, person.login):
        raise errors.UnknownPerson
    if given.reset:
        await accounts_repository.set_password_hash(tx, person.login, None)
        await credentials.delete_totp(tx, person.login)
        await credentials.expire_codes(tx, person.login, ctx.clock(), "invitation")
        await credentials.delete_passkeys(tx, person.login)
        await credentials.delete_recovery_codes(tx, person.login)
        await credentials.delete_calendar(tx, person.login)
        for kind in ("session", "script"):  # phones are revoked on their own
            await credentials.revoke_tokens(tx, person.login, ctx.clock(), kind)
    issued = await _issue_invitation(ctx, tx, person, by)
    await record_event(ctx, tx, PersonEvent(what="reset" if given.reset else "invited", person=person.login, by=by))
    return issued


async def _issue_invitation(
    ctx: AppContext, tx: Transaction, person: Person, by: str, token: str | None = None
) -> InvitationIssued:
    code, at = token_urlsafe(16), ctx.clock()
    end = at + INVITATION_MS
    await credentials.add_code(tx, token_digest(code), "invitation", person.login, at=at, by=by, expires_at=end)
    url = f"{ctx.company.url}/invitation#{code}"  # browsers do not send the part after #, so no log contains the code
    return InvitationIssued(person, code, url, ctx.to_local_time(end), token)


@read_only
async def known_areas(_: AppContext, tx: Transaction, token: bytes) -> tuple[str, ...]:
    """The areas of all colleagues."""
    person = await authenticate_token(tx, token)
    require_permission(person, "add people")
    return tuple(sorted(await accounts_repository.known_areas(tx)))
