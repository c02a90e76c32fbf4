"""A technician's visits through the screens of the app, in a real browser with a touch screen, without a network.

Each screen is looked at in both languages and at 200 % text; with SCREENSHOTS set to a folder, pictures are kept there.
"""

import time
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.support.api_client import World
from tests.support.customer_chromium import INKED_PIXELS
from tests.support.factories import uid
from tests.support.phone_app import PhoneApp, agree, around, draw, open_phone, plan_today
from tests.support.phone_screens import look


async def go_in(app: PhoneApp, visit: UUID, *, is_late: bool = False) -> None:
    """Up to the beginning of the work, without a network."""
    await app.open(f"visits/{visit}")
    await app.page.locator(".stage").first.wait_for()
    await app.context.set_offline(True)
    for step in ("服务证、着装", "到了", "按门铃", "见到客户", "同意我进门", "穿好鞋套", "开始作业"):
        await app.main(step)
        if step == "到了" and is_late:
            await app.tap("照实记下")
    await app.page.locator(".actions .main", has_text="作业结束").wait_for()


async def leave(app: PhoneApp) -> None:
    await app.main("以上都没有；离开")
    await app.page.locator(".verdict").wait_for()


async def test_a_plain_repair_takes_nine_taps_without_a_network(sqlite_world: World) -> None:
    world = sqlite_world
    visit = await plan_today(world)
    async with open_phone(world) as app:
        began = time.monotonic()
        await go_in(app, visit)
        await app.page.locator(".offline", has_text="7 步没有上传").wait_for()  # a step is a tap
        await app.main("作业结束")
        await leave(app)
        taps = await app.taps()
        print(f"plain repair: {taps} taps, {time.monotonic() - began:.0f} s")  # noqa: T201 - for whoever counts them
        assert taps == 9
        assert await agree(app, visit) == []
        there = await app.receipt(visit)
        arrived = next(entry for entry in there["entries"] if entry["what"] == "arrived")
        assert arrived["place"]["lat"] == pytest.approx(31.2304)
        placed = {entry["what"] for entry in there["entries"] if entry.get("place")}
        assert placed == {"arrived", "left"}


async def test_a_repair_with_a_borrowed_chair_goes_by_the_screens(sqlite_world: World) -> None:
    world = sqlite_world
    visit = await plan_today(world)
    note: dict[str, Any] = {"id": str(uid("care")), "what": "vulnerable_served", "at": around(-80), "by": "dispatcher"}
    note["fields"] = {"need": "hearing"}
    await world.ask("zhao", "POST", f"/v1/visits/{visit}/entries", {"entries": [note]})
    async with open_phone(world) as app:
        page = app.page
        await app.open()
        await page.locator(".visit").wait_for()
        await page.get_by_text("听力不好").wait_for()
        assert await page.locator("h1, h2").all_text_contents() == ["任务", "今天"]
        await look(app, "today")
        await page.locator(".over").tap()
        await page.locator(".stage").first.wait_for()
        await look(app, "visit-begins")
        await app.context.set_offline(True)
        await app.tap("出发")
        await look(app, "departure")
        await app.tap("20 分钟后")
        await page.get_by_text("约 20 分钟到（有网络时告诉客户）").wait_for()
        await page.locator(".offline", has_text="没有网络").wait_for()
        await look(app, "departed")
        began = time.monotonic()
        await go_in(app, visit)
        await app.tap("别的情况")
        await page.locator(".tiles").wait_for()
        await look(app, "more")
        await app.tap("借用东西")
        await app.tap("椅子", exact=True)
        await look(app, "raise")
        await app.main("客户同意了")
        await app.tap("别的情况")
        await app.tap("引起停水")
        await page.locator("h1", has_text="已致歉").wait_for()
        await look(app, "form")
        await app.tap("1 小时后")
        await app.main("作业结束")
        await look(app, "visit")
        await app.main("用完已清洁")
        await app.main("放回原处")
        await page.get_by_text("这次有没有").wait_for()
        await look(app, "leave")
        await app.main("以上都没有；离开")
        await page.locator(".verdict").wait_for()
        print(f"S01: {await app.taps()} taps, {time.monotonic() - began:.0f} s with looking")  # noqa: T201
        await look(app, "result")
        assert await agree(app, visit) == []
        await app.open(f"visits/{visit}")  # nobody could be told before the arrival: that is said
        await page.get_by_text("没有告诉客户：一直没有网络").wait_for()
        await look(app, "not-told")
        await app.tap("关闭")
        await page.get_by_text("没有告诉客户").wait_for(state="detached")
        assert await page.evaluate("scrollTo(0, 9999) || scrollY") is not None
        await app.open("settings")
        await page.get_by_role("heading", name="设置").wait_for()
        assert await page.evaluate("scrollY") == 0
        await app.open("outbox")
        await page.get_by_text("都上传了").wait_for()
        await page.locator("summary", has_text="服务器已收到").wait_for()
        assert await page.locator(".card .line:visible").count() == 0  # folded, by visit
        await look(app, "outbox")
        await app.open(f"visits/{visit}/door")
        await page.locator(".qr").wait_for()
        await look(app, "door")
        answer = await world.ask(None, "GET", await app.door_code(visit))
        assert answer.status_code == 200
        assert "李" in answer.text


