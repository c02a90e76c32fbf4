"""A supervisor at the desk in a real browser: from the queue through a visit with the keyboard."""

import os
from pathlib import Path

import pytest

from tests.reviews.desk import ENTRIES, finished
from tests.support.api_client import VISIT, World, record
from tests.support.chromium import open_page, serve_world
from tests.support.desk import signed_in
from tests.support.desk_chromium import DESKTOP, TABLET, open_session
from tests.support.factories import uid

FOCUSED = "one => one === document.activeElement"
STORED = "() => Object.entries(sessionStorage).map(([name, value]) => name + value).join()"
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


@pytest.mark.parametrize("size", [DESKTOP, TABLET])
async def test_what_is_to_be_decided_comes_first_and_the_order_of_acts_is_beside_or_below(
    sqlite_world: World, size: tuple[int, int]
) -> None:
    await finished(sqlite_world)
    wang = await signed_in(sqlite_world, "wang")
    async with serve_world(sqlite_world) as base, open_page(scripts=False, size=size) as page:
        await open_session(page, base, wang)
        await page.goto(f"{base}/desk/visits/{VISIT}")
        finding = await page.locator("article.finding").first.bounding_box()
        drawing = await page.locator("svg.timeline").bounding_box()
        assert finding is not None
        assert drawing is not None
        if size == DESKTOP:
            assert max(finding["y"], drawing["y"]) < size[1] - 200
        else:
            assert finding["y"] < 0.6 * size[1] < drawing["y"]


