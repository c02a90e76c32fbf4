"""The technicians that a table may name: by login, or by a name that only one of them has."""

import re
from collections.abc import Iterable, Mapping

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token
from service.accounts.permissions import Person
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.text import identifier_key

MAX_LISTED = 10
_NAME_AND_LOGIN = re.compile(r"(.+)\((.+)\)")
_SEVERAL = re.compile("[、,，;；/和]")


class Technicians(msgspec.Struct, frozen=True):
    """Active technicians by their logins and, of the person's areas, by their names; both in any spelling. `elsewhere`:
    by name, those of other areas."""

    by_login: Mapping[str, Person]
    by_name: Mapping[str, tuple[Person, ...]]
    elsewhere: Mapping[str, tuple[Person, ...]] = {}

    def find(self, text: str, area: str = "") -> tuple[Person, ...]:
        """Whom a cell means: several people if they have the same name, also within the area."""
        wanted = identifier_key(text)
        if login := self.by_login.get(text) or self.by_login.get(wanted):
            return (login,)
        if (both := _NAME_AND_LOGIN.fullmatch(wanted)) and (person := self.by_login.get(both[2])):
            return (person,) if identifier_key(person.name) == both[1] else ()
        named = self.by_name.get(wanted, ())
        return tuple(one for one in named if works_in(one, (area,))) or named if area else named

    def unknown(self, text: str) -> tuple[str, str]:
        """Why a cell means nobody, in Chinese and English."""
        if others := self.elsewhere.get(identifier_key(text)):
            logins = [one.login for one in others[:MAX_LISTED]]
            zh = f"您的片区没有叫这个名字的技术员；别的片区有，登录名是 {'、'.join(logins)}"
            return zh, f"nobody of your areas has this name; in others the login is {', '.join(logins)}"
        if sum(bool(self.find(part)) for part in _SEVERAL.split(text)) > 1:
            return "这里有几个人；只写一位，其他人写在同行", "several people: name one, and the others in 同行"
        return "没有这个技术员", "there is no such technician"

    def name_of(self, text: str, area: str = "") -> str:
        """The name of the person that a cell means, or the cell if that is not clear."""
        found = self.find(text, area)
        return found[0].name if len(found) == 1 else text


def works_in(technician: Person, areas: tuple[str, ...]) -> bool:
    """Whether a technician works in one of the areas; none of either means all."""
    return not areas or not technician.areas or not set(areas).isdisjoint(technician.areas)


@read_only
async def known_technicians(_: AppContext, tx: Transaction, token: bytes) -> Technicians:
    """The technicians whom the person may name."""
    person = await authenticate_token(tx, token)
    everybody = await accounts_repository.active_technicians(tx)
    by_name: dict[str, tuple[Person, ...]] = {}
    elsewhere: dict[str, tuple[Person, ...]] = {}
    for one in everybody:
        names = by_name if works_in(one, person.areas) else elsewhere
        name = identifier_key(one.name)
        names[name] = (*names.get(name, ()), one)
    logins = {one.login: one for one in everybody}
    return Technicians({identifier_key(login): one for login, one in logins.items()} | logins, by_name, elsewhere)


def which_of(people: Iterable[Person]) -> tuple[str, str]:
    """That several people have a name, and the logins to choose from, in Chinese and English."""
    logins = [one.login for one in people]
    listed = logins[:MAX_LISTED]
    zh = f"有 {len(logins)} 位技术员叫这个名字，请写登录名：{'、'.join(listed)}"
    return zh, f"{len(logins)} technicians have this name; write the login: {', '.join(listed)}"
