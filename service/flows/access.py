"""Who is asking: a bearer token is looked up by its SHA-256 on every request, so a revoked one is out at once."""

from hashlib import sha256

from service.domain.errors import NotAllowed, NotSignedIn
from service.domain.people import Person, Right
from service.storage import people
from service.storage.database import Tx

from .house import House


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode()).digest()


async def person_of(tx: Tx, token: bytes) -> Person:
    """The person a token (its digest) stands for. NotSignedIn when it is unknown, revoked, or he left."""
    person = await people.person_of_token(tx, token)
    if person is None:
        raise NotSignedIn
    return person


async def sign_in(house: House, token: bytes, right: Right | None = None) -> Person:
    """The same, with a read of its own; NotAllowed when he lacks the right."""
    person = await house.db.read(lambda tx: person_of(tx, token))
    if right is not None:
        need(person, right)
    return person


def need(person: Person, right: Right) -> None:
    """NotAllowed unless one of his roles has the right."""
    if not person.may(right):
        raise NotAllowed
