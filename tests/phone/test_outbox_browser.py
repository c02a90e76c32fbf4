"""What a phone stores and sends, in a real browser against the real application."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from email.utils import formatdate
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Page

from service.visits import door_code
from tests.support.api_client import World
from tests.support.devices import enrolment_code
from tests.support.flaky_proxy import bad_network
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
STATUS = "return app.queue.status()"
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
        (lambda: problem_of(503, "busy", {"retry-after": formatdate(time.time() + 2, usegmt=True)}), 1.0),
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
    once, sent_at = [fault], list[float]()

    def fail_once(method: str, path: str, _: bytes) -> Any:
        if (method, path[:11]) != ("PUT", "/v1/records"):
            return None
        sent_at.append(time.time())  # by the clock that a date in Retry-After is read by
        given = once.pop() if once else None
        return given() if callable(given) else given

    gate.fault = fail_once
    await run(page, START + KICK)
    await run(page, "const look = setInterval(() => app.outbox.kick(), 300); await settled(empty); clearInterval(look)")
    first, second = gate.sent("PUT", "/v1/records/")
    assert first.digest == second.digest
    assert second.headers["x-signature"] == first.headers["x-signature"]
    assert second.status == (200 if fault is LOST else 201)
    assert sent_at[1] - sent_at[0] >= least


@pytest.mark.parametrize(("status", "code"), [(409, "content-differs"), (404, "unknown-visit"), (422, "invalid-body")])
async def test_what_the_server_puts_aside_is_parked_and_does_not_block_the_next(
    setup: Setup, status: int, code: str
) -> None:
    world, gate, _, page = setup
    visit = str(await plan_now(world, "v"))
    await run(page, "await app.agenda.pull();" + ARRIVE + SEAL, visit)
    await run(page, "await photographed(given, 'meter_damage_photo', 1);" + SEAL, visit)
    bad = [problem_of(status, code, quarantine="01956e2c-8a00-7000-8000-000000000009", title="不收")]
    gate.fault = lambda method, path, _: bad.pop() if bad and (method, path[:11]) == ("PUT", "/v1/records") else None
    await run(page, START + KICK)
    first, second = await run(page, RECORDS)
    assert (first["state"], first["problem"]["code"], first["problem"]["title"]) == ("parked", code, "不收")
    assert (second["state"], second["receipt"]["state"]) == ("stored", "complete")
    assert (await run(page, STATUS))["parked"] == 1
    await run(page, KICK)
    assert len(gate.sent("PUT", "/v1/records/")) == 2  # not again by itself
    await run(page, "await app.outbox.retry(given)", first["id"])
    assert (await run(page, RECORDS))[0]["state"] == "stored"
    assert gate.sent("PUT", "/v1/records/")[0].digest == gate.sent("PUT", "/v1/records/")[2].digest


async def test_a_record_that_the_office_has_taken_is_not_parked_any_more(setup: Setup) -> None:
    world, gate, _, page = setup
    visit = str(await plan_now(world, "v"))
    await run(page, "await app.agenda.pull();" + ARRIVE + SEAL, visit)
    bad = [problem_of(422, "invalid-body", quarantine="01956e2c-8a00-7000-8000-000000000009")]
    gate.fault = lambda method, path, _: bad.pop() if bad and (method, path[:11]) == ("PUT", "/v1/records") else None
    await run(page, START + KICK)
    (put,) = gate.sent("PUT", "/v1/records/")
    taken = await world.ask("wang", "PUT", f"/v1/visits/{visit}/taken-in/{put.path.split('/')[-1]}", put.body)
    assert taken.status_code == 201, taken.text
    await run(page, KICK)
    (record,) = await run(page, RECORDS)
    assert record["state"] == "stored"
    assert len(gate.sent("PUT", "/v1/records/")) == 1


async def test_a_record_that_is_too_large_is_split(setup: Setup) -> None:
    world, gate, _, page = setup
    visit = str(await plan_now(world, "v"))
    script = """
        await app.agenda.pull()
        const done = ['arrived', 'id_shown', 'entered', 'met_customer', 'left']
        for (const what of done) await app.records.addEntries(given, [{ what }])
    """
    await run(page, script + SEAL, visit)
    gate.fault = lambda method, path, body: (
        problem_of(413, "body-too-large")
        if (method, path[:11]) == ("PUT", "/v1/records") and len(json.loads(body)["entries"]) > 2
        else None
    )
    await run(page, START + KICK)
    records = await run(page, RECORDS)
    assert [record["state"] for record in records] == ["stored"] * 3
    view = (await world.ask("li", "GET", f"/v1/visits/{visit}")).json()
    assert [entry["what"] for entry in view["entries"]] == ["arrived", "id_shown", "entered", "met_customer", "left"]


async def test_records_stay_below_the_limits_of_the_server(setup: Setup) -> None:
    world, gate, _, page = setup
    visit = str(await plan_now(world, "v"))
    script = """
        await app.agenda.pull()
        const what = 'met_customer', evidence = [{ kind: 'text', text: '水'.repeat(5000) }]
        await app.records.addEntries(given, Array.from({ length: 2100 }, () => ({ what })))
        await app.records.addEntries(given, Array.from({ length: 200 }, () => ({ what, evidence })))
    """
    await run(page, script + SEAL, visit)
    await run(page, START + KICK)
    puts = gate.sent("PUT", "/v1/records/")
    assert [one.status for one in puts] == [201] * len(puts)
    assert all(len(one.body) < 2**21 for one in puts)
    sizes = [len(json.loads(one.body)["entries"]) for one in puts]
    assert sum(sizes) == 2300
    assert max(sizes) == 2000


@pytest.mark.parametrize(("status", "code"), [(401, "not-signed-in"), (403, "not-allowed")])
async def test_a_refused_phone_stops_and_keeps_everything(setup: Setup, status: int, code: str) -> None:
    world, gate, _, page = setup
    visit = str(await plan_now(world, "v"))
    await run(page, "await app.agenda.pull();" + ARRIVE + SEAL, visit)
    gate.fault = lambda *_: problem_of(status, code, title="不行")
    await run(page, START + KICK)
    found = await run(page, STATUS)
    assert (found["waiting"], found["stopped"]["code"], found["stopped"]["title"]) == (1, code, "不行")
    before = len(gate.log)
    two = "await app.records.seal(given); await settled(async () => (await app.queue.status()).waiting === 2)"
    await run(page, ARRIVE + two, visit)
    assert len(gate.log) == before  # nothing is sent until somebody asks for it
    gate.fault = lambda *_: None
    await run(page, KICK)
    found = await run(page, STATUS)
    assert (found["waiting"], found["stopped"]) == (0, None)


async def test_a_revoked_phone_seals_what_it_has_and_goes_on_when_it_is_enrolled_again(setup: Setup) -> None:
    world, _, phone, page = setup
    visit = str(await plan_now(world, "v"))
    await run(page, "await app.agenda.pull();" + ARRIVE + SEAL, visit)
    await run(page, "await photographed(given, 'meter_damage_photo', 1)", visit)  # not sealed
    device = await run(page, "return (await device.read('me')).device.id")
    assert (await world.ask("wang", "DELETE", f"/v1/devices/{device}")).status_code == 204
    await run(page, START + KICK)
    found = await run(page, STATUS)
    assert (found["waiting"], found["unsealed"], found["stopped"]["code"]) == (2, 0, "device-revoked")
    assert await run(page, "return await device.read('me') ?? null") is None
    first, second = await run(page, RECORDS)
    assert first["signature"]
    assert second["signature"]
    await run(page, "await app.records.addEntries(given, [{ what: 'left' }]);" + SEAL, visit)
    await phone.enrol(page, await enrolment_code(world))
    await run(page, KICK)
    records = await run(page, RECORDS)
    assert [record["receipt"]["signature"] for record in records] == ["verified"] * 3
    assert [record["receipt"]["state"] for record in records] == ["complete"] * 3
    assert (await run(page, STATUS))["stopped"] is None


async def test_what_one_person_wrote_is_not_sent_as_another(setup: Setup) -> None:
    world, gate, phone, page = setup
    visit = str(await plan_now(world, "v"))
    await run(page, "await app.agenda.pull();" + ARRIVE, visit)
    await phone.enrol(page, await enrolment_code(world, "sun"))
    await run(page, START + KICK + SEAL, visit)
    await run(page, KICK)
    assert gate.sent("PUT", "/v1/records/") == []
    assert (await run(page, STATUS))["parked"] == 1
    assert await run(page, "return app.database.get('visits', given)", visit)
    await phone.enrol(page, await enrolment_code(world, "li"))
    await run(page, KICK)
    assert [one.status for one in gate.sent("PUT", "/v1/records/")] == [201]


async def test_a_photo_that_the_server_will_never_take_is_given_up(setup: Setup) -> None:
    world, gate, _, page = setup
    visit = str(await plan_now(world, "v"))
    await run(page, "await app.agenda.pull(); await photographed(given, 'meter_damage_photo', 1);" + SEAL, visit)
    gate.fault = lambda method, path, _: (
        problem_of(415, "not-photo", title="不是照片") if (method, path[:12]) == ("PUT", "/v1/evidence") else None
    )
    await run(page, START + KICK)
    (record,) = (await world.ask("wang", "GET", f"/v1/visits/{visit}")).json()["records"]
    assert [one["reason"] for one in record["lost"]] == ["服务器不收：不是照片"]
    assert record["missing_evidence"] == []
    (file,) = await run(page, "return app.database.all('files')")
    assert (file["state"], file["problem"]["code"]) == ("parked", "not-photo")


async def test_a_large_photo_goes_in_parts_and_on_from_where_it_was_cut(sqlite_world: World) -> None:
    world = sqlite_world
    async with (
        serve_gate(world) as (_, port),
        bad_network(port) as (network, door),
        enrolled_phone(world, f"http://127.0.0.1:{door}") as (_, page),
    ):
        visit = str(await plan_now(world, "v"))
        await run(page, "await app.agenda.pull(); await photographed(given, 'meter_damage_photo', 1, 1600)", visit)
        await run(page, SEAL, visit)
        size = await run(page, "return (await app.database.all('blobs'))[0].size")
        assert size > 900_000
        network.cuts += [300_000, 300_000]
        script = "const look = setInterval(() => app.outbox.kick(), 200); await settled(empty); clearInterval(look)"
        await run(page, START + script)
        await run(page, KICK)
        assert network.cut == 2
        assert network.sent < size + 2 * 2**18 + 300_000
        (record,) = await run(page, RECORDS)
        assert record["receipt"]["state"] == "complete"


async def test_a_part_whose_response_was_lost_is_not_sent_again(setup: Setup) -> None:
    world, gate, _, page = setup
    visit = str(await plan_now(world, "v"))
    await run(page, "await app.agenda.pull(); await photographed(given, 'meter_damage_photo', 1, 1600)", visit)
    size = await run(page, "return (await app.database.all('blobs'))[0].size")
    lost = [2, 4]  # by number of parts sent
    gate.fault = lambda method, *_: LOST if method == "PATCH" and len(gate.sent("PATCH", "/")) + 1 in lost else None
    await run(page, SEAL, visit)
    await run(page, START + KICK + KICK + KICK)
    assert len(gate.sent("HEAD", "/v1/uploads/")) == 2
    assert sum(len(one.body) for one in gate.sent("PATCH", "/v1/uploads/")) == size
    assert len(gate.sent("POST", "/v1/uploads")) == 1
    (record,) = await run(page, RECORDS)
    assert record["receipt"]["state"] == "complete"


async def test_words_about_a_finding_are_sent_once(setup: Setup) -> None:
    world, gate, _, page = setup
    visit = str(await plan_now(world, "v"))
    await run(page, "await app.agenda.pull();" + ARRIVE + SEAL, visit)
    await run(page, START + KICK)
    (record,) = await run(page, RECORDS)
    code = record["receipt"]["findings"][0]["code"]
    await run(page, "await app.records.explain(...given);" + KICK, [visit, code, "路上堵车，已电话告知"])
    (put,) = gate.sent("PUT", f"/v1/visits/{visit}/explanations/")
    assert put.status in (200, 201, 204)
    assert [one["state"] for one in await run(page, "return app.database.all('explanations')")] == ["stored"]


async def test_visits_that_are_gone_leave_the_phone_once_all_is_sent(setup: Setup) -> None:
    world, gate, _, page = setup
    visit = str(await plan_now(world, "v"))
    other = str(await plan_now(world, "w"))
    await run(page, "await app.agenda.pull(); await photographed(given, 'meter_damage_photo', 1)", visit)
    for one in (visit, other):
        to_sun = {"technician": "sun", "reason": "病了"}
        handed = await world.ask("zhao", "PUT", f"/v1/visits/{one}/technician", to_sun, if_match='"0"')
        assert handed.status_code == 200, handed.text
    await run(page, "await app.agenda.pull()")
    (left,) = await run(page, "return app.database.all('visits')")
    assert (left["id"], left["gone"]) == (visit, True)
    await run(page, SEAL, visit)
    await run(page, START + KICK)
    for store in ("visits", "entries", "records", "files", "blobs"):
        assert await run(page, f"return app.database.all('{store}')") == []
    assert gate.sent("PUT", "/v1/records/")[0].status == 201


async def test_the_code_at_the_door_is_the_one_that_the_server_knows(setup: Setup) -> None:
    world, _, _, page = setup
    visit = await plan_now(world, "v")
    script = """
        await app.agenda.pull()
        const { door_key } = await app.database.get('visits', given)
        const when = app.clock.server()
        return [door_key.key, when.getTime(), await app.door_code.codeFor(given, door_key.key, when)]
    """
    key, when, code = await run(page, script, str(visit))
    assert code == door_code.write(bytes.fromhex(key), visit, door_code.time_step(when))
    shown = await world.ask(None, "GET", f"/d/{code}")
    assert (shown.status_code, "李" in shown.text) == (200, True)


async def test_the_clocks_of_an_entry(setup: Setup) -> None:
    """The monotonic clock goes on when the wall clock is set back, and begins anew after the phone has slept."""
    _, _, _, page = setup
    script = """
        const real = Date.now
        const found = [app.clock.now()]
        const shifted = ms => { Date.now = () => real() + ms; found.push(app.clock.now()); Date.now = real }
        for (const ms of [0, -3_600_000, 600_000, 600_000]) shifted(ms)
        return found
    """
    first, same, back, slept, after = await run(page, script)
    assert first["session"] == same["session"] == back["session"]
    assert first["tick"] <= same["tick"] <= back["tick"]
    assert slept["session"] == after["session"] != first["session"]
    assert datetime.fromisoformat(slept["at"]) - datetime.fromisoformat(first["at"]) > timedelta(minutes=9)
    assert datetime.fromisoformat(first["at"]).tzinfo


async def test_ids_are_in_order_and_the_offset_of_the_server_is_learnt(setup: Setup) -> None:
    world, _, _, page = setup
    ids = await run(page, "return Array.from({ length: 9000 }, () => app.bytes.newId())")
    assert ids == sorted(ids)
    assert len(set(ids)) == 9000
    assert {UUID(one).version for one in ids} == {7}
    world.ctx.clock = lambda: int(time.time() * 1000) + 3_600_000
    script = """
        await app.agenda.pull()
        const before = Date.now(), there = app.clock.server().getTime(), after = Date.now()
        return [there - after, await app.database.get('meta', 'offset_ms'), there - before]
    """
    least, offset, most = await run(page, script)
    assert 3_590_000 < offset < 3_610_000
    assert least <= offset <= most


async def test_text_that_json_cannot_carry_does_not_cost_the_record(setup: Setup) -> None:
    world, gate, _, page = setup
    visit = str(await plan_now(world, "v"))
    script = """
        await app.agenda.pull()
        const text = '半个\\ud83d和零\\u0000'
        await app.records.addEntries(given, [{ what: 'nobody_home', evidence: [{ kind: 'text', text }] }])
    """
    await run(page, script + SEAL, visit)
    await run(page, START + KICK)
    (put,) = gate.sent("PUT", "/v1/records/")
    assert put.status == 201
    assert json.loads(put.body)["entries"][0]["evidence"][0]["text"] == "半个\ufffd和零"


async def test_a_server_that_goes_on_missing_a_file_gets_it_again_but_not_at_once(setup: Setup) -> None:
    world, gate, _, page = setup
    visit = str(await plan_now(world, "v"))
    await run(page, "await app.agenda.pull(); await photographed(given, 'meter_damage_photo', 1)", visit)
    await run(page, SEAL, visit)
    gate.fault = lambda method, path, _: (201, {}, b"") if (method, path[:12]) == ("PUT", "/v1/evidence") else None
    await run(page, START + KICK)
    assert len(gate.sent("PUT", "/v1/evidence/")) == 2  # the second time at once
    assert (await run(page, STATUS))["files"] == 1
    gate.fault = lambda *_: None
    due = "const [file] = await app.database.all('files'); await app.database.put('files', { ...file, retry_at: 0 });"
    await run(page, due + KICK)
    assert (await run(page, STATUS))["files"] == 0
