"""A phone with little storage, and one that was offline for a week."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import CDPSession, Page

from tests.support.api_client import World
from tests.support.chromium import CHROMIUM
from tests.support.devices import enrolment_code
from tests.support.endurance import IS_LONG
from tests.support.factories import uid
from tests.support.phone import Gate, enrolled_phone, own_browser, plan_now, run, serve_gate

Setup = tuple[World, Gate, Page]
VISITS, PHOTOS = (60, 200) if IS_LONG else (12, 40)  # of a week without a network


@pytest.fixture
async def setup(sqlite_world: World) -> AsyncIterator[Setup]:
    """An enrolled phone of 李 with its agenda."""
    async with (
        serve_gate(sqlite_world) as (gate, port),
        enrolled_phone(sqlite_world, f"http://127.0.0.1:{port}") as (_, page),
    ):
        yield sqlite_world, gate, page


async def quota(session: CDPSession, page: Page, size: int) -> None:
    """Let the browser give this origin so many bytes, as long as the session lives."""
    origin = await page.evaluate("location.origin")
    await session.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": size})


@asynccontextmanager
async def small_phone(world: World, folder: Path, size: int) -> AsyncIterator[Page]:
    """The page of an enrolled phone with room for so many bytes."""
    if CHROMIUM is None:
        pytest.skip("chromium is missing: apt-get install chromium")
    async with (
        serve_gate(world) as (_, port),
        own_browser(folder / "profile", f"http://127.0.0.1:{port}") as (phone, _),
    ):
        page = await phone.tab()
        session = await page.context.new_cdp_session(page)
        await quota(session, page, size)  # before anything is stored: later it would only count from a restart on
        await phone.enrol(page, await enrolment_code(world))
        yield page


async def test_a_full_phone_says_so_and_keeps_what_it_has(sqlite_world: World, tmp_path: Path) -> None:
    async with small_phone(sqlite_world, tmp_path, 3_000_000) as page:
        await fill(page, str(await plan_now(sqlite_world, "v")))


async def fill(page: Page, visit: str) -> None:
    """Take photos until there is no room, then again after the server has them."""
    await run(page, "await app.agenda.pull(); await app.records.addEntries(given, [{ what: 'arrived' }])", visit)
    script = """
        const kept = []
        for (let n = 0; n < 40; n++) {
            const before = (await app.database.all('entries')).length
            try {
                kept.push((await photographed(given, 'meter_damage_photo', n, 800))[0].id)
            } catch (error) {
                const after = (await app.database.all('entries')).length
                const full = error instanceof app.database.StorageFull
                return { kept, name: error.name, full, nothing: before === after }
            }
        }
        return { kept }
    """
    found = await run(page, script, visit)
    assert (found.get("name"), found["full"], found["nothing"]) == ("StorageFull", True, True)
    entries = await run(page, "return (await app.records.entriesOf(given)).map(({ id }) => id)", visit)
    assert set(found["kept"]) < set(entries)
    assert len(entries) == 1 + len(found["kept"])
    await run(page, "await app.records.seal(given); await app.outbox.start(); await app.outbox.kick()", visit)
    assert (await run(page, "return app.queue.status()"))["files"] == 0
    # what the server has makes room for the next one
    again = """
        for (let left = 100; ; left--) {  // the browser gives the room back a little later
            try { return await photographed(given, 'meter_damage_photo', 99, 800) } catch (error) {
                if (!left || !(error instanceof app.database.StorageFull)) throw error
                await new Promise(done => setTimeout(done, 100))
            }
        }
    """
    await run(page, again, visit)
    blobs = await run(page, "return (await app.database.all('blobs')).length")
    assert blobs == 1


FILL = """
    await app.agenda.pull()
    await app.outbox.start()
    await app.outbox.kick()
    const full = async work => { try { return await work() } catch (error) { return error.name } }
    let photos = 0
    while (await full(() => photographed(given, 'meter_damage_photo', photos, 400)) !== 'StorageFull') photos++
    const own = await new Promise((done, fail) => {
        const asked = indexedDB.open('doorstep-phone')
        asked.onsuccess = () => done(asked.result)
        asked.onerror = () => fail(asked.error)
    })
    const write = (key, size) => full(() => new Promise((done, fail) => {  // without what the app does about it
        const tx = own.transaction(['meta'], 'readwrite', { durability: 'strict' })
        tx.objectStore('meta').put(new Blob([new Uint8Array(size)]), key)
        tx.oncomplete = () => done('written')
        tx.onabort = () => fail(tx.error)
    }))
    let n = 0
    for (const size of [100_000, 10_000, 1_000]) while (await write(`filler ${n}`, size) === 'written') n++
    return [photos, await write('one more', 1_000)]
