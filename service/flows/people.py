"""People are added by the command line: roles, areas, a one-time password, and tokens for scripts."""

from secrets import token_urlsafe
from typing import get_args

import msgspec
from argon2 import PasswordHasher

from service.domain.people import Person, Role
from service.storage import people
from service.storage.database import Tx

from .access import digest
from .house import House

ROLES: tuple[Role, ...] = get_args(Role)


class PersonError(ValueError):
    """The person cannot be added; the message says why."""


class Added(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody new. The password and the token are shown this once and kept only as digests."""

    person: Person
    password: str
    token: str | None = None


async def add(house: House, person: Person, *, with_token: bool) -> Added:
    """Add somebody. PersonError when the login is or ever was somebody's, or a role or area does not fit."""
    unknown = [role for role in person.roles if role not in ROLES]
    if unknown or not person.roles:
        raise PersonError(f"角色须为 / roles are: {', '.join(ROLES)}")
    if set(person.roles) == {"technician"} and len(person.areas) > 1:
        raise PersonError("技术员只能有一个片区 / a technician has one area")
    if not person.login.strip() or not person.name.strip() or any(c in person.login for c in " \n\t\0"):
        raise PersonError("登录名不能为空或含空格，姓名不能为空 / a login without blanks, and a name")
    if not _writable(person.login + person.name + "".join(person.areas)):
        raise PersonError("文字须为 UTF-8 / text has to be UTF-8")
    if any(not area.strip() or "\n" in area for area in person.areas):
        raise PersonError("片区不能为空或含换行 / an area is one line of text")
    password = token_urlsafe(12)
    hashed = PasswordHasher().hash(password)
    token = token_urlsafe(32) if with_token else None

    async def work(tx: Tx) -> bool:
        at = house.clock()
        if not await people.add_person(tx, person, at):
            return False
        await people.set_password_hash(tx, person.login, hashed)
        if token is not None:
            await people.add_token(tx, digest(token), person.login, at)
        return True

    if not await house.db.write(work):
        raise PersonError(f"登录名 {person.login} 已被使用，且不再分配 / this login was used, and is never used again")
    return Added(person, password, token)


def _writable(text: str) -> bool:
    """Whether the text can be stored: bytes of the command line that are not UTF-8 arrive as lone surrogates."""
    return not any(0xD800 <= ord(sign) <= 0xDFFF for sign in text)
