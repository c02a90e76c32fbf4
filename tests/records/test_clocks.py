"""A phone whose clock is ahead is told to the office: its times are kept as they came, and somebody has to know."""

from typing import Any

import pytest

from tests.support.api_client import VISIT, World, record
from tests.support.factories import said, uid
from tests.support.fake_gateway import set_up

AT = "2026-03-02T{}+08:00"


async def seen(world: World, who: str, **more: Any) -> Any:
    set_up(world.ctx, "09:10")
    await world.plan()
    assert (await world.submit(record(**more))).status_code == 201
    (one,) = (await world.ask(who, "GET", f"/v1/visits/{VISIT}")).json()["records"]
    return one["clock_ahead_seconds"]


@pytest.mark.parametrize(
    ("clock", "seconds"),
    [
        ({"at": AT.format("09:12:01"), "tick": 1, "session": "s"}, 121),
        ({"at": AT.format("09:12:00")}, None),
        ({"at": AT.format("08:00:00")}, None),  # it waited for the network
        ({"at": "noon"}, None),
        ("09:30", None),
        (None, None),
    ],
)
async def test_a_clock_that_is_ahead_is_told(world: World, clock: Any, seconds: int | None) -> None:
    assert await seen(world, "zhao", device_clock=clock) == seconds


async def test_an_entry_from_the_future_tells_it_as_well(world: World) -> None:
    assert await seen(world, "wang", entries=[said("09:40", "arrived", id=str(uid("e")))]) == 1800


async def test_the_technician_is_not_told(world: World) -> None:
    assert await seen(world, "li", device_clock={"at": AT.format("11:00:00")}) is None
