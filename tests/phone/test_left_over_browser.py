"""Nothing stays on a phone for good: what was written about a visit that left it is sent, handed back or removed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone

import pytest
from playwright.async_api import Page

from service.privacy import erasing
from tests.support.api_client import World
from tests.support.desk import signed_in
from tests.support.factories import uid
from tests.support.phone import Gate, enrolled_phone, plan_now, problem_of, run, serve_gate
from tests.support.phone_app import PhoneApp, open_phone, plan_today
from tests.support.phone_exports import counts, hand_in

PULL = "await app.agenda.pull(); "
SEND = "await app.outbox.start(); await app.outbox.kick(); await app.outbox.kick(); "
ARRIVED = "await app.records.addEntries(given, [{ what: 'arrived' }]); await app.records.seal(given); "
EXPORTED = "return Promise.all((await app.export.exportFiles()).map(file => file.text()))"


@asynccontextmanager
async def phone_and_gate(world: World) -> AsyncIterator[tuple[Gate, Page]]:
    """An enrolled phone, and what stands between it and the server."""
    async with (
        serve_gate(world) as (gate, port),
        enrolled_phone(world, f"http://127.0.0.1:{port}") as (_, page),
    ):
        yield gate, page


async def test_what_was_tapped_before_a_visit_was_handed_over_is_sent(sqlite_world: World) -> None:
    world = sqlite_world
    async with phone_and_gate(world) as (_, page):
        visit = str(await plan_now(world, "v"))
        more = "await app.records.addEntries(given, [{ what: 'id_shown' }]); "
        await run(page, PULL + ARRIVED + more + "await photographed(given, 'meter_damage_photo', 1)", visit)
        other = {"technician": "sun", "reason": "换人"}
        path = f"/v1/visits/{visit}/technician"
        assert (await world.ask("zhao", "PUT", path, other, if_match='"0"')).status_code == 200
        await run(page, SEND)
        view = (await world.ask("wang", "GET", f"/v1/visits/{visit}")).json()
        assert [entry["what"] for entry in view["entries"]] == ["arrived", "id_shown", "meter_damage_photo"]
        assert [one["missing_evidence"] for one in view["records"]] == [[], []]
        assert await run(page, "return app.database.all('visits')") == []  # and nothing of it stays


async def test_photos_of_an_erased_visit_do_not_get_to_the_server(sqlite_world: World) -> None:
    world = sqlite_world
    async with phone_and_gate(world) as (gate, page):
        visit, other = str(await plan_now(world, "v")), str(await plan_now(world, "other"))
        shared = "await photographed(given, 'meter_damage_photo', 2); await app.records.seal(given); "
        await run(page, PULL + shared, other)
        await run(page, "await photographed(given, 'meter_damage_photo', 1); " + shared, visit)
        await erasing.erase_visit(world.ctx, uid("v"), "admin", "客户要求")
        await run(page, SEND)
        assert len(gate.sent("PUT", "/v1/evidence/")) == 1  # what the other visit names too
        files = await run(page, "return app.database.all('files')")
        assert sorted(one["state"] for one in files) == ["parked", "stored"]
        (raw,) = await run(page, EXPORTED)
        assert counts(await hand_in(await signed_in(world, "wang"), raw.encode())) == (0, 0, 2)
        every = {"before": 2**62, "after": b"", "end": b"\xff" * 32, "size": 9}
        assert await world.ctx.db.read(lambda tx: tx.fetch_all("due_uploads", **every)) == []
        (record,) = [one for one in await run(page, "return app.database.all('records')") if one["visit"] == visit]
        await run(page, "await app.outbox.discard(given); await app.agenda.tidy()", record["id"])
        assert [one["id"] for one in await run(page, "return app.database.all('visits')")] == [other]
        assert len(await run(page, "return app.database.all('files')")) == 1


async def test_a_photo_is_exported_with_the_record_that_was_sent_before_it(sqlite_world: World) -> None:
    world = sqlite_world
    async with phone_and_gate(world) as (gate, page):
        visit = str(await plan_now(world, "v"))
        await run(page, PULL + ARRIVED, visit)
        await run(page, "await photographed(given, 'meter_damage_photo', 1); await app.records.seal(given)", visit)
        gate.fault = lambda method, path, _: problem_of(507, "full") if "/evidence/" in path else None
        await run(page, SEND)
        (raw,) = await run(page, EXPORTED)
        assert raw.count('"created_at"') == 1  # not what the server has whole
        assert counts(await hand_in(await signed_in(world, "wang"), raw.encode())) == (1, 1, 0)
        view = (await world.ask("wang", "GET", f"/v1/visits/{visit}")).json()
        assert [one["missing_evidence"] for one in view["records"]] == [[], []]


async def left(world: World, page: Page) -> str:
    """A visit that is over, and sent."""
    visit = str(await plan_now(world, "v"))
    leave = "await app.records.addEntries(given, [{ what: 'left' }]); await app.records.seal(given); "
    await run(page, PULL + ARRIVED + leave + SEND, visit)
    return visit


async def returned(world: World, visit: str, *items: str) -> str:
    """A supervisor returns items of a visit; the id of the correction."""
    due = (datetime.now().astimezone() + timedelta(days=1)).isoformat()
    given = {"visit": visit, "items": [{"item": item, "reason": "缺"} for item in items], "due": due}
    key = str(uid(f"correction {items}"))
    answer = await world.ask("wang", "PUT", f"/v1/corrections/{key}", given)
    assert answer.status_code == 201, answer.text
    return key


async def test_a_correction_ends_although_its_entries_went_with_another_record(sqlite_world: World) -> None:
    world = sqlite_world
    async with phone_and_gate(world) as (_, page):
        visit = await left(world, page)
        first, second = await returned(world, visit, "id_shown"), await returned(world, visit, "met_customer")
        answers = """
            await app.agenda.pull()
            const [visit, first, second] = given
            await app.records.addEntries(visit, [{ what: 'id_shown' }, { what: 'met_customer' }])
            await app.records.seal(visit, { correction: first }) // with what answers the other one
            await app.records.seal(visit, { correction: second })
            await app.records.seal(visit, { correction: second }) // tapped twice
            await app.outbox.kick()
            return (await app.database.get('visits', visit)).corrections
        """
        assert await run(page, answers, [visit, first, second]) == []
        view = (await world.ask("wang", "GET", f"/v1/visits/{visit}")).json()
        assert view["state"] == "to_review"
        assert len(view["records"]) == 4


async def test_answers_to_a_correction_that_was_withdrawn_are_sent(sqlite_world: World) -> None:
    world = sqlite_world
    async with phone_and_gate(world) as (_, page):
        visit = await left(world, page)
        asked = await returned(world, visit, "id_shown")
        answer = "await app.records.addEntries(given, [{ what: 'id_shown' }]); "
        await run(page, PULL + answer + "await app.outbox.kick()", visit)
        seen = (await world.ask("wang", "GET", f"/v1/visits/{visit}")).json()
        # they are handed in together, by the technician
        assert (seen["state"], len(seen["records"])) == ("returned", 2)
        assert (await world.ask("wang", "DELETE", f"/v1/corrections/{asked}")).status_code == 204
        await run(page, "await app.outbox.kick(); await app.outbox.kick()")
        seen = (await world.ask("wang", "GET", f"/v1/visits/{visit}")).json()
        assert "id_shown" in [entry["what"] for entry in seen["entries"]]


def minutes_off(hours: int) -> int:
    """So many hours, or as many as leave the day as it is: tasks of another day are elsewhere on the screen."""
    now = datetime.now(UTC).astimezone(timezone(timedelta(hours=8)))
    minute = now.hour * 60 + now.minute
    return min(max(hours * 60, -minute), 24 * 60 - 10 - minute)


@pytest.mark.parametrize("hours", [-3, 3])
async def test_a_phone_whose_clock_is_off_knows_what_is_completed(sqlite_world: World, hours: int) -> None:
    world = sqlite_world
    visit = str(await plan_today(world))
    async with open_phone(world) as app:
        await app.context.add_init_script(WRONG_CLOCK.replace("MINUTES", str(minutes_off(hours))))
        await app.open(f"visits/{visit}")
        await app.page.locator(".stage").first.wait_for()
        await app.page.evaluate(CLEARED_AND_LEFT, visit)
        await app.synced()
        await returned(world, visit, "site_cleared")
        await app.synced()
        await app.open()
        await app.page.locator(".asked").first.tap()
        await app.main("交回")
        await app.page.get_by_role("alert").get_by_text("还没有补任何一项").wait_for()
        await app.tap("现场已清理")
        await app.take_photo(app.page.get_by_role("button", name="拍照").tap())
        await app.page.locator(".picture").wait_for()
        await app.main("记下")
        await app.page.get_by_text("已补", exact=True).wait_for()
        await app.main("交回")
        await app.page.locator(".visits").wait_for()
        await app.synced()
        seen = (await world.ask("wang", "GET", f"/v1/visits/{visit}")).json()
        assert seen["state"] == "to_review"


async def test_what_another_person_wrote_is_removed_only_after_a_second_question(sqlite_world: World) -> None:
    visit = str(await plan_today(sqlite_world))
    async with open_phone(sqlite_world) as app:
        await app.open(f"visits/{visit}")
        await app.page.locator(".stage").first.wait_for()
        await app.context.set_offline(True)
        await app.page.evaluate(WRITTEN_BY_SUN, visit)
        await app.context.set_offline(False)
        await app.page.evaluate("location.hash = '#/outbox'")
        await app.page.get_by_text("sun 记的，不会以您的名义上传").first.wait_for()
        for left in (1, 0):  # the photo goes with its record
            await remove(app)
            await app.page.wait_for_function(
                "left => document.querySelectorAll('.notice.bad').length === left", arg=left
            )
        await app.page.get_by_text("都上传了").wait_for()
        assert await app.page.evaluate(LEFT) == [0, 0, 0]


async def remove(app: PhoneApp) -> None:
    """Remove the first thing that is not sent."""
    await app.tap("从手机里去掉")
    await app.page.get_by_role("dialog").get_by_role("button", name="去掉", exact=True).tap()


WRITTEN_BY_SUN = """async visit => {
    const base = document.querySelector('script[type=module]').src.replace(/app\\/main.js$/, '');
    const { addEntries, explain, seal } = await import(base + 'data/records.js');
    const { takeIn } = await import(base + 'data/photos.js');
    const { all, put } = await import(base + 'data/database.js');
    const canvas = new OffscreenCanvas(64, 64);
    canvas.getContext('2d').fillRect(0, 0, 32, 32);
    const own = await takeIn(await canvas.convertToBlob({ type: 'image/jpeg' }));
    const evidence = [{ kind: 'photo', sha256: own.sha256 }];
    await addEntries(visit, [{ what: 'meter_damage_photo', evidence }], { files: [own] });
    await explain(visit, 'missing.id_shown', '门口说过了');
    await seal(visit);
    for (const queue of ['records', 'explanations', 'files']) {
        for (const one of await all(queue)) await put(queue, { ...one, person: 'sun' });
    }
}"""
LEFT = """async () => {
    const base = document.querySelector('script[type=module]').src.replace(/app\\/main.js$/, '');
    const { all } = await import(base + 'data/database.js');
    return Promise.all(['records', 'explanations', 'files'].map(async name => (await all(name)).length));
}"""
WRONG_CLOCK = """const off = MINUTES * 60_000;
const Real = Date;
globalThis.Date = class extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now() + off); }
    static now() { return Real.now() + off; }
};"""
CLEARED_AND_LEFT = """async visit => {
    const base = document.querySelector('script[type=module]').src.replace(/app\\/main.js$/, '');
    const { addEntries, seal } = await import(base + 'data/records.js');
    await addEntries(visit, [{ what: 'arrived' }, { what: 'site_cleared' }, { what: 'left' }]);
    await seal(visit);
}"""
