"""The invented people of the demonstration, and how they sign in."""

from secrets import token_urlsafe

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import token_digest
from service.accounts.events import PersonEvent, record_event
from service.accounts.validation import NewPerson
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.staff import people

EAST, WEST, SOUTH = "城东片区", "城西片区", "城南片区"
STAFF = (
    NewPerson("zhao", "赵敏", ("dispatcher",), (EAST, SOUTH), "D0101", "调度员"),
    NewPerson("zheng", "郑洁", ("dispatcher",), (WEST, SOUTH), "D0102", "调度员"),
    NewPerson("wang", "王芳", ("supervisor",), (EAST, SOUTH), "S0201", "片区主管"),
    NewPerson("feng", "冯涛", ("supervisor",), (WEST, SOUTH), "S0202", "片区主管"),
    NewPerson("admin", "高远", ("admin",), (), "A0001", "系统管理员"),
)
TECHNICIANS = (
    NewPerson("li", "李强", ("technician",), (EAST,), "T1021", "管道维修员"),
    NewPerson("chen", "陈勇", ("technician",), (EAST,), "T1022", "水表工"),
    NewPerson("zhou", "周海涛", ("technician",), (EAST,), "T1023", "管道维修员"),
    NewPerson("wu", "吴国庆", ("technician",), (WEST,), "T1031", "水表工"),
    NewPerson("sun", "孙建华", ("technician",), (WEST,), "T1032", "管道维修员"),
    NewPerson("ma", "马俊杰", ("technician",), (WEST,), "T1033", "管道维修员"),
    NewPerson("xu", "徐丽", ("technician",), (SOUTH,), "T1041", "水质采样员"),
    NewPerson("luo", "罗志远", ("technician",), (SOUTH,), "T1042", "水表工"),
)
DISPATCHER_OF = {EAST: "zhao", WEST: "zheng", SOUTH: "zheng"}
SUPERVISOR_OF = {EAST: "wang", WEST: "feng", SOUTH: "feng"}


class Access(msgspec.Struct, frozen=True):
    """A person with a new token, and the page to set a password, for those who have none."""

    person: NewPerson
    token: str
    url: str | None


async def add_people(ctx: AppContext) -> dict[str, Access]:
    """Add the people who are not there yet. Everybody gets a token, by login."""
    found: dict[str, Access] = {}
    for person in (*STAFF, *TECHNICIANS):
        try:
            added = await people.create_person(ctx, person, with_token=True)
        except people.PersonError:  # they were added before
            found[person.login] = await _give_access(ctx, person)
        else:
            found[person.login] = Access(person, added.token or "", added.url)
    return found


async def _give_access(ctx: AppContext, person: NewPerson) -> Access:
    token = token_urlsafe(32)
    has_password = await _add_token(ctx, person.login, token_digest(token))
    url = None if has_password else (await people.invite_from_console(ctx, person.login, reset=False)).url
    return Access(person, token, url)


@transaction
async def _add_token(ctx: AppContext, tx: Transaction, login: str, digest: bytes) -> bool:
    await accounts_repository.add_token(tx, digest, login, ctx.clock())
    await record_event(ctx, tx, PersonEvent(what="script-token", person=login, by="doorstep"))
    return await accounts_repository.password_hash(tx, login) is not None