"""
WRITE = """
    for (let n = 0; n < 20; n++) {
        const evidence = [{ kind: 'text', text: `${n} 已写`.repeat(500) }]
        await app.records.addEntries(given, [{ what: 'result_told', evidence }])
    }
    await app.photos.saveDraft(given, 'sign', { strokes: [[1, 2], [3, 4]] })
    await app.records.seal(given)
    const photo = await photographed(given, 'meter_damage_photo', 99, 400).catch(error => error.name)
    const { full, unsealed } = await app.queue.status()
    return [photo, full, unsealed]
"""


async def test_a_full_phone_still_seals_and_sends_what_is_small(sqlite_world: World, tmp_path: Path) -> None:
    async with small_phone(sqlite_world, tmp_path, 4_000_000) as page:
        visit = str(await plan_now(sqlite_world, "v"))
        photos, last = await run(page, FILL, visit)
        assert (photos > 3, last) == (True, "QuotaExceededError")
        await page.context.set_offline(True)
        assert await run(page, WRITE, visit) == ["StorageFull", True, 0]
        await page.context.set_offline(False)
        await run(page, "await app.outbox.kick(); await settled(empty); await app.outbox.kick()")
        states = await run(page, "return (await app.database.all('records')).map(one => one.receipt?.state)")
        assert states == ["complete"]
        # what the server has made room: there is a reserve again, and photos can be taken
        assert (await run(page, "return app.queue.status()"))["full"] is False
        assert len(await run(page, "return photographed(given, 'meter_damage_photo', 99, 400)", visit)) == 1


async def test_what_was_recorded_in_a_week_offline_is_sent_at_once(
    setup: Setup, capsys: pytest.CaptureFixture[str]
) -> None:
    world, gate, page = setup
    names = [f"visit {number}" for number in range(VISITS)]
    for name in names:
        await plan_now(world, name)
    await run(page, "await app.agenda.pull()")
    await page.context.set_offline(True)
    script = """
        const [visits, photos] = given
        await app.outbox.start()
        let n = 0
        for (const [index, visit] of visits.entries()) {
            const words = ['arrived', 'id_shown', 'met_customer', 'entered'].map(what => ({ what }))
            for (const entry of words) await app.records.addEntries(visit, [entry])
            await app.records.seal(visit)
            for (; n < (index + 1) * photos / visits.length; n++) {
                await photographed(visit, 'meter_damage_photo', n, n % 10 ? 200 : 800)
            }
            await app.records.addEntries(visit, [{ what: 'left' }])
            await app.records.seal(visit)
        }
        return app.queue.status()
    """
    begun = time.monotonic()
    status = await run(page, script, [[str(uid(name)) for name in names], PHOTOS])
    written = time.monotonic() - begun
    assert (status["waiting"], status["files"], status["unsealed"], status["parked"]) == (2 * VISITS, PHOTOS, 0, 0)
    assert gate.sent("PUT", "/v1/records/") == []
    await page.context.set_offline(False)
    page = await reopened(page)  # the phone was off meanwhile
    begun = time.monotonic()
    await run(page, "await app.outbox.start(); await settled(empty); await app.outbox.kick()")
    sent = time.monotonic() - begun
    records = await run(page, "return (await app.database.all('records')).map(({ bytes, ...rest }) => rest)")
    assert [one["receipt"]["state"] for one in records] == ["complete"] * 2 * VISITS
    puts = gate.sent("PUT", "/v1/records/")
    assert (len({one.path for one in puts}), {one.status for one in puts} - {200, 201}) == (2 * VISITS, set())
    files = [one for one in gate.log if one.method in ("PUT", "PATCH") and one.status in (201, 204)]
    assert len({one.path for one in files if "evidence" in one.path or "uploads" in one.path}) == PHOTOS
    first_photo = next(n for n, one in enumerate(gate.log) if "evidence" in one.path or "uploads" in one.path)
    assert len({one.path for one in gate.log[:first_photo] if one.method == "PUT"}) == 2 * VISITS  # records first
    for name in names[:3]:
        view = (await world.ask("li", "GET", f"/v1/visits/{uid(name)}")).json()
        assert [entry["what"] for entry in view["entries"]][:4] == ["arrived", "id_shown", "met_customer", "entered"]
    session = await page.context.new_cdp_session(page)
    heap = await session.send("Runtime.getHeapUsage")
    size = sum(len(one.body) for one in gate.log) / 2**20
    with capsys.disabled():
        print(  # noqa: T201 - what a week costs
            f"\nwritten in {written:.1f} s, sent in {sent:.1f} s: {len(gate.log)} requests, {size:.1f} MiB; "
            f"heap {heap['usedSize'] / 2**20:.1f} MiB, buffers {heap.get('backingStorageSize', 0) / 2**20:.1f} MiB"
        )


async def reopened(page: Page) -> Page:
    """Another page of the same phone."""
    context, url = page.context, page.url
    await page.close()
    page = await context.new_page()
    await page.goto(url)
    return page
