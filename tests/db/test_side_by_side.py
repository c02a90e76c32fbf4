"""Records that come at the same moment share a transaction where they can, and each is as if it had come alone."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from service.verify.log import verify
from tests.support.api_client import World, opened_world, problem
from tests.support.databases import copied_postgres
from tests.support.factories import a_plan, a_record, encode, said, uid
from tests.support.pictures import name, picture

MANY = 40
TWICE = 2 * MANY


def raw(record: str, visit: str, **more: Any) -> bytes:
    """A record of two entries; `more` is said in the second."""
    return a_record(record, uid(visit), said("09:05", "arrived"), said("09:06", "shoe_covers_on", **more))


async def plan(world: World, visits: list[str], **more: Any) -> None:
    for visit in visits:
        assert (await world.ask("zhao", "PUT", f"/v1/visits/{uid(visit)}", encode(a_plan(**more)))).status_code == 201


async def submit(world: World, content: bytes, who: str = "li") -> httpx.Response:
    """Send a record, again and again where the answer is to come again."""
    for _ in range(50):
        answer = await world.submit(content, UUID(json.loads(content)["id"]), who)
        if answer.status_code != 503:
            return answer
        assert problem(answer) == (503, "busy")
        await asyncio.sleep(0.05)
    raise AssertionError("busy for ever")


async def together(world: World, records: list[bytes], who: str = "li") -> list[int]:
    """Send records at the same moment; the statuses of the answers."""
    answers = await asyncio.gather(*(submit(world, content, who) for content in records))
    return [answer.status_code for answer in answers]


async def all_there(world: World, records: list[bytes]) -> None:
    """Each record is kept byte for byte, and everything that is kept is in the log, once."""
    for content in records:
        answer = await world.ask("li", "GET", f"/v1/records/{json.loads(content)['id']}/body")
        assert (answer.status_code, answer.content) == (200, content)
    assert (await verify(world.ctx)).faults == []


async def transactions(address: str, records: list[bytes]) -> int:
    """In how many transactions of PostgreSQL records were kept."""
    connection = await asyncpg.connect(address)
    ids = [UUID(json.loads(content)["id"]).bytes for content in records]
    found = await connection.fetchval("SELECT count(DISTINCT xmin::text) FROM batches WHERE id = ANY($1)", ids)
    await connection.close()
    return found


async def test_records_that_wait_share_transactions_and_a_lone_one_has_its_own(postgres: str) -> None:
    async with copied_postgres(postgres) as address, opened_world(address) as world:
        visits = [f"v{number}" for number in range(TWICE)]
        await plan(world, visits)
        records = [raw(f"r {visit}", visit) for visit in visits]
        for content in records[:MANY]:
            assert (await submit(world, content)).status_code == 201
        assert await transactions(address, records[:MANY]) == MANY
        assert await together(world, records[MANY:]) == [201] * MANY
        assert await transactions(address, records[MANY:]) <= MANY / 4
        await all_there(world, records)


async def test_what_cannot_be_kept_touches_no_neighbour(world: World) -> None:
    visits = [f"v{number}" for number in range(MANY)]
    await plan(world, [*visits, "other"])
    await plan(world, ["of sun"], technician="sun")
    good = [raw(f"r {visit}", visit) for visit in visits]
    twice = raw("r v0", "other")  # its id is that of a record of another visit
    bad = {raw("1", "nowhere"): 404, raw("2", "of sun"): 403, raw("3", "v2").replace(b"onsite@1", b"onsite@9"): 422}
    mixed = [*good[:15], *bad, twice, *good[15:30], *bad, *good[30:]]
    statuses = await together(world, mixed)
    found = Counter(zip(mixed, statuses, strict=True))
    assert {status for content, status in found if content in bad} == set(bad.values())
    assert {content: status for content, status in found if content in bad} == bad
    first = dict(zip(mixed, statuses, strict=True))
    assert sorted([first[good[0]], first[twice]]) == [201, 409]  # whichever came first
    left = "other" if first[twice] == 409 else "v0"
    assert (await world.ask("zhao", "GET", f"/v1/visits/{uid(left)}")).json()["state"] == "planned"
    assert {first[content] for content in good[1:]} == {201}
    await all_there(world, good[1:])


async def test_records_of_one_visit_take_turns(world: World) -> None:
    await plan(world, ["v"])
    records = [raw(f"r{number}", "v") for number in range(20)]
    statuses = await together(world, [*records, *records])
    assert Counter(statuses) == {201: 20, 200: 20}
    await all_there(world, records)
    entries = (await world.ask("zhao", "GET", f"/v1/visits/{uid('v')}")).json()["entries"]
    assert len(entries) == 2  # all say the same two


async def test_who_goes_away_leaves_the_others_alone(world: World) -> None:
    visits = [f"v{number}" for number in range(MANY)]
    await plan(world, visits)
    records = [raw(f"r {visit}", visit) for visit in visits]
    tasks = [asyncio.create_task(submit(world, content)) for content in records]
    for _ in range(20):
        await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks[1::2])
    assert {answer.status_code for answer in answers} == {201}
    await asyncio.gather(*tasks, return_exceptions=True)
    assert set(await together(world, records)) <= {200, 201}
    await all_there(world, records)


Steps = Callable[[Any, World], Awaitable[None]]


async def beside_a_stranger(postgres: str, steps: Steps) -> None:
    """With a connection that is not the service's. Only on PostgreSQL: SQLite has one writer and no locks of rows."""
    async with copied_postgres(postgres) as address, opened_world(address) as world:
        stranger = await asyncpg.connect(address)
        await steps(stranger, world)
        await stranger.close()


