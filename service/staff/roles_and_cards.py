"""An admin changes what is on somebody's ID card, and what he may do and where."""

import msgspec

from service.accounts import cards, credentials
from service.accounts import repository as accounts_repository
from service.accounts.authentication import need, person_of, sign_in
from service.accounts.events import PersonEvent, noted
from service.accounts.permissions import Person
from service.accounts.validation import Areas, PersonName, Roles, SingleLine, lines, wrong_place
from service.context import House
from service.db.database import Tx
from service.devices import repository as devices_repository
from service.errors import FieldError, InvalidBody, NotAllowed, NotFound
from service.visits import unassigned
from service.web.decoding import decode

from .people import Colleague, colleague


class NewCard(msgspec.Struct, frozen=True):
    """What is on somebody's ID card from now on: his name, its number (工号), and what he is called (维修员)."""

    name: PersonName
    badge: SingleLine = ""
    title: SingleLine = ""


class NewRoles(msgspec.Struct, frozen=True):
    """All that somebody is from now on, and all the areas where he works."""

    roles: Roles
    areas: Areas = ()


new_cards = msgspec.json.Decoder(NewCard)
new_roles = msgspec.json.Decoder(NewRoles)


async def give_card(house: House, token: bytes, login: str, raw: bytes) -> Colleague:
    """Another name, number or title. The same again is no change."""
    await sign_in(house, token, "add people")
    given = decode(new_cards, raw)
    new = cards.Card(given.name.strip(), given.badge.strip(), given.title.strip())

    async def work(tx: Tx) -> Colleague:
        caller, _ = await pair(tx, token, login)
        known = await cards.get_card(tx, login)
        if known is not None and (known.name, known.badge, known.title) != (new.name, new.badge, new.title):
            await accounts_repository.rename(tx, login, new.name)
            await cards.set_card(tx, login, new.badge, new.title)
            event = PersonEvent(what="card", person=login, by=caller.login, badge=new.badge, title=new.title)
            await noted(house, tx, event)
        return await colleague(house, tx, login)

    return await house.db.write(work)


async def give_roles(house: House, token: bytes, login: str, raw: bytes) -> Colleague:
    """Other roles or areas. The same again is no change.

    His sessions end: who got a role that needs the authenticator signs in with it. Who is no technician any more has
    no phone either: what it had not sent comes in from a file, and his visits are flagged.
    """
    await sign_in(house, token, "add people")
    given = decode(new_roles, raw)

    async def work(tx: Tx) -> Colleague:
        caller, before = await pair(tx, token, login)
        roles, areas = tuple(dict.fromkeys(given.roles)), lines(given.areas)
        after = Person(login, before.name, roles, areas)
        fault = wrong_place(roles, areas)
        if fault is not None:
            raise InvalidBody("", (FieldError(fault[0], "invalid", fault[1]),))
        if (set(roles), set(areas)) == (set(before.roles), set(before.areas)):
            return await colleague(house, tx, login)
        if caller.login == login and "admin" not in roles:
            raise NotAllowed("somebody else has to do this")  # so there always is an admin
        await accounts_repository.set_roles(tx, after)
        await noted(house, tx, PersonEvent(what="roles", person=login, by=caller.login, roles=roles, areas=areas))
        await _end(house, tx, before, after, caller.login)
        return await colleague(house, tx, login)

    return await house.db.write(work)


async def _end(house: House, tx: Tx, before: Person, after: Person, by: str) -> None:
    now, login = house.clock(), after.login
    if set(before.roles) != set(after.roles):
        await credentials.revoke_tokens(tx, login, now, "session")
    if "technician" in before.roles and "technician" not in after.roles:
        await devices_repository.revoke_all(tx, login, now, by)
        await credentials.revoke_tokens(tx, login, now, "device")
        await credentials.end_codes(tx, login, now, "enrolment")
    await unassigned.review(tx, login)


async def pair(tx: Tx, token: bytes, login: str) -> tuple[Person, Person]:
    """The admin who asks and whom he means, both as they are until the transaction ends: of two admins who end each
    other's rights at the same moment one is too late. NotFound when nobody of that login works here."""
    caller = await person_of(tx, token)
    for one in sorted({caller.login, login}):
        await accounts_repository.lock(tx, one)
    caller = await person_of(tx, token)
    need(caller, "add people")
    person = await accounts_repository.person(tx, login)
    if person is None:
        raise NotFound
    return caller, person
