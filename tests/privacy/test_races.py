"""What reduces positions or erases meets what holds or erases the same visit: one is done before the other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from service.audit_log import log
from service.context import AppContext
from service.db.database import Row, Transaction
from service.privacy import erasing, holds, positions
from service.verify.log import verify
from tests.support.api_client import VISIT, World, opened_world
from tests.support.factories import uid
from tests.support.fake_gateway import set_up
from tests.support.retention import FINE, visited

OTHER, ACCOUNT = uid("other"), "1001"
HELD: list[dict[str, str]] = [{"visit": str(VISIT)}, {"account": ACCOUNT}]


@pytest.fixture
async def world(address: str) -> AsyncIterator[World]:
    async with opened_world(address) as opened:
        set_up(opened.ctx, "12:00")
        for visit in (VISIT, OTHER):
            await visited(opened, visit)
        details = {
            "customer": {"name": "陶", "phone": "13800000000", "address": "x", "account": ACCOUNT},
            "reason": "补",
        }
        path = f"/v1/visits/{VISIT}/details"
        assert (await opened.ask("wang", "PUT", path, details, if_match='"0"')).status_code == 200
        yield opened


async def due(world: World) -> list[Row]:
    """The batches that the nightly run found."""
    return await positions.find(world.ctx, 0, world.ctx.clock() + 1, (0, b""))


async def faults(world: World) -> list[str]:
    await log.number_all(world.ctx.db)
    return (await verify(world.ctx)).faults


async def place(world: World, visit: UUID = VISIT) -> Any:
    body = await world.ask("wang", "GET", f"/v1/records/{uid(f'record of {visit}')}/body")
    return body.json()["entries"][0]["place"]


async def test_what_was_erased_after_it_was_found_is_not_reduced(world: World) -> None:
    rows = await due(world)
    await erasing.erase_visit(world.ctx, VISIT, "admin", "x")
    assert await positions.reduce(world.ctx, rows) == 1
    assert await positions.reduce(world.ctx, rows) == 0
    assert (await place(world, OTHER))["lat"] != FINE["lat"]
    reduced = await world.ctx.db.read(lambda tx: tx.fetch_one("reduced_record", id=uid(f"record of {VISIT}").bytes))
    assert reduced is None
    assert await faults(world) == []


async def test_two_servers_reduce_it_once(world: World) -> None:
    rows = await due(world)
    assert sum(await asyncio.gather(*(positions.reduce(world.ctx, rows) for _ in range(4)))) == 2
    assert await faults(world) == []


async def _reduce(world: World) -> None:
    assert await positions.reduce(world.ctx, await due(world)) == 2


async def _erase(world: World) -> None:
    await erasing.erase_visit(world.ctx, VISIT, "admin", "x")


@pytest.mark.parametrize("engine", ["postgres"])  # SQLite has one writer
@pytest.mark.parametrize("held", HELD, ids=["visit", "account"])
@pytest.mark.parametrize("change", [_reduce, _erase])
async def test_nothing_is_held_between_the_look_whether_it_is_and_the_change(
    world: World, monkeypatch: pytest.MonkeyPatch, change: Callable[[World], Awaitable[None]], held: dict[str, str]
) -> None:
    is_held = holds.is_held
    started: list[asyncio.Future[Any]] = []

    async def late(ctx: AppContext, tx: Transaction, visit: UUID) -> bool:
        answer = await is_held(ctx, tx, visit)
        if visit == VISIT and not started:
            asked = world.ask("wang", "PUT", f"/v1/holds/{uid('h')}", {**held, "reason": "诉讼"})
            started.append(asyncio.ensure_future(asked))
            await asyncio.wait(started, timeout=1.0)
            assert not started[0].done(), "it was held while it was being changed"
        return answer

    monkeypatch.setattr(holds, "is_held", late)
    await change(world)
    answer = await started[0]
    assert answer.status_code == (410 if change is _erase and "visit" in held else 201), answer.text
    assert await faults(world) == []
