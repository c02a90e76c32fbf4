"""People and their tokens."""

from ..domain.people import Person
from .database import Row, Tx


def _person(row: Row | None) -> Person | None:
    if row is None:
        return None
    login, name, roles, areas = row
    return Person(login, name, tuple(roles.split()), tuple(areas.split("\n")) if areas else ())


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


async def leave(tx: Tx, login: str, at: int) -> bool:
    """Somebody leaves: none of his tokens is good any more. The login stays his."""
    return await tx.run("leave", login=login, at=at) == 1


async def set_password_hash(tx: Tx, login: str, password_hash: str) -> bool:
    """Set the password of somebody, hashed by the caller."""
    return await tx.run("set_password_hash", login=login, password_hash=password_hash) == 1


async def password_hash(tx: Tx, login: str) -> str | None:
    """The hash, None when there is no such person or no password."""
    row = await tx.one("password_hash", login=login)
    return row[0] if row else None


async def add_token(tx: Tx, digest: bytes, login: str, at: int) -> None:
    """A new token of somebody. `digest` is the SHA-256 of the token."""
    await tx.run("add_token", digest=digest, login=login, at=at)


async def revoke_token(tx: Tx, digest: bytes, at: int) -> bool:
    """The token is no longer good, from the next request on."""
    return await tx.run("revoke_token", digest=digest, at=at) == 1


async def person_of_token(tx: Tx, digest: bytes) -> Person | None:
    """Whose token this is; None when it is nobody's, revoked, or of somebody who left."""
    return _person(await tx.one("person_of_token", digest=digest))
