"""`verify` finds what somebody changed in the database. One bad row hides no other, and is never the end of it."""

import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from service.flows import doorstep
from service.flows.verify import verify
from service.storage import batches, checklists

from .pictures import name, picture
from .test_devices import registered
from .test_evidence import naming, sends
from .town import a_plan, uid
from .world import RECORD, VISIT, World, opened_world, record

HERE, LOST, BROKEN = picture(1), picture(2), picture(3, size=(80, 60))
TABLES = ("batches", "visits", "changes", "lost", "events", "checklists", "quarantine", "leaves", "stored", "files")


@pytest.fixture
async def full(address: str) -> AsyncIterator[World]:
    """A town where everything happened that leaves something behind."""
    async with opened_world(address) as world:
        await world.plan(area="城东")
        await world.plan(uid("w"), area="城东")
        await world.submit(naming(HERE, LOST))
        await world.submit(record(uid("b"), entries=[]), uid("b"))
        await sends(world, HERE)
        await sends(world, BROKEN)
        lost = await world.ask("wang", "PUT", f"/v1/records/{RECORD}/lost/{name(LOST)}", {"reason": "手机掉进水里"})
        moved = {**a_plan()["window"], "reason": "客户有事"}
        changed = await world.ask(
            "zhao", "PUT", f"/v1/visits/{VISIT}/window", moved | {"to": moved["from"]}, if_match='"0"'
        )
        kept = await world.submit(b"{", uid("q"))
        new = {"login": "zhou", "name": "周", "roles": ["technician"], "areas": ["城东"]}
        hired = await world.ask("admin", "POST", "/v1/people", new)
        face = await world.ask("admin", "PUT", "/v1/people/zhou/photo", HERE, content_type="image/jpeg")
        await doorstep.give_card(world.house, "zhou", "0427", "技术员")
        device = (await registered(world))["device"]["id"]
        out = await world.ask("wang", "DELETE", f"/v1/devices/{device}")
        gone = await world.ask("admin", "PUT", "/v1/people/zhou/departure", {"reason": "退休"})
        told = [one.status_code for one in (lost, changed, kept, hired, face, out, gone)]
        assert told == [200, 200, 400, 201, 204, 204, 200], told
        assert (await verify(world.house)).faults == []  # the control
        async with world.house.vault.blobs.local(bytes.fromhex(name(BROKEN))) as path:
            path.write_bytes(b"changed")
        yield world


