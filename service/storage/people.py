"""People. What lets them in is in `access`; a person who left stays, and his login stays his."""

from ..domain.people import Person
from . import access
from .database import Row, Tx


def _person(row: Row | None) -> Person | None:
    return None if row is None else access.person_in(row)


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


async def person(tx: Tx, login: str) -> Person | None:
    """Somebody who works here now."""
    return _person(await tx.one("person", login=login))


async def ever(tx: Tx, login: str) -> tuple[Person, int | None] | None:
    """Somebody who works or worked here, and when he left."""
    row = await tx.one("person_ever", login=login)
    return None if row is None else (access.person_in(row), row[4])


async def page(tx: Tx, after: str, size: int) -> list[tuple[Person, int | None]]:
    """People by login, from the one after `after` on, also those who left."""
    rows = await tx.all("people_page", after=after, size=size)
    return [(access.person_in(row), row[4]) for row in rows]


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
    await access.add_token(tx, digest, login, at)
