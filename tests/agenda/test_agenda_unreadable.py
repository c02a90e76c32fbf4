"""A visit that cannot be shown hides no other: agenda, lists and calendar name it, and it comes once it can be read."""

import asyncio
import os
import re
import sqlite3
import sys
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import asyncpg
import msgspec
import pytest

from service.context import OutgoingMessage
from service.messages import worker
from service.reviews import refresh
from service.web import access_log
from tests.support.api_client import RECORD, VISIT, World, opened_world, record
from tests.support.factories import a_plan, encode, said, uid
from tests.support.fake_gateway import set_up

OTHER, LATER = uid("other"), uid("later")
BROKEN = b'{"entries": [{"\xff'


@pytest.fixture
async def world(address: str) -> AsyncIterator[World]:
    """Three visits of 李; the first one has a record."""
    async with opened_world(address) as opened:
        for visit in (VISIT, OTHER, LATER):
            assert (await opened.plan(visit, crew=["sun"])).status_code == 201
        assert (await opened.submit(record())).status_code == 201
        yield opened


async def beside(address: str, table: str, statement: str, *rows: tuple[Any, ...]) -> None:
    """Change rows past the service and its guards, once for each row of values."""
    if address.startswith("sqlite"):
        connection = sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)
        triggers = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
        )
        for (trigger,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        assert [connection.execute(statement, row).rowcount for row in rows] == [1] * len(rows)
        connection.close()
        return
    numbers = count(1)
    numbered = re.sub(r"\?", lambda _: f"${next(numbers)}", statement)
    postgres = await asyncpg.connect(address)
    await postgres.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    assert [await postgres.execute(numbered, *row) for row in rows] == ["UPDATE 1"] * len(rows)
    await postgres.close()


async def written(address: str, body: bytes) -> None:
    """The bytes of the record become others."""
    await beside(address, "batches", "UPDATE batches SET body = ? WHERE id = ?", (body, RECORD.bytes))


async def body(world: World) -> bytes:
    return (await world.ask("li", "GET", f"/v1/records/{RECORD}/body")).content


class Phone:
    """A phone with its cursor, and what it has."""

    def __init__(self, world: World, login: str) -> None:
        self.world, self.login, self.cursor = world, login, ""
        self.visits: dict[str, Any] = {}

    async def sync(self) -> dict[str, Any]:
        """Ask once; the answer."""
        since = f"?since={self.cursor}" if self.cursor else ""
        response = await self.world.ask(self.login, "GET", f"/v1/agenda{since}")
        assert response.status_code == 200, response.text
        answer = response.json()
        if answer["full"]:
            self.visits.clear()
        self.visits |= {one["id"]: one for one in answer["visits"]}
        self.cursor = answer["cursor"]
        return answer


@pytest.mark.parametrize("login", ["li", "sun"])
async def test_the_agenda_goes_on_and_brings_the_visit_when_it_can_be_read(
    world: World, address: str, login: str
) -> None:
    whole = await body(world)
    phone = Phone(world, login)
    await written(address, BROKEN)
    first = await phone.sync()
    assert first["unreadable"] == [str(VISIT)]
    assert set(phone.visits) == {str(OTHER), str(LATER)}
    assert not first["more"]
    again = await phone.sync()  # nothing changed, and the mark stays
    assert (again["visits"], again["unreadable"], again["full"]) == ([], [str(VISIT)], False)
    await world.ask("zhao", "PUT", f"/v1/visits/{OTHER}/details", {"reason": "x", "inspectors": 1}, if_match='"0"')
    later = await phone.sync()
    assert [one["id"] for one in later["visits"]] == [str(OTHER)]
    assert later["unreadable"] == [str(VISIT)]
    await written(address, whole)  # as if the program had been mended: nothing about the visit changed
    mended = await phone.sync()
    assert [one["id"] for one in mended["visits"]] == [str(VISIT)]
    assert mended["unreadable"] == []
    quiet = await phone.sync()
    assert (quiet["visits"], quiet["unreadable"]) == ([], [])


async def test_it_also_comes_when_something_about_it_changes(world: World, address: str) -> None:
    whole, phone = await body(world), Phone(world, "li")
    await written(address, BROKEN)
    await phone.sync()
    await written(address, whole)
    more = record(uid("second"), entries=[said("09:30", "left")])
    assert (await world.submit(more, uid("second"))).status_code == 201
    answer = await phone.sync()
    assert [one["id"] for one in answer["visits"]] == [str(VISIT)]  # once, though it is tried again and has changed
    assert answer["unreadable"] == []


async def test_a_cursor_with_a_mark_is_good_for_its_own_person_alone(world: World, address: str) -> None:
    await written(address, BROKEN)
    li, sun = Phone(world, "li"), Phone(world, "sun")
    await li.sync()
    sun.cursor = li.cursor
    assert (await sun.sync())["full"]
    li.cursor = li.cursor[:-4] + "AAAA"
    assert (await li.sync())["full"]


async def test_more_than_a_cursor_carries_are_named_and_come_when_they_change(world: World, address: str) -> None:
    visits = [uid(f"many {n}") for n in range(40)]
    for visit in visits:
        assert (await world.plan(visit)).status_code == 201
    change = "UPDATE visits SET body = ? WHERE id = ?"
    await beside(address, "visits", change, *((b"{", visit.bytes) for visit in visits))
    phone = Phone(world, "li")
    answer = await phone.sync()
    assert answer["unreadable"] == list(map(str, visits))
    assert len(phone.cursor) < 400
    assert len((await phone.sync())["unreadable"]) == 32
    await beside(address, "visits", change, *((encode(a_plan()), visit.bytes) for visit in visits))
    came = {one["id"] for one in (await phone.sync())["visits"]}
    assert len(came) == 32
    (rest, *_) = [str(visit) for visit in visits if str(visit) not in came]
    moved = {"from": "2026-03-03T09:00:00+08:00", "to": "2026-03-03T10:00:00+08:00", "reason": "改期"}
    assert (await world.ask("zhao", "PUT", f"/v1/visits/{rest}/window", moved, if_match='"0"')).status_code == 200
    assert [one["id"] for one in (await phone.sync())["visits"]] == [rest]


async def test_lists_and_the_calendar_show_the_others_and_a_mark(world: World, address: str) -> None:
    url = (await world.ask("li", "PUT", "/v1/me/calendar")).json()["url"]
    await beside(
        address, "visit_summaries", "UPDATE visit_summaries SET valid_until = 0 WHERE visit = ?", (VISIT.bytes,)
    )  # it is judged anew
    await written(address, BROKEN)
    for who in ("zhao", "wang", "li"):
        for query in ("", "?state=under_way", "?q=陶"):
            page = (await world.ask(who, "GET", f"/v1/visits{query}")).json()
            assert page["unreadable"] == [str(VISIT)], (who, query)
            assert len(page["items"]) == (0 if "state" in query else 2), (who, query)
    await beside(address, "visit_summaries", "UPDATE visit_summaries SET plan = ? WHERE visit = ?", (b"{", VISIT.bytes))
    feed = await world.client.get("/calendar/" + url.rpartition("/")[2])
    assert feed.status_code == 200
    text = feed.text.replace("\r\n ", "")
    assert text.count("BEGIN:VEVENT") == 3
    assert text.count("无法显示") == 1


async def test_a_message_that_went_out_is_not_sent_again_where_its_proof_cannot_be_written(
    world: World, address: str
) -> None:
    post = set_up(world.ctx, "07:00")
    sent = await world.ask("zhao", "POST", f"/v1/visits/{LATER}/notice", {"channel": "sms"})
    assert sent.status_code == 201
    other = await world.ask("zhao", "POST", f"/v1/visits/{OTHER}/notice", {"channel": "sms"})
    assert other.status_code == 201

    async def meanwhile(letter: OutgoingMessage) -> str:
        if letter.id == sent.json()["id"]:
            assert (await world.submit(record(uid("begun"), LATER), uid("begun"))).status_code == 201
            await beside(address, "batches", "UPDATE batches SET body = ? WHERE id = ?", (BROKEN, uid("begun").bytes))
        return await post(letter)

    world.ctx.company = msgspec.structs.replace(world.ctx.company, gateways={"sms": meanwhile})
    await worker.deliver_due(world.ctx)
    assert len(post.letters) == 2
    set_up(world.ctx, "18:00")
    assert await worker.deliver_due(world.ctx) == 0
    told = (await world.ask("zhao", "GET", f"/v1/visits/{OTHER}/notice")).json()["sent"]
    assert [one["state"] for one in told] == ["delivered"]


async def test_the_defect_is_logged_with_the_visit_and_without_what_is_in_it(
    world: World, address: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    access_log.configure_logging("json", "error")
    await written(address, b'{"entries": [{"what": "secret"}]}')
    assert (await Phone(world, "li").sync())["unreadable"] == [str(VISIT)]
    logged = capsysbinary.readouterr().err
    assert str(VISIT).encode() in logged
    assert b"ValidationError" in logged
    assert b"secret" not in logged


async def test_the_program_starts_beside_a_visit_that_it_cannot_read(world: World, address: str) -> None:
    await written(address, BROKEN)
    unposted = (
        "UPDATE visit_summaries SET state = '' WHERE visit = ?"  # as after an upgrade: it is worked out at the start
    )
    await beside(address, "visit_summaries", unposted, (VISIT.bytes,), (OTHER.bytes,))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "service", "person", "add", "zhou", "--name", "周", "--role", "technician"),
        env=os.environ | {"DOORSTEP_DATABASE": address, "DOORSTEP_DATA": str(world.ctx.evidence_storage.data)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, told = await process.communicate()
    assert process.returncode == 0, told
    assert b"zhou" in out
    page = (await world.ask("zhao", "GET", "/v1/visits?state=planned")).json()
    assert {one["id"] for one in page["items"]} == {str(OTHER), str(LATER)}


async def test_it_does_not_hold_up_the_visits_that_are_due_to_be_judged_again(world: World, address: str) -> None:
    await written(address, BROKEN)
    now = world.ctx.clock() + 24 * 3_600_000
    world.ctx.clock = lambda: now
    assert await refresh.refresh_due(world.ctx) == 3
    assert await refresh.refresh_due(world.ctx) == 0
    queue = (await world.ask("wang", "GET", "/v1/reviews")).json()["reviews"]
    assert {one["visit"] for one in queue} == {str(OTHER), str(LATER)}