async def meter_damaged(app: PhoneApp, visit: UUID) -> None:
    """Up to the customer's signature: a photo, the cause from the list, what the customer says to it, the cost."""
    page = app.page
    await go_in(app, visit)
    await app.tap("别的情况")
    await app.tap("水表损坏")
    await page.get_by_label("表号").fill("SH20190317")
    await page.get_by_label("现场抄码").fill("１２７４")
    await app.take_photo(page.locator(".actions .main").tap())
    await page.locator(".picture").wait_for()
    await app.main("记下")
    await app.main("分析损坏原因")
    await app.tap("表玻璃")
    await app.tap("装修碰砸")
    await look(app, "cause")
    await app.main("记下")
    await app.main("客户确认损坏原因")
    await app.tap("确认", exact=True)
    await app.tap("赔表", exact=True)
    await page.get_by_label("费用").fill("120 元（价目表第 3 条）")
    await app.main("记下")
    await page.locator(".actions .main", has_text="工作单上签字").wait_for()


async def test_a_signature_survives_a_phone_that_closes_the_page(sqlite_world: World) -> None:
    world = sqlite_world
    world.ctx.company = msgspec.structs.replace(world.ctx.company, price_list="2026 版：DN15 120 元")
    visit = await plan_today(world)
    async with open_phone(world) as app:
        await meter_damaged(app, visit)
        page = app.page
        await app.main("工作单上签字")
        await page.locator(".card", has_text="价目表").get_by_text("2026 版：DN15 120 元").wait_for()
        await page.locator(".paper").wait_for()
        for words in ("SH20190317", "1274 m³", "表玻璃", "装修碰砸", "120 元（价目表第 3 条）", "我已看过"):
            await page.locator(".paper").get_by_text(words).first.wait_for()
        await app.tap("在这里签字")  # nobody is named: the app says what that means, and lets them sign all the same
        await page.get_by_role("alert").get_by_text("还没有写签字人姓名或关系").wait_for()
        await look(app, "unnamed")
        await app.tap("在这里签字")
        await page.locator(".pad canvas").wait_for()
        await app.tap("返回")
        await page.get_by_label("签字人姓名").fill("陶立")
        await app.tap("户主", exact=True)
        await page.get_by_text("还没有写签字人姓名或关系").wait_for(state="detached")
        await look(app, "paper")
        await app.tap("转过去给客户看")
        await page.locator(".paper.turned").wait_for()
        await app.tap("在这里签字")
        await page.locator(".pad canvas").wait_for()
        await draw(app, [(0.2, 0.3), (0.2, 0.3)])
        await page.get_by_text("只有一点，看不出签名").wait_for()
        assert await page.get_by_role("button", name="签好了").is_disabled()
        await draw(app, [(0.2, 0.3), (0.4, 0.6), (0.5, 0.3)])
        await app.kill()
        page = app.page
        await page.locator(".pad canvas").wait_for()
        assert await page.evaluate(INKED_PIXELS) > 0
        await draw(app, [(0.6, 0.4), (0.8, 0.6)])
        await look(app, "pad")
        await app.tap("签好了")
        await page.locator(".actions .main", has_text="作业结束").wait_for()
        await app.main("作业结束")
        await leave(app)
        assert await agree(app, visit) == []
        there = await app.receipt(visit)
        [statement] = [one for one in there["statements"] if one["signs"] == "meter_order_signed"]
        assert (statement["signature"]["state"], statement["signature"]["allowed"]) == ("holds", True)
        assert statement["signature"]["signer"] == "陶立"


