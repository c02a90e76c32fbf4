"""An admin changes what is on somebody's ID card, and what he may do and where."""

from typing import Annotated

import msgspec
from msgspec import Meta

from service.accounts import cards, credentials
from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.events import PersonEvent, record_event
from service.accounts.permissions import Person
from service.accounts.validation import Areas, PersonName, Roles, SingleLine, unique_lines, validate_roles_and_areas
from service.context import AppContext
from service.db.database import Transaction
from service.devices import repository as devices_repository
from service.errors import FieldError, InvalidBody, NotFound, PermissionDenied
from service.visits import unassigned

from .people import PersonView, person_view


class NewCard(msgspec.Struct, frozen=True):
    """What is on somebody's ID card from now on: his name, its number (工号), and what he is called (维修员)."""

    name: Annotated[PersonName, Meta(description="The name.")]
    badge: Annotated[SingleLine, Meta(description="The number of the ID card (工号).")] = ""
    title: Annotated[SingleLine, Meta(description="What they are called, such as 维修员.")] = ""


class NewRoles(msgspec.Struct, frozen=True):
    """All that somebody is from now on, and all the areas where he works."""

    roles: Annotated[Roles, Meta(description="All roles; at least one.")]
    areas: Annotated[Areas, Meta(description="Areas (片区); none means the whole utility.")] = ()


async def give_card(ctx: AppContext, token: bytes, login: str, given: NewCard) -> PersonView:
    """Another name, number or title. The same again is no change."""
    new = cards.IdCard(given.name.strip(), given.badge.strip(), given.title.strip())

    async def work(tx: Transaction) -> PersonView:
        caller, _ = await lock_caller_and_target(tx, token, login)
        known = await cards.get_card(tx, login)
        if known is not None and (known.name, known.badge, known.title) != (new.name, new.badge, new.title):
            await accounts_repository.rename(tx, login, new.name)
            await cards.set_card(tx, login, new.badge, new.title)
            event = PersonEvent(what="card", person=login, by=caller.login, badge=new.badge, title=new.title)
            await record_event(ctx, tx, event)
        return await person_view(ctx, tx, login)

    return await ctx.db.write(work)


async def give_roles(ctx: AppContext, token: bytes, login: str, given: NewRoles) -> PersonView:
    """Other roles or areas. The same again is no change.

    His sessions end: who got a role that needs the authenticator signs in with it. Who is no technician any more has
    no phone either: what it had not sent comes in from a file, and his visits are flagged.
    """

    async def work(tx: Transaction) -> PersonView:
        caller, before = await lock_caller_and_target(tx, token, login)
        roles, areas = tuple(dict.fromkeys(given.roles)), unique_lines(given.areas)
        after = Person(login, before.name, roles, areas)
        fault = validate_roles_and_areas(roles, areas)
        if fault is not None:
            raise InvalidBody("", (FieldError(fault[0], "invalid", fault[1]),))
        if (set(roles), set(areas)) == (set(before.roles), set(before.areas)):
            return await person_view(ctx, tx, login)
        if caller.login == login and "admin" not in roles:
            raise PermissionDenied("somebody else has to do this")  # so there always is an admin
        await accounts_repository.set_roles(tx, after)
        await record_event(ctx, tx, PersonEvent(what="roles", person=login, by=caller.login, roles=roles, areas=areas))
        await _end(ctx, tx, before, after, caller.login)
        return await person_view(ctx, tx, login)

    return await ctx.db.write(work)


async def _end(ctx: AppContext, tx: Transaction, before: Person, after: Person, by: str) -> None:
    now, login = ctx.clock(), after.login
    if set(before.roles) != set(after.roles):
        await credentials.revoke_tokens(tx, login, now, "session")
    if "technician" in before.roles and "technician" not in after.roles:
        await devices_repository.revoke_all(tx, login, now, by)
        await credentials.revoke_tokens(tx, login, now, "device")
        await credentials.expire_codes(tx, login, now, "enrolment")
    await unassigned.refresh_assignments(tx, login)


async def lock_caller_and_target(tx: Transaction, token: bytes, login: str) -> tuple[Person, Person]:
    """The admin who asks and whom he means, both as they are until the transaction ends: of two admins who end each
    other's rights at the same moment one is too late. NotFound when nobody of that login works here."""
    caller = await authenticate_token(tx, token)
    for one in sorted({caller.login, login}):
        await accounts_repository.lock(tx, one)
    caller = await authenticate_token(tx, token)
    require_permission(caller, "add people")
    person = await accounts_repository.person(tx, login)
    if person is None:
        raise NotFound
    return caller, person
