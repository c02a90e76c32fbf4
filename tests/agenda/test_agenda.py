"""The agenda: a phone that asks at any moments ends with exactly what is true for its technician."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from random import Random
from typing import Any

import pytest

from service import errors
from service.agenda import agenda
from service.db.database import Database, Transaction
from service.dispatch import views
from tests.support.factories import TOKENS, Town, a_plan, a_record, change_visit, encode, plan_visit, said, uid
from tests.support.sql import run_sql

DAY = "2026-03-{:02}T{:02}:00:00+08:00"


class Phone:
    """What a technician's phone keeps between two times that it asks."""

    def __init__(self, town: Town, login: str) -> None:
        self.town, self.login = town, login
        self.cursor: str | None = None
        self.visits: dict[str, Any] = {}

    async def sync(self) -> "Phone":
        while True:
            answer = await agenda.changes_since(self.town.ctx, TOKENS[self.login], self.cursor)
            if answer.full:
                self.visits.clear()
            self.visits |= {visit.id: shown(visit) for visit in answer.visits}
            for visit in answer.gone:
                self.visits.pop(visit, None)
            self.cursor = answer.cursor
            if not answer.more:
                return self


def shown(visit: Any) -> dict[str, Any]:
    """A visit without what depends on the moment of asking."""
    return {
        name: getattr(visit, name)
        for name in ("id", "window", "technician", "crew", "customer", "work", "state", "flags", "due", "revision")
    } | {"entries": [entry.id for entry in visit.entries]}


async def truth(town: Town, login: str, names: list[str]) -> dict[str, Any]:
    """What the phone should have: each visit that is his, as it is when somebody looks."""
    found: dict[str, Any] = {}
    for name in names:
        try:
            visit = await views.get_visit(town.ctx, TOKENS["zhao"], uid(name))
        except errors.NotFound:
            continue
        if login in (visit.technician, *visit.crew):
            found[visit.id] = shown(visit)
    return found


async def one_step(town: Town, random: Random, names: list[str], new: float = 0.25) -> None:
    """Something happens: somebody plans, moves, hands over, cancels, mends, writes or submits."""
    token = TOKENS["zhao"]
    if not names or random.random() < new:
        names.append(f"v{len(names)}")
        hour = random.randrange(8, 18)
        window = {"from": DAY.format(2, hour), "to": DAY.format(2, hour + 1)}
        crew = [["sun"], []][random.randrange(2)]
        await plan_visit(town.ctx, token, uid(names[-1]), encode(a_plan(window=window, crew=crew)))
        return
    name = random.choice(names)
    number = random.randrange(10**6)
    kind = random.choice(["window", "technician", "details", "cancellation", "office", "record", "record"])
    if kind == "office":
        entry = said("08:00", "appointment_agreed", "dispatcher", id=str(uid(f"o{number}")))
        await town.noted(uid(name), entry)
    elif kind == "record":
        what = random.choice(["arrived", "work_started", "left"])
        who = random.choice(["li", "sun"])
        try:
            await town.submitted(a_record(f"r{number}", uid(name), said("09:05", what, id=str(uid(f"e{number}")))), who)
        except errors.NotYourVisit:
            return
    else:
        day = random.randrange(2, 28)
        content = {
            "window": {"from": DAY.format(day, 9), "to": DAY.format(day, 10), "reason": "改约"},
            "technician": {"technician": random.choice(["li", "sun"]), "crew": random.choice([[], ["li"], ["sun"]])},
            "details": {"reason": "更正", "work": {"content": f"工作 {number}"}},
            "cancellation": {"reason": "取消"},
        }[kind]
        try:
            await change_visit(town.ctx, token, uid(name), kind, encode(content), frozenset(range(100)))  # type: ignore[arg-type]
        except (errors.VisitAlreadyStarted, errors.VisitCancelled):
            return


