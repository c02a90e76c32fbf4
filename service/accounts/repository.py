"""People. Those who left stay stored, and their logins are never reused. For credentials see `credentials`."""

from collections.abc import Iterable

import msgspec

from service.db.database import Row, Transaction
from service.text import login_key

from . import credentials
from .permissions import Person


class PersonRow(msgspec.Struct, frozen=True):
    """A current or former person, when they left (ms UTC), and their ID card."""

    person: Person
    left_at: int | None
    badge: str
    title: str


async def add_person(tx: Transaction, person: Person, at: int) -> bool:
    """Add a person; False when the login is or was in use, however it is written."""
    key = login_key(person.login)
    await tx.fetch_one("lock_login", key=key)  # former versions let two in at once, so the column cannot be unique
    if await tx.fetch_one("login_alike", key=key) is not None:
        return False
    roles, areas = " ".join(person.roles), "\n".join(person.areas)
    values = {"login": person.login, "name": person.name, "roles": roles, "areas": areas}
    return await tx.execute("add_person", **values, login_key=key, created_at=at) == 1


async def known_login(tx: Transaction, given: str) -> str:
    """The login that is meant, in any case and width; what was given if nobody has or had it."""
    if await tx.fetch_one("person_ever", login=given) is not None:
        return given
    row = await tx.fetch_one("login_alike", key=login_key(given))
    return row[0] if row else given


async def person(tx: Transaction, login: str) -> Person | None:
    """A current person."""
    row = await tx.fetch_one("person", login=login)
    return None if row is None else credentials.row_to_person(row)


async def lock_active(tx: Transaction, logins: Iterable[str]) -> dict[str, Person]:
    """The current people among some logins; none of them leaves or changes roles until the transaction ends.

    They are locked in the order of logins, and before visits, as in a deactivation: so there is no deadlock.
    """
    rows = {login: await tx.fetch_one("lock_active_person", login=login) for login in sorted(set(logins))}
    return {login: credentials.row_to_person(row) for login, row in rows.items() if row is not None}


async def find_including_former(tx: Transaction, login: str) -> tuple[Person, int | None] | None:
    """A current or former person, and when they left."""
    row = await tx.fetch_one("person_ever", login=login)
    return None if row is None else (credentials.row_to_person(row), row[4])


async def names_of(tx: Transaction, logins: Iterable[str]) -> dict[str, str]:
    """The names of people, also of former colleagues, by login; sorted by name."""
    found = {login: await find_including_former(tx, login) for login in logins if login}
    names = {login: one[0].name if one else login for login, one in found.items()}
    return dict(sorted(names.items(), key=lambda item: (item[1], item[0])))


async def find_person_row(tx: Transaction, login: str) -> PersonRow | None:
    """A current or former person with their ID card."""
    row = await tx.fetch_one("person_ever", login=login)
    return None if row is None else _to_person_row(row)


def _to_person_row(row: Row) -> PersonRow:
    return PersonRow(credentials.row_to_person(row), *row[4:])


async def page(tx: Transaction, after: str, size: int) -> list[PersonRow]:
    """Current and former people after a login, sorted by login."""
    return [_to_person_row(row) for row in await tx.fetch_all("people_page", after=after, size=size)]


async def active_technicians(tx: Transaction) -> list[Person]:
    """All technicians who work here, by login."""
    return [credentials.row_to_person(row) for row in await tx.fetch_all("active_technicians")]


async def known_areas(tx: Transaction) -> set[str]:
    """The areas of everybody who works here."""
    return {area for (areas,) in await tx.fetch_all("areas_in_use") for area in areas.split("\n") if area}


async def rename(tx: Transaction, login: str, name: str) -> None:
    """Change a person's name."""
    await tx.execute("rename_person", login=login, name=name)


async def set_roles(tx: Transaction, person: Person) -> None:
    """Store a person's roles and areas."""
    await tx.execute("set_roles", login=person.login, roles=" ".join(person.roles), areas="\n".join(person.areas))


async def lock(tx: Transaction, login: str) -> bool:
    """Lock what belongs to a person until the transaction ends. False when they are not a current person."""
    return await tx.execute("lock_person", login=login) == 1


async def deactivate(tx: Transaction, login: str, at: int) -> bool:
    """End a person's employment; their tokens stop working. False when they have left already."""
    return await tx.execute("deactivate_person", login=login, at=at) == 1


async def set_password_hash(tx: Transaction, login: str, password_hash: str | None) -> bool:
    """Set a password, hashed by the caller; None removes it."""
    return await tx.execute("set_password_hash", login=login, password_hash=password_hash) == 1


async def password_hash(tx: Transaction, login: str) -> str | None:
    """The stored hash; None when there is no such person or no password."""
    row = await tx.fetch_one("password_hash", login=login)
    return row[0] if row else None


async def add_token(tx: Transaction, digest: bytes, login: str, at: int) -> None:
    """Add a token for scripts. `digest` is its SHA-256."""
    await credentials.add_token(tx, digest, login, at)