async def sign(app: PhoneApp) -> None:
    await app.tap("在这里签字")
    await app.page.locator(".pad canvas").wait_for()
    await draw(app, [(0.2, 0.3), (0.5, 0.6)])
    await app.tap("签好了")
    await app.page.locator(".pad").wait_for(state="detached")


async def test_what_is_wrong_or_lacking_is_said_before_and_after_the_customer_signs(sqlite_world: World) -> None:
    world = sqlite_world
    visit = await plan_today(world)
    async with open_phone(world) as app:
        page = app.page
        await go_in(app, visit)
        await app.tap("别的情况")
        await app.tap("水表损坏")
        await page.get_by_label("现场抄码").fill("abc")
        await page.get_by_text("“现场抄码”应为数字").wait_for()
        await app.take_photo(page.locator(".actions .main").tap())
        await page.locator(".picture").wait_for()
        await app.main("记下")
        await look(app, "value")
        await page.get_by_role("dialog").get_by_role("button", name="照实记下").tap()
        await page.get_by_role("heading", name="水表损坏", exact=True).wait_for()
        await app.main("分析损坏原因")
        await app.main("记下")
        await page.get_by_text("还差：文字").wait_for()
        await look(app, "visit-lacking")
        await page.get_by_role("link", name="分析损坏原因（写明原因）”的其他情况").tap()
        await page.get_by_role("button", name="撤回").tap()  # also what lacks something can be taken back
        await app.tap("取消")
        await look(app, "lacking")
        await app.tap("返回")
        await page.get_by_role("button", name="客户确认损坏原因").tap()
        await app.tap("确认", exact=True)
        await app.main("记下")
        await page.get_by_role("button", name="请客户在工作单上签字").tap()
        await page.get_by_text("这些还没写全").wait_for()
        await page.get_by_label("签字人姓名").fill("陶立")
        await app.tap("户主", exact=True)
        await app.tap("在这里签字")  # said once, never blocked
        await page.get_by_role("alert").get_by_text("要照这样签，再按一次").wait_for()
        await look(app, "unfinished")
        await sign(app)
        await page.get_by_role("button", name="分析损坏原因").first.tap()
        await page.get_by_role("dialog").get_by_text("客户已在「水表损坏确认单」上签字").wait_for()
        await look(app, "signed")
        await app.tap("照实记下")
        await page.get_by_label("原因说明").fill("装修工人搬砖时砸到表盖")
        await app.main("记下")
        await page.get_by_role("dialog").get_by_role("button", name="照实记下").tap()
        await page.locator(".actions .main", has_text="请客户重签").wait_for()
        await page.get_by_role("button", name="作业结束").tap()
        await app.open(f"visits/{visit}/leave")
        await page.get_by_text("还缺这些").wait_for()
        await look(app, "leave-missing")
        await app.tap("请客户重签")
        await page.get_by_label("签字人姓名").fill("陶立")
        await app.tap("户主", exact=True)
        await app.tap("在这里签字")
        await sign(app)
        await page.get_by_role("heading", name="离开前核对").wait_for()
        await page.get_by_text("应为数字").or_(page.get_by_text("超出范围")).first.wait_for()
        assert await page.get_by_role("button", name="请客户重签").count() == 0
        await app.tap("就这样离开")
        await page.locator(".verdict").wait_for()
        found = await agree(app, visit)
        assert "value.meter_damage_photo.reading" in found
        shown = await page.locator("main > .notice").evaluate_all("all => all.map(one => one.className.split(' ')[1])")
        assert shown[1:] == sorted(shown[1:], key=["bad", "warn", "info"].index)  # after what is sent, the worst first
        assert await page.get_by_text("4.3.7").count() == len([code for code in found if ".meter_" in code])
        assert not [code for code in found if code.startswith("changed_after_signature")]


