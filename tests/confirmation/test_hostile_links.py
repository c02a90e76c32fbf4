"""Whoever guesses the link of a customer learns nothing and uses up nothing."""

import asyncio
import hashlib
import itertools
from base64 import b32encode
from typing import Any

import httpx

from tests.support.api_client import World
from tests.support.customer import Customer, example_customer
from tests.support.endurance import IS_LONG

LINKS = 10_000 if IS_LONG else 2_000
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
HOSTILE: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("PUT", "", {"answers": [{"question": "q_clean", "good": False}]}),
    ("POST", "/code", None),
    ("PUT", "/code", {"code": "000000"}),
]


async def test_thousands_of_hostile_links_leak_nothing_and_consume_nothing(sqlite_world: World) -> None:
    tao = await example_customer(sqlite_world, "S04")
    before = await tao.whole()
    good, said, asked = tao.token, set[tuple[int, str]](), 0
    near = [good[:n] + letter + good[n + 1 :] for n in range(26) for letter in LETTERS if letter != good[n]]
    odd = [good.upper(), good + "a", good[:-1], "%20" + good, good + "%00", "a" * 5000, "..%2f..", "%F0%9F%98%80"]
    far = [b32encode(hashlib.sha256(str(n).encode()).digest())[:26].decode().lower() for n in range(LINKS)]
    tokens = [*near, *odd, *far[: LINKS - len(near) - len(odd)]]

    async def tried(n: int) -> list[httpx.Response]:
        token = tokens[n]
        stranger = Customer(sqlite_world, tao.post, token, tao.visit, f"10.{n // 1000}.{n // 5 % 200}.7")
        return [await stranger.ask(*how) for how in (HOSTILE if n % 20 == 0 or token in odd else HOSTILE[:1])]

    for start in range(0, len(tokens), 100):  # many at once share a commit
        for answer in itertools.chain(*await asyncio.gather(*map(tried, range(start, start + 100)))):
            assert "meter_damage" not in answer.text
            said.add((answer.status_code, answer.json()["code"]))
            asked += 1
    assert asked > 1.1 * LINKS
    assert said <= {(404, "not-found"), (405, "method-not-allowed")}
    assert await tao.whole() == before
    assert (await tao.ask("GET")).status_code == 200
