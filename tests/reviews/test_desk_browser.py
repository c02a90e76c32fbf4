"""A supervisor at the desk in a real browser: from the queue through a visit with the keyboard."""

from tests.reviews.desk import finished
from tests.support.api_client import VISIT, World
from tests.support.chromium import open_page, serve_world
from tests.support.desk import signed_in
from tests.support.desk_chromium import open_session

DESKTOP = (1366, 768)
RANG_LATE = "order.door_signal.before.entered"


async def test_a_supervisor_decides_with_the_keyboard_and_without_scripts(sqlite_world: World) -> None:
    await finished(sqlite_world)
    wang = await signed_in(sqlite_world, "wang")
    async with serve_world(sqlite_world) as base, open_page(scripts=False, size=DESKTOP) as page:
        await open_session(page, base, wang)
        await page.goto(f"{base}/desk/queue")
        await page.get_by_role("link", name="陶", exact=True).focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="要看的事").wait_for()
        first = page.locator(f'[name="decision:{RANG_LATE}"]').first
        await first.focus()
        await page.keyboard.press("ArrowRight")  # from "uphold" to "override"
        await page.keyboard.press("Tab")
        await page.keyboard.type("客户先开的门")
        await page.get_by_label("没有选的，需要决定的都算成立").focus()
        await page.keyboard.press("Space")
        await page.keyboard.press("Tab")
        await page.keyboard.type("已沟通")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.get_by_text("决定已保存，没有别的要看了").wait_for()
        await page.get_by_text("都看完了，没有等您的上门。辛苦了！").wait_for()
    review = (await sqlite_world.ask("wang", "GET", f"/v1/visits/{VISIT}/review")).json()
    assert review["state"] == "closed"
    decided = {one["finding"]["code"]: one["decision"] for one in review["findings"] if one["decision"]}
    assert decided.pop(RANG_LATE)["decision"] == "override"
    assert {one["decision"] for one in decided.values()} == {"uphold"}
    assert [one["text"] for one in review["comments"]] == ["已沟通"]


async def test_the_queue_refreshes_itself_unless_somebody_uses_it(sqlite_world: World) -> None:
    await finished(sqlite_world)
    wang = await signed_in(sqlite_world, "wang")
    async with serve_world(sqlite_world) as base, open_page(scripts=True, size=DESKTOP) as page:
        await open_session(page, base, wang)
        await page.clock.install()
        await page.goto(f"{base}/desk/queue")
        take = page.get_by_role("button", name="我来看：陶")
        await take.focus()
        path = f"/v1/visits/{VISIT}/assignee"
        assert (await sqlite_world.ask("wang", "PUT", path, {"person": "wang"})).status_code == 200
        await page.clock.run_for(31_000)
        await page.wait_for_timeout(300)
        assert await take.count() == 1  # nothing is taken away from under the hand
        await page.get_by_role("heading", name="待审").click()
        await page.evaluate("() => document.activeElement.blur()")
        await page.clock.run_for(31_000)
        await page.get_by_role("button", name="放开：陶").wait_for()
