"""What a phone stores and sends, in a real browser against the real application."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page

from tests.support.api_client import World
from tests.support.phone import (
    LOST,
    Gate,
    Phone,
    enrolled_phone,
    plan_now,
    problem_of,
    run,
    serve_gate,
)

Setup = tuple[World, Gate, Phone, Page]
START = "await app.outbox.start(); "
KICK = "await app.outbox.kick(); "
ARRIVE = "await app.records.addEntries(given, [{ what: 'arrived' }]); "
SEAL = "return app.records.seal(given); "
STATUS = "return app.outbox.status()"
RECORDS = "return (await app.database.all('records')).map(({ bytes, ...rest }) => rest)"


@pytest.fixture
async def setup(sqlite_world: World) -> AsyncIterator[Setup]:
    """An enrolled phone of 李, and the server with its log."""
    async with (
        serve_gate(sqlite_world) as (gate, port),
        enrolled_phone(sqlite_world, f"http://127.0.0.1:{port}") as (phone, page),
    ):
        yield sqlite_world, gate, phone, page


async def test_a_visit_from_the_agenda_to_the_receipt(setup: Setup) -> None:
    world, gate, _, page = setup
    visit = await plan_now(world, "v")
    await run(page, "await app.agenda.pull()")
    stored = await run(page, "return app.database.get('visits', given)", str(visit))
    assert stored["view"]["customer"]["address"] == "虚构路 1 号"
    assert len(stored["door_key"]["key"]) == 64
    assert await run(page, "return (await app.database.get('checklists', 'onsite@1')).items.length") > 50
    script = """
        await app.records.addEntries(given, [{ what: 'arrived' }, { what: 'id_shown' }])
        await photographed(given, 'meter_damage_photo', 1)
        await app.records.withdraw(given, (await app.records.entriesOf(given))[1].id, '点错了')
        const record = await app.records.seal(given)
        await app.outbox.start()
        await settled(empty)
        await app.outbox.kick()
        return { record, entries: await app.records.entriesOf(given) }
    """
    found = await run(page, script, str(visit))
    (record,) = await run(page, RECORDS)
    assert record["state"] == "stored"
    assert record["receipt"]["state"] == "complete"
    assert record["receipt"]["signature"] == "verified"
    assert record["receipt"]["notes"] == []
    assert record["receipt"]["ignored"] == []
    (put,) = gate.sent("PUT", "/v1/records/")
    assert put.digest == record["sha256"] == record["receipt"]["sha256"]
    assert put.headers["x-app"].startswith("doorstep-phone ")
    assert [entry["what"] for entry in found["entries"][:3]] == ["arrived", "id_shown", "meter_damage_photo"]
    assert [entry.get("via") for entry in found["entries"]] == ["record"] * 4  # as the server has them, once each
    assert [one.path.split("/")[2] for one in gate.log if one.method == "PUT"] == ["records", "evidence"]


async def test_two_tabs_send_each_record_once(setup: Setup) -> None:
    world, gate, phone, page = setup
    visit = str(await plan_now(world, "v"))
    await run(page, "await app.agenda.pull();" + ARRIVE + START, visit)
    other = await phone.tab()
    await run(other, START)
    for round_ in range(5):
        what = json.dumps({"what": ["arrived", "id_shown", "entered", "left", "met_customer"][round_]})
        entry = f"await app.records.addEntries(given, [{what}]);"
        await asyncio.gather(*(run(tab, entry + SEAL, visit) for tab in (page, other)))
        await asyncio.gather(*(run(tab, KICK, visit) for tab in (page, other)))
    await run(page, "await settled(empty)")
    puts = gate.sent("PUT", "/v1/records/")
    assert len({one.path for one in puts}) == len(puts) > 4
    view = (await world.ask("li", "GET", f"/v1/visits/{visit}")).json()
    assert len(view["entries"]) == 11
    ids = [entry["id"] for put in puts for entry in json.loads(put.body)["entries"]]
    assert len(set(ids)) == len(ids) == 11


async def test_nothing_is_lost_without_a_network(setup: Setup) -> None:
    world, gate, phone, page = setup
    visit = str(await plan_now(world, "v"))
    await run(page, "await app.agenda.pull();" + START)
    await phone.context.set_offline(True)
    await run(page, ARRIVE + SEAL, visit)
    await run(page, KICK)
    status = await run(page, STATUS)
    assert (status["waiting"], status["stopped"]) == (1, None)
    assert status["oldest"]
    assert status["retry_at"]
    assert gate.sent("PUT", "/v1/records/") == []
    await phone.context.set_offline(False)  # the browser says `online`
    await run(page, "await settled(empty)")
    assert [one.status for one in gate.sent("PUT", "/v1/records/")] == [201]


@pytest.mark.parametrize(
    ("fault", "least"),
    [
        (problem_of(500, "defect"), 0.0),
        ((502, {"content-type": "text/html"}, b"<h1>"), 0.0),
        (problem_of(503, "busy", {"retry-after": "1"}), 1.0),
        (problem_of(429, "too-many-requests", {"retry-after": "1"}), 1.0),
        (problem_of(429, "day-full", {"retry-after": "1"}), 1.0),
        (problem_of(507, "storage-full", {"retry-after": "1"}), 1.0),
        (problem_of(408, "too-slow"), 0.0),
        ((200, {"content-type": "text/html"}, b"<h1>Welcome to the hotel</h1>"), 0.0),
        (LOST, 0.0),
    ],
)
async def test_what_is_unknown_is_sent_again_with_the_same_bytes(setup: Setup, fault: Any, least: float) -> None:
    world, gate, _, page = setup
    visit = str(await plan_now(world, "v"))
    await run(page, "await app.agenda.pull();" + ARRIVE + SEAL, visit)
    once = [fault]
    gate.fault = lambda method, path, _: (
        once.pop() if once and (method, path[:11]) == ("PUT", "/v1/records") else None
    )
    await run(page, START + KICK)
    await run(page, "const look = setInterval(() => app.outbox.kick(), 300); await settled(empty); clearInterval(look)")
    first, second = gate.sent("PUT", "/v1/records/")
    assert first.digest == second.digest
    assert second.headers["x-signature"] == first.headers["x-signature"]
    assert second.status == (200 if fault is LOST else 201)
    assert second.at - first.at >= least
