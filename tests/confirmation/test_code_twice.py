"""A code that is asked for again at once is not sent twice: the page says when it can be."""

import asyncio
import itertools

import pytest

from service.messages import worker
from service.verify import log
from tests.support.api_client import World, problem
from tests.support.customer import Customer, advance_clock, example_customer, link_holder
from tests.support.customer_browser import Visitor


def codes(tao: Customer) -> list[str]:
    return [one.text.partition("验证码 ")[2][:6] for one in tao.post.letters if one.about == "code"]


async def test_pressing_twice_sends_one_code_that_is_good(world: World) -> None:
    tao = await example_customer(world, "S04")
    both = await asyncio.gather(*(tao.ask("POST", "/code") for _ in range(2)))
    assert [one.status_code for one in both] == [200, 200]
    await worker.deliver_due(world.ctx)
    (first,) = codes(tao)
    advance_clock(world, seconds=60)
    assert (await tao.ask("POST", "/code")).json()["again_in"] == 60
    await worker.deliver_due(world.ctx)
    assert len(codes(tao)) == 2
    assert problem(await tao.ask("PUT", "/code", {"code": first})) == (403, "wrong-code")
    assert (await tao.ask("PUT", "/code", {"code": codes(tao)[1]})).status_code == 200


async def test_it_is_told_how_long_it_takes(sqlite_world: World) -> None:
    tao = await example_customer(sqlite_world, "S04")
    for seconds, told in ((0, (60, 600)), (59, (1, 541)), (1, (60, 600))):
        advance_clock(sqlite_world, seconds=seconds)
        sent = (await tao.ask("POST", "/code")).json()
        assert (sent["again_in"], sent["seconds"]) == told


async def test_who_asks_again_and_again_is_slowed_down_and_gets_no_more_messages(sqlite_world: World) -> None:
    tao = await example_customer(sqlite_world, "S04")
    asked = [(await tao.ask("POST", "/code")).status_code for _ in range(5)]
    assert asked == [200, 200, 200, 429, 429]
    await worker.deliver_due(sqlite_world.ctx)
    (code,) = codes(tao)
    assert (await tao.ask("PUT", "/code", {"code": code})).status_code == 200


@pytest.mark.parametrize("why", ["tried too often", "entered", "another browser"])
async def test_where_the_last_code_is_of_no_use_another_one_is_sent_at_once(sqlite_world: World, why: str) -> None:
    tao = await example_customer(sqlite_world, "S04")
    code = await tao.code()
    if why == "tried too often":
        for n in range(5):
            wrong = {"code": f"{(int(code) + 1 + n) % 10**6:06}"}
            assert problem(await tao.ask("PUT", "/code", wrong)) == (403, "wrong-code")
    elif why == "entered":
        assert (await tao.ask("PUT", "/code", {"code": code})).status_code == 200
    asks = link_holder(tao) if why == "another browser" else tao
    assert (await asks.ask("POST", "/code")).status_code == 200
    await worker.deliver_due(sqlite_world.ctx)
    assert len(codes(tao)) == 2


async def test_the_page_says_in_how_many_seconds(sqlite_world: World) -> None:
    visitor = Visitor(tao := await example_customer(sqlite_world, "S04"))
    await visitor.done("code", {})
    await worker.deliver_due(sqlite_world.ctx)
    advance_clock(sqlite_world, seconds=17)
    await visitor.done("code", {})
    assert "刚刚发过，请先等短信；43 秒后才能再发一次。" in await visitor.html()
    advance_clock(sqlite_world, seconds=43)
    assert "秒后才能再发一次" not in await visitor.html()
    await visitor.done("code", {})
    await worker.deliver_due(sqlite_world.ctx)
    assert len(codes(tao)) == 2


async def test_a_clock_that_goes_on_while_a_code_is_entered_is_no_fault(sqlite_world: World) -> None:
    tao = await example_customer(sqlite_world, "S04", drop=("meter_order_signed",))
    begun = sqlite_world.ctx.clock()
    ticks = itertools.count(begun)
    sqlite_world.ctx.clock = lambda: next(ticks)
    await tao.enters()
    assert next(ticks) > begun + 10, "it did not go on"
    assert (await log.verify(sqlite_world.ctx)).faults == []
