"""The invented people of the demonstration, and how they sign in."""

from contextlib import suppress
from secrets import token_urlsafe

import msgspec

from service.accounts import credentials, tokens
from service.accounts import repository as accounts_repository
from service.accounts.authentication import token_digest
from service.accounts.events import OPERATOR, PersonEvent, record_event
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


DEMONSTRATION = "demonstration"
"""What is noted in a database whose people are invented, and the label of the tokens made at each start."""


class NotADemonstration(Exception):
    """The demonstration cannot go on in this database: nothing is added to it."""


@transaction
async def _require_demonstration(ctx: AppContext, tx: Transaction) -> None:
    """Note that the database is a demonstration. NotADemonstration if it has other people, or one of its own left.

    One of an earlier version, in which that was not noted, has the invented people only.
    """
    invented = {(person.login, person.name) for person in (*STAFF, *TECHNICIANS)}
    rows = await accounts_repository.page(tx, "", len(invented) + 1)
    is_known = await tx.fetch_one("installation", name=DEMONSTRATION) is not None
    if not is_known and any((row.person.login, row.person.name) not in invented for row in rows):
        raise NotADemonstration(
            f"{ctx.db.name}: 这里有真实的人员，不加演示数据；请换一个 DOORSTEP_DATA / it has people of a utility, "
            "and gets no demonstration; choose another DOORSTEP_DATA"
        )
    if left := ", ".join(row.person.login for row in rows if row.left_at is not None):
        raise NotADemonstration(
            f"{ctx.db.name}: 演示人员 {left} 已离职，演示不能接着往下演；请换一个 DOORSTEP_DATA，或用 doorstep serve "
            f"照常启动 / {left} of the demonstration left, and it cannot go on; choose another DOORSTEP_DATA, or start "
            "as usual with doorstep serve"
        )
    if not is_known:
        await tx.execute("set_installation", name=DEMONSTRATION, value="")


async def add_people(ctx: AppContext) -> dict[str, Access]:
    """Add the people who are not there yet. Everybody gets a token, by login, in place of that of the last start.
    NotADemonstration."""
    await _require_demonstration(ctx)
    found: dict[str, Access] = {}
    for person in (*STAFF, *TECHNICIANS):
        with suppress(people.PersonError):  # they were added before
            await people.create_person(ctx, person, with_token=False)
        found[person.login] = await _give_access(ctx, person)
    return found


async def _give_access(ctx: AppContext, person: NewPerson) -> Access:
    token = token_urlsafe(32)
    has_password = await _add_token(ctx, person.login, token_digest(token))
    url = None if has_password else (await people.invite_from_console(ctx, person.login, reset=False)).url
    return Access(person, token, url)


@transaction
async def _add_token(ctx: AppContext, tx: Transaction, login: str, digest: bytes) -> bool:
    await credentials.revoke_labelled(tx, login, DEMONSTRATION, ctx.clock())
    await tokens.add_script_token(ctx, tx, digest, login, DEMONSTRATION)
    await record_event(ctx, tx, PersonEvent(what="script-token", person=login, by=OPERATOR, reason=DEMONSTRATION))
    return await accounts_repository.password_hash(tx, login) is not None