SLOW_PHOTOS = """() => {
    const own = createImageBitmap, held = new Promise(done => { window.scale = done })
    window.createImageBitmap = async file => { await held; return own(file) }
}"""
RAW_PHOTO_IS_STORED = """() => new Promise(done => {
    const asked = indexedDB.open('doorstep-phone')
    asked.onsuccess = () => {
        const drafts = asked.result.transaction('drafts').objectStore('drafts').getAll()
        drafts.onsuccess = () => { asked.result.close(); done(drafts.result.some(({ value }) => value.raw)) }
    }
})"""


async def test_a_photo_survives_a_phone_that_closes_the_page_behind_the_camera(sqlite_world: World) -> None:
    world = sqlite_world
    visit = await plan_today(world, type="meter_replacement", assigned={"meter_exchanged": True})
    async with open_phone(world) as app:
        await go_in_without_repair(app, visit)
        await app.main("旧表止码")
        await app.page.locator("input").and_(app.page.get_by_label("旧表止码")).fill("1274")
        async with app.page.expect_file_chooser():
            await app.page.locator(".actions .main").tap()
        await app.kill()  # with the camera open
        page = app.page
        await page.get_by_label("旧表止码").wait_for()
        assert await page.get_by_label("旧表止码").input_value() == "1274"
        await app.open(f"visits/{visit}")
        await page.get_by_text("照片没有收到").wait_for()
        await look(app, "interrupted")
        await page.evaluate(SLOW_PHOTOS)
        await app.take_photo(page.locator(".notice .button").tap())
        await page.wait_for_function(RAW_PHOTO_IS_STORED)
        # while it is scaled, the page does not offer to record it, as it does with one that was interrupted
        assert not await page.locator("button.main", has_text="记下").count()
        await page.evaluate("() => scale()")
        await page.get_by_text("照片没有收到").wait_for(state="detached")
        await app.main("旧表止码")
        await page.locator(".picture").wait_for()
        assert await page.get_by_label("旧表止码").input_value() == "1274"
        await app.main("记下")
        await page.locator(".actions .main", has_text="作业结束").wait_for()
        await app.kill()
        await app.main("作业结束")
        await leave(app)
        assert await agree(app, visit) == []


async def go_in_without_repair(app: PhoneApp, visit: UUID) -> None:
    await app.open(f"visits/{visit}")
    await app.page.locator(".stage").first.wait_for()
    await app.context.set_offline(True)
    for step in ("服务证、着装", "到了", "按门铃", "见到客户", "同意我进门", "穿好鞋套", "开始作业"):
        await app.main(step)


async def test_whoever_will_not_sign_is_as_near_as_whoever_does(sqlite_world: World) -> None:
    world = sqlite_world
    visit = await plan_today(world)
    async with open_phone(world) as app:
        await meter_damaged(app, visit)
        page = app.page
        await app.main("工作单上签字")
        await page.locator(".equal").wait_for()
        assert not await page.get_by_text("价目表（").count()  # none is set
        assert await page.locator(".equal .button").count() == 5
        await page.get_by_text("让客户用自己的手机：现在没有网络").wait_for()  # offered when it can work
        await app.context.set_offline(False)
        await app.tap("让客户用自己的手机")
        await page.locator(".qr").wait_for()
        await look(app, "own phone")
        await app.kill()
        page = app.page
        await page.locator(".qr").wait_for()
        await app.context.set_offline(True)
        await app.tap("回到这里签字")
        await page.locator(".paper").wait_for()
        await app.tap("不肯", exact=False)
        await app.tap("等家里人决定")
        await app.take_photo(page.get_by_role("button", name="拍照").tap())
        await page.locator(".picture").wait_for()
        await page.locator(".pictures .small").tap()  # it is blurred
        await page.locator(".picture").wait_for(state="detached")
        await app.take_photo(page.get_by_role("button", name="拍照").tap())
        await page.locator(".picture").wait_for()
        await look(app, "refusal")
        await app.main("记下")
        await app.main("作业结束")
        await leave(app)
        assert await agree(app, visit) == ["open.meter_order_signed"]


