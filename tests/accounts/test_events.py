"""What becomes of people and devices has a leaf in the log, and a changed or missing row is seen."""

import sqlite3
from typing import Any

import asyncpg
import msgspec

from service.accounts.validation import NewPerson
from service.audit_log import log
from service.db.database import Transaction
from service.staff import people
from service.verify import log as verify
from tests.support import leaves
from tests.support.api_client import World, opened_world
from tests.support.browser import Browser, code_now, with_factor, with_password
from tests.support.devices import register_phone


async def events(world: World) -> list[dict[str, Any]]:
    """Those of people and devices, with the type of their leaf, in the order in which they came."""

    async def work(tx: Transaction) -> list[dict[str, Any]]:
        found: list[tuple[int, dict[str, Any]]] = []
        for row in await leaves.leaves_from(tx, 0):
            kept = await tx.fetch_one("event", id=row.id.bytes)
            if kept is not None and kept[1] != "act":
                kind = msgspec.json.decode(row.leaf)["t"]
                found.append((row.id.int, {"kind": kind, **msgspec.json.decode(kept[4])}))
        return [event for _, event in sorted(found, key=lambda one: one[0])]

    while await log.assign_sequence_numbers(world.ctx.db):
        pass
    return await world.ctx.db.read(work)


async def said(world: World) -> list[tuple[str, str, str, str]]:
    return [(one["kind"], one["what"], one["person"], one["by"]) for one in await events(world)]


async def test_who_comes_gets_a_role_or_leaves_is_in_the_log(world: World) -> None:
    new = {"login": "zhou", "name": "周", "roles": ["technician"], "areas": ["城东"]}
    assert (await world.ask("admin", "POST", "/v1/people", new)).status_code == 201
    await world.ask("admin", "POST", "/v1/invitations", {"person": "zhou", "reset": True})
    await with_password(world, "zhou")
    await world.ask("admin", "PUT", "/v1/people/zhou/card", {"name": "周", "badge": "0427", "title": "技术员"})
    for _ in range(2):  # the second time nothing changes
        assert (await world.ask("admin", "PUT", "/v1/people/zhou/departure", {"reason": "退休"})).status_code == 200
    assert await said(world) == [
        ("access", "added", "zhou", "admin"),
        ("access", "reset", "zhou", "admin"),
        ("access", "invited", "zhou", "admin"),
        ("access", "password", "zhou", "zhou"),
        ("access", "card", "zhou", "admin"),
        ("access", "left", "zhou", "admin"),
    ]
    added, *_, left = await events(world)
    assert (added["roles"], added["areas"], left["reason"]) == (["technician"], ["城东"], "退休")
    assert "周" not in str(await events(world))
    assert (await verify.verify(world.ctx)).faults == []


async def test_a_second_factor_is_noted_when_it_is_confirmed(world: World) -> None:
    await with_password(world, "wang")
    secret = await with_factor(world, "wang")
    assert (await Browser(world).sign_in("wang", code=code_now(world, secret))).status_code == 204
    assert ("access", "second-factor", "wang", "wang") in await said(world)


async def test_a_device_that_is_enrolled_or_revoked_is_in_the_log(world: World) -> None:
    device = (await register_phone(world))["device"]["id"]
    for _ in range(2):
        assert (await world.ask("wang", "DELETE", f"/v1/devices/{device}")).status_code == 204
    assert await said(world) == [
        ("access", "enrolment-code", "li", "wang"),
        ("key", "enrolled", "li", "li"),
        ("key", "revoked", "li", "wang"),
    ]
    code, enrolled, revoked = await events(world)
    assert {enrolled["device"], revoked["device"]} == {device}
    assert enrolled["made_by"] == "wang"
    assert [one["number"] for one in (code, enrolled, revoked)] == [1, 2, 3]


async def test_what_is_refused_leaves_no_trace(world: World) -> None:
    assert (await world.ask("wang", "POST", "/v1/people", {"login": "x", "name": "x", "roles": []})).status_code == 403
    taken = {"login": "li", "name": "x", "roles": ["technician"]}
    assert (await world.ask("admin", "POST", "/v1/people", taken)).status_code == 409
    assert await events(world) == []


async def tampered(address: str, *statements: str) -> None:
    """Change rows past the service and its guards, as somebody with the database in his hands would."""
    if address.startswith("sqlite"):
        connection = sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("DROP TRIGGER events_no_update")
        connection.execute("DROP TRIGGER events_no_delete")
        for statement in statements:
            connection.execute(statement)
        connection.close()
        return
    connection = await asyncpg.connect(address)
    await connection.execute("ALTER TABLE events DISABLE TRIGGER ALL")
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def test_verify_sees_a_changed_a_mended_and_a_missing_event(address: str) -> None:
    async with opened_world(address) as world:
        for login in ("a", "b", "c", "d"):
            await people.create_person(world.ctx, NewPerson(login, "某", ("technician",)), with_token=False)
        assert (await verify.verify(world.ctx)).faults == []  # the control
        await tampered(
            address,
            "UPDATE events SET body = salt WHERE id = (SELECT id FROM events ORDER BY id LIMIT 1)",
            "UPDATE events SET at = at + 1 WHERE id = (SELECT id FROM events ORDER BY id LIMIT 1 OFFSET 1)",
            "DELETE FROM events WHERE id = (SELECT id FROM events ORDER BY id LIMIT 1 OFFSET 2)",
        )
        faults = (await verify.verify(world.ctx)).faults
    assert [fault.partition(": ")[2].partition(" (")[0] for fault in faults] == [
        "the bytes were changed",
        "the row is not the one that the log saw",
        "what it is about is gone",
        "what it says of whom cannot be read",
        "their events are not those that were counted",
        "no event says that they were added",
        "their events are not those that were counted",
        "no event says that they were added",
    ]
