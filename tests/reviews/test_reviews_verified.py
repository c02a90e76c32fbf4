"""What supervisors decide is only added, at most one at a time, and `verify` names whatever was changed."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator

import asyncpg
import pytest

from service.audit_log import log
from service.verify.log import verify
from tests.support.api_client import VISIT, World, opened_world, record
from tests.support.factories import said, uid
from tests.support.reviews import later, reasons, review, review_of, state_of, upheld
from tests.support.sql import run_sql
from tests.support.tampering import tampered

LATE = "order.door_signal.before.entered"


@pytest.fixture
async def reviewed(address: str) -> AsyncIterator[World]:
    """A visit with a row of each kind."""
    async with opened_world(address) as world:
        await world.plan(area="城东")
        await world.plan(uid("w"), area="城东")
        entries = [
            said("09:05", "arrived"),
            said("09:09", "entered"),
            said("09:10", "door_signal"),
            said("09:40", "left"),
        ]
        assert (await world.submit({**record(), "entries": entries})).status_code == 201
        words = {"finding": LATE, "text": "为什么？"}
        asked = {"visit": str(VISIT), "due": "2026-03-03T18:00:00+08:00"}
        asked["items"] = [{"item": "id_shown", "reason": "没有记录"}]  # type: ignore[assignment]
        sent = [
            await world.ask("wang", "PUT", f"/v1/visits/{VISIT}/assignee", {"person": "wang"}),
            await world.ask("wang", "PUT", f"/v1/visits/{VISIT}/inquiries/{uid('q')}", words),
            await world.ask("li", "PUT", f"/v1/visits/{VISIT}/explanations/{uid('e')}", words),
            await world.ask("wang", "PUT", f"/v1/corrections/{uid('c')}", asked),
            await world.ask("wang", "DELETE", f"/v1/corrections/{uid('c')}"),
        ]
        shown, tag = await review_of(world)
        sent.append(await review(world, tag, *upheld(shown)))
        assert [one.status_code for one in sent] == [200, 201, 201, 201, 204, 200]
        await log.assign_sequence_numbers(world.ctx.db)
        assert (await verify(world.ctx)).faults == []  # the control
        yield world


KINDS = ("review", "correction", "withdrawal", "explanation", "inquiry", "assignment")


@pytest.mark.parametrize(
    "change",
    [
        *(f"UPDATE reviews SET body = sha256 WHERE kind = '{kind}'" for kind in KINDS),  # noqa: S608
        *(f"DELETE FROM reviews WHERE kind = '{kind}'" for kind in KINDS),  # noqa: S608
        "UPDATE reviews SET author = 'qian' WHERE kind = 'review'",
        "UPDATE reviews SET kind = 'explanation' WHERE kind = 'inquiry'",
        "UPDATE reviews SET batches = 0 WHERE kind = 'review'",
        "UPDATE reviews SET at = at - 1 WHERE kind = 'review'",
        "UPDATE reviews SET number = 70 WHERE kind = 'review'",
        "UPDATE reviews SET visit = (SELECT id FROM visits v WHERE v.id <> reviews.visit) WHERE kind = 'review'",
        "DELETE FROM log_leaves WHERE id = (SELECT id FROM reviews WHERE kind = 'review')",
    ],
)
async def test_verify_names_what_was_changed(reviewed: World, address: str, change: str) -> None:
    await tampered(address, change)
    assert (await verify(reviewed.ctx)).faults


@pytest.mark.parametrize("change", ["UPDATE reviews SET author = 'qian'", "DELETE FROM reviews"])
async def test_the_tables_refuse_to_change_a_row(reviewed: World, address: str, change: str) -> None:
    with pytest.raises((sqlite3.IntegrityError, asyncpg.RaiseError), match="only ever added"):
        await run_sql(address, change)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("reasons = 'sample'", "reasons"),
        ("urgent_at = 1", "urgent_at"),
        ("state = 'closed'", "state"),
        ("assignee = 'li'", "assignee"),
    ],
)
async def test_verify_names_a_wrong_summary_and_the_next_write_corrects_it(
    finished: World, address: str, change: str, fault: str
) -> None:
    await log.assign_sequence_numbers(finished.ctx.db)
    assert (await verify(finished.ctx)).faults == []
    await tampered(address, f"UPDATE visit_summaries SET {change}")  # noqa: S608
    faults = (await verify(finished.ctx)).faults
    assert len(faults) == 1
    assert fault in faults[0]
    assert (await finished.submit(record(uid("b"), entries=[]), uid("b"))).status_code == 201
    await log.assign_sequence_numbers(finished.ctx.db)
    assert (await verify(finished.ctx)).faults == []
    assert await reasons(finished) == ["violation"]


async def test_of_reviews_at_the_same_moment_one_is_written(finished: World) -> None:
    for turn in range(4):
        later(finished, seconds=1)
        _, tag = await review_of(finished)
        sent = await asyncio.gather(*(review(finished, tag, comment=f"{turn}-{number}") for number in range(4)))
        assert sorted(one.status_code for one in sent) == [200, 412, 412, 412]
    shown, _ = await review_of(finished)
    assert len(shown["comments"]) == 4
    assert await state_of(finished) == "to_review"
