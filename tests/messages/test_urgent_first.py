"""Whoever stands at the door with a telephone gets the code at once: it waits neither for a thousand notices nor for
those that a slow gateway has."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
import pytest

from service.accounts.browser import Browser
from service.confirmation import otp
from service.context import AppContext, OutgoingMessage
from service.messages import automatic, notices, outbox, worker
from service.messages.gateways import TemporaryFailure
from service.messages.notices import NoticeRequest
from service.messages.outbox import AT_THE_DOOR, NORMAL, ROOM, URGENT, MessageRow
from service.visits import customer_link
from tests.support import example_visits as stories
from tests.support.api_client import VISIT, World
from tests.support.factories import TOKENS, Town, uid
from tests.support.fake_gateway import Post, set_up, stand

ZHAO = TOKENS["zhao"]
SOON = {"from": stories.clock("07:30"), "to": stories.clock("08:30")}


class SlowPost(Post):
    """A gateway that never answers to messages of which `hangs` is true; they are in `hung`."""

    def __init__(self, hangs: Callable[[OutgoingMessage], bool]) -> None:
        super().__init__()
        self.hangs, self.hung = hangs, list[OutgoingMessage]()
        self.has_changed = asyncio.Condition()

    async def __call__(self, letter: OutgoingMessage) -> str:
        async with self.has_changed:
            (self.hung if self.hangs(letter) else self.letters).append(letter)
            self.has_changed.notify_all()
        if letter in self.hung:
            await asyncio.Event().wait()
        return "HTTP 200"

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for as long as an attempt may take: what waits for one that hangs is too late."""
        async with asyncio.timeout(worker.TIMEOUT_SECONDS / 2), self.has_changed:
            await self.has_changed.wait_for(condition)


def slow(town: Town, hangs: Callable[[OutgoingMessage], bool] = lambda letter: letter.about != "code") -> SlowPost:
    set_up(town.ctx, "07:00")
    post = SlowPost(hangs)
    town.ctx.company = msgspec.structs.replace(town.ctx.company, gateways={"sms": post})
    return post


@asynccontextmanager
async def sending(*contexts: AppContext) -> AsyncIterator[None]:
    running = [asyncio.create_task(worker.run(ctx)) for ctx in contexts]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)


async def notice(town: Town, name: str, **more: Any) -> UUID:
    visit = await town.planned(name, **more)
    await notices.send(town.ctx, ZHAO, visit, NoticeRequest(channel="sms"))
    return visit


async def link_of(town: Town, name: str) -> str:
    return (await customer_link.create_link(town.ctx, ZHAO, await town.planned(name))).token


async def ask(town: Town, token: str) -> None:
    await otp.send_otp(town.ctx, token, Browser("192.0.2.7", cookie="tao"))


async def messages(ctx: AppContext, visit: UUID) -> list[MessageRow]:
    return await ctx.db.read(lambda tx: outbox.messages_of(tx, visit))


def abouts(post: Post) -> list[str]:
    return [letter.about for letter in post.letters]


@pytest.mark.parametrize("servers", [1, 2])
async def test_a_code_goes_out_while_the_gateway_answers_to_no_notice(
    town: Town, monkeypatch: pytest.MonkeyPatch, servers: int
) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.01)
    post, busy = slow(town), servers * ROOM[NORMAL]
    for number in range(busy + 1):
        await notice(town, f"notice {number}")
    token = await link_of(town, "door")
    async with sending(town.ctx, *(msgspec.structs.replace(town.ctx) for _ in range(servers - 1))):
        await post.until(lambda: len(post.hung) == busy)
        await ask(town, token)
        await post.until(lambda: bool(post.letters))
    assert (abouts(post), len(post.hung)) == (["code"], busy)


async def test_a_code_goes_out_while_the_gateway_answers_to_nothing_that_is_urgent(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.01)
    post = slow(town)
    for number in range(ROOM[NORMAL] + 1):
        await notice(town, f"notice {number}")
    token = await link_of(town, "door")
    async with sending(town.ctx):
        await post.until(lambda: len(post.hung) == ROOM[NORMAL])
        for number in range(ROOM[URGENT]):
            await notice(town, f"soon {number}", window=SOON)
        await post.until(lambda: len(post.hung) == ROOM[URGENT])
        await ask(town, token)
        await post.until(lambda: bool(post.letters))
    assert (abouts(post), len(post.hung)) == (["code"], ROOM[URGENT])


async def test_a_code_does_not_wait_for_another_code_that_hangs(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.01)
    post = slow(town, lambda letter: letter.about == "code" and not post.hung)
    first, second = [await link_of(town, name) for name in ("first", "second")]
    async with sending(town.ctx):
        await ask(town, first)
        await post.until(lambda: bool(post.hung))
        await ask(town, second)
        await post.until(lambda: bool(post.letters))
    assert (abouts(post), len(post.hung)) == (["code"], 1)