@pytest.mark.parametrize("seed", range(4))
async def test_a_phone_that_asks_at_random_moments_ends_equal_to_the_truth(town: Town, seed: int) -> None:
    random = Random(seed)
    names: list[str] = []
    phones = [Phone(town, login) for login in ("li", "li", "sun")]
    for _ in range(45):
        await one_step(town, random, names)
        if random.random() < 0.3:
            await random.choice(phones).sync()
    for phone in [*phones, Phone(town, "li"), Phone(town, "sun")]:
        await phone.sync()
        assert phone.visits == await truth(town, phone.login, names)


async def test_phones_and_writers_at_the_same_time_end_equal_too(town: Town) -> None:
    names = [f"v{number}" for number in range(6)]
    for name in names:
        await town.planned(name)
    phones = [Phone(town, login) for login in ("li", "sun")]
    writing = 4

    async def writer(seed: int) -> None:
        nonlocal writing
        random = Random(seed)
        for _ in range(15):
            await one_step(town, random, names, 0)
        writing -= 1

    async def asker(phone: Phone) -> None:
        while writing:
            await phone.sync()
            await asyncio.sleep(0.005)

    town.count = 1000
    await asyncio.gather(*(writer(seed) for seed in range(4)), *map(asker, phones))
    for phone in phones:
        await phone.sync()
        assert phone.visits == await truth(town, phone.login, names)


async def test_nothing_comes_twice_and_a_strange_cursor_gives_everything(town: Town) -> None:
    await town.planned()
    first = await agenda.changes_since(town.ctx, TOKENS["li"], None)
    assert (first.full, [visit.id for visit in first.visits]) == (True, [str(uid("v"))])
    assert first.checklists == ("onsite@1",)
    again = await agenda.changes_since(town.ctx, TOKENS["li"], first.cursor)
    assert (again.full, again.visits, again.gone, again.cursor) == (False, (), (), first.cursor)
    for strange in (
        "%%%",
        "AAAA",
        first.cursor[:-2],
        (await agenda.changes_since(town.ctx, TOKENS["sun"], None)).cursor,
    ):
        answer = await agenda.changes_since(town.ctx, TOKENS["li"], strange)
        assert (answer.full, len(answer.visits)) == (True, 1)
    with pytest.raises(errors.PermissionDenied):
        await agenda.changes_since(town.ctx, TOKENS["zhao"], None)


async def test_a_visit_handed_over_is_gone_for_one_and_new_for_the_other(town: Town) -> None:
    visit = await town.planned()
    li, sun = await Phone(town, "li").sync(), await Phone(town, "sun").sync()
    content = encode({"technician": "sun"})
    await change_visit(town.ctx, TOKENS["zhao"], visit, "technician", content, frozenset({0}))
    assert (await agenda.changes_since(town.ctx, TOKENS["li"], li.cursor)).gone == (str(visit),)
    assert set((await sun.sync()).visits) == {str(visit)}
    assert (await li.sync()).visits == {}


async def test_many_visits_come_in_pages_also_while_they_change(town: Town) -> None:
    names = [f"v{number}" for number in range(150)]
    for name in names:
        await town.planned(name)
    first = await agenda.changes_since(town.ctx, TOKENS["li"], None)
    assert (first.full, first.more, len(first.visits)) == (True, True, agenda.PAGE)
    phone = Phone(town, "li")
    phone.visits, phone.cursor = {visit.id: shown(visit) for visit in first.visits}, first.cursor
    for name in ("v0", "v140"):
        content = encode({"technician": "sun"})
        await change_visit(town.ctx, TOKENS["zhao"], uid(name), "technician", content, frozenset({0}))
    await phone.sync()
    assert set(phone.visits) == {str(uid(name)) for name in names} - {str(uid("v0")), str(uid("v140"))}


