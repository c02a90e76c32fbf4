"""An app that is killed at any moment: what was acknowledged is not lost, and nothing is sent with other bytes."""

import asyncio
import random
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Error, Page

from tests.support.api_client import World
from tests.support.chromium import CHROMIUM
from tests.support.devices import enrolment_code
from tests.support.endurance import IS_LONG
from tests.support.phone import LOST, Gate, Phone, enrolled_phone, own_browser, plan_now, run, serve_gate

ROUNDS = 30 if IS_LONG else 8
KILLS = 4 if IS_LONG else 2  # of the whole browser
WORK = """
    const [visit, seed] = given
    await app.outbox.start()
    for (let n = seed * 1000; ; n++) {
        const [entry] = await app.records.addEntries(visit, [{ what: 'met_customer', label: `${n}` }])
        await acknowledge('entry', entry.id)
        if (n % 2) {
            const [photo] = await photographed(visit, 'meter_damage_photo', n, n % 3 ? 64 : 500)
            await acknowledge('entry', photo.id)
            await acknowledge('file', photo.evidence[0].sha256)
        }
        await app.photos.saveDraft(visit, `text-${n}`, { text: `${n}` })
        await acknowledge('draft', `text-${n}`)
        if (n % 3) await acknowledge('record', await app.records.seal(visit))
        if (n % 5 === 4) await app.agenda.pull().catch(() => {})
    }
"""
FINISH = """
    await app.records.sealAll()
    await app.outbox.start()
    const look = setInterval(() => app.outbox.kick(), 500)
    await settled(empty)
    clearInterval(look)
    await app.outbox.kick()
    return app.queue.status()
"""


class Acknowledged:
    """What the app told its caller was stored."""

    def __init__(self) -> None:
        self.kept: dict[str, set[str]] = defaultdict(set)
        self.more = asyncio.Event()

    def note(self, _source: Any, kind: str, name: str | None) -> None:
        if name:
            self.kept[kind].add(name)
        self.more.set()

    def __len__(self) -> int:
        return sum(map(len, self.kept.values()))


async def check_nothing_is_lost(world: World, gate: Gate, page: Page, visit: str, kept: Acknowledged) -> None:
    """Compare what was acknowledged with what the server has."""
    found = await run(page, FINISH)
    assert (found["waiting"], found["parked"], found["files"], found["unsealed"]) == (0, 0, 0, 0)
    view = (await world.ask("wang", "GET", f"/v1/visits/{visit}")).json()
    ids = [entry["id"] for entry in view["entries"]]
    assert kept.kept["entry"] <= set(ids)
    assert len(ids) == len(set(ids))
    assert kept.kept["record"] <= {record["record"] for record in view["records"]}
    assert [record["missing_evidence"] for record in view["records"]] == [[]] * len(view["records"])
    assert kept.kept["draft"] <= set(await run(page, "return Object.keys(await app.photos.drafts(given))", visit))
    bodies: dict[str, set[str]] = defaultdict(set)
    for one in gate.sent("PUT", "/v1/records/"):
        bodies[one.path].add(one.digest)
    assert {len(digests) for digests in bodies.values()} == {1}
    local = await run(page, "return (await app.database.all('entries')).map(({ id }) => id)")
    assert kept.kept["entry"] <= set(local)
    files = {one["sha256"] for entry in view["entries"] for one in entry.get("evidence", ()) if "sha256" in one}
    assert kept.kept["file"] <= files


async def test_the_app_is_killed_again_and_again(sqlite_world: World) -> None:
    """Each time the browser's process of the page is killed, at a random moment: between two writes, in the middle of
    one, or while a request is under way; sometimes the response is lost."""
    chance, kept = random.Random(12), Acknowledged()
    async with (
        serve_gate(sqlite_world) as (gate, port),
        enrolled_phone(sqlite_world, f"http://127.0.0.1:{port}") as (phone, first),
    ):
        await phone.context.expose_binding("acknowledge", kept.note)
        visit = str(await plan_now(sqlite_world, "v"))
        await run(first, "await app.agenda.pull()")
        await first.close()
        gate.fault = lambda *_: LOST if chance.random() < 0.1 else None
        for number in range(ROUNDS):
            page = await phone.tab()
            before, wanted = len(kept), chance.randrange(12)
            work = asyncio.ensure_future(run(page, WORK, [visit, number]))
            while len(kept) < before + wanted:
                kept.more.clear()
                await kept.more.wait()
            await asyncio.sleep(chance.random() * 0.1)
            await crash(phone, page)
            with suppress(Error):
                await work
        gate.fault = lambda *_: None
        await check_nothing_is_lost(sqlite_world, gate, await phone.tab(), visit, kept)
        assert len(kept) > 3 * ROUNDS


async def crash(phone: Phone, page: Page) -> None:
    """End the process of a page as the system does when memory is short."""
    session = await phone.context.new_cdp_session(page)
    crashed = asyncio.Event()
    page.on("crash", lambda _: crashed.set())
    ending = asyncio.ensure_future(session.send("Page.crash"))
    await crashed.wait()
    ending.cancel()
    with suppress(Error, asyncio.CancelledError):
        await ending
    await page.close()


async def test_the_whole_browser_is_killed(sqlite_world: World, tmp_path: Path) -> None:
    """With its storage process: what was acknowledged is on the disk."""
    if CHROMIUM is None:
        pytest.skip("chromium is missing: apt-get install chromium")
    chance, kept = random.Random(3), Acknowledged()
    async with serve_gate(sqlite_world) as (gate, port):
        visit = str(await plan_now(sqlite_world, "v"))
        for number in range(KILLS + 1):
            async with own_browser(tmp_path / "profile", f"http://127.0.0.1:{port}") as (phone, process):
                await phone.context.expose_binding("acknowledge", kept.note)
                page = await phone.tab()
                if number == 0:
                    await phone.enrol(page, await enrolment_code(sqlite_world))
                    await run(page, "await app.agenda.pull()")
                if number == KILLS:
                    await check_nothing_is_lost(sqlite_world, gate, page, visit, kept)
                    break
                before, wanted = len(kept), 5 + chance.randrange(10)
                work = asyncio.ensure_future(run(page, WORK, [visit, number]))
                while len(kept) < before + wanted:
                    kept.more.clear()
                    await kept.more.wait()
                process.kill()
                with suppress(Error):
                    await work
        assert len(kept) > 20
