"""A day's plan comes as a table: each row for itself, in plain words what is wrong, and repeating is harmless."""

import io
from datetime import date, datetime, time
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
import openpyxl
import pytest

from service import errors
from service.accounts import repository as accounts_repository
from service.accounts.permissions import Person
from service.dispatch import importing, listing, tables
from service.dispatch.tabulator import TableOptions, read_table
from service.privacy import erasing
from service.staff import people
from tests.support.api_client import World, problem
from tests.support.factories import TOKENS, Town, a_plan, change_visit, encode, plan_visit

HEAD = "工单号,类型,开始,结束,技术员,片区,姓名,电话,地址,户号,工作内容,工作地点"
GOOD = "GD-1,repair_leak,2026-03-02 09:00,2026-03-02 10:00,li,城东,陶女士,13800000000,虚构路 1 号,1001,检修漏水,厨房"


@pytest.fixture(autouse=True)
def read_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read tables in this process, except for tests that use `separate_process`: it takes twice the time of a test."""

    async def run(options: str, raw: bytes) -> tuple[int, bytes]:
        return 0, msgspec.json.encode(read_table(msgspec.json.decode(options, type=TableOptions), raw))

    if "separate_process" not in request.fixturenames:
        monkeypatch.setattr(tables, "_run", run)


@pytest.fixture
def separate_process() -> None:
    """Read tables as the service does."""


def table(*rows: str, coding: str = "utf-8-sig") -> bytes:
    return "\r\n".join((HEAD, *rows)).encode(coding)


async def taken(town: Town, raw: bytes, *, dry_run: bool = False, by: str = "zhao") -> importing.ImportResult:
    return await importing.import_visits(town.ctx, TOKENS[by], raw, dry_run=dry_run)


async def count(town: Town) -> int:
    return len((await listing.list_visits(town.ctx, TOKENS["zhao"], {})).items)


async def test_a_dry_run_says_all_and_keeps_nothing(town: Town) -> None:
    found = await taken(town, table(GOOD, GOOD.replace("GD-1", "GD-2").replace(",li,", ",nobody,")), dry_run=True)
    assert [row.outcome for row in found.rows] == ["would_create", "refused"]
    assert [(fault.column, fault.zh) for fault in found.rows[1].faults] == [("技术员", "没有这个技术员")]
    assert await count(town) == 0


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-8", "gb18030"])
async def test_a_table_is_taken_once_however_often_it_comes(separate_process: None, town: Town, coding: str) -> None:
    raw = table(GOOD, GOOD.replace("GD-1", "GD-2"), coding=coding)
    first = await taken(town, raw)
    assert (first.created, first.known, first.refused) == (2, 0, 0)
    again = await taken(town, raw)
    assert (again.created, again.known, again.refused) == (0, 2, 0)
    assert [row.visit for row in again.rows] == [row.visit for row in first.rows]
    assert await count(town) == 2
    other = await taken(town, table(GOOD.replace("厨房", "阳台")))
    assert other.rows[0].outcome == "refused"


async def test_one_wrong_row_never_costs_the_others(town: Town) -> None:
    wrong = [
        GOOD.replace("GD-1", "W1").replace("repair_leak", "picnic"),
        GOOD.replace("GD-1", "W2").replace("2026-03-02 09:00", "明天"),
        GOOD.replace("GD-1", "W3").replace("陶女士", "=1+1"),
        GOOD.replace("GD-1", "W4").replace("城东", "城西"),
        GOOD,  # the same number twice in one table
    ]
    found = await taken(town, table(GOOD, *wrong))
    assert [row.outcome for row in found.rows] == ["created"] + ["refused"] * 5
    assert [row.row for row in found.rows] == [2, 3, 4, 5, 6, 7]
    assert all(row.faults and row.faults[0].zh for row in found.rows[1:])
    assert await count(town) == 1


async def test_a_sheet_of_a_workbook_is_taken_like_a_table(separate_process: None, town: Town) -> None:
    book = openpyxl.Workbook()
    for line in (HEAD, GOOD):
        book.active.append(line.split(","))
    packed = io.BytesIO()
    book.save(packed)
    assert (await taken(town, packed.getvalue())).created == 1
    book.create_chartsheet("图表", 0)
    book.save(packed := io.BytesIO())
    assert (await taken(town, packed.getvalue())).known == 1  # the first sheet that has cells
    with pytest.raises(errors.Problem):
        await taken(town, b"PK\x03\x04 no workbook")


async def test_who_may_not_plan_may_not_import(town: Town) -> None:
    for other in ("li", "wang", "admin"):
        with pytest.raises(errors.PermissionDenied):
            await taken(town, table(GOOD), by=other)
    with pytest.raises(errors.InvalidBody):
        await taken(town, "姓名,电话\r\n陶,1".encode())


async def test_a_trial_that_is_misspelt_is_not_carried_out(world: World) -> None:
    for wish in ("true", "yes", "2"):
        answer = await world.ask("zhao", "POST", f"/v1/imports?dry_run={wish}", b"x", content_type="text/csv")
        assert problem(answer) == (400, "invalid-query")


def faults(row: importing.ImportRow) -> list[tuple[str, str]]:
    return [(fault.column, fault.zh) for fault in row.faults]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026/3/2 9:00", "2026/3/2 10:00"),
        ("2026-03-02 9:00", "10:00"),
        ("2026年3月2日 9:00", "2026年3月2日10时"),
        ("2026年3月2日上午9点", "上午10点00分"),
        ("２０２６－０３－０２　０９：００", "１０：００"),
        ("46083.375", "46083.4166666667"),
        ("2026-03-02T01:00Z", "2026-03-02T11:00:00+09:00"),
        ("2026年3月2号 9:00", "早上10点"),
        ("2026-03-02 9:00 AM", "10:00am"),
    ],
)
async def test_a_time_is_read_as_people_write_it(town: Town, start: str, end: str) -> None:
    wanted = await taken(town, table(GOOD))
    row = GOOD.replace("2026-03-02 09:00", start).replace("2026-03-02 10:00", end)
    found = await taken(town, table(row.replace("GD-1", "GD-2")))
    assert (wanted.created, found.created, found.rows[0].faults) == (1, 1, ())
    one, two = (await listing.list_visits(town.ctx, TOKENS["zhao"], {})).items
    assert one.window == two.window


@pytest.mark.parametrize(
    ("start", "end", "column", "said"),
    [
        ("2026-03-02", "2026-03-02 10:00", "开始", "只有日期"),
        ("2026/3/2", "2026/3/2", "结束", "只有日期"),
        ("46083", "46083.5", "开始", "只有日期"),
        ("2026-03-02 09:00", "", "结束", "不能为空"),
        ("2026-03-02 09:00", "2026-03-02 09:00", "结束", "结束须晚于开始"),
        ("2026-03-02 09:00", "08:00", "结束", "结束须晚于开始"),
        ("2026-02-30 09:00", "2026-03-02 10:00", "开始", "时间请写成"),
        ("9:00", "10:00", "开始", "时间请写成"),
        ("2026-03-02 24:30", "2026-03-02 10:00", "开始", "时间请写成"),
        ("2026-03-02 上午13:00", "2026-03-02 10:00", "开始", "时间请写成"),
        ("2026-03-02 9:00-10:00", "2026-03-02 10:00", "开始", "这里写了一段时间，请只写开始时间"),
        ("2026-03-02 9:00－11:00", "11:00", "开始", "这里写了一段时间"),
        ("2026-03-02 9:00-1000", "11:00", "开始", "这里写了一段时间"),
        ("2026-03-02 9点到11点", "11:00", "开始", "这里写了一段时间"),
        ("2026-03-02 09:00", "9:00-11:00", "结束", "这里写了一段时间，请只写结束时间"),
        ("2026-03-02 09:00", "10:00+09:00", "结束", "时间请写成"),
        ("2026-03-02 9:00Z", "10:00", "开始", "时间请写成"),
        ("2026-03-02 上午12:00", "2026-03-02 13:00", "开始", "说不清"),
        ("2026-03-02 两点半", "2026-03-02 15:00", "开始", "说不清"),
        ("2026-03-02 12:00 AM", "2026-03-02 13:00", "开始", "说不清"),
    ],
)
async def test_no_time_is_made_up(town: Town, start: str, end: str, column: str, said: str) -> None:
    row = GOOD.replace("2026-03-02 09:00", start).replace("2026-03-02 10:00", end, 1)
    if end == "":
        row = GOOD.replace("2026-03-02 10:00", "")
    (found,) = (await taken(town, table(row))).rows
    assert found.outcome == "refused"
    assert any(at == column and zh.startswith(said) for at, zh in faults(found)), found
    assert all(fault.en for fault in found.faults)
    assert await count(town) == 0


async def test_a_row_tells_all_its_faults_at_once(town: Town) -> None:
    row = ",picnic,2026-03-02,明天,nobody,城西,=陶,13800000000,虚构路 1 号,1001,,厨房"
    (found,) = (await taken(town, table(row))).rows
    assert {column for column, _ in faults(found)} == {
        "工单号", "类型", "开始", "结束", "技术员", "片区", "姓名", "工作内容"
    }  # fmt: skip
    (many,) = (await taken(town, table(GOOD.replace("陶女士", "陶" * 201).replace("li", "l" * 201)))).rows
    assert {column for column, _ in faults(many)} == {"技术员", "姓名"}


@pytest.mark.parametrize("name", ["维修（漏水）", "维修(漏水)", " Repair or leak", "REPAIR_LEAK", "漏水维修"])
async def test_a_type_goes_by_its_name_or_its_id(town: Town, name: str) -> None:
    assert (await taken(town, table(GOOD.replace("repair_leak", name)))).created == 1
    (visit,) = (await listing.list_visits(town.ctx, TOKENS["zhao"], {})).items
    assert visit.type == "repair_leak"


async def test_times_of_a_workbook_are_read_and_a_day_alone_is_told(town: Town) -> None:
    book = openpyxl.Workbook()
    cells: list[Any] = GOOD.split(",")
    days = datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 9, 59, 59, 999_999)  # noqa: DTZ001 - as a sheet has them
    for line in (
        HEAD.split(","),
        [*cells[:2], *days, *cells[4:]],
        ["GD-2", cells[1], days[0], time(10), *cells[4:]],
        ["GD-3", cells[1], date(2026, 3, 2), date(2026, 3, 2), *cells[4:]],
    ):
        book.active.append(line)
    packed = io.BytesIO()
    book.save(packed)
    found = await taken(town, packed.getvalue())
    assert [row.outcome for row in found.rows] == ["created", "created", "refused"]
    assert [column for column, _ in faults(found.rows[2])] == ["开始", "结束"]
    one, two = (await listing.list_visits(town.ctx, TOKENS["zhao"], {})).items
    assert one.window == two.window


async def test_a_table_may_come_again_after_its_technician_left(town: Town) -> None:
    await taken(town, table(GOOD))
    await people.deactivate(town.ctx, TOKENS["admin"], "li", "离职")
    found = await taken(town, table(GOOD, GOOD.replace("GD-1", "GD-2")))
    assert [row.outcome for row in found.rows] == ["known", "refused"]


async def test_a_heading_says_which_columns_are_wrong(town: Town) -> None:
    with pytest.raises(errors.InvalidBody) as caught:
        await taken(town, "工单号,工单号,类型,开始,技术员,姓名\r\n".encode())
    zh, _, en = caught.value.errors[0].detail.partition(" / ")
    assert (
        zh == "缺少的列：结束、工作内容；重复的列：工单号；第一行读到的列名：工单号、工单号、类型、开始、技术员、姓名"
    )
    assert en.startswith("missing columns: 结束、工作内容; columns that appear twice: 工单号; the first row has these")


async def test_a_first_row_without_headings_is_shown_in_part(town: Town) -> None:
    row = ",".join(("GD/1", "", "x" * 99, *map(str, range(40))))
    with pytest.raises(errors.InvalidBody) as caught:
        await taken(town, row.encode())
    zh, _, en = caught.value.errors[0].detail.partition(" / ")
    assert f"第一行读到的列名：GD／1、{'x' * 20}、0、1" in zh
    assert zh.endswith("17…")
    assert "missing columns: 工单号" in en


async def hire(town: Town, login: str, name: str, area: str) -> None:
    person = Person(login, name, ("technician",), (area,))
    await town.ctx.db.write(lambda tx: accounts_repository.add_person(tx, person, 0))


@pytest.mark.parametrize("cell", ["李", "ＬＩ", "li", "Li "])
async def test_a_technician_is_named_by_login_or_name(town: Town, cell: str) -> None:
    assert (await taken(town, table(GOOD.replace(",li,", f",{cell},")))).created == 1
    (visit,) = (await listing.list_visits(town.ctx, TOKENS["zhao"], {})).items
    assert visit.technician == "li"
    again = await taken(town, table(GOOD))
    assert [row.outcome for row in again.rows] == ["known"]


async def test_a_name_of_several_technicians_is_refused_with_their_logins(town: Town) -> None:
    await hire(town, "li2", "李", "城东")
    found = await taken(town, table(GOOD.replace(",li,", ",李,")))
    (fault,) = found.rows[0].faults
    assert (fault.column, fault.zh) == ("技术员", "有 2 位技术员叫这个名字，请写登录名：li、li2")
    assert "li, li2" in fault.en
    assert (await taken(town, table(GOOD))).created == 1


async def test_a_name_of_another_area_is_answered_with_the_login(town: Town) -> None:
    await hire(town, "zhou", "周强", "城西")
    rows = [
        GOOD.replace("GD-1", f"G-{n}").replace(",li,", f",{cell},")
        for n, cell in enumerate(("周强", "李、周强", "李(li)"))
    ]
    found = await taken(town, table(*rows), dry_run=True)
    assert faults(found.rows[0]) == [("技术员", "您的片区没有叫这个名字的技术员；别的片区有，登录名是 zhou")]
    assert [row.outcome for row in found.rows] == ["refused", "refused", "would_create"]


async def test_a_raw_export_is_imported_and_shown_as_it_was_read(separate_process: None, town: Town) -> None:
    """The words of the table are those of its messages; what was read stands beside what the table has."""
    lines = (
        "供水公司上门任务表",
        "工单编号,用户名称,联系电话,处理人,预约日期,预约时段,用水地址,业务类型,任务内容,备注",
        "P-1,陶\u200b女士,１３８００１３８０００,李,2026-03-03,下午2点-3点半,虚构路 1 号,更换水表,换表,尽快",
        "P-2,陈先生,13800138001,nobody,2026-03-03,上午,虚构路 2 号,picnic,换表,",
        "合计,2",
    )
    raw = "\n".join(lines).encode()
    found = await taken(town, raw, dry_run=True)
    assert (found.heading_row, [row.row for row in found.rows]) == (2, [3, 4])
    one, two = found.rows
    assert one.outcome == "would_create"
    assert (one.read["type"], one.read["technician"]) == ("meter_replacement", "li")
    assert (one.read["from"], one.read["to"]) == ("2026-03-03T14:00+08:00", "2026-03-03T15:30+08:00")
    assert one.original == {
        "name": "陶⟨U+200B⟩女士", "phone": "１３８００１３８０００", "type": "更换水表", "technician": "李",
        "slot": "下午2点-3点半",
    }  # fmt: skip
    assert [column for column, _ in faults(two)] == ["业务类型", "处理人"]
    assert any("备注" in note.zh for note in found.notes)
    created = await taken(town, raw)
    assert (created.created, created.rows[0].read) == (1, {})
    (visit,) = (await listing.list_visits(town.ctx, TOKENS["zhao"], {})).items
    assert (visit.customer.name, visit.customer.phone, visit.type) == ("陶女士", "13800138000", "meter_replacement")


async def test_numbers_that_look_the_same_are_one(town: Town) -> None:
    rows = [GOOD.replace("GD-1", number) for number in ("INV-1\u200b", "INV-1", "INV–1")]
    found = await taken(town, table(*rows))
    assert [row.outcome for row in found.rows] == ["created", "refused", "refused"]
    assert [faults(row) for row in found.rows[1:]] == [[("工单号", "表中重复")]] * 2


async def test_a_year_far_away_is_refused_or_said(town: Town) -> None:
    days = ("1926-12-01", "0001-01-01", "9999-12-31", "2062-12-01", "2025-01-01")
    rows = [GOOD.replace("GD-1", f"G-{n}").replace("2026-03-02", day) for n, day in enumerate(days)]
    found = await taken(town, table(*rows), dry_run=True)
    assert [row.outcome for row in found.rows] == ["refused"] * 3 + ["would_create"] * 2
    assert [[one.code for one in row.warnings] for row in found.rows[3:]] == [["far_ahead"], ["past"]]
    assert "2025" in found.rows[4].warnings[0].detail


async def test_a_name_counts_where_the_dispatcher_plans(town: Town) -> None:
    await hire(town, "li2", "李", "城西")
    assert (await taken(town, table(GOOD.replace(",li,", ",李,")))).created == 1
    (visit,) = (await listing.list_visits(town.ctx, TOKENS["zhao"], {})).items
    assert visit.technician == "li"


async def test_a_table_with_names_may_come_again_after_its_technician_left(town: Town) -> None:
    row = GOOD.replace(",li,", ",李,")
    await taken(town, table(row))
    await people.deactivate(town.ctx, TOKENS["admin"], "li", "离职")
    found = await taken(town, table(row, row.replace("GD-1", "GD-2")))
    assert [row.outcome for row in found.rows] == ["known", "refused"]


@pytest.mark.parametrize(
    ("text", "hour"),
    [("中午12点", 12), ("中午1点", 13), ("下午12:30", 12), ("下午两点半", 14), ("晚上7时", 19), ("2:00 PM", 14)],
)
async def test_a_part_of_the_day_makes_the_hour(town: Town, text: str, hour: int) -> None:
    row = GOOD.replace("2026-03-02 09:00", f"2026-03-02 {text}").replace("2026-03-02 10:00", "2026-03-02 20:00")
    assert (await taken(town, table(row))).created == 1
    (visit,) = (await listing.list_visits(town.ctx, TOKENS["zhao"], {})).items
    assert visit.window is not None
    assert visit.window.start.hour == hour


@pytest.mark.parametrize("dash", ["-", "－", "—", "——", "/", "无"])
async def test_a_dash_says_nothing(town: Town, dash: str) -> None:
    row = GOOD.replace("厨房", dash).replace("1001", dash).replace("城东", dash)
    assert (await taken(town, table(row))).created == 1
    (visit,) = (await listing.list_visits(town.ctx, TOKENS["zhao"], {})).items
    assert (visit.work.place, visit.customer.account, visit.area) == ("", "", "城东")
    (found,) = (await taken(town, table(GOOD.replace("GD-1", dash)))).rows
    assert faults(found) == [("工单号", "不能为空")]


async def test_only_what_may_be_a_formula_is_one(town: Town) -> None:
    for number, place in enumerate(("-1层 3号", "-1层(东) 3号", "+86 13800000000", "--")):
        row = GOOD.replace("GD-1", f"A-{number}").replace("虚构路 1 号", place)
        assert (await taken(town, table(row))).created == 1, place
    for place in ("=1+1", "@SUM(A1)", "+SUM(A1)", "-2+HYPERLINK(A1)", "+cmd|x"):
        (found,) = (await taken(town, table(GOOD.replace("虚构路 1 号", place)))).rows
        assert faults(found) == [("地址", "看起来是公式，请改成文字")], place
    other = f"{HEAD},备注\r\n{GOOD},=1+1".encode()
    assert (await taken(town, other)).created == 1  # what is not read is not looked at


async def test_a_number_that_excel_shortened_is_told(town: Town) -> None:
    for before, column in (("13800000000", "电话"), ("1001", "户号"), ("GD-1", "工单号")):
        (found,) = (await taken(town, table(GOOD.replace(before, "1.38E+10")))).rows
        assert [at for at, zh in faults(found) if "科学计数" in zh] == [column]
    book = openpyxl.Workbook()
    cells: list[Any] = GOOD.split(",")
    for line in (HEAD.split(","), [*cells[:9], 1.23456789012345678e17, *cells[10:]], [*cells[:9], 1001.0, *cells[10:]]):
        book.active.append(line)
    packed = io.BytesIO()
    book.save(packed)
    wrong, good = (await taken(town, packed.getvalue())).rows
    assert [at for at, _ in faults(wrong)] == ["户号"]
    assert [at for at, _ in faults(good)] == ["工单号"]  # the control: only that it is there twice


async def cancelled(town: Town, visit: str | None) -> None:
    raw = encode({"reason": "客户取消"})
    await change_visit(town.ctx, TOKENS["zhao"], UUID(visit), "cancellation", raw, frozenset({0}))


async def test_a_row_says_how_its_visit_stands(town: Town) -> None:
    (first,) = (await taken(town, table(GOOD))).rows
    (again,) = (await taken(town, table(GOOD))).rows
    assert (first.state, again.state) == (None, "planned")
    later = table(GOOD.replace("2026-03-02 10:00", "2026-03-02 11:00"))
    (other,) = (await taken(town, later)).rows
    assert (other.visit, other.state, "改那个任务" in faults(other)[0][1]) == (first.visit, "planned", True)
    await cancelled(town, first.visit)
    (again,) = (await taken(town, table(GOOD))).rows
    assert (again.outcome, again.state) == ("known", "cancelled")
    (other,) = (await taken(town, later)).rows
    assert faults(other) == [("工单号", "这个工单号的任务已取消，请用新工单号")]


async def test_a_number_is_the_same_however_it_is_written(town: Town) -> None:
    (first,) = (await taken(town, table(GOOD.replace("GD-1", "AB-1")))).rows
    for written in ("AB-1", "ab-1", "ＡＢ-1", " Ab－1 "):
        (again,) = (await taken(town, table(GOOD.replace("GD-1", written)))).rows
        assert (again.outcome, again.visit) == ("known", first.visit), written
    both = (await taken(town, table(GOOD.replace("GD-1", "CD-1"), GOOD.replace("GD-1", "cd-1")))).rows
    assert [row.outcome for row in both] == ["created", "refused"]
    assert await count(town) == 2


async def test_a_visit_from_before_is_found_by_the_number_as_it_was_written(town: Town) -> None:
    (first,) = (await taken(town, table(GOOD), dry_run=True)).rows
    old = uuid5(NAMESPACE_URL, "doorstep work order GD-1")  # how ids were made once
    body = {**a_plan(area="城东"), "external_ref": "GD-1"}
    await plan_visit(town.ctx, TOKENS["zhao"], old, encode(body))
    await town.ctx.db.write(
        lambda tx: tx.execute("delete_search_token", token="\ngd-1", visit=old.bytes)
    )  # nor was this there
    (again,) = (await taken(town, table(GOOD))).rows
    assert (again.outcome, again.visit) == ("refused", str(old))
    assert first.visit != again.visit


async def test_a_number_that_somebody_planned_by_hand_makes_no_second_visit(town: Town) -> None:
    visit = await town.planned(external_ref="gd-1", area="城东")
    (found,) = (await taken(town, table(GOOD))).rows
    assert (found.outcome, found.visit, faults(found)[0][0]) == ("refused", str(visit), "工单号")
    await town.planned("w", by="qian", external_ref="GD-7", area="城西", technician="sun")
    assert (await taken(town, table(GOOD.replace("GD-1", "GD-7")))).created == 1  # elsewhere it is another work order
    assert (await taken(town, table(GOOD.replace("GD-1", "GD-11")))).created == 1  # and a part of one is none


@pytest.mark.parametrize(
    "label",
    ["application/vnd.ms-excel", "text/plain", "application/csv", "application/octet-stream", "application/pdf", ""],
)
async def test_what_a_file_is_is_seen_in_its_bytes(world: World, label: str) -> None:
    answer = await world.ask("zhao", "POST", "/v1/imports?dry_run=1", table(GOOD), content_type=label)
    assert (answer.status_code, answer.json()["created"]) == (200, 1)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"%PDF-1.7", "PDF"), (b"\x89PNG\r\n", "图片"), (b"<html><table>", "网页"), (b"<?xml version='1.0'?>", "XML"),
        (b"\xd0\xcf\x11\xe0", "不是可读的表格文件"), (b"", "文件是空的"), (b"\xef\xbb\xbf\r\n\x1a", "文件是空的"),
    ],
)  # fmt: skip
async def test_a_file_that_is_no_table_is_named(separate_process: None, world: World, raw: bytes, words: str) -> None:
    answer = await world.ask("zhao", "POST", "/v1/imports", raw, content_type="text/csv")
    assert problem(answer) == (422, "invalid-body")
    assert words in answer.json()["errors"][0]["detail"]


async def test_a_table_comes_in_the_form_of_a_page_too(world: World) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="any"; filename="a.xls"\r\nContent-Type: a/b\r\n\r\n'
    form = "multipart/form-data; boundary=x"
    body = head + table(GOOD) + b"\r\n--x--\r\n"
    answer = await world.ask("zhao", "POST", "/v1/imports?dry_run=1", body, content_type=form)
    assert (answer.status_code, answer.json()["created"]) == (200, 1)
    for wrong in (b"--x--\r\n", head + b"a\r\n" + head.replace(b"any", b"b") + b"b\r\n--x--\r\n"):
        answer = await world.ask("zhao", "POST", "/v1/imports?dry_run=1", wrong, content_type=form)
        assert problem(answer) == (422, "invalid-body")


async def test_a_new_visit_says_what_to_look_at_again(town: Town) -> None:
    await taken(
        town, table("W1,维修（漏水）,2026-03-03 09:00,2026-03-03 10:00,li,城东,陶,13800000000,虚构路 1 号,,检修,")
    )
    again = "W2,维修（漏水）,2026-03-03 09:30,2026-03-03 10:30,li,城东,陶,abc,虚构路 1 号,,检修,"
    past = "W3,维修（漏水）,2026-03-01 09:00,2026-03-01 10:00,sun,城东,陶,13800000000,虚构路 1 号,,检修,"
    for dry_run in (True, False):
        rows = (await taken(town, table(again, past), dry_run=dry_run)).rows
        assert [{one.code for one in row.warnings} for row in rows] == [{"overlap", "phone"}, {"past"}]
    assert [row.warnings for row in (await taken(town, table(again, past))).rows] == [(), ()]  # they are known


async def test_a_dry_run_warns_of_rows_that_clash_with_each_other(town: Town) -> None:
    first = GOOD.replace("2026-03-02", "2026-03-03")
    again = first.replace("GD-1", "GD-2").replace("09:00", "09:30")
    after = first.replace("GD-1", "GD-3").replace("10:00", "11:00").replace("09:00", "10:30")
    for dry_run in (True, False):
        rows = (await taken(town, table(first, again, after), dry_run=dry_run)).rows
        assert [[one.code for one in row.warnings] for row in rows] == [[], ["overlap"], []]
        (warning,) = rows[1].warnings
        assert "GD-1" in warning.detail
        assert "第 2 行" in warning.detail or not dry_run


async def test_an_erased_visit_refuses_its_row_and_no_other(town: Town) -> None:
    rows = [GOOD.replace("GD-1", f"GD-{number}") for number in (1, 2, 3)]
    assert (await taken(town, table(rows[1]))).created == 1
    await erasing.erase_visit(town.ctx, importing.id_of("GD-2"), "admin", "客户要求")
    for dry_run, outcome in ((True, "would_create"), (False, "created")):
        found = await taken(town, table(*rows), dry_run=dry_run)
        assert [row.outcome for row in found.rows] == [outcome, "refused", outcome]
        assert [fault.zh for fault in found.rows[1].faults] == ["这个工单号的上门已按规定删除，请用新工单号"]
