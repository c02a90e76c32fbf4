"""Who asks too often is told when to come again; nobody else waits for him."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from service.rate_limit import TokenBucket
from tests.support.api_client import VISIT, World, problem, record
from tests.support.browser import later
from tests.support.factories import uid

NOW = 1_772_000_000_000


def keys(pace: TokenBucket) -> int:
    return len(pace._new) + len(pace._old)


def many(pace: TokenBucket, asker: str, count: int, now: int = NOW) -> list[int]:
    return [pace.retry_after(asker, now) for _ in range(count)]


@pytest.mark.parametrize("a_minute", [1, 7, 120, 600, 45_000])
def test_a_minutes_worth_at_once_and_waiting_as_told_lets_one_through(a_minute: int) -> None:
    pace, now = TokenBucket(a_minute), NOW
    assert set(many(pace, "a", a_minute)) == {0}
    for _ in range(5):
        wait = pace.retry_after("a", now)
        assert wait >= 1
        now += wait * 1000
        assert pace.retry_after("a", now) == 0
        while not pace.retry_after("a", now):
            pass
    assert set(many(pace, "a", a_minute, now + 60_000)) == {0}


def test_no_minute_sees_more_than_twice_a_minutes_worth() -> None:
    pace = TokenBucket(60)
    passed = [at for at in range(NOW, NOW + 300_000, 100) if not pace.retry_after("a", at)]
    assert 60 + 290 < len(passed) <= 60 + 301
    assert all(sum(begun <= at < begun + 60_000 for at in passed) <= 120 for begun in passed)


def test_one_asker_does_not_wait_for_another_and_zero_is_no_limit() -> None:
    pace = TokenBucket(5)
    assert many(pace, "a", 7) == [0, 0, 0, 0, 0, 12, 12]
    assert many(pace, "b", 5) == [0, 0, 0, 0, 0]
    off = TokenBucket(0)
    assert set(many(off, "a", 10_000)) == {0}
    assert keys(off) == 0


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    pace = TokenBucket(5)
    many(pace, "a", 6)
    assert pace.retry_after("a", NOW - 3_600_000) == 0


def test_memory_is_bounded_and_who_is_slowed_down_stays_known() -> None:
    pace = TokenBucket(5, max_keys=100)
    many(pace, "bad", 6)
    for number in range(10_000):
        pace.retry_after(f"other {number}", NOW)
        if number % 50 == 0:
            assert pace.retry_after("bad", NOW) > 0
        assert keys(pace) <= 201


async def submit_many(world: World, count: int) -> list[httpx.Response]:
    ids = [uid(f"unsent {number}") for number in range(count)]
    return [await world.submit(record(one, entries=[]), one) for one in ids]


async def test_a_phone_with_a_hundred_unsent_records_comes_through_and_then_waits(world: World) -> None:
    world.ctx.token_rate_limit = TokenBucket(100)
    await world.plan()
    answers = await submit_many(world, 101)
    assert [one.status_code for one in answers] == [201] * 100 + [429]
    assert problem(answers[-1]) == (429, "too-many-requests")
    wait = int(answers[-1].headers["retry-after"])
    assert wait == 1
    assert (await world.submit(b"not looked at", who="li")).status_code == 429  # before the body is read
    assert (await world.ask("li", "GET", "/v1/me")).status_code == 429
    assert (await world.ask("zhao", "GET", "/v1/me")).status_code == 200
    later(world, seconds=wait)
    refused: dict[str, Any] = record(uid("unsent 100"), entries=[])
    assert (await world.submit(refused, UUID(refused["id"]))).status_code == 201  # nothing was lost
    assert (await world.ask("wang", "GET", "/v1/quarantine")).json()["items"] == []


async def test_without_a_limit_it_is_the_same_phone_that_is_never_told_to_wait(small_world: World) -> None:
    await small_world.plan()
    assert {one.status_code for one in await submit_many(small_world, 110)} == {201}


async def test_strangers_are_counted_by_address_and_told_on_a_page_where_they_look_at_one(small_world: World) -> None:
    world = small_world
    world.ctx.address_rate_limit = TokenBucket(4)
    await world.plan()
    token = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["token"]
    for path in (f"/c/{token}", f"/v1/confirmations/{token}", f"/c/{token}", f"/c/{token}"):
        assert (await world.ask(None, "GET", path)).status_code == 200
    page = await world.ask(None, "GET", f"/c/{token}")
    assert (page.status_code, page.headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert "请稍后再试" in page.text
    assert page.headers["retry-after"] == "15"
    for method, path, content in (
        ("GET", f"/v1/confirmations/{token}", None),
        ("GET", "/calendar/x.ics", None),
        ("POST", "/v1/session", {"login": "li", "password": "x"}),
        ("POST", "/v1/devices", {"code": "x", "name": "x"}),
    ):
        assert problem(await world.ask(None, method, path, content)) == (429, "too-many-requests")
    assert (await world.ask(None, "GET", "/health/ready")).status_code == 200
    assert (await world.ask("li", "GET", "/v1/me")).status_code == 200  # who has a token has a pace of his own
    later(world, seconds=15)
    assert (await world.ask(None, "GET", f"/c/{token}")).status_code == 200


async def test_a_token_that_is_none_counts_for_the_address_and_makes_no_room_for_itself(small_world: World) -> None:
    world = small_world
    world.ctx.address_rate_limit, world.ctx.token_rate_limit = TokenBucket(4), TokenBucket(100)
    answers = [await world.ask(f"guess {number}", "GET", "/v1/me") for number in range(6)]
    assert [one.status_code for one in answers] == [401, 401, 401, 401, 429, 429]
    assert keys(world.ctx.token_rate_limit) == 0
    assert (await world.ask(None, "GET", "/v1/me")).status_code == 429
    assert (await world.ask("li", "GET", "/v1/me")).status_code == 200