async def test_the_first_tab_stop_leads_to_the_work_and_saving_to_the_next_heading(sqlite_world: World) -> None:
    await finished(sqlite_world)
    for n in ("b", "c"):
        assert (await sqlite_world.plan(uid(n))).status_code == 201
        entries = [{**one, "id": str(uid(one["id"] + n))} for one in ENTRIES]
        content = {**record(uid(f"r{n}"), uid(n)), "entries": entries}
        assert (await sqlite_world.submit(content, uid(f"r{n}"))).status_code == 201
    wang = await signed_in(sqlite_world, "wang")
    async with serve_world(sqlite_world) as base, open_page(scripts=True, size=DESKTOP) as page:
        await open_session(page, base, wang)
        await page.goto(f"{base}/desk/queue")
        links = page.locator("tbody tr th a")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        assert await links.nth(0).evaluate(FOCUSED)
        await page.keyboard.press("ArrowDown")
        assert await links.nth(1).evaluate(FOCUSED)
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/desk/visits/*")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        assert await page.locator("#finding-1").evaluate(FOCUSED)
        await page.keyboard.press("ArrowDown")
        assert await page.locator("#finding-2").evaluate(FOCUSED)
        first = page.url.partition("#")[0]
        await page.get_by_label("没有选的，需要决定的都算成立").check()
        await page.get_by_role("button", name="保存，看下一个").press("Enter")
        await page.wait_for_url("**#visit")
        assert not page.url.startswith(first)
        assert await page.locator("h1").evaluate(FOCUSED)
        await page.get_by_text("决定已保存").wait_for()


async def test_a_remark_survives_the_end_of_a_session_for_its_author_alone(sqlite_world: World) -> None:
    await finished(sqlite_world)
    wang, zhao = await signed_in(sqlite_world, "wang"), await signed_in(sqlite_world, "zhao")
    async with serve_world(sqlite_world) as base, open_page(scripts=True, size=DESKTOP) as page:
        await open_session(page, base, wang)
        await page.goto(f"{base}/desk/visits/{VISIT}")
        await page.locator("#comment").fill("写了很久")
        await page.locator(f'[name="decision:{RANG_LATE}"][value=uphold]').check()
        await page.context.clear_cookies()
        await page.get_by_role("button", name="保存", exact=True).click()
        await page.get_by_text("刚才填的没有保存").wait_for()
        assert await page.locator("[name=next]").input_value() == f"/desk/visits/{VISIT}"
        await open_session(page, base, zhao)
        await page.goto(f"{base}/desk/visits/{VISIT}")
        assert "写了很久" not in await page.content()
        await open_session(page, base, wang)
        await page.goto(f"{base}/desk/visits/{VISIT}")
        assert await page.locator("#comment").input_value() == "写了很久"
        assert await page.locator(f'[name="decision:{RANG_LATE}"][value=uphold]').is_checked()
        await page.get_by_role("button", name="保存", exact=True).click()
        await page.get_by_text("决定已保存").wait_for()
        assert await page.locator("#comment").input_value() == ""
        await page.locator("#comment").fill("还有")
        assert "还有" in await page.evaluate(STORED)
        await page.get_by_role("button", name="退出").click()
        await page.get_by_role("heading", name="登录").wait_for()
        assert await page.evaluate(STORED) == ""


async def test_choices_that_somebody_else_overtook_are_not_made_again_by_the_browser(sqlite_world: World) -> None:
    await finished(sqlite_world)
    wang = await signed_in(sqlite_world, "wang")
    async with serve_world(sqlite_world) as base, open_page(scripts=True, size=DESKTOP) as page:
        await open_session(page, base, wang)
        await page.goto(f"{base}/desk/visits/{VISIT}")
        await page.locator(f'[name="decision:{RANG_LATE}"][value=override]').check()
        await page.locator("#comment").fill("请注意")
        path = f"/v1/visits/{VISIT}/assignee"
        assert (await sqlite_world.ask("wang", "PUT", path, {"person": "wang"})).status_code == 200
        await page.get_by_role("button", name="保存", exact=True).click()
        await page.get_by_text("您刚才选的是“不计”，没有保存").wait_for()
        for _ in range(2):
            assert await page.locator('[name^="decision:"]:checked').count() == 0
            assert await page.locator("#comment").input_value() == "请注意"
            await page.goto(f"{base}/desk/visits/{VISIT}")


async def test_no_reason_is_filed_under_the_decision_of_a_colleague(sqlite_world: World) -> None:
    await finished(sqlite_world)
    wang = await signed_in(sqlite_world, "wang")
    path, mine = f"/v1/visits/{VISIT}/review", f'[name="reason:{RANG_LATE}"]'
    async with serve_world(sqlite_world) as base, open_page(scripts=True, size=DESKTOP) as page:
        await open_session(page, base, wang)
        await page.goto(f"{base}/desk/visits/{VISIT}")
        await page.locator(f'[name="decision:{RANG_LATE}"][value=override]').check()
        await page.locator(mine).fill("看过录像")
        tag = (await sqlite_world.ask("wang", "GET", path)).headers["etag"]
        content = {"findings": [{"code": RANG_LATE, "decision": "uphold"}]}
        assert (await sqlite_world.ask("wang", "PUT", path, content, if_match=tag)).status_code == 200
        await page.reload()
        assert await page.locator(mine).input_value() == ""
        await page.locator("summary", has_text="其他").click()
        await page.locator(f'[name="decision:{RANG_LATE}"][value=override]').check()
        await page.locator(mine).fill("看过录像")
        await page.locator("#comment").fill("请注意")
        comment = {"findings": [], "comment": "我也看了"}
        tag = (await sqlite_world.ask("wang", "GET", path)).headers["etag"]
        assert (await sqlite_world.ask("wang", "PUT", path, comment, if_match=tag)).status_code == 200
        await page.get_by_role("button", name="保存", exact=True).click()
        await page.get_by_text("您刚才选的是“不计”，没有保存").wait_for()
        assert "看过录像" not in await page.evaluate(STORED)
        await page.goto(f"{base}/desk/visits/{VISIT}")
        assert await page.locator(mine).input_value() == ""
        assert await page.locator("#comment").input_value() == "请注意"


async def test_a_mistake_in_a_form_is_not_found_again_as_a_draft(sqlite_world: World) -> None:
    await finished(sqlite_world)
    wang = await signed_in(sqlite_world, "wang")
    async with serve_world(sqlite_world) as base, open_page(scripts=True, size=DESKTOP) as page:
        await open_session(page, base, wang)
        await page.goto(f"{base}/desk/visits/{VISIT}")
        await page.get_by_text("退回给技术员", exact=True).click()
        await page.locator('[name="item:id_shown"]').check()
        await page.locator("#due").fill("2126-03-03T18:00")
        await page.locator("#due").evaluate("field => { field.form.noValidate = true; }")  # the service has to find it
        await page.get_by_role("button", name="退回", exact=True).click()
        await page.get_by_role("link", name="何时之前：年份须在 2001 到 2099 之间").wait_for()
        assert await page.locator('[name="item:id_shown"]').is_checked()
        await page.goto(f"{base}/desk/visits/{VISIT}")
        assert await page.locator("#due").is_hidden()
        assert not (await page.locator("#due").input_value()).startswith("2126")


async def test_a_draft_of_another_state_of_the_visit_chooses_nothing(sqlite_world: World) -> None:
    await finished(sqlite_world)
    wang = await signed_in(sqlite_world, "wang")
    async with serve_world(sqlite_world) as base, open_page(scripts=True, size=DESKTOP) as page:
        await open_session(page, base, wang)
        await page.goto(f"{base}/desk/visits/{VISIT}")
        await page.get_by_text("退回给技术员", exact=True).click()
        await page.locator('[name="item:id_shown"]').check()
        await page.reload()
        assert await page.locator('[name="item:id_shown"]').is_checked()
        path = f"/v1/visits/{VISIT}/assignee"
        assert (await sqlite_world.ask("wang", "PUT", path, {"person": "wang"})).status_code == 200
        await page.reload()
        assert not await page.locator('[name="item:id_shown"]').is_checked()
        assert await page.locator("#due").is_hidden()


async def test_a_printed_page_shows_everything_but_forms_and_says_who_printed_it(sqlite_world: World) -> None:
    await finished(sqlite_world)
    wang = await signed_in(sqlite_world, "wang")
    async with serve_world(sqlite_world) as base, open_page(scripts=False, size=DESKTOP) as page:
        await open_session(page, base, wang)
        for path in ("/desk/queue", f"/desk/visits/{VISIT}"):
            await page.goto(f"{base}{path}")
            await page.emulate_media(media="print")
            assert await page.get_by_text("王 打印于 2026年3月2日 12:00").is_visible()
            assert await page.get_by_text(f"{base}{path}").is_visible()
            for what in ("button", "input", "select", "nav", "[aria-labelledby=returned-title]"):
                assert await page.locator(f"{what}:visible").count() == 0, what
            for article in await page.locator("article").all():
                assert await article.evaluate("one => one.getBoundingClientRect().height > 20")
            for summary in await page.locator("summary").all():
                assert await summary.evaluate("one => getComputedStyle(one).listStyleType") == "none"
            folder = os.environ.get("SCREENSHOTS")
            if folder:
                await page.screenshot(path=Path(folder) / f"print-{path.split('/')[2]}.png", full_page=True)
            await page.emulate_media(media="screen")
