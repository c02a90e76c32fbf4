"""A dispatcher at the desk in a real browser: the board refreshes itself, and forms lead to what is wrong."""

from tests.support.api_client import VISIT, World
from tests.support.chromium import open_page, serve_world
from tests.support.desk import signed_in
from tests.support.desk_chromium import LONG, TABLET, checked, open_session
from tests.support.factories import a_plan, uid
from tests.support.fake_gateway import stand

DAY = "/desk/today?date=2026-03-02"


def at(start: str, end: str) -> dict[str, str]:
    return {"from": f"2026-03-02T{start}:00+08:00", "to": f"2026-03-02T{end}:00+08:00"}


async def test_the_board_refreshes_itself_where_it_was_scrolled_and_leaves_forms_alone(sqlite_world: World) -> None:
    stand(sqlite_world.ctx, "07:00")
    for number, hour in enumerate(range(8, 20)):
        window = at(f"{hour:02}:00", f"{hour + 1:02}:00")
        await sqlite_world.ask("zhao", "PUT", f"/v1/visits/{uid(str(number))}", a_plan(window=window))
    zhao = await signed_in(sqlite_world, "zhao")
    async with serve_world(sqlite_world) as base, open_page(scripts=True, size=TABLET) as page:
        await open_session(page, base, zhao)
        await page.clock.install()
        await page.goto(base + DAY)
        board = page.locator(".board .scroll")
        await board.evaluate("one => { one.scrollLeft = 300 }")
        await page.locator("#date").fill("2026-03-09")
        late = a_plan(window=at("19:30", "20:30"), customer={"name": "新来的客户"})
        assert (await sqlite_world.ask("zhao", "PUT", f"/v1/visits/{uid('late')}", late)).status_code == 201
        await page.clock.run_for(61_000)
        await page.locator(".block", has_text="新来的客户").wait_for()
        assert await board.evaluate("one => one.scrollLeft") == 300
        assert await page.locator("#date").input_value() == "2026-03-09"
        assert await page.evaluate("() => document.activeElement.id") == "date"


async def test_what_was_typed_into_a_second_form_is_there_after_the_first_was_refused_and_sent(
    sqlite_world: World,
) -> None:
    stand(sqlite_world.ctx, "07:00")
    await sqlite_world.plan()
    zhao = await signed_in(sqlite_world, "zhao")
    async with serve_world(sqlite_world) as base, open_page(scripts=True, size=TABLET) as page:
        await open_session(page, base, zhao)
        await page.goto(f"{base}/desk/visits/{VISIT}/plan")
        details, move = page.locator("#details-form"), page.locator("#move-form")
        await details.locator("[name=phone]").fill("13911112222")
        await details.locator("[name=reason]").fill("电话写错")
        await move.locator("[name=from]").fill("14:00")
        await move.locator("[name=to]").fill("13:00")
        await move.locator("[name=reason]").fill("客户下午才在家")
        await move.get_by_role("button").click()
        await page.get_by_role("link", name="结束须晚于开始").wait_for()
        assert await details.locator("[name=phone]").input_value() == "13911112222"
        await move.locator("[name=to]").fill("15:00")
        await move.get_by_role("button").click()
        await page.get_by_text("时间已改").wait_for()
        assert await move.locator("[name=reason]").input_value() == ""
        assert await details.locator("[name=phone]").input_value() == "13911112222"
        assert await details.locator("[name=reason]").input_value() == "电话写错"
        await details.get_by_role("button").click()
        await page.get_by_text("资料已更正").wait_for()
        assert await details.locator("[name=reason]").input_value() == ""
    visit = (await sqlite_world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()
    assert (visit["customer"]["phone"], visit["window"]["from"][11:16]) == ("13911112222", "14:00")


async def test_a_summary_leads_to_the_field_without_scripts(sqlite_world: World) -> None:
    zhao = await signed_in(sqlite_world, "zhao")
    async with serve_world(sqlite_world) as base, open_page(scripts=False, size=TABLET) as page:
        await open_session(page, base, zhao)
        await page.goto(f"{base}/desk/visits/new?date=2027-03-02&technician=li")
        await page.get_by_label("类型").select_option("repair_leak")
        await page.get_by_label("姓名").fill("陶女士")
        await page.get_by_label("工作内容").fill(" ")
        await page.get_by_role("button", name="保存").click()
        await page.get_by_role("link", name="工作内容：不能为空，请填写").click()
        assert await page.evaluate("() => document.activeElement.id") == "content"
        assert await page.get_by_label("姓名").input_value() == "陶女士"
        assert await page.get_by_label("工作内容").get_attribute("aria-describedby") == "content-wrong"


async def test_the_dispatchers_pages_are_accessible_at_twice_the_size(sqlite_world: World) -> None:
    """At their own size, `test_desk_walk` looks at every page."""
    size, scale, locale = (683, 384), 2, "zh-CN"
    stand(sqlite_world.ctx, "07:00")
    await sqlite_world.plan(customer=LONG)
    short = a_plan(window=at("09:30", "09:45"), customer=LONG)
    assert (await sqlite_world.ask("zhao", "PUT", f"/v1/visits/{uid('w')}", short)).status_code == 201
    zhao = await signed_in(sqlite_world, "zhao")
    async with (
        serve_world(sqlite_world) as base,
        open_page(scripts=True, size=size, scale=scale, locale=locale) as page,
    ):
        await open_session(page, base, zhao)
        for name, path in (
            ("today", DAY),
            ("empty", "/desk/today?date=2026-03-09"),
            ("new", "/desk/visits/new"),
            ("change", f"/desk/visits/{VISIT}/plan"),
            ("import", "/desk/imports"),
            ("notices", "/desk/notices?date=2026-03-02"),
            ("search", "/desk/search?q=欧阳"),
        ):
            await page.goto(base + path)
            await checked(page, f"dispatch-{name}-{size[0]}-{locale}")
        await page.goto(f"{base}/desk/visits/new")
        await page.evaluate("() => document.querySelectorAll('form').forEach(one => { one.noValidate = true })")
        await page.locator("main form button").last.click()
        await page.locator(".trouble").wait_for()
        await checked(page, f"dispatch-errors-{size[0]}-{locale}")
