"""Tries are counted in the database; the address counts that a trusted proxy names, and no other."""

import asyncio
from typing import Any

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from service.accounts import attempts
from service.db.database import Database
from service.web.request_info import client_ip


async def test_a_window_begins_with_the_first_try_and_ends(database: Database):
    async def hit(now: int, key: str = "k") -> int:
        return await database.write(lambda tx: attempts.increment(tx, key, 3, 60, now))

    assert [await hit(at) for at in (1000, 2000, 3000)] == [0, 0, 0]
    assert [await hit(at) for at in (4000, 60_500)] == [57, 1]
    assert await hit(5000, "other") == 0
    assert await hit(61_000) == 0
    await database.write(lambda tx: attempts.reset(tx, "k"))
    assert [await hit(61_001) for _ in range(4)] == [0, 0, 0, 60]
    await database.write(lambda tx: attempts.refund(tx, "k"))
    assert await hit(61_001) == 60
    await database.write(lambda tx: attempts.delete_old(tx, 61_002 + attempts.DAY))
    assert await hit(61_002) == 0


async def test_tries_at_the_same_time_are_all_counted(database: Database):
    waits = await asyncio.gather(
        *(database.write(lambda tx: attempts.increment(tx, "k", 5, 60, 1000)) for _ in range(20))
    )
    assert waits.count(0) == 5


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),  # what the client wrote before it is not believed
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),  # not our proxy
        ("2001:db8:1:2:3::4", "", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "", "192.0.2.1"),
    ],
)
async def test_the_forwarded_address_counts_from_our_proxies_alone(peer: str, forwarded: str, expected: str):
    seen: list[str] = []

    async def app(scope: Any, _: Any, __: Any) -> None:
        seen.append(client_ip(scope))

    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope: Any = {"type": "http", "client": (peer, 1), "headers": headers, "scheme": "http"}
    await ProxyHeadersMiddleware(app, trusted_hosts=["10.0.0.0/8"])(scope, None, None)  # type: ignore[arg-type]
    assert seen == [expected]