async def test_what_is_urgent_goes_before_what_waits_for_longer(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    for number in range(2 * ROOM[NORMAL]):
        await notice(town, f"notice {number}")
    token = await link_of(town, "door")
    stand(town.ctx, "07:01")
    soon = await notice(town, "soon", window=SOON)
    await ask(town, token)
    assert await worker.deliver_due(town.ctx) == ROOM[NORMAL]
    said = await messages(town.ctx, soon)
    assert [one.state for one in said] == ["delivered"]
    assert "code" in abouts(post)
    while await worker.deliver_due(town.ctx):  # and the others are not forgotten
        pass
    assert len(post.letters) == 2 * ROOM[NORMAL] + 2


async def test_what_is_urgent(town: Town) -> None:
    """A code; what is said about a visit that begins within the hour, also in words of one's own."""
    set_up(town.ctx, "07:00")
    await ask(town, await link_of(town, "door"))
    await notice(town, "later")
    await notice(town, "soon", window=SOON)
    own = await town.planned("own words", window=SOON)
    await notices.send(town.ctx, ZHAO, own, NoticeRequest(channel="sms", text="路上堵车，请稍等"))
    expected = {"door": AT_THE_DOOR, "later": NORMAL, "soon": URGENT, "own words": URGENT}
    found = {name: [one.priority for one in await messages(town.ctx, uid(name))] for name in expected}
    assert found == {name: [priority] for name, priority in expected.items()}


async def test_a_customer_whose_technician_is_on_the_way_is_found_before_visits_to_come(world: World) -> None:
    """Whatever was written about a thousand others, who are planned for another day."""
    set_up(world.ctx, "07:00", automatic=frozenset(("on_the_way",)))
    far = {"from": "2026-03-09T09:00:00+08:00", "to": "2026-03-09T10:00:00+08:00"}
    for number in range(2 * automatic.BATCH_SIZE):
        await world.plan(visit=UUID(int=2**100 + number), window=far)  # before it by their ids
    await world.plan()
    stand(world.ctx, "08:40")
    left = {"at": stories.clock("08:40"), "minutes": 20}
    assert (await world.ask("li", "PUT", f"/v1/visits/{VISIT}/departure", left)).status_code == 201
    assert await automatic.send_owed(world.ctx) == automatic.BATCH_SIZE
    said = await messages(world.ctx, VISIT)
    assert [(one.about, one.priority) for one in said] == [("on_the_way", URGENT)]


async def test_a_busy_day_holds_up_no_other_day(world: World) -> None:
    """However much is written about visits of today, others get their turn."""
    set_up(world.ctx, "07:00", automatic=frozenset(("on_the_way",)))
    past = {"from": "2026-02-23T09:00:00+08:00", "to": "2026-02-23T10:00:00+08:00"}
    for number in range(automatic.BATCH_SIZE):
        await world.plan(visit=UUID(int=2**100 + number))
    await world.plan(window=past)
    assert await automatic.send_owed(world.ctx) == automatic.TODAY_SIZE + 1
    assert await automatic.send_owed(world.ctx) == automatic.BATCH_SIZE - automatic.TODAY_SIZE
    assert await automatic.send_owed(world.ctx) == 0


async def test_a_code_that_another_one_replaced_is_not_sent(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    post.trouble = TemporaryFailure("HTTP 503")
    token = await link_of(town, "door")
    await ask(town, token)
    await worker.deliver_due(town.ctx)
    post.trouble = None
    stand(town.ctx, "07:02")
    await ask(town, token)
    post.letters.clear()
    while await worker.deliver_due(town.ctx):
        pass
    assert len(post.letters) == 1


async def test_a_code_that_could_not_be_entered_in_time_is_not_sent(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    for minutes, count in ((8, 1), (9.5, 1), (11, 1)):
        stand(town.ctx, "07:00")
        token = await link_of(town, f"door {minutes}")
        await ask(town, token)
        start = town.ctx.clock()
        town.ctx.clock = lambda start=start, minutes=minutes: start + int(minutes * 60_000)
        await worker.deliver_due(town.ctx)
        assert len(post.letters) == count, minutes


async def test_a_code_is_there_soon_after_the_gateway_is_back(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    post.trouble = TemporaryFailure("HTTP 503")
    await ask(town, await link_of(town, "door"))
    now = start = town.ctx.clock()
    while now < start + 8 * 60_000:
        town.ctx.clock = lambda now=now: now
        await worker.deliver_due(town.ctx)
        now += 1000
    post.trouble = None
    post.letters.clear()
    town.ctx.clock = lambda: now + worker.MAX_WAIT_AT_THE_DOOR_MS
    assert await worker.deliver_due(town.ctx) == 1
    assert abouts(post) == ["code"]
