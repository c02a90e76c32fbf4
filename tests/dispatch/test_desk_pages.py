"""The dispatcher's desk: the day board, the search, and the forms to plan and change visits."""

import html
import re
from datetime import datetime, timedelta

import httpx
import pytest

from service.accounts import labels
from service.dispatch import board
from service.dispatch.board import BoardVisit, Cell, hours_of
from service.judge.visit import Window
from service.visits.plan import Customer, Plan, Work
from tests.support.api_client import VISIT, World
from tests.support.desk import DeskBrowser, field_of, signed_in, text_of
from tests.support.factories import a_plan, uid
from tests.support.fake_gateway import stand

DAY = "/desk/today?date=2026-03-02"


@pytest.fixture
async def zhao(world: World) -> DeskBrowser:
    return await signed_in(world, "zhao")


def planned(start: str, end: str, name: str = "v") -> BoardVisit:
    """A visit of 2 March 2026 from and until a time."""
    day = datetime.fromisoformat("2026-03-02T00:00:00+08:00")

    def at(text: str) -> datetime:
        hour, _, minute = text.partition(":")
        return day + timedelta(hours=int(hour), minutes=int(minute))

    plan = Plan(type="repair_leak", technician="li", customer=Customer(name), work=Work("检修"))
    window = Window(at(start), at(end))
    return BoardVisit(
        id=uid(name), type=plan.type, window=window, technician="li", area="", plan=plan, state="planned", flags=()
    )


DATE = datetime.fromisoformat("2026-03-02").date()


def lanes(*visits: BoardVisit) -> list[list[int | str]]:
    """The lanes of a board: widths of free cells, and the names and widths of visits."""
    found = board.board_rows(
        board.DayBoard(day=DATE, visits=visits, technicians=(), areas=(), types={}, incomplete=False),
        visits,
        hours_of(DATE, visits),
    )

    def shown(cell: Cell) -> int | str:
        return f"{cell.visit.plan.customer.name}{cell.columns}" if cell.visit else cell.columns

    return [[shown(cell) for cell in lane] for row in found for lane in row.lanes]


def test_a_visit_is_as_wide_as_it_is_long_and_free_time_is_divided_at_full_hours():
    assert lanes(planned("8:20", "9:35", "a")) == [[1, "a6", 1, 4, 4, 4, 4, 4, 4, 4, 4]]


def test_visits_that_overlap_are_in_lanes_of_their_own():
    both = lanes(planned("9:00", "10:00", "a"), planned("9:30", "11:00", "b"), planned("10:00", "11:00", "c"))
    assert [[cell for cell in lane if isinstance(cell, str)] for lane in both] == [["a4", "c4"], ["b6"]]
    assert all(sum(cell if isinstance(cell, int) else int(cell[1:]) for cell in lane) == 40 for lane in both)


def test_the_board_shows_more_hours_for_early_late_and_endless_visits():
    assert hours_of(DATE, [planned("9:00", "10:00")]) == range(8, 18)
    assert hours_of(DATE, [planned("6:30", "7:00"), planned("20:00", "20:00")]) == range(6, 21)
    assert hours_of(DATE, [planned("22:00", "30:00")]) == range(8, 24)
    assert lanes(planned("17:00", "17:00", "a")) == [[*[4] * 9, "a2", 2]]


async def test_the_day_shows_each_visit_on_the_board_and_in_the_list(zhao: DeskBrowser, world: World):
    await world.plan()
    page = await zhao.get(DAY)
    assert page.status_code == 200
    assert page.text.count(f'href="/desk/visits/{VISIT}"') == 2
    for part in ("2026年3月2日 星期一", "全部 1", "检修漏水", "09:00–10:00", "已计划"):
        assert part in text_of(page), part
    for login in ("李", "孙"):
        assert re.search(rf'<th scope="rowgroup"[^>]*><div><span title="{login}">{login}</span>', page.text)
    other = await zhao.get("/desk/today?date=2026-03-03")
    assert "这一天没有上门" in other.text
    assert "date=2026-03-02" in other.text


