"""A customer who is entering a code, reading or signing keeps their page when another link reaches them meanwhile."""

import pytest

from tests.support.api_client import World, problem
from tests.support.customer import advance_clock, example_customer


async def another_link(world: World, visit: object) -> None:
    made = await world.ask("zhao", "POST", f"/v1/visits/{visit}/confirmation-link")
    assert made.status_code == 201


@pytest.mark.parametrize("has_entered", [False, True])
async def test_a_page_with_a_code_ends_half_an_hour_after_the_next_link(world: World, has_entered: bool):
    tao = await example_customer(world, "S04")
    code = await tao.code()
    if has_entered:
        assert (await tao.ask("PUT", "/code", {"code": code})).status_code == 200
    await another_link(world, tao.visit)
    if not has_entered:
        assert (await tao.ask("PUT", "/code", {"code": code})).status_code == 200
    assert (await tao.signs()).status_code == 200
    advance_clock(world, minutes=29)
    assert (await tao.ask("GET")).status_code == 200
    advance_clock(world, minutes=2)
    assert problem(await tao.ask("GET")) == (410, "link-ended")


async def test_the_control_a_page_without_a_code_ends_at_once(world: World):
    tao = await example_customer(world, "S04")
    await another_link(world, tao.visit)
    assert problem(await tao.ask("GET")) == (410, "link-ended")


async def test_a_code_of_long_ago_keeps_no_page(world: World):
    tao = await example_customer(world, "S04")
    await tao.enters()
    advance_clock(world, minutes=31)
    await another_link(world, tao.visit)
    assert problem(await tao.ask("GET")) == (410, "link-ended")