async def test_a_year_of_visits_does_not_make_the_agenda_read_more(town: Town, database: Database) -> None:
    """3,000 visits that are over: a phone reads none of them, whether it asks again or comes with nothing."""
    from tests.support.row_factories import a_visit  # noqa: PLC0415 - another town's rows

    async def a_year(tx: Transaction) -> None:
        from service.visits.repository import add_visit  # noqa: PLC0415

        for number in range(3000):
            await add_visit(tx, a_visit(10_000 + number, body=encode(a_plan()), checklist="onsite"))
            await tx.execute(
                "bump_sync_feed_active", login="li", visit=uid_bytes(10_000 + number), active=0, number=-number - 1
            )

    def uid_bytes(number: int) -> bytes:
        return number.to_bytes(16, "big")

    await town.planned()
    await database.write(a_year)
    await town.planned("today")
    read = 0

    class Counting:
        def __init__(self, tx: Transaction) -> None:
            self.tx = tx

        async def fetch_one(self, query: str, /, **params: Any) -> Any:
            nonlocal read
            read += 1
            return await self.tx.fetch_one(query, **params)

        async def fetch_all(self, query: str, /, **params: Any) -> Any:
            nonlocal read
            rows = await self.tx.fetch_all(query, **params)
            read += len(rows)
            return rows

    whole = town.ctx.db.read
    town.ctx.db.read = lambda work: whole(lambda tx: work(Counting(tx)))  # type: ignore[method-assign,assignment,arg-type]
    try:
        answer = await agenda.changes_since(town.ctx, TOKENS["li"], None)
        assert len(answer.visits) == 2
        assert read < 30
        read = 0
        await agenda.changes_since(town.ctx, TOKENS["li"], answer.cursor)
        assert read < 5
    finally:
        del town.ctx.db.read
    if database.engine == "sqlite":
        explained = await _explained(database)
        assert "SCAN" not in explained, explained


async def _explained(database: Database) -> str:
    """How SQLite goes about the two statements of the agenda."""
    from service.db.queries import load_queries  # noqa: PLC0415

    async def work(tx: Transaction) -> str:
        lines: list[str] = []
        for name in ("sync_feed_after", "sync_feed_snapshot"):
            sql = load_queries("sqlite")[name].sql
            params = {"login": "li", "since": 0, "recent": 0, "size": 10}
            rows = tx._execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()  # type: ignore[attr-defined]
            lines += [row[3] for row in rows]
        return "\n".join(lines)

    return await database.read(work)


BACKUP = ("CREATE TABLE old_feed AS SELECT * FROM sync_feed", "CREATE TABLE old_feeds AS SELECT * FROM sync_counters")
RESTORE = (
    "DELETE FROM sync_feed",
    "DELETE FROM sync_counters",
    "INSERT INTO sync_feed SELECT * FROM old_feed",
    "INSERT INTO sync_counters SELECT * FROM old_feeds",
)


@pytest.mark.parametrize("noticed", [True, False])
async def test_a_phone_from_before_a_backup_was_put_back_begins_anew(town: Town, address: str, noticed: Any) -> None:
    li, sun = Phone(town, "li"), Phone(town, "sun")
    await town.planned("a")
    await town.planned("b", technician="sun")
    for sql in BACKUP:
        await run_sql(address, sql)
    await town.planned("lost")
    await town.planned("lost too", technician="sun")
    assert [len((await phone.sync()).visits) for phone in (li, sun)] == [2, 2]
    for sql in RESTORE:
        await run_sql(address, sql)
    if noticed:
        assert set((await li.sync()).visits) == {str(uid("a"))}
    await town.planned("c", technician="sun")  # takes the number of what was lost
    await sun.sync()
    new = {str(uid("b")), str(uid("c"))}
    old = {str(uid("b")), str(uid("lost too"))}
    assert set(sun.visits) == (new if noticed else old)  # the control: who is not ahead cannot know by himself
    before = sun.cursor
    assert set((await sun.sync()).visits) == (new if noticed else old)
    assert sun.cursor == before


async def test_nobody_makes_a_cursor_up(town: Town) -> None:
    await town.planned()
    phone = await Phone(town, "li").sync()
    raw = urlsafe_b64decode((phone.cursor or "") + "=" * (-len(phone.cursor or "") % 4))
    forged = urlsafe_b64encode((99).to_bytes(8, "big") + raw[8:]).decode()
    answer = await agenda.changes_since(town.ctx, TOKENS["li"], forged)
    assert answer.full
    assert answer.cursor == phone.cursor  # and the others' cursors are as good as before