async def test_flags_filter_the_day(zhao: DeskBrowser, world: World):
    world.ctx.clock = lambda: int(datetime.fromisoformat("2026-03-01T09:00:00+08:00").timestamp() * 1000)
    zhao = await signed_in(world, "zhao")
    await world.plan()
    page = await zhao.get(DAY)
    assert "待通知 1" in text_of(page)
    assert "检修漏水" in (await zhao.get(f"{DAY}&flag=notice_due")).text
    none = await zhao.get(f"{DAY}&flag=absent")
    assert ("检修漏水" in none.text, "这一天没有这样的上门" in none.text) == (False, True)


async def test_everybody_sees_only_the_visits_they_may(world: World):
    await world.plan(customer={"name": "城东客户"})
    await world.ask("qian", "PUT", f"/v1/visits/{uid('w')}", a_plan(area="城西", customer={"name": "城西客户"}))
    for login, seen in (("zhao", "东"), ("wang", "东"), ("li", "东西"), ("qian", "西"), ("sun", "")):
        page = await (await signed_in(world, login)).get(DAY)
        assert page.status_code == 200, login
        for side in "东西":
            assert (f"城{side}客户" in page.text) == (side in seen), (login, side)
    admin = await (await signed_in(world, "admin")).get(DAY)
    assert (admin.status_code, "您没有权限做这件事" in admin.text) == (403, True)
    foreign = await (await signed_in(world, "zhao")).get(f"{DAY}&area=城西")
    assert foreign.status_code == 403


@pytest.mark.parametrize("wrong", ["2026-13-01", "morgen", "0001-01-01", "9999-12-31"])
async def test_a_day_that_cannot_be_read_is_named_on_the_page(zhao: DeskBrowser, wrong: str):
    page = await zhao.get(f"/desk/today?date={wrong}")
    assert (page.status_code, "日期请写成" in page.text) == (400, True)


async def test_the_search_finds_a_visit_by_a_part_of_its_customer(zhao: DeskBrowser, world: World):
    await world.plan()
    page = await zhao.get("/desk/search?q=虚构路")
    assert f"/desk/visits/{VISIT}" in page.text
    assert field_of(page, "q") == "虚构路"
    for part in ("找到 1 次上门", "李", "城东", "已计划", "找到的地方： 地址"):
        assert part in text_of(page), part
    assert "找到的地方： 户号 1001" in text_of(await zhao.get("/desk/search?q=1001"))
    assert "没有找到" in (await zhao.get("/desk/search?q=无此人")).text
    assert "在页面顶上写" in (await zhao.get("/desk/search")).text
    assert (await zhao.get("/desk/search?q=x&after=!")).status_code == 400


FIELDS = {
    "date": "2027-03-02",
    "from": "09:00",
    "to": "10:00",
    "type": "repair_leak",
    "technician": "li",
    "crew:sun": "on",
    "name": "陶女士",
    "phone": "13800000000",
    "address": "虚构路 1 号",
    "account": "",
    "content": "检修漏水",
    "place": "厨房",
    "external_ref": "GD-1",
}


async def test_a_visit_is_planned_by_the_form_once(zhao: DeskBrowser, world: World):
    page = await zhao.get("/desk/visits/new?date=2027-03-02&technician=sun")
    assert field_of(page, "date") == "2027-03-02"
    assert '<option value="sun" selected>孙</option>' in page.text
    fields = {**FIELDS, "id": field_of(page, "id")}
    for _ in range(2):
        done = await zhao.post("/desk/visits/new", fields)
        assert (done.status_code, done.headers.get("location")) == (303, f"/desk/visits/{fields['id']}/plan"), done.text
    visit = (await world.ask("zhao", "GET", f"/v1/visits/{fields['id']}")).json()
    assert visit["window"] == {"from": "2027-03-02T09:00:00+08:00", "to": "2027-03-02T10:00:00+08:00"}
    assert (visit["technician"], visit["crew"], visit["external_ref"]) == ("li", ["sun"], "GD-1")
    assert "上门已建好" in (await zhao.get("/desk/today")).text


