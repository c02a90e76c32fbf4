"""Nobody keeps somebody else out by guessing, and guessing is seen."""

import asyncio
from threading import Event

import httpx
import msgspec
import pytest

from service.accounts import passwords
from tests.support.api_client import World, problem
from tests.support.browser import Browser, later, with_password


def behind(world: World, address: str) -> World:
    """The same utility for requests from another address."""
    transport = httpx.ASGITransport(world.client._transport.app, client=(address, 4000))  # type: ignore[attr-defined]
    return World(world.ctx, httpx.AsyncClient(transport=transport, base_url="http://doorstep.test"))


async def lockouts(world: World) -> list[str]:
    """Whom lockouts are about, and why."""
    rows = await world.ctx.db.read(lambda tx: tx.fetch_all("events_keys", first=b"", size=1000))
    bodies = [(await world.ctx.db.read(lambda tx, key=row[0]: tx.fetch_one("event", id=key)))[4] for row in rows]
    found = [msgspec.json.decode(body) for body in bodies]
    return [f"{one['person']} {one['reason']}" for one in found if one["what"] == "lockout"]


async def test_guesses_from_elsewhere_keep_nobody_out(world: World):
    await with_password(world, "zhao")
    stranger = behind(world, "203.0.113.9")
    for _ in range(6):
        last = await Browser(stranger).sign_in("zhao", "wrong")
    assert problem(last) == (429, "too-many-requests")
    assert (await Browser(world).sign_in("zhao")).status_code == 204
    assert await lockouts(world) == ["zhao address"]
    assert problem(await Browser(stranger).sign_in("zhao")) == (429, "too-many-requests")
    assert await lockouts(world) == ["zhao address"], "once"


async def test_a_browser_that_is_known_is_not_slowed_by_others(world: World):
    await with_password(world, "zhao")
    known = Browser(world)
    await known.sign_in("zhao")
    for number in range(101):
        source = behind(world, f"203.0.113.{number % 50}")
        answer = await Browser(source).sign_in("zhao", "wrong")
        later(world, seconds=1)
    assert problem(answer) == (429, "too-many-requests"), "over all addresses there is a ceiling"
    assert problem(await Browser(behind(world, "198.51.100.1")).sign_in("zhao")) == (429, "too-many-requests")
    assert "zhao login" in await lockouts(world)
    assert (await known.sign_in("zhao")).status_code == 204
    stolen = Browser(behind(world, "198.51.100.2"))
    stolen.cookies = {"__Host-doorstep-known": known.cookies["__Host-doorstep-known"]}
    for _ in range(5):
        assert problem(await stolen.sign_in("zhao", "wrong")) == (403, "sign-in-failed")
    assert problem(await stolen.sign_in("zhao")) == (429, "too-many-requests")


async def test_guesses_from_everywhere_at_once_let_nobody_wait_where_they_signed_in_before(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
):
    world, go_on = sqlite_world, Event()
    await with_password(world, "zhao")
    known = Browser(world)
    await known.sign_in("zhao")
    matches = passwords._matches
    monkeypatch.setattr(passwords, "_matches", lambda *given: go_on.wait() and matches(*given))
    sources = [Browser(behind(world, f"203.0.113.{number}")) for number in range(passwords.MAX_WAITING)]
    guesses = [asyncio.create_task(one.sign_in(f"u{number}", "wrong")) for number, one in enumerate(sources)]
    try:
        async with asyncio.timeout(20):
            while passwords._strangers.waiting < passwords.MAX_WAITING:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.01)
            late = Browser(behind(world, "198.51.100.1"))
            answer = await late.sign_in("sun", "wrong")
            assert (problem(answer), answer.headers["retry-after"]) == ((503, "busy"), "10")
            monkeypatch.setattr(passwords, "_matches", matches)
            assert (await known.sign_in("zhao")).status_code == 204
    finally:
        go_on.set()
    assert {(await one).status_code for one in guesses} == {403}
    for _ in range(5):
        assert (await late.sign_in("sun", "wrong")).status_code == 403, "what was not tried does not count"


async def test_the_cookie_of_a_known_browser_is_for_one_person_and_cannot_be_made(sqlite_world: World):
    world = sqlite_world
    await with_password(world, "zhao")
    browser = Browser(world)
    await browser.sign_in("zhao")
    for _ in range(6):
        await Browser(world).sign_in("sun", "wrong")
    value = browser.cookies["__Host-doorstep-known"]
    for wrong in (value, value[:-1] + ("A" if value[-1] != "A" else "B"), "x" * 22 + value[22:], "x", ""):
        guesser = Browser(world)
        guesser.cookies = {"__Host-doorstep-known": wrong}
        assert problem(await guesser.sign_in("sun")) == (429, "too-many-requests"), wrong
