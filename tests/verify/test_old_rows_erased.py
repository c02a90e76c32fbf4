"""Rows that an older version wrote have no leaves of their own: they are erased like others, without a fault."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from service.accounts import coverage
from service.audit_log import log
from service.context import RetentionPolicy
from service.privacy import commands, erasing, retention
from service.verify.log import verify
from tests.support.api_client import VISIT, World, opened_world
from tests.support.evidence import send_evidence
from tests.support.fake_gateway import stand
from tests.support.pictures import picture
from tests.support.privacy import lived_through
from tests.support.tampering import tampered

WITH_IDS, WITH_SALTS = ("deliveries", "received_files"), ("access_log", "messages", "links", "quarantine")
STRAY = picture(9)


async def made_old(address: str) -> None:
    """Everything as a version left it that knew no leaves of messages, links, files, codes, inputs and their decisions;
    looks had leaves that committed to less."""
    gone = [f"SELECT id FROM {table}" for table in (*WITH_IDS, *WITH_SALTS[1:], "photo_copies", "events")]  # noqa: S608
    gone.append("SELECT decision_id FROM quarantine")
    leaf = """'{"c":"0","s":' || at || ',"t":"access"}'"""
    leaf = f"CAST({leaf} AS BLOB)" if address.startswith("sqlite") else f"convert_to({leaf}, 'UTF8')"
    await tampered(
        address,
        f"DELETE FROM log_leaves WHERE id IN ({' UNION ALL '.join(gone)})",  # noqa: S608 - of this file
        f"UPDATE log_leaves SET leaf = {leaf} WHERE id IN (SELECT id FROM access_log)",  # noqa: S608
        "DELETE FROM photo_copies",
        "DELETE FROM events",
        "UPDATE people SET event_number = 0",
        *(f"UPDATE {table} SET id = NULL, salt = NULL" for table in WITH_IDS),  # noqa: S608
        *(f"UPDATE {table} SET salt = NULL" for table in WITH_SALTS),  # noqa: S608
        "UPDATE quarantine SET decision_id = NULL, decision_salt = NULL",
        "UPDATE link_otps SET passed_event = NULL, passed_message = NULL",
    )


async def faults(world: World) -> list[str]:
    await log.number_all(world.ctx.db)
    return (await verify(world.ctx)).faults


@pytest.fixture
async def world(address: str) -> AsyncIterator[World]:
    """An installation that was upgraded: a visit with everything, a photo that nothing names, somebody who left."""
    async with opened_world(address) as opened:
        await lived_through(opened)
        (kept,) = (await opened.ask("wang", "GET", "/v1/quarantine")).json()["items"]
        decided = {"decision": "discard", "reason": "坏的"}
        answer = await opened.ask("wang", "PUT", f"/v1/quarantine/{kept['id']}/decision", decided)
        assert answer.status_code == 200
        assert (await send_evidence(opened, STRAY)).status_code == 201
        assert (await opened.ask("admin", "PUT", "/v1/people/sun/departure", {"reason": "退休"})).status_code == 200
        await made_old(address)
        await coverage.begin(opened.ctx)
        counted = await opened.ctx.db.read(coverage.rows_without_leaf)
        assert counted.keys() >= {*WITH_IDS, *WITH_SALTS, "decisions", "link_otps"}
        assert await faults(opened) == []
        yield opened


async def test_a_visit_and_a_person_from_before_are_erased(world: World, address: str) -> None:
    await erasing.erase_visit(world.ctx, VISIT, "admin", "x")
    await commands.erase_person(world.ctx, "sun", "admin", "x", dry_run=False)
    assert await faults(world) == []
    await tampered(address, "DELETE FROM received_files WHERE sender = 'li' AND id IS NULL")  # the control
    assert [one for one in await faults(world) if one.startswith("received_files: 0 rows have no leaf, and ")]


async def test_what_is_from_before_goes_after_its_term(world: World) -> None:
    terms = dict.fromkeys(("visits", "quarantine", "uploads", "looks", "sign_ins", "mails", "staff"), 20)
    world.ctx.retention = RetentionPolicy(positions=20, **terms)
    stand(world.ctx, datetime.fromisoformat("2026-03-02T04:00:00+08:00") + timedelta(days=30))
    ran = await retention.run_night(world.ctx)
    assert ran is not None
    assert ran.counts.keys() >= {"quarantine", "uploads", "looks", "positions", "staff"}
    assert await faults(world) == []