async def test_what_looks_wrong_is_shown_before_the_visit_is_saved(zhao: DeskBrowser, world: World):
    fields = {**FIELDS, "id": str(uid("new")), "phone": "abc"}
    page = await zhao.post("/desk/visits/new", fields)
    assert page.status_code == 409
    assert "没有能拨通的电话号码" in page.text
    assert field_of(page, "phone") == "abc"
    assert (await world.ask("zhao", "GET", f"/v1/visits/{fields['id']}")).status_code == 404
    confirmed = {"confirmed": field_of(page, "confirmed")}
    assert (await zhao.post("/desk/visits/new", {**fields, **confirmed, "phone": "def"})).status_code == 409
    assert (await zhao.post("/desk/visits/new", {**fields, **confirmed})).status_code == 303


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"to": "08:00"}, "结束：结束须晚于开始"),
        ({"from": ""}, "开始：不能为空，请填写"),
        ({"from": "früh"}, "开始：请写成 09:00"),
        ({"date": "morgen"}, "日期：请写成 2026-03-02"),
        ({"from": "", "to": ""}, "开始：请填写开始和结束，或写明为什么不用预约"),
        ({"technician": "wang"}, "技术员：没有这个技术员"),
        ({"type": "nothing"}, "类型：没有这种任务类型"),
        ({"name": " "}, "姓名：不能为空"),
        ({"content": ""}, "工作内容：不能为空"),
        ({"phone": "1" * 999}, "电话：太长，最多 100 个字"),
    ],
)
async def test_the_form_names_the_field_that_is_wrong_and_keeps_what_was_typed(
    zhao: DeskBrowser, fields: dict[str, str], words: str
):
    page = await zhao.post("/desk/visits/new", {**FIELDS, "id": str(uid("new")), **fields})
    assert page.status_code in (404, 422)
    assert words in html.unescape(page.text)
    assert field_of(page, "address") == "虚构路 1 号"
    field = next(name for name, label in labels.FIELDS.items() if label.zh == words.partition("：")[0])
    assert f'<a href="#{field}">{words}' in html.unescape(page.text)
    assert re.search(
        rf'<(input|select) id="{field}"[^>]* aria-invalid="true" aria-describedby="[^"]*{field}-wrong\b', page.text
    )
    assert f'<p class="wrong" id="{field}-wrong">{words.partition("：")[2]}' in html.unescape(page.text)


