"""People. What lets them in is in `access`; a person who left stays, and his login stays his."""

from collections.abc import Iterable

import msgspec

from service.db.database import Row, Tx

from . import credentials
from .permissions import Person


class Known(msgspec.Struct, frozen=True):
    """Somebody who works or worked here, when he left (ms UTC), and what is on his ID card."""

    person: Person
    left_at: int | None
    badge: str
    title: str


def _person(row: Row | None) -> Person | None:
    return None if row is None else credentials.person_in(row)


async def add_person(tx: Tx, person: Person, at: int) -> bool:
    """Add somebody; False when the login is or was somebody's."""
    return (
        await tx.run(
            "add_person",
            login=person.login,
            name=person.name,
            roles=" ".join(person.roles),
            areas="\n".join(person.areas),
            created_at=at,
        )
        == 1
    )


async def alike(tx: Tx, login: str) -> bool:
    """Whether a login is or was somebody's that differs in its case alone, if at all."""
    return await tx.one("login_alike", login=login) is not None


async def person(tx: Tx, login: str) -> Person | None:
    """Somebody who works here now."""
    return _person(await tx.one("person", login=login))


async def staying(tx: Tx, logins: Iterable[str]) -> dict[str, Person]:
    """Those of some people who work here, none of whom leaves or gets other roles until the transaction ends.

    They are locked in the order of logins, and before visits, as who sends them away does: nobody waits in a circle.
    """
    rows = {login: await tx.one("staying_person", login=login) for login in sorted(set(logins))}
    return {login: credentials.person_in(row) for login, row in rows.items() if row is not None}


async def ever(tx: Tx, login: str) -> tuple[Person, int | None] | None:
    """Somebody who works or worked here, and when he left."""
    row = await tx.one("person_ever", login=login)
    return None if row is None else (credentials.person_in(row), row[4])


async def known(tx: Tx, login: str) -> Known | None:
    """The same, with what is on his ID card."""
    row = await tx.one("person_ever", login=login)
    return None if row is None else _known(row)


def _known(row: Row) -> Known:
    return Known(credentials.person_in(row), *row[4:])


async def page(tx: Tx, after: str, size: int) -> list[Known]:
    """People by login, from the one after `after` on, also those who left."""
    return [_known(row) for row in await tx.all("people_page", after=after, size=size)]


async def rename(tx: Tx, login: str, name: str) -> None:
    """Another name."""
    await tx.run("rename_person", login=login, name=name)


async def set_roles(tx: Tx, person: Person) -> None:
    """What somebody is from now on, and where."""
    await tx.run("set_roles", login=person.login, roles=" ".join(person.roles), areas="\n".join(person.areas))


async def lock(tx: Tx, login: str) -> bool:
    """Nobody else changes what is this person's until the transaction ends. False when he does not work here."""
    return await tx.run("lock_person", login=login) == 1


async def leave(tx: Tx, login: str, at: int) -> bool:
    """Somebody leaves: none of his tokens is good any more. The login stays his."""
    return await tx.run("leave", login=login, at=at) == 1


async def set_password_hash(tx: Tx, login: str, password_hash: str | None) -> bool:
    """Set the password of somebody, hashed by the caller; None: he has none."""
    return await tx.run("set_password_hash", login=login, password_hash=password_hash) == 1


async def password_hash(tx: Tx, login: str) -> str | None:
    """The hash, None when there is no such person or no password."""
    row = await tx.one("password_hash", login=login)
    return row[0] if row else None


async def add_token(tx: Tx, digest: bytes, login: str, at: int) -> None:
    """A new token of somebody, for scripts. `digest` is the SHA-256 of the token."""
    await credentials.add_token(tx, digest, login, at)