async def test_a_visit_that_somebody_holds_stops_only_its_own_record(postgres: str) -> None:
    await beside_a_stranger(postgres, stops_only_its_own)


async def test_who_was_held_up_lets_the_next_of_the_visit_go_on(postgres: str) -> None:
    await beside_a_stranger(postgres, lets_the_next_go_on)


async def stops_only_its_own(stranger: Any, world: World) -> None:
    visits = [f"v{number}" for number in range(MANY)]
    await plan(world, visits)
    records = [raw(f"r {visit}", visit) for visit in visits]
    held = stranger.transaction()
    await held.start()
    await stranger.execute("SELECT 1 FROM visit_summaries WHERE visit = $1 FOR UPDATE", uid("v7").bytes)
    tasks = [asyncio.create_task(submit(world, content)) for content in records]
    others = [*tasks[:7], *tasks[8:]]
    answers = await asyncio.wait_for(asyncio.gather(*others), 60)
    assert {answer.status_code for answer in answers} == {201}
    assert not tasks[7].done()
    await held.rollback()
    assert (await tasks[7]).status_code == 201
    await all_there(world, records)


async def lets_the_next_go_on(stranger: Any, world: World) -> None:
    """Also when nobody else comes; and meanwhile whoever comes about another visit goes on at once."""
    await plan(world, ["v", *(f"v{number}" for number in range(5))])
    held = stranger.transaction()
    await held.start()
    await stranger.execute("SELECT 1 FROM visit_summaries WHERE visit = $1 FOR UPDATE", uid("v").bytes)
    first = [asyncio.create_task(world.submit(raw(f"r{number}", "v"), uid(f"r{number}"))) for number in range(3)]
    for number in range(5):
        content = raw(f"r v{number}", f"v{number}")
        answer = await asyncio.wait_for(world.submit(content, uid(f"r v{number}")), 60)
        assert answer.status_code == 201
        assert not any(task.done() for task in first)
        await asyncio.sleep(0.4)  # the one that waits for the stranger is stuck by and by
    await held.rollback()
    assert [(await task).status_code for task in first] == [201] * 3  # none of them was told to come again