async def test_a_form_is_corrected_with_what_it_had_and_what_rests_on_it_is_done_once_more(sqlite_world: World) -> None:
    world = sqlite_world
    visit = await plan_today(world)
    async with open_phone(world) as app:
        await meter_damaged(app, visit)
        page = app.page
        await page.locator(".stage", has_text="水表损坏").locator("summary").tap()
        await page.get_by_text("现场抄码：1274 m³").wait_for()
        await look(app, "recorded")
        await page.get_by_role("button", name="撤回：损坏水表照片").tap()
        await app.tap("写错了")
        await page.locator(".picture").wait_for()
        assert await page.get_by_label("表号").input_value() == "SH20190317"
        await page.get_by_label("现场抄码").fill("1275")
        await app.main("记下")
        await page.locator(".stage", has_text="水表损坏").locator("summary").tap()
        await page.get_by_text("现场抄码：1275 m³").wait_for()
        assert await page.get_by_role("link", name="照片（1）").count() == 1
        await page.get_by_role("button", name="撤回：已与客户一起分析").tap()
        await page.get_by_role("dialog").get_by_text("「客户确认损坏原因」应在").wait_for()
        await look(app, "undo-order")
        await app.tap("写错了")
        await app.main("记下")
        await page.get_by_role("dialog").get_by_text("「客户确认损坏原因」应在").wait_for()
        await app.tap("照实记下")
        await app.main("再做一次：客户确认损坏原因")
        assert await page.get_by_label("费用").input_value() == "120 元（价目表第 3 条）"
        await page.get_by_label("费用").fill("")
        await look(app, "once-more")
        await app.main("记下")
        await app.main("工作单上签字")
        await page.get_by_text("纸上还没有费用").wait_for()  # it was taken back with the cause
        await page.get_by_label("费用").fill("100 元")
        await app.tap("记下")
        await page.locator(".paper").get_by_text("100 元").wait_for()
        assert await page.get_by_text("纸上还没有费用").count() == 0
        await page.get_by_label("签字人姓名").fill("陶立")
        await app.tap("户主", exact=True)
        await sign(app)
        await app.main("作业结束")
        await leave(app)
        assert await agree(app, visit) == []


async def test_what_would_break_the_order_is_said_and_can_be_recorded_all_the_same(sqlite_world: World) -> None:
    world = sqlite_world
    visit = await plan_today(world)
    async with open_phone(world) as app:
        page = app.page
        await app.open(f"visits/{visit}")
        await app.main("服务证、着装")
        await app.main("到了")
        await app.main("按门铃")
        await page.get_by_role("button", name="穿好鞋套，进门").tap()
        await page.get_by_role("dialog").get_by_text("顺序不对").wait_for()
        await look(app, "warning")
        await app.tap("先不记")
        await app.main("见到客户")
        await page.get_by_role("link", name="“穿好鞋套，进门”的其他情况").tap()
        await app.tap("只记：已穿鞋套")
        await page.get_by_role("dialog").get_by_text("「已穿鞋套」应在「客户同意我进门」之后").wait_for()
        await app.tap("照实记下")
        await app.main("同意我进门")
        await app.main("入内")
        await app.main("开始作业")
        await page.locator("summary", has_text="门口").tap()
        await (
            page.get_by_role("button", name="撤回：入内")
            .or_(page.get_by_role("button", name="撤回：穿好鞋套，进门"))
            .first.tap()
        )
        await look(app, "undo")
        await app.tap("取消")
        await app.main("作业结束")
        await leave(app)
        assert await agree(app, visit) == ["order.shoe_covers_on.after.entry_consent"]
        await page.get_by_role("button", name="写明情况").tap()
        await page.get_by_label("写明情况").fill("下雨，客户在门口让我先穿上")
        await look(app, "explain")
        await app.tap("交给主管")
        await page.get_by_text("您写的：下雨").wait_for()
        await app.synced()
        history = (await world.ask("wang", "GET", f"/v1/visits/{visit}/history")).text
        assert "下雨，客户在门口让我先穿上" in history