async def tampered(address: str, *statements: str) -> None:
    """Change rows past the service, its guards and its constraints: somebody has the database in his hands."""
    if address.startswith("sqlite"):
        connection = sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE type = 'table'")
        connection.close()
        connection = sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement
        connection.close()
        return
    connection = await asyncpg.connect(address)
    await connection.execute("SET session_replication_role = replica")
    for table in TABLES:
        for column in ("body", "salt", "sha256", "writer", "leaf"):
            has = "SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema()"
            there = await connection.fetchval(f"{has} AND table_name = $1 AND column_name = $2", table, column)
            if there and (table, column) not in (("stored", "sha256"), ("files", "sha256")):  # keys
                await connection.execute(f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL")
    for statement in statements:
        assert await connection.execute(statement) not in ("UPDATE 0", "DELETE 0"), statement
    await connection.close()


async def found(world: World) -> list[str]:
    """The faults, without the one of the broken file, which has to be among them whatever else is wrong."""
    faults = (await verify(world.house)).faults
    broken = f"file {name(BROKEN)}: the bytes were changed"
    assert broken in faults, faults
    return [fault for fault in faults if fault != broken]


def each(change: str, tables: tuple[str, ...]) -> list[str]:
    return [f"UPDATE {table} SET {change}" for table in tables]  # noqa: S608 - of this file


CHANGED = [
    *each("body = sha256", ("batches", "visits", "changes", "lost", "events", "quarantine")),
    *each("body = sha256, sha256 = body", ("batches", "lost", "checklists", "quarantine")),
    *each("body = NULL", TABLES[:7]),
    *each("salt = NULL", TABLES[:5]),
    "UPDATE batches SET sha256 = NULL",
    "UPDATE batches SET writer = NULL",
    "UPDATE leaves SET leaf = NULL",
    "UPDATE leaves SET leaf = id",
    "UPDATE leaves SET at = at + 1",
    "UPDATE batches SET writer = 'sun'",
    "UPDATE batches SET kind = 'office'",
    "UPDATE batches SET kind = 'no such kind'",
    "UPDATE batches SET signed = 'verified'",
    "UPDATE batches SET taken_in_by = 'wang'",
    "UPDATE batches SET device = id",
    "UPDATE batches SET received_at = received_at - 1",
    "UPDATE batches SET visit = (SELECT id FROM visits v WHERE v.id <> batches.visit)",
    "UPDATE changes SET writer = 'qian'",
    "UPDATE visits SET created_by = 'qian'",
    "UPDATE visits SET checklist_version = '2'",
    "UPDATE lost SET writer = 'li'",
    "UPDATE checklists SET reason = 'another one'",
    "UPDATE checklists SET published_by = 'li'",
    "DELETE FROM batches",
    "DELETE FROM visits",
    "DELETE FROM changes",
    "DELETE FROM checklists",
    "DELETE FROM lost",
    "DELETE FROM events",
    "DELETE FROM leaves WHERE number = 3",
    "DELETE FROM stored WHERE size = (SELECT min(size) FROM stored)",
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
]
TEXTS = [
    *each("body = CAST(body AS TEXT)", TABLES[:7]),
    *each("body = CAST(x'ff00fe' AS TEXT)", TABLES[:7]),
    *each("sha256 = hex(sha256)", TABLES[:7]),
    "UPDATE stored SET sha256 = hex(sha256) WHERE size = (SELECT min(size) FROM stored)",
    *each("salt = x'01'", TABLES[:5]),
    *each("id = hex(id)", (*TABLES[:5], "quarantine", "leaves")),
    "UPDATE leaves SET leaf = CAST(leaf AS TEXT)",
    "UPDATE leaves SET leaf = CAST(x'ff00fe' AS TEXT)",
    "UPDATE leaves SET leaf = CAST(x'ff00fe' AS TEXT) WHERE number = 2",
    "UPDATE leaves SET number = 'x' WHERE number = 2",
    "UPDATE leaves SET number = number + 1000 WHERE number > 2",
    "UPDATE people SET roles = NULL WHERE login = 'zhou'",
    "UPDATE devices SET public_key = 'x'",
]


@pytest.mark.parametrize("sql", CHANGED)
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
        "roles is not what the last event says",
        "the row is not the one that the log saw",
    ]
    assert [fault for fault in faults if str(RECORD) in fault and "cannot be read" in fault]


async def test_leaves_from_before_commit_to_the_bytes_alone(address: str, monkeypatch: Any) -> None:
    async with opened_world(address) as world:
        with monkeypatch.context() as before:
            before.setattr(batches, "beside", lambda _: b"")
            await world.plan()
            await world.submit(record())
        assert (await verify(world.house)).faults == []
        await tampered(address, "UPDATE batches SET writer = 'sun'")
        assert (await verify(world.house)).faults == []  # which is why there are other leaves now
        await tampered(address, "UPDATE batches SET body = salt")
        assert len((await verify(world.house)).faults) == 1


async def test_checklists_from_before_they_were_tied_to_their_leaf_are_still_verified(address: str, monkeypatch: Any):
    with monkeypatch.context() as before:
        before.setattr(checklists, "beside", lambda _: b"")
        async with opened_world(address) as world:
            await tampered(address, "UPDATE checklists SET leaf = NULL, salt = NULL")
            assert (await verify(world.house)).faults == []
            await tampered(address, "UPDATE checklists SET body = sha256")
            assert (await verify(world.house)).faults == ["checklist onsite@1: the bytes were changed"]