async def test_only_dispatchers_plan_and_nobody_changes_visits_of_other_areas(world: World):
    await world.plan()
    wang, qian, li = [await signed_in(world, login) for login in ("wang", "qian", "li")]
    assert (await wang.get("/desk/visits/new")).status_code == 403
    assert (await wang.post("/desk/visits/new", {**FIELDS, "id": str(uid("new"))})).status_code == 403
    assert (await wang.get(f"/desk/visits/{VISIT}/plan")).status_code == 200
    for other, status in ((qian, 404), (li, 403)):
        assert (await other.get(f"/desk/visits/{VISIT}/plan")).status_code == status
        fields = {"revision": "0", "reason": "x", "sure": "yes"}
        assert (await other.post(f"/desk/visits/{VISIT}/cancel", fields)).status_code == status
    assert (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()["state"] == "planned"


async def change(browser: DeskBrowser, action: str, revision: str, **fields: str):
    return await browser.post(f"/desk/visits/{VISIT}/{action}", {"revision": revision, **fields})


async def test_a_visit_is_moved_handed_over_corrected_and_cancelled(zhao: DeskBrowser, world: World):
    await world.plan()
    times = {"date": "2027-03-02", "from": "14:00", "to": "15:00"}
    assert (await change(zhao, "move", "0", **times, reason="客户下午才在家")).status_code == 303
    assert (await change(zhao, "handover", "1", technician="sun")).status_code == 303
    page = await zhao.get(f"/desk/visits/{VISIT}/plan")
    assert (field_of(page, "date"), field_of(page, "from"), field_of(page, "revision")) == ("2027-03-02", "14:00", "2")
    details = {"name": "陶女士", "phone": "13900000000", "content": "换阀门"}
    assert (await change(zhao, "details", "2", **details, reason="电话写错")).status_code == 303
    unsure = await change(zhao, "cancel", "3", reason="客户退单")
    assert (unsure.status_code, "请先勾选" in unsure.text) == (422, True)
    assert (await change(zhao, "cancel", "3", reason="客户退单", sure="yes")).status_code == 303
    visit = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()
    assert visit["window"]["from"] == "2027-03-02T14:00:00+08:00"
    assert (visit["technician"], visit["customer"]["phone"]) == ("sun", "13900000000")
    assert visit["work"]["content"] == "换阀门"
    assert visit["cancelled"]["reason"] == "客户退单"
    assert "这次上门已取消，不能再改" in (await zhao.get(f"/desk/visits/{VISIT}/plan")).text


async def test_the_second_of_two_changes_is_told_and_keeps_what_was_typed(zhao: DeskBrowser, world: World):
    await world.plan()
    times = {"date": "2027-03-02", "from": "14:00", "to": "15:00"}
    assert (await change(zhao, "move", "0", **times, reason="一")).status_code == 303
    page = await change(zhao, "move", "0", **{**times, "from": "14:30"}, reason="二")
    assert (page.status_code, "别人刚改过这个任务" in page.text) == (412, True)
    assert (field_of(page, "from"), field_of(page, "reason"), field_of(page, "revision")) == ("14:30", "二", "1")


async def test_a_double_booking_is_shown_before_the_visit_is_moved(zhao: DeskBrowser, world: World):
    await world.plan()
    other = a_plan(window={"from": "2027-03-02T14:00:00+08:00", "to": "2027-03-02T15:00:00+08:00"})
    await world.ask("zhao", "PUT", f"/v1/visits/{uid('w')}", other)
    times = {"date": "2027-03-02", "from": "14:30", "to": "15:30", "reason": "改"}
    page = await change(zhao, "move", "0", **times)
    assert (page.status_code, "已有另一次上门" in page.text) == (409, True)
    assert f'<a href="/desk/visits/{uid("w")}" target="_blank">看那次上门' in page.text
    assert (await change(zhao, "move", "0", **times, confirmed=field_of(page, "confirmed"))).status_code == 303


async def test_a_warning_leads_to_the_other_visit_but_not_to_one_of_another_area(zhao: DeskBrowser, world: World):
    same = {"window": {"from": "2027-03-02T09:00:00+08:00", "to": "2027-03-02T10:00:00+08:00"}, "external_ref": "GD-1"}
    assert (await world.ask("zhao", "PUT", f"/v1/visits/{uid('w')}", a_plan(**same))).status_code == 201
    page = await zhao.post("/desk/visits/new", {**FIELDS, "id": str(uid("new"))})
    assert page.status_code == 409
    assert page.text.count(f'href="/desk/visits/{uid("w")}"') == 2  # the time, and the work order number
    west = a_plan(**same | {"external_ref": "GD-2"}, area="城西", technician="sun")
    assert (await world.ask("qian", "PUT", f"/v1/visits/{uid('x')}", west)).status_code == 201
    page = await zhao.post("/desk/visits/new", {**FIELDS, "id": str(uid("new")), "external_ref": "GD-2"})
    assert "已有另一次上门" in page.text
    assert str(uid("x")) not in page.text


@pytest.mark.parametrize(
    ("action", "fields", "words"),
    [
        ("move", {"date": "2027-03-02", "from": "", "to": "", "reason": "x"}, "不能为空"),
        ("move", {"date": "2027-03-02", "from": "09:00", "to": "10:00"}, "理由：不能为空"),
        ("handover", {"technician": "nobody"}, "技术员：没有这个技术员"),
        ("details", {"name": "", "content": "x", "reason": "x"}, "姓名：不能为空"),
        ("cancel", {"reason": " ", "sure": "yes"}, "理由：不能为空"),
    ],
)
async def test_a_change_names_the_field_that_is_wrong(
    zhao: DeskBrowser, world: World, action: str, fields: dict[str, str], words: str
):
    await world.plan()
    page = await change(zhao, action, "0", **fields)
    assert page.status_code in (404, 422)
    assert words in html.unescape(page.text)
    (field,) = re.findall(r'aria-invalid="true" aria-describedby="(\w+)-wrong"', page.text)[-1:]
    assert f'id="{field}"' in page.text
    assert (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()["revision"] == 0


TABLE = (
    "工单号,类型,开始,结束,技术员,姓名,电话,工作内容\n"
    "GD-1,维修（漏水）,2027-03-02 下午3点半,17:00,li,陶女士,13800000000,检修漏水\n"
    "GD-2,维修（漏水）,2027-03-02 09:00,10:00,nobody,陈先生,13800000001,检修漏水\n"
)


async def test_the_template_is_imported_as_it_was_downloaded_and_its_example_left_out(zhao: DeskBrowser):
    template = await zhao.get("/desk/imports/template")
    assert len(template.text.splitlines()) == 2
    page = await upload(zhao, template.content)
    assert page.status_code == 200
    assert "表格里还没有要导入的行" in page.text
    row = "GD-1,维修（漏水）,2027-03-02 15:00,2027-03-02 16:00,li,,,陶女士,,,,检修,\r\n"
    page = await upload(zhao, template.content + row.encode())
    assert ("将新建 1" in text_of(page), "不能导入 0" in text_of(page)) == (True, True)


async def test_a_row_of_another_area_says_who_imports_it(zhao: DeskBrowser):
    table = (
        "工单号,类型,开始,结束,技术员,片区,姓名,工作内容\nGD-1,维修（漏水）,2027-03-02 15:00,16:00,li,城西,陶,检修\n"
    )
    assert "片区：这一行不在您的片区，请由负责那个片区的调度导入" in text_of(await upload(zhao, table.encode()))


async def upload(browser: DeskBrowser, raw: bytes, **fields: str) -> httpx.Response:
    """Post the form with a file."""
    given = {"csrf": browser.cookies["__Host-doorstep-csrf"], **fields}
    parts = "".join(f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in given.items())
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'
    body = parts.encode() + head.encode() + raw + b"\r\n--x--\r\n"
    return await browser.ask("POST", "/desk/imports", body, content_type="multipart/form-data; boundary=x")


async def test_a_table_is_shown_as_it_was_read_and_then_imported(zhao: DeskBrowser, world: World):
    template = await zhao.get("/desk/imports/template")
    assert template.text.startswith("\ufeff工单号,类型,开始")
    page = await upload(zhao, TABLE.encode())
    assert page.status_code == 200, page.text
    for part in ("还没有保存", "2027-03-02 15:30–17:00", "技术员：没有这个技术员", "将新建 1", "不能导入 1"):
        assert part in text_of(page), part
    assert (await world.ask("zhao", "GET", "/v1/visits?q=GD-1")).json()["items"] == []
    done = await zhao.post("/desk/imports/rows", {"table": field_of(page, "table")})
    assert done.status_code == 303
    result = text_of(await zhao.get(done.headers["location"]))
    for part in ("导入完成", "已新建 1", "不能导入 1", "没有导入的行：3", "看 2027-03-02"):
        assert part in result, part
    found = (await world.ask("zhao", "GET", "/v1/visits?q=GD-1")).json()["items"]
    assert [one["window"]["from"] for one in found] == ["2027-03-02T15:30:00+08:00"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "请选一个表格文件"),
        (b"a,b\n1,2\n", "缺少的列"),
        (b"x" * (3 * 2**20), "表格文件：文件太大，最多 2 MB"),
        (b"PK", "表格文件：不是可读的表格文件"),
    ],
)
async def test_a_file_that_is_no_table_is_refused_in_words(zhao: DeskBrowser, raw: bytes, words: str):
    page = await upload(zhao, raw)
    assert (page.status_code, words in page.text) == (422, True)


