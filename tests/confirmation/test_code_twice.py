"""A code that is asked for again at once is not sent twice: the page says when it can be."""

import asyncio

import pytest

from service.messages import worker
from tests.support.api_client import World, problem
from tests.support.customer import Customer, advance_clock, example_customer, link_holder
from tests.support.customer_browser import Visitor


def codes(tao: Customer) -> list[str]:
    return [one.text.partition("验证码 ")[2][:6] for one in tao.post.letters if one.about == "code"]


async def test_pressing_twice_sends_one_code_that_is_good(world: World) -> None:
    tao = await example_customer(world, "S04")
    both = await asyncio.gather(*(tao.ask("POST", "/code") for _ in range(2)))
    assert [(one.status_code, one.json()["again_in"]) for one in both] == [(200, 60)] * 2
    advance_clock(world, seconds=59)
    early = (await tao.ask("POST", "/code")).json()
    assert (early["again_in"], early["seconds"]) == (1, 541)
    await worker.deliver_due(world.ctx)
    (first,) = codes(tao)
    advance_clock(world, seconds=1)
    assert (await tao.ask("POST", "/code")).json()["again_in"] == 60
    await worker.deliver_due(world.ctx)
    assert len(codes(tao)) == 2
    assert problem(await tao.ask("PUT", "/code", {"code": first})) == (403, "wrong-code")
    assert (await tao.ask("PUT", "/code", {"code": codes(tao)[1]})).status_code == 200


async def test_what_is_not_sent_does_not_use_up_the_codes_of_an_hour(sqlite_world: World) -> None:
    tao = await example_customer(sqlite_world, "S04")
    for _ in range(3):
        for _ in range(4):
            assert (await tao.ask("POST", "/code")).status_code == 200
        advance_clock(sqlite_world, minutes=1)
    assert problem(await tao.ask("POST", "/code")) == (429, "too-many-requests")
    await worker.deliver_due(sqlite_world.ctx)
    assert len(codes(tao)) == 3


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
    advance_clock(sqlite_world, seconds=17)
    await visitor.done("code", {})
    assert "刚刚发过，请先等短信；43 秒后才能再发一次。" in await visitor.html()
    advance_clock(sqlite_world, seconds=43)
    assert "秒后才能再发一次" not in await visitor.html()
    await visitor.done("code", {})
    await worker.deliver_due(sqlite_world.ctx)
    assert len(codes(tao)) == 2
