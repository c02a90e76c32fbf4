"""People come with an invitation, set their own password by its one-time code, and leave with everything at once."""

from datetime import datetime
from secrets import token_urlsafe
from typing import Annotated

import msgspec
from msgspec import Meta

from service.accounts import cards, credentials, passwords, throttling
from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission, token_digest
from service.accounts.events import PersonEvent, record_event
from service.accounts.permissions import Person, Role, supervises
from service.accounts.repository import PersonRow
from service.accounts.validation import NewPerson, normalized, validate_new_person
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.devices import repository as devices_repository
from service.errors import (
    FieldError,
    InvalidBody,
    InvalidOneTimeCode,
    LoginTaken,
    NotFound,
    PermissionDenied,
    UnknownPerson,
)
from service.judge.bounds import LoginText, PasswordText
from service.visits import unassigned
from service.visits.changes import Reason

INVITATION_MS = 72 * 3_600_000
PAGE = 200


class PersonError(ValueError):
    """The person cannot be added; the message says why."""


class InvitationIssued(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody new. The one-time code and the token are shown this once and kept only as digests."""

    person: Annotated[Person, Meta(description="Whose invitation it is.")]
    code: Annotated[str, Meta(description="The one-time code; the one before is no longer good.")]
    url: Annotated[str, Meta(description="The page to set a password; the code stands behind `#`.")]
    expires_at: Annotated[datetime, Meta(description="Until when the code is good: 72 hours.")]
    token: Annotated[str | None, Meta(description="A token for scripts; only the command line gives one.")] = None


class Invite(msgspec.Struct, frozen=True):
    """A new code for who works here. `reset` ends password, second factor, sessions and tokens of scripts at once."""

    person: Annotated[LoginText, Meta(description="Login of somebody who works here.")]
    reset: Annotated[bool, Meta(description="Whether they lost control of what they sign in with.")] = False


class NewPassword(msgspec.Struct, frozen=True):
    """A password that one chose: at least twelve characters."""

    password: Annotated[PasswordText, Meta(description="At least twelve characters, and not the login.")]


class PersonSummary(msgspec.Struct, frozen=True):
    """Whose password was set."""

    login: Annotated[str, Meta(description="The login to sign in with.")]
    name: Annotated[str, Meta(description="The name.")]


class DeactivationRequest(msgspec.Struct, frozen=True):
    """Why somebody leaves."""

    reason: Annotated[Reason, Meta(description="Why, for the log.")]


class PersonView(msgspec.Struct, frozen=True):
    """Somebody who works or worked here; `badge` (工号) and `title` are on his ID card."""

    login: Annotated[str, Meta(description="The login, which is never used again.")]
    name: Annotated[str, Meta(description="The name, as on the ID card.")]
    roles: Annotated[tuple[Role, ...], Meta(description="All roles.")]
    areas: Annotated[tuple[str, ...], Meta(description="Areas (片区); none means the whole utility.")]
    left_at: Annotated[datetime | None, Meta(description="When they left; null for who works here.")]
    badge: Annotated[str, Meta(description="The number of the ID card (工号).")]
    title: Annotated[str, Meta(description="The title on the ID card.")]


class PeoplePage(msgspec.Struct, frozen=True):
    """People by login; `after` leads to the next page."""

    items: Annotated[tuple[PersonView, ...], Meta(description="A page of people.")]
    after: Annotated[str | None, Meta(description="The cursor of the next page; null on the last one.")]


async def create_person(ctx: AppContext, given: NewPerson, *, with_token: bool) -> InvitationIssued:
    """Add somebody, from the command line. PersonError when the login was used, or anything does not fit."""
    fault = validate_new_person(given)
    if fault is not None:
        raise PersonError(fault[1])
    token = token_urlsafe(32) if with_token else None

    async def work(tx: Transaction) -> InvitationIssued | None:
        return await _add(ctx, tx, _person(given), "doorstep", token)

    added = await ctx.db.write(work)
    if added is None:
        raise PersonError(f"登录名 {given.login} 已被使用，且不再分配 / this login was used, and is never used again")
    return added


async def create_person_as(ctx: AppContext, token: bytes, new: NewPerson) -> InvitationIssued:
    """Add somebody, as an admin."""
    given = normalized(new)
    fault = validate_new_person(given)
    if fault is not None:
        raise InvalidBody("", (FieldError(fault[0], "invalid", fault[1]),))

    async def work(tx: Transaction) -> InvitationIssued:
        caller = await authenticate_token(tx, token)
        require_permission(caller, "add people")
        added = await _add(ctx, tx, _person(given), caller.login)
        if added is None:
            raise LoginTaken
        badge, title = given.badge, given.title
        if badge or title:
            await cards.set_card(tx, given.login, badge, title)
            event = PersonEvent(what="card", person=given.login, by=caller.login, badge=badge, title=title)
            await record_event(ctx, tx, event)
        return added

    return await ctx.db.write(work)


def _person(given: NewPerson) -> Person:
    return Person(given.login, given.name, given.roles, given.areas)


async def invite(ctx: AppContext, token: bytes, given: Invite) -> InvitationIssued:
    """A new one-time code, for who forgot their password."""

    async def work(tx: Transaction) -> InvitationIssued:
        caller = await authenticate_token(tx, token)
        require_permission(caller, "add people")
        return await _reissue_invitation(ctx, tx, given, caller.login)

    return await ctx.db.write(work)


async def invite_from_console(ctx: AppContext, login: str, *, reset: bool) -> InvitationIssued:
    """The same from the command line: for the admin who forgot his own. PersonError when there is no such person."""
    try:
        return await ctx.db.write(lambda tx: _reissue_invitation(ctx, tx, Invite(login, reset), "doorstep"))
    except UnknownPerson:
        raise PersonError(f"没有这个人员：{login} / there is no such person") from None


async def set_password(ctx: AppContext, address: str, code: str, password: str) -> Person:
    """Whose password it now is. Sessions that there were are ended."""
    await throttling.check_attempt(ctx, address)
    if not passwords.is_acceptable_password(password, ""):
        raise InvalidBody("", (FieldError("/password", "too-weak", f"at least {passwords.MIN_LENGTH} characters"),))
    kept = await passwords.hash_password(password)

    async def work(tx: Transaction) -> Person:
        now = ctx.clock()
        person = await credentials.consume_code(tx, token_digest(code), "invitation", now)
        if person is None:
            raise InvalidOneTimeCode
        if not passwords.is_acceptable_password(password, person.login):
            raise InvalidBody("", (FieldError("/password", "too-weak", "not your login"),))
        await accounts_repository.set_password_hash(tx, person.login, kept)
        await record_event(ctx, tx, PersonEvent(what="password", person=person.login, by=person.login))
        await credentials.revoke_tokens(tx, person.login, now, "session")
        await throttling.reset_attempts(tx, address, person.login)
        return person

    return await ctx.db.write(work)


@read_only
async def page(ctx: AppContext, tx: Transaction, token: bytes, after: str) -> PeoplePage:
    """People of one's areas, for an admin all; also who left, because his name stays on his records."""
    caller = await authenticate_token(tx, token)
    require_permission(caller, "see people")
    found = await accounts_repository.page(tx, after, PAGE)
    items = tuple(_shown(ctx, one) for one in found if supervises(caller, "see people", one.person))
    return PeoplePage(items, found[-1].person.login if len(found) == PAGE else None)


async def deactivate(ctx: AppContext, token: bytes, login: str, reason: str) -> PersonView:
    """Somebody leaves: every token, session, device and code of theirs ends at once. Again is no change."""

    async def work(tx: Transaction) -> PersonView:
        now = ctx.clock()
        caller = await authenticate_token(tx, token)
        if caller.login == login:
            raise PermissionDenied("somebody else has to do this")
        for one in sorted({caller.login, login}):  # of two admins who send each other away one is too late
            await accounts_repository.lock(tx, one)
        require_permission(await authenticate_token(tx, token), "add people")
        if await accounts_repository.deactivate(tx, login, now):
            await credentials.revoke_tokens(tx, login, now)
            await devices_repository.revoke_all(tx, login, now, caller.login)
            await credentials.expire_codes(tx, login, now)
            await record_event(ctx, tx, PersonEvent(what="left", person=login, by=caller.login, reason=reason))
            await unassigned.refresh_assignments(tx, login)
        known = await person_view(ctx, tx, login)
        if known.left_at is None:
            raise NotFound
        return known

    return await ctx.db.write(work)


async def person_view(ctx: AppContext, tx: Transaction, login: str) -> PersonView:
    """Somebody who works or worked here. NotFound when nobody did by that login."""
    known = await accounts_repository.find_person_row(tx, login)
    if known is None:
        raise NotFound
    return _shown(ctx, known)


def _shown(ctx: AppContext, known: PersonRow) -> PersonView:
    one, left = known.person, known.left_at
    seen = None if left is None else ctx.to_local_time(left)
    return PersonView(one.login, one.name, one.roles, one.areas, seen, known.badge, known.title)


async def _add(
    ctx: AppContext, tx: Transaction, person: Person, by: str, token: str | None = None
) -> InvitationIssued | None:
    at = ctx.clock()
    if await accounts_repository.login_is_taken(tx, person.login) or not await accounts_repository.add_person(
        tx, person, at
    ):
        return None
    added = PersonEvent(what="added", person=person.login, by=by, roles=person.roles, areas=person.areas)
    await record_event(ctx, tx, added)
    if token is not None:
        await credentials.add_token(tx, token_digest(token), person.login, at)
    return await _issue_invitation(ctx, tx, person, by, token)


async def _reissue_invitation(ctx: AppContext, tx: Transaction, given: Invite, by: str) -> InvitationIssued:
    person = await accounts_repository.person(tx, given.person)
    if person is None or not await accounts_repository.lock(tx, given.person):
        raise UnknownPerson
    if given.reset:
        await accounts_repository.set_password_hash(tx, person.login, None)
        await credentials.delete_totp(tx, person.login)
        for kind in ("session", "script"):  # who lost control of one may have lost the other; his phones are apart
            await credentials.revoke_tokens(tx, person.login, ctx.clock(), kind)
    await record_event(ctx, tx, PersonEvent(what="reset" if given.reset else "invited", person=person.login, by=by))
    return await _issue_invitation(ctx, tx, person, by)


async def _issue_invitation(
    ctx: AppContext, tx: Transaction, person: Person, by: str, token: str | None = None
) -> InvitationIssued:
    code, at = token_urlsafe(16), ctx.clock()
    await credentials.add_code(
        tx, token_digest(code), "invitation", person.login, at=at, by=by, expires_at=at + INVITATION_MS
    )
    # behind # it is not sent to any server and stands in no log
    return InvitationIssued(
        person, code, f"{ctx.company.url}/invitation#{code}", ctx.to_local_time(at + INVITATION_MS), token
    )
