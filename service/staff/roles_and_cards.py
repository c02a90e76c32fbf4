"""An admin changes a person's ID card, its photo, or their roles and areas."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta

from service.accounts import cards, credentials
from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.events import PersonEvent, record_event
from service.accounts.permissions import Person
from service.accounts.recent_sign_in import require_recent_sign_in
from service.accounts.validation import Areas, PersonName, Roles, SingleLine, unique_lines, validate_roles_and_areas
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.devices import repository as devices_repository
from service.errors import FieldError, InvalidBody, NotFound, PermissionDenied, UnreadableImage
from service.evidence.attach import record_sender, store_bytes
from service.field_kinds import Cleaned
from service.visits import unassigned

from .people import PersonView, lock_caller_and_target, person_view, record_card


class NewCard(Cleaned, frozen=True):
    """The new ID card of a person, except its photo."""

    name: Annotated[PersonName, Meta(description="The name.")]
    badge: Annotated[SingleLine, Meta(description="The number of the ID card (工号).")] = ""
    title: Annotated[SingleLine, Meta(description="The job title, such as 维修员.")] = ""


class NewRoles(msgspec.Struct, frozen=True):
    """All roles and areas of a person from now on."""

    roles: Annotated[Roles, Meta(description="All roles; at least one.")]
    areas: Annotated[Areas, Meta(description="Areas (片区); none means the whole utility.")] = ()


@transaction
async def give_card(ctx: AppContext, tx: Transaction, token: bytes, login: str, given: NewCard) -> PersonView:
    """Change the name, number or title; idempotent."""
    login = await accounts_repository.known_login(tx, login)
    caller, person = await lock_caller_and_target(tx, token, login)
    if person is None:
        raise NotFound
    new = cards.IdCard(given.name, given.badge, given.title)
    card = await cards.get_card(tx, login)
    if card is not None and (card.name, card.badge, card.title) != (new.name, new.badge, new.title):
        await accounts_repository.rename(tx, login, new.name)
        await record_card(ctx, tx, login, new.badge, new.title, caller.login)
    return await person_view(ctx, tx, login)


async def set_staff_photo(ctx: AppContext, token: bytes, login: str, parts: AsyncIterator[bytes]) -> None:
    """Set the photo that customers see at the door and on their page; idempotent."""
    raw = b"".join([part async for part in parts])
    stored = await store_bytes(ctx, raw, sha256(raw).digest())
    if not stored.photo.is_complete:  # unlike evidence, which is kept as it came
        raise UnreadableImage

    async def assign(tx: Transaction) -> None:
        caller = await authenticate_token(tx, token)
        require_permission(caller, "add people")
        known = await accounts_repository.known_login(tx, login)
        card = await cards.get_card(tx, known)
        if card is None or await accounts_repository.person(tx, known) is None:
            raise NotFound
        if card.photo == stored.digest:
            return
        await record_sender(ctx, tx, stored, caller.login)
        await cards.set_photo(tx, known, stored.digest)
        await record_event(ctx, tx, PersonEvent(what="photo", person=known, by=caller.login, photo=stored.digest.hex()))

    await ctx.db.write(assign)


@transaction
async def give_roles(ctx: AppContext, tx: Transaction, token: bytes, login: str, given: NewRoles) -> PersonView:
    """Change the roles or areas; idempotent. SignInAgain.

    New roles end the person's sessions, since they may require the authenticator. Losing the technician's role also
    revokes their phones and flags their visits; records that are still on a phone can be imported from a file.
    """
    login = await accounts_repository.known_login(tx, login)
    await require_recent_sign_in(ctx, tx, token)
    caller, before = await lock_caller_and_target(tx, token, login)
    if before is None:
        raise NotFound
    roles, areas, now = tuple(dict.fromkeys(given.roles)), unique_lines(given.areas), ctx.clock()
    fault = validate_roles_and_areas(roles, areas)
    if fault is not None:
        raise InvalidBody("", (FieldError(fault[0], "invalid", fault[1]),))
    if (set(roles), set(areas)) == (set(before.roles), set(before.areas)):
        return await person_view(ctx, tx, login)
    if caller.login == login and "admin" not in roles:
        raise PermissionDenied("somebody else has to do this")  # so that there always is an admin
    await accounts_repository.set_roles(tx, Person(login, before.name, roles, areas))
    if set(before.roles) != set(roles):
        await credentials.revoke_tokens(tx, login, now, "session")
    if "technician" in before.roles and "technician" not in roles:
        await devices_repository.revoke_all(tx, login, now, caller.login)
        await credentials.revoke_tokens(tx, login, now, "device")
        await credentials.expire_codes(tx, login, now, "enrolment")
        await credentials.delete_calendar(tx, login)
    await record_event(ctx, tx, PersonEvent(what="roles", person=login, by=caller.login, roles=roles, areas=areas))
    await unassigned.refresh_assignments(tx, login)
    return await person_view(ctx, tx, login)