async def backwards(connection: Any, visits: list[str], end: asyncio.Event) -> int:
    """Take the locks the wrong way round: an agenda, then visits from the last to the first. How often it was
    undone."""
    undone = 0
    while not end.is_set():
        try:
            async with connection.transaction():
                await connection.execute("SELECT 1 FROM sync_counters ORDER BY login DESC FOR UPDATE")
                await asyncio.sleep(0.02)
                for visit in sorted((uid(one).bytes for one in visits), reverse=True)[:5]:
                    await connection.execute("SELECT 1 FROM visit_summaries WHERE visit = $1 FOR UPDATE", visit)
        except asyncpg.DeadlockDetectedError:
            undone += 1
        await asyncio.sleep(0.05)
    return undone


async def test_nobody_waits_in_a_circle_for_ever(world: World, address: str, engine: str) -> None:
    """Records of crews, photos, changes and office entries over the same visits, and a stranger who takes every lock in
    the opposite order."""
    visits = [f"v{number}" for number in range(24)]
    for number, visit in enumerate(visits):
        technician, crew = [("li", ["sun"]), ("sun", ["li"]), ("li", []), ("sun", [])][number % 4]
        await plan(world, [visit], technician=technician, crew=crew)
    photos = [picture(number) for number in range(4)]
    records = [
        raw(f"r {visit}", visit, evidence=[{"kind": "photo", "sha256": name(photos[number // 2 % 4])}])
        for number, visit in enumerate(visits)
    ]

    async def ask(who: str, method: str, path: str, content: Any, **headers: str) -> int:
        for _ in range(100):
            answer = await world.ask(who, method, path, content, **headers)
            if answer.status_code != 503:
                return answer.status_code
            await asyncio.sleep(0.05)
        return 503

    end = asyncio.Event()
    strangers: list[asyncio.Task[int]] = []
    if engine == "postgres":
        connection = await asyncpg.connect(address)
        strangers = [asyncio.create_task(backwards(connection, visits, end))]
    doing: list[Any] = []
    for number in reversed(range(len(visits))):
        visit, who = uid(visits[number]), ("li", "sun", "li", "sun")[number % 4]
        doing.append(submit(world, records[number], who))
        entry = said("08:00", "appointment_agreed", "dispatcher", id=str(uid(f"note {number}")))
        doing.append(ask("zhao", "POST", f"/v1/visits/{visit}/entries", {"entries": [entry]}))
        if number % 3 == 0:
            change = {"reason": "补充", "work": {"content": f"{number}"}}
            doing.append(ask("zhao", "PUT", f"/v1/visits/{visit}/details", change, if_match='"0"'))
    for photo in photos:
        path = f"/v1/evidence/{name(photo)}"
        doing += [ask(who, "PUT", path, photo, content_type="image/jpeg") for who in ("li", "sun")]
    answers = await asyncio.wait_for(asyncio.gather(*doing), 200)
    statuses = Counter(one if isinstance(one, int) else one.status_code for one in answers)
    end.set()
    for task in strangers:
        await task
        await connection.close()
    assert set(statuses) <= {200, 201}, statuses
    assert {one.status_code for one in answers if not isinstance(one, int)} == {201}
    for login in ("li", "sun"):
        shown = {one["id"] for one in (await world.ask(login, "GET", "/v1/agenda")).json()["visits"]}
        there = [number for number in range(len(visits)) if number % 4 < 2 or number % 2 == ("li", "sun").index(login)]
        assert shown == {str(uid(visits[number])) for number in there}
    await all_there_of(world, records)


async def all_there_of(world: World, records: list[bytes]) -> None:
    """The same as seen by the office."""
    for content in records:
        answer = await world.ask("zhao", "GET", f"/v1/records/{json.loads(content)['id']}/body")
        assert (answer.status_code, answer.content) == (200, content)
    assert (await verify(world.ctx)).faults == []
