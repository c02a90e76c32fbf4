"""`verify` finds what somebody changed in the database. One bad row hides no other, and is never the end of it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.accounts.validation import NewPerson
from service.audit_log import log
from service.checklists import repository as checklists_repository
from service.demo import seed, town
from service.demo.people import DEMONSTRATION
from service.staff import people
from service.verify.log import verify
from service.visits import batches
from tests.support.api_client import RECORD, VISIT, World, opened_world, record
from tests.support.devices import register_phone
from tests.support.evidence import record_naming, send_evidence
from tests.support.factories import a_plan, said, uid
from tests.support.pictures import name, picture
from tests.support.tampering import TABLES, tampered

HERE, LOST, BROKEN = picture(1), picture(2), picture(3, size=(80, 60))


@pytest.fixture
async def full(address: str) -> AsyncIterator[World]:
    """A town where everything happened that leaves something behind."""
    async with opened_world(address) as world:
        await world.plan(area="城东")
        await world.plan(uid("w"), area="城东")
        moved = {**a_plan()["window"], "reason": "客户有事"}
        changed = await world.ask(
            "zhao", "PUT", f"/v1/visits/{VISIT}/window", moved | {"to": moved["from"]}, if_match='"0"'
        )
        left = await world.ask("li", "PUT", f"/v1/visits/{VISIT}/departure", {"at": moved["from"]})
        assert left.status_code == 201, left.text
        await world.submit(record_naming(HERE, LOST))
        await world.submit(record(uid("b"), entries=[]), uid("b"))
        await send_evidence(world, HERE)
        await send_evidence(world, BROKEN)
        lost = await world.ask("wang", "PUT", f"/v1/records/{RECORD}/lost/{name(LOST)}", {"reason": "手机掉进水里"})
        kept = await world.submit(b"{", uid("q"))
        new = {"login": "zhou", "name": "周", "roles": ["technician"], "areas": ["城东"]}
        hired = await world.ask("admin", "POST", "/v1/people", new)
        face = await world.ask("admin", "PUT", "/v1/people/zhou/photo", HERE, content_type="image/jpeg")
        await world.ask("admin", "PUT", "/v1/people/zhou/card", {"name": "周", "badge": "0427", "title": "技术员"})
        device = (await register_phone(world))["device"]["id"]
        out = await world.ask("wang", "DELETE", f"/v1/devices/{device}")
        gone = await world.ask("admin", "PUT", "/v1/people/zhou/departure", {"reason": "退休"})
        told = [one.status_code for one in (lost, changed, kept, hired, face, out, gone)]
        assert told == [200, 200, 400, 201, 204, 204, 200], told
        await log.assign_sequence_numbers(world.ctx.db)
        assert (await verify(world.ctx)).faults == []  # the control
        async with world.ctx.evidence_storage.blobs.open_local(bytes.fromhex(name(BROKEN))) as path:
            path.write_bytes(b"changed")
        yield world


async def found(world: World) -> list[str]:
    """The faults, without the one of the broken file, which has to be among them whatever else is wrong."""
    faults = (await verify(world.ctx)).faults
    broken = f"file {name(BROKEN)}: the bytes were changed"
    assert broken in faults, faults
    return [fault for fault in faults if fault != broken]


def each(change: str, tables: tuple[str, ...]) -> list[str]:
    return [f"UPDATE {table} SET {change}" for table in tables]  # noqa: S608 - of this file


CHANGED = [
    *each("body = sha256", ("batches", "visits", "changes", "given_up_files", "events", "quarantine", "departures")),
    *each("body = sha256, sha256 = body", ("batches", "given_up_files", "checklists", "quarantine")),
    *each("body = NULL", TABLES[:7]),
    *each("salt = NULL", TABLES[:5]),
    "UPDATE batches SET sha256 = NULL",
    "UPDATE batches SET writer = NULL",
    "UPDATE log_leaves SET leaf = NULL",
    "UPDATE log_leaves SET leaf = id",
    "UPDATE log_leaves SET at = at + 1",
    "UPDATE batches SET writer = 'sun'",
    "UPDATE batches SET kind = 'office'",
    "UPDATE batches SET kind = 'no such kind'",
    "UPDATE batches SET signed = 'verified'",
    "UPDATE batches SET taken_in_by = 'wang'",
    "UPDATE batches SET device = id",
    "UPDATE batches SET received_at = received_at - 1",
    "UPDATE batches SET visit = (SELECT id FROM visits v WHERE v.id <> batches.visit)",
    "UPDATE changes SET writer = 'qian'",
    "UPDATE departures SET writer = 'qian'",
    "UPDATE departures SET revision = 7",
    "UPDATE visits SET created_by = 'qian'",
    "UPDATE visits SET checklist_version = '2'",
    "UPDATE given_up_files SET writer = 'li'",
    "UPDATE checklists SET reason = 'another one'",
    "UPDATE checklists SET published_by = 'li'",
    "DELETE FROM batches",
    "DELETE FROM visits",
    "DELETE FROM changes",
    "DELETE FROM departures",
    "UPDATE visit_summaries SET departures = 0",
    "DELETE FROM checklists",
    "DELETE FROM given_up_files",
    "DELETE FROM events",
    "DELETE FROM log_leaves WHERE number = 3",
    "DELETE FROM blobs WHERE size = (SELECT min(size) FROM blobs)",
    "UPDATE people SET roles = 'admin' WHERE login = 'zhou'",
    "UPDATE people SET areas = '' WHERE login = 'zhou'",
    "UPDATE people SET left_at = NULL WHERE login = 'zhou'",
    "UPDATE people SET badge = '1' WHERE login = 'zhou'",
    "UPDATE people SET photo = NULL WHERE login = 'zhou'",
    "DELETE FROM people WHERE login = 'zhou'",
    "UPDATE devices SET revoked_at = NULL",
    "UPDATE devices SET login = 'sun'",
    "UPDATE devices SET public_key = id",
    "DELETE FROM devices",
    "DELETE FROM received_files",
    "UPDATE received_files SET sent_at = NULL",
    "DELETE FROM received_files WHERE sent_at IS NULL",
    "DELETE FROM file_references",
    "UPDATE visit_summaries SET technician = 'sun'",
    "UPDATE visit_summaries SET crew = 'sun'",
    "UPDATE visit_summaries SET area = '城西'",
    "UPDATE visit_summaries SET planned_at = planned_at + 1",
    "UPDATE visit_summaries SET type = 'meter_reading'",
    "UPDATE visit_summaries SET state = 'closed' WHERE revision = 0",
    "UPDATE visit_summaries SET verdict = 'compliant'",
    "UPDATE visit_summaries SET flags = 'complaint'",
    "UPDATE visit_summaries SET valid_until = 9000000000000",
    "UPDATE visit_summaries SET revision = revision + 1",
    "UPDATE visit_summaries SET revision = 0",
    "UPDATE visit_summaries SET follows = visit",
    "UPDATE visit_summaries SET plan = (SELECT body FROM visits WHERE id = visit) WHERE revision = 1",
    "UPDATE visit_summaries SET plan = visit",
    "DELETE FROM visit_summaries",
    "UPDATE sync_feed SET login = 'sun'",
    "UPDATE sync_feed SET is_assigned = 0",
    "DELETE FROM sync_feed",
    "INSERT INTO sync_feed SELECT 'sun', visit, planned_at, 1, active, number FROM sync_feed",
    "INSERT INTO sync_feed SELECT 'sun', visit, planned_at, 0, active, number FROM sync_feed",
    "UPDATE visits SET technician = 'sun'",
    "UPDATE visits SET planned_at = 0",
    "INSERT INTO people (login, name, roles, areas, created_at) VALUES ('eve', 'E', 'admin', '', 9000000000000)",
    "INSERT INTO devices (id, login, name, created_at) SELECT salt, 'li', 'phone', 9000000000000 FROM visits",
    "UPDATE batches SET id = (SELECT min(id) FROM visits) WHERE kind = 'record' AND length(body) < 300",
    "UPDATE changes SET id = (SELECT min(id) FROM batches)",
    "UPDATE events SET id = (SELECT min(id) FROM given_up_files) WHERE id = (SELECT min(id) FROM events)",
]
SOME = CHANGED[::6]  # the other engine runs the same statements
TEXTS = [
    *each("body = CAST(body AS TEXT)", TABLES[:7]),
    *each("body = CAST(x'ff00fe' AS TEXT)", TABLES[:7]),
    *each("sha256 = hex(sha256)", TABLES[:7]),
    "UPDATE blobs SET sha256 = hex(sha256) WHERE size = (SELECT min(size) FROM blobs)",
    *each("salt = x'01'", TABLES[:5]),
    *each("id = hex(id)", (*TABLES[:5], "quarantine", "log_leaves")),
    "UPDATE log_leaves SET leaf = CAST(leaf AS TEXT)",
    "UPDATE log_leaves SET leaf = CAST(x'ff00fe' AS TEXT)",
    "UPDATE log_leaves SET leaf = CAST(x'ff00fe' AS TEXT) WHERE number = 2",
    "UPDATE log_leaves SET number = 'x' WHERE number = 2",
    "UPDATE log_leaves SET number = number + 1000 WHERE number > 2",
    "UPDATE people SET roles = NULL WHERE login = 'zhou'",
    "UPDATE devices SET public_key = 'x'",
    "UPDATE visit_summaries SET plan = CAST(plan AS TEXT), technician = CAST('sun' AS BLOB)",
    "UPDATE visit_summaries SET valid_until = 'x'",
    "UPDATE visit_summaries SET planned_at = 'x'",
    "UPDATE received_files SET sent_at = NULL, sender = NULL",
    "UPDATE sync_feed SET is_assigned = 'x'",
    "UPDATE blobs SET sha256 = x'' WHERE size = (SELECT min(size) FROM blobs)",
    "UPDATE quarantine SET id = x'', body = x'00'",
]


@pytest.mark.parametrize(("engine", "sql"), [("sqlite", sql) for sql in CHANGED] + [("postgres", sql) for sql in SOME])
async def test_verify_sees_what_was_changed(full: World, address: str, sql: str) -> None:
    await tampered(address, sql)
    assert await found(full), sql


@pytest.mark.parametrize("sql", TEXTS)
@pytest.mark.parametrize("engine", ["sqlite"])  # PostgreSQL has types
async def test_verify_goes_on_after_what_cannot_even_be_read(full: World, address: str, sql: str) -> None:
    await tampered(address, sql)
    assert await found(full), sql


async def test_one_bad_row_hides_no_other(full: World, address: str) -> None:
    await tampered(
        address,
        "UPDATE batches SET body = NULL WHERE length(body) = (SELECT max(length(body)) FROM batches)",
        "UPDATE people SET roles = 'admin' WHERE login = 'zhou'",
        "UPDATE changes SET writer = 'qian'",
    )
    faults = await found(full)
    assert sorted(fault.partition(": ")[2] for fault in faults) == [
        "cannot be read (TypeError)",
        "it cannot be held against the board (AttributeError)",
        "roles is not what the last event says",
        "the part 'row' of their state is not what the last event says",
        "the row is not the one that the log saw",
    ]
    assert [fault for fault in faults if str(RECORD) in fault and "cannot be read" in fault]


BAD = ("{}", "[]", '{"person":"li"}', '{"what":"roles"}', "null", "", '{"what":"roles","person":"li","by":1}')


@pytest.mark.parametrize("body", BAD)
async def test_one_bad_event_hides_no_person(full: World, address: str, body: str) -> None:
    event = "(SELECT min(id) FROM events)"
    await tampered(
        address,
        f"UPDATE events SET body = CAST('{body}' AS BYTEA) WHERE id = {event}"  # noqa: S608 - of this file
        if not address.startswith("sqlite")
        else f"UPDATE events SET body = CAST('{body}' AS BLOB) WHERE id = {event}",  # noqa: S608
        "UPDATE people SET left_at = NULL WHERE login = 'zhou'",
        "UPDATE devices SET revoked_at = NULL",
    )
    faults = await found(full)
    assert "person zhou: left is not what the last event says" in faults
    assert [fault for fault in faults if fault.startswith("device ") and "revoked is not" in fault]
    assert [fault for fault in faults if "what it says of whom cannot be read" in fault]


@pytest.mark.parametrize("engine", ["sqlite"])  # PostgreSQL has types
async def test_an_event_without_a_time_hides_no_person(full: World, address: str) -> None:
    await tampered(
        address,
        "UPDATE events SET at = 'x' WHERE id = (SELECT min(id) FROM events)",
        "UPDATE people SET left_at = NULL WHERE login = 'zhou'",
    )
    assert "person zhou: left is not what the last event says" in await found(full)


async def test_a_phone_is_out_with_who_left(address: str) -> None:
    async with opened_world(address) as world:
        new = {"login": "zhou", "name": "周", "roles": ["technician"], "areas": ["城东"]}
        assert (await world.ask("admin", "POST", "/v1/people", new)).status_code == 201
        await register_phone(world)
        assert (await world.ask("admin", "PUT", "/v1/people/li/departure", {"reason": "退休"})).status_code == 200
        assert (await verify(world.ctx)).faults == []
        await tampered(address, "UPDATE devices SET revoked_at = NULL")
        faults = (await verify(world.ctx)).faults
        assert [fault.partition(": ")[2] for fault in faults] == [
            "revoked is not what the last event says",
            "the part 'devices' of their state is not what the last event says",
        ]


async def test_people_of_the_demonstration_came_by_an_event_like_anybody(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(town.Town, "ordinary_visits", lambda *_: ())  # its people are the same
    async with opened_world(address) as world:
        await tampered(address, "DELETE FROM tokens", "DELETE FROM people")
        await people.create_person(world.ctx, NewPerson("first", "先", ("admin",)), with_token=False)
        await world.ctx.db.write(lambda tx: tx.execute("set_installation", name=DEMONSTRATION, value=""))
        world.ctx.clock = lambda: 1_772_500_000_000  # some time later
        await seed.seed(world.ctx)
        assert (await verify(world.ctx)).faults == []


async def test_the_fault_names_the_visit_and_what_is_other_on_the_board(full: World, address: str) -> None:
    await tampered(address, "UPDATE visit_summaries SET technician = 'sun', verdict = 'compliant' WHERE revision = 1")
    assert sorted(fault for fault in await found(full) if "board" in fault) == [
        f"visit {VISIT}: the board: technician is not what was planned, changed and written",
        f"visit {VISIT}: the board: verdict is not what the judge says",
    ]


async def test_what_may_have_changed_by_itself_is_not_a_fault(address: str) -> None:
    async with opened_world(address) as world:
        await world.plan()
        later = record(entries=[said("09:05", "arrived"), said("23:00", "left")])
        await world.submit(later)
        await world.submit(record(uid("b"), entries=[]), uid("b"))  # judged before he left
        assert (await verify(world.ctx)).faults == []


async def test_of_many_rows_a_hundred_are_named(full: World, address: str) -> None:
    ids = " UNION ALL ".join(f"SELECT {number} AS n" for number in range(150))
    key = "CAST(n + 1000 AS TEXT)" if address.startswith("sqlite") else "CAST(CAST(n + 1000 AS TEXT) AS BYTEA)"
    key = f"CAST({key} AS BLOB)" if address.startswith("sqlite") else key
    insert = f"INSERT INTO received_files (sha256, sender, sent_at) SELECT {key}, 'li', 1 FROM ({ids}) AS numbers"  # noqa: S608
    await tampered(address, insert)
    faults = [fault for fault in await found(full) if "its row is gone" in fault]
    assert len(faults) == 101
    assert faults[-1] == "file …: it was sent, and its row is gone (and more)"


async def test_two_things_of_one_id_are_told(full: World, address: str) -> None:
    await tampered(
        address, "UPDATE batches SET id = visit WHERE length(body) = (SELECT max(length(body)) FROM batches)"
    )
    assert f"{VISIT}: two things have this id, and one leaf cannot be of both" in await found(full)


async def test_leaves_from_before_commit_to_the_bytes_alone(address: str, monkeypatch: Any) -> None:
    async with opened_world(address) as world:
        with monkeypatch.context() as before:
            before.setattr(batches, "batch_commitment", lambda _: b"")
            await world.plan()
            await world.submit(record())
        assert (await verify(world.ctx)).faults == []
        await tampered(address, "UPDATE batches SET writer = 'sun'")
        assert (await verify(world.ctx)).faults == []  # which is why there are other leaves now
        await tampered(address, "UPDATE batches SET body = salt")
        assert [fault for fault in (await verify(world.ctx)).faults if "the bytes were changed" in fault]


async def test_checklists_from_before_they_were_tied_to_their_leaf_are_still_verified(address: str, monkeypatch: Any):
    with monkeypatch.context() as before:
        before.setattr(checklists_repository, "checklist_commitment", lambda _: b"")
        async with opened_world(address) as world:
            await tampered(address, "UPDATE checklists SET leaf = NULL, salt = NULL")
            assert (await verify(world.ctx)).faults == []
            await tampered(address, "UPDATE checklists SET body = sha256")
            assert (await verify(world.ctx)).faults == ["checklist onsite@1: the bytes were changed"]
