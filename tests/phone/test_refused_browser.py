"""What the server does not accept, on the screen: why, in the language of the screen, and how it ends."""

from typing import Any

from service.privacy import erasing
from tests.support.api_client import World
from tests.support.phone_app import PhoneApp, open_phone, plan_today
from tests.support.phone_screens import look

PARK = """async ([visit, queue, code]) => {
    const base = document.querySelector('script[type=module]').src.replace(/app\\/main.js$/, '');
    const { addEntries, seal } = await import(base + 'data/records.js');
    const { takeIn } = await import(base + 'data/photos.js');
    const { all, put } = await import(base + 'data/database.js');
    const canvas = new OffscreenCanvas(64, 64);
    canvas.getContext('2d').fillRect(0, 0, 32, 32);
    const file = await takeIn(await canvas.convertToBlob({ type: 'image/jpeg' }));
    const evidence = [{ kind: 'photo', sha256: file.sha256, taken_at: file.taken_at }];
    await addEntries(visit, [{ what: 'meter_damage_photo', evidence }], { files: [file] });
    await seal(visit);
    const problem = { status: 409, code, title: '服务器的话', at: new Date().toISOString() };
    for (const one of await all(queue)) await put(queue, { ...one, state: 'parked', problem });
}"""
LEFT = """async () => {
    const base = document.querySelector('script[type=module]').src.replace(/app\\/main.js$/, '');
    const { all } = await import(base + 'data/database.js');
    const names = ['records', 'files', 'blobs', 'entries'];
    return Object.fromEntries(await Promise.all(names.map(async name => [name, (await all(name)).length])));
}"""


async def parked(app: PhoneApp, visit: Any, queue: str, code: str) -> None:
    await app.open(f"visits/{visit}")
    await app.page.locator(".stage").first.wait_for()
    await app.context.set_offline(True)
    await app.page.evaluate(PARK, [str(visit), queue, code])
    await app.page.evaluate("location.hash = '#/outbox'")


async def test_a_refused_record_leaves_the_phone_only_after_a_second_question(sqlite_world: World) -> None:
    visit = await plan_today(sqlite_world)
    async with open_phone(sqlite_world) as app:
        await parked(app, visit, "records", "content-differs")
        await app.page.get_by_text("原因：这个编号已用于另一份内容，请找主管").wait_for()
        await look(app, "refused")
        await app.tap("从手机里去掉")
        await look(app, "discard")
        await app.tap("取消")
        assert await app.page.evaluate(LEFT) == {"records": 1, "files": 1, "blobs": 1, "entries": 1}
        await app.tap("从手机里去掉")
        await app.page.get_by_role("dialog").get_by_role("button", name="去掉", exact=True).tap()
        await app.page.locator(".notice.bad").wait_for(state="detached")
        assert await app.page.evaluate(LEFT) == {"records": 0, "files": 0, "blobs": 0, "entries": 1}


async def test_a_record_of_an_erased_visit_is_refused_for_good(sqlite_world: World) -> None:
    visit = await plan_today(sqlite_world)
    async with open_phone(sqlite_world) as app:
        await app.open(f"visits/{visit}")
        await app.page.locator(".stage").first.wait_for()
        await app.context.set_offline(True)
        await app.page.evaluate(PARK, [str(visit), "explanations", ""])
        await erasing.erase_visit(sqlite_world.ctx, visit, "admin", "客户要求")
        await app.context.set_offline(False)
        await app.page.evaluate("location.hash = '#/outbox'")
        await app.page.get_by_text("原因：这次上门的资料已按规定删除").first.wait_for()
        app.errors[:] = [one for one in app.errors if "410 (Gone)" not in one]  # the browser's own words


async def test_the_server_is_told_why_a_file_will_never_come(sqlite_world: World) -> None:
    visit = await plan_today(sqlite_world)
    async with open_phone(sqlite_world) as app:
        await parked(app, visit, "files", "no-longer-here")
        await app.page.get_by_text("原因：手机上已没有这个文件").wait_for()
        await app.tap("这张不会有了")
        await look(app, "give-up")
        await app.tap("已另拍一张")
        await app.page.get_by_text("这张照片交不了").wait_for()
        await app.context.set_offline(False)
        await app.synced()
        await app.page.get_by_role("button", name="从手机里去掉").wait_for()  # once the server knows
        (record,) = (await sqlite_world.ask("wang", "GET", f"/v1/visits/{visit}")).json()["records"]
        assert [one["reason"] for one in record["lost"]] == ["已另拍一张"]
        assert record["missing_evidence"] == []
        await app.tap("从手机里去掉")
        await app.page.get_by_role("dialog").get_by_role("button", name="去掉", exact=True).tap()
        await app.page.locator(".notice.bad").wait_for(state="detached")
        assert await app.page.evaluate(LEFT) == {"records": 1, "files": 0, "blobs": 0, "entries": 1}


async def test_a_phone_without_a_reserve_says_what_still_works(sqlite_world: World) -> None:
    async with open_phone(sqlite_world) as app:
        await app.open("settings")
        await app.page.locator("h1").first.wait_for()
        assert not await app.page.get_by_text("存不下照片").count()
        await app.page.evaluate("""async () => {
            const base = document.querySelector('script[type=module]').src.replace(/app\\/main.js$/, '');
            const { transact } = await import(base + 'data/database.js');
            await transact(['meta'], 'readwrite', tx => tx.objectStore('meta').delete('reserve'));
        }""")
        await app.page.get_by_text("存不下照片").wait_for()
        await look(app, "full")
