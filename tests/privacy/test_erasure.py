"""After an erasure nothing of the visit is left anywhere, and the log is whole."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.audit_log import log
from service.privacy import erasing
from service.verify.log import verify
from tests.support.api_client import VISIT, World, opened_world, problem
from tests.support.customer import Customer
from tests.support.privacy import OTHER, left_in_folders, left_in_postgres, lived_through


@pytest.fixture
async def world(address: str) -> AsyncIterator[World]:
    async with opened_world(address) as opened:
        yield opened


@pytest.fixture
async def tao(world: World) -> Customer:
    return await lived_through(world)


async def left(world: World, address: str) -> set[str]:
    data = world.ctx.evidence_storage.data
    if address.startswith("sqlite"):
        return left_in_folders(data, Path(address.removeprefix("sqlite:///")).parent)
    return left_in_folders(data) | await left_in_postgres(address)


async def test_nothing_of_the_visit_is_left(world: World, tao: Customer, address: str) -> None:
    before = await left(world, address)
    assert {"name", "phone", "old phone", "address", "photo", "part", "quarantine", "comment"} <= before
    from tests.support import privacy; print("not before", sorted(set(privacy.needles()) - before))
    shown = await erasing.preview(world.ctx, VISIT)
    done = await erasing.erase_visit(world.ctx, VISIT, "admin", "客户要求 2026-17")
    assert done.counts == shown.counts
    print(done.counts)
    assert await world.ctx.db.purge()
    assert await left(world, address) == set()
    await log.assign_sequence_numbers(world.ctx.db)
    assert (await verify(world.ctx)).faults == []
