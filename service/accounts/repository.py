"""People. What lets them in is in `access`; a person who left stays, and his login stays his."""

from collections.abc import Iterable

import msgspec

from service.db.database import Row, Transaction

from . import credentials
from .permissions import Person


class PersonRow(msgspec.Struct, frozen=True):
    """Somebody who works or worked here, when he left (ms UTC), and what is on his ID card."""

    person: Person
    left_at: int | None
    badge: str
    title: str


def _person(row: Row | None) -> Person | None:
    return None if row is None else credentials.row_to_person(row)


async def add_person(tx: Transaction, person: Person, at: int) -> bool:
    """Add somebody; False when the login is or was somebody's."""
    return (
        await tx.execute(
            "add_person",
            login=person.login,
            name=person.name,
            roles=" ".join(person.roles),
            areas="\n".join(person.areas),
            created_at=at,
        )
        == 1
    )


async def login_is_taken(tx: Transaction, login: str) -> bool:
    """Whether a login is or was somebody's that differs in its case alone, if at all."""
    return await tx.fetch_one("login_alike", login=login) is not None


async def person(tx: Transaction, login: str) -> Person | None:
    """Somebody who works here now."""
    return _person(await tx.fetch_one("person", login=login))


async def lock_active(tx: Transaction, logins: Iterable[str]) -> dict[str, Person]:
    """Those of some people who work here, none of whom leaves or gets other roles until the transaction ends.

    They are locked in the order of logins, and before visits, as who sends them away does: nobody waits in a circle.
    """
    rows = {login: await tx.fetch_one("lock_active_person", login=login) for login in sorted(set(logins))}
    return {login: credentials.row_to_person(row) for login, row in rows.items() if row is not None}


async def find_including_former(tx: Transaction, login: str) -> tuple[Person, int | None] | None:
    """Somebody who works or worked here, and when he left."""
    row = await tx.fetch_one("person_ever", login=login)
    return None if row is None else (credentials.row_to_person(row), row[4])


async def find_person_row(tx: Transaction, login: str) -> PersonRow | None:
    """The same, with what is on his ID card."""
    row = await tx.fetch_one("person_ever", login=login)
    return None if row is None else _known(row)


def _known(row: Row) -> PersonRow:
    return PersonRow(credentials.row_to_person(row), *row[4:])


async def page(tx: Transaction, after: str, size: int) -> list[PersonRow]:
    """People by login, from the one after `after` on, also those who left."""
    return [_known(row) for row in await tx.fetch_all("people_page", after=after, size=size)]


async def rename(tx: Transaction, login: str, name: str) -> None:
    """Another name."""
    await tx.execute("rename_person", login=login, name=name)


async def set_roles(tx: Transaction, person: Person) -> None:
    """What somebody is from now on, and where."""
    await tx.execute("set_roles", login=person.login, roles=" ".join(person.roles), areas="\n".join(person.areas))


async def lock(tx: Transaction, login: str) -> bool:
    """Nobody else changes what is this person's until the transaction ends. False when he does not work here."""
    return await tx.execute("lock_person", login=login) == 1


async def deactivate(tx: Transaction, login: str, at: int) -> bool:
    """Somebody leaves: none of his tokens is good any more. The login stays his."""
    return await tx.execute("deactivate_person", login=login, at=at) == 1


async def set_password_hash(tx: Transaction, login: str, password_hash: str | None) -> bool:
    """Set the password of somebody, hashed by the caller; None: he has none."""
    return await tx.execute("set_password_hash", login=login, password_hash=password_hash) == 1


async def password_hash(tx: Transaction, login: str) -> str | None:
    """The hash, None when there is no such person or no password."""
    row = await tx.fetch_one("password_hash", login=login)
    return row[0] if row else None


async def add_token(tx: Transaction, digest: bytes, login: str, at: int) -> None:
    """A new token of somebody, for scripts. `digest` is the SHA-256 of the token."""
    await credentials.add_token(tx, digest, login, at)
