"""The technicians that a table may name: by login, or by a name that only one of them has."""

from collections.abc import Iterable, Mapping

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token
from service.accounts.permissions import Person
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.text import identifier_key

MAX_LISTED = 10


class Technicians(msgspec.Struct, frozen=True):
    """Active technicians by their logins and, of the person's areas, by their names; both in any spelling."""

    by_login: Mapping[str, Person]
    by_name: Mapping[str, tuple[Person, ...]]

    def find(self, text: str, area: str = "") -> tuple[Person, ...]:
        """Whom a cell means: several people if they have the same name, also within the area."""
        wanted = identifier_key(text)
        if login := self.by_login.get(text) or self.by_login.get(wanted):
            return (login,)
        named = self.by_name.get(wanted, ())
        return tuple(one for one in named if works_in(one, (area,))) or named if area else named

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
    for one in everybody:
        if works_in(one, person.areas):
            name = identifier_key(one.name)
            by_name[name] = (*by_name.get(name, ()), one)
    logins = {one.login: one for one in everybody}
    return Technicians({identifier_key(login): one for login, one in logins.items()} | logins, by_name)


def which_of(people: Iterable[Person]) -> tuple[str, str]:
    """That several people have a name, and the logins to choose from, in Chinese and English."""
    logins = [one.login for one in people]
    listed = logins[:MAX_LISTED]
    zh = f"有 {len(logins)} 位技术员叫这个名字，请写登录名：{'、'.join(listed)}"
    return zh, f"{len(logins)} technicians have this name; write the login: {', '.join(listed)}"