async def test_an_upload_needs_the_token_and_the_right_to_plan(zhao: DeskBrowser, world: World):
    assert (await upload(zhao, TABLE.encode(), csrf="guessed")).status_code == 403
    wang = await signed_in(world, "wang")
    assert (await wang.get("/desk/imports")).status_code == 403
    assert (await upload(wang, TABLE.encode())).status_code == 403


async def notified(world: World, browser: DeskBrowser) -> list[str]:
    """What the page of a plan says about informing the customer, and the states of the messages that were sent."""
    page = await browser.get(f"/desk/visits/{VISIT}/plan")
    told = re.findall(r"通知客户</span> ([^<]*?)\n?</p>|通知客户</span> ([^<]*)<span", page.text)
    sent = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}/notice")).json()["sent"]
    return ["".join(one).strip() for one in told] + [notice["state"] for notice in sent]


async def test_after_each_step_the_page_says_whether_the_customer_knows_and_informs_them_with_one_click(world: World):
    stand(world.ctx, "07:00")
    zhao = await signed_in(world, "zhao")
    await world.plan()
    assert await notified(world, zhao) == ["客户还不知道这个时间，请发通知。"]
    done = await zhao.post(f"/desk/visits/{VISIT}/notice", {})
    assert (done.status_code, done.headers.get("location")) == (303, f"/desk/visits/{VISIT}/plan"), done.text
    assert "通知已提交发送" in (await zhao.get("/desk/today")).text
    assert await notified(world, zhao) == ["通知正在发给 13800000000（3月2日 07:00 提交）。", "waiting"]
    again = await zhao.post(f"/desk/visits/{VISIT}/notice", {})
    assert (again.status_code, 'class="trouble"' in again.text) == (409, True)
    times = {"date": "2026-03-02", "from": "14:00", "to": "15:00"}
    moved = await change(zhao, "move", "0", **times, reason="客户下午才在家")
    assert moved.headers.get("location") == f"/desk/visits/{VISIT}/plan"
    assert await notified(world, zhao) == ["客户还不知道这个时间，请发通知。", "withdrawn"]
    await change(zhao, "cancel", "1", reason="客户退单", sure="yes")
    assert (await notified(world, zhao))[0] == "没有给客户发过通知，不用另外告诉客户。"


async def test_nobody_without_the_right_informs_a_customer(world: World):
    stand(world.ctx, "07:00")
    await world.plan()
    for login, status in (("li", 403), ("qian", 404)):
        done = await (await signed_in(world, login)).post(f"/desk/visits/{VISIT}/notice", {})
        assert done.status_code == status, login
    assert (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}/notice")).json()["sent"] == []


async def test_from_a_visit_the_next_one_of_that_day_and_technician_is_planned(zhao: DeskBrowser, world: World):
    await world.plan()
    page = await zhao.get(f"/desk/visits/{VISIT}/plan")
    again = "/desk/visits/new?date=2026-03-02&technician=li"
    assert again in html.unescape(page.text)
    assert field_of(await zhao.get(again), "date") == "2026-03-02"


async def test_where_there_is_no_technician_the_form_says_who_adds_one(world: World, zhao: DeskBrowser) -> None:
    none = "还没有技术员可选"
    assert none in text_of(await (await signed_in(world, "qian")).get("/desk/visits/new"))
    assert none not in text_of(await zhao.get("/desk/visits/new"))