async def test_nobody_at_home_hours_after_the_window(sqlite_world: World) -> None:
    world = sqlite_world
    visit = await plan_today(world, window={"from": around(-400), "to": around(-300)})
    async with open_phone(world) as app:
        page = app.page
        await app.open(f"visits/{visit}")
        await app.main("服务证、着装")
        await app.main("到了")
        await page.get_by_role("dialog").get_by_text("差得太多，按改期判断").wait_for()  # before it is recorded
        await look(app, "too-late")
        await app.tap("照实记下")
        await app.tap("别的情况")
        await app.tap("家里没人")
        await app.take_photo(page.get_by_role("button", name="拍照").tap())
        await page.locator(".picture").wait_for()
        await look(app, "nobody")
        await app.main("已敲门，没有人应")
        await app.main("离开前核对")
        await page.locator(".questions").wait_for()
        parts = await page.locator("main > *").evaluate_all("all => all.map(one => one.tagName + one.className)")
        assert parts == ["SECTIONcard", "DETAILScard folded"]  # what is to be answered, then what others complete
        await page.locator("summary", has_text="由别人补的").tap()
        moved = page.locator(".notice", has_text="改期未事先告知客户")
        await moved.get_by_text("差得太多，按改期判断").wait_for()
        await look(app, "leave-others")
        await app.main("以上都没有；离开")  # there was nobody to thank
        await page.locator(".verdict").wait_for()
        await moved.get_by_text("差得太多，按改期判断").wait_for()
        await agree(app, visit)
        there = await app.receipt(visit)
        assert there["absence"]["door_signal_at"]
        assert there["absence"]["place"]["lat"] == pytest.approx(31.2304)
        assert "absent" in there["flags"]


async def test_a_visit_of_another_day_asks_once_and_an_arrival_far_off_is_said_before(sqlite_world: World) -> None:
    world = sqlite_world
    visit = await plan_today(world, window={"from": around(24 * 60), "to": around(25 * 60)})
    async with open_phone(world) as app:
        page = app.page
        await app.open(f"visits/{visit}")
        tomorrow = datetime.fromisoformat(around(24 * 60)).astimezone(timezone(timedelta(hours=8)))  # as the phone
        await page.locator(".row", has_text=f"{tomorrow.month}月{tomorrow.day}日").wait_for()
        await app.main("服务证、着装")
        await page.get_by_role("dialog").get_by_text("这次约在").wait_for()
        await look(app, "other-day")
        await app.tap("照实记下")
        await app.main("到了")
        await page.get_by_role("dialog").get_by_text("差得太多").wait_for()
        await app.tap("照实记下")
        await app.main("按门铃")
        await page.locator(".actions .main", has_text="见到客户").wait_for()


async def test_a_returned_visit_opens_only_what_is_asked_for(sqlite_world: World) -> None:
    world = sqlite_world
    visit = await plan_today(world, window={"from": around(-400), "to": around(-300)})
    async with open_phone(world) as app:
        page = app.page
        await go_in(app, visit, is_late=True)
        await app.main("作业结束")
        await leave(app)
        await agree(app, visit)
        items = [
            {"item": "site_cleared", "reason": "请补一张清理后的照片"},
            {"item": "borrowed", "reason": "客户说借过梯子"},
            {"item": "reschedule_notified", "reason": "改期怎么告知的"},
        ]
        asked: dict[str, Any] = {"visit": str(visit), "items": items, "due": around(600)}
        answer = await world.ask("wang", "PUT", f"/v1/corrections/{uid('correction')}", asked)
        assert answer.status_code == 201, answer.text
        await app.open()
        await app.synced()
        await page.get_by_text("要您补充或回答的").wait_for()
        await look(app, "today-asked")
        await page.locator(".asked").first.tap()
        await page.get_by_text("请补一张清理后的照片").wait_for()
        await look(app, "correct")
        await app.tap("现场已清理")
        await app.take_photo(page.get_by_role("button", name="拍照").tap())
        await page.locator(".picture").wait_for()
        await app.main("记下")
        await app.main("交回")
        await page.get_by_role("alert").get_by_text("不能在手机上补").wait_for()
        await app.tap("没有", exact=True)
        await app.tap("写明情况")
        await page.get_by_label("写明情况").fill("路上堵车")
        await app.tap("交给主管")
        await page.get_by_text("您写的：路上堵车").wait_for()
        await look(app, "corrected")
        await app.main("交回")
        await page.locator(".asked", has_text="已交回").or_(page.locator(".visits")).first.wait_for()
        assert await page.get_by_text("退回补正").count() == 0
        await app.synced()
        there = await app.receipt(visit)
        assert there["state"] == "to_review"
