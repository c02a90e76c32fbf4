"""A day's plan comes as a table: each row for itself, in plain words what is wrong, and repeating is harmless."""

import io
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest

from service.domain import errors
from service.flows import imports, lists, people

from .town import TOKENS, Town, encode
from .world import World, problem

HEAD = "工单号,类型,开始,结束,技术员,片区,姓名,电话,地址,户号,工作内容,工作地点"
GOOD = "GD-1,repair_leak,2026-03-02 09:00,2026-03-02 10:00,li,城东,陶女士,13800000000,虚构路 1 号,1001,检修漏水,厨房"


def table(*rows: str, coding: str = "utf-8-sig") -> bytes:
    return "\r\n".join((HEAD, *rows)).encode(coding)


async def taken(
    town: Town, raw: bytes, form: str = "csv", *, dry_run: bool = False, by: str = "zhao"
) -> imports.Imported:
    return await imports.take(town.house, TOKENS[by], raw, form, dry_run=dry_run)  # type: ignore[arg-type]


async def count(town: Town) -> int:
    return len((await lists.page(town.house, TOKENS["zhao"], {})).items)


async def test_a_dry_run_says_all_and_keeps_nothing(town: Town) -> None:
    found = await taken(town, table(GOOD, GOOD.replace("GD-1", "GD-2").replace(",li,", ",nobody,")), dry_run=True)
    assert [row.outcome for row in found.rows] == ["would_create", "refused"]
    assert [(fault.column, fault.zh) for fault in found.rows[1].faults] == [("技术员", "没有这个技术员")]
    assert await count(town) == 0


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-8", "gb18030"])
async def test_a_table_is_taken_once_however_often_it_comes(town: Town, coding: str) -> None:
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


async def test_a_sheet_of_a_workbook_is_taken_like_a_table(town: Town) -> None:
    book = openpyxl.Workbook()
    for line in (HEAD, GOOD):
        book.active.append(line.split(","))
    packed = io.BytesIO()
    book.save(packed)
    assert (await taken(town, packed.getvalue(), "xlsx")).created == 1
    with pytest.raises(errors.Problem):
        await taken(town, b"PK\x03\x04 no workbook", "xlsx")


async def test_who_may_not_plan_may_not_import(town: Town) -> None:
    for other in ("li", "wang", "admin"):
        with pytest.raises(errors.NotAllowed):
            await taken(town, table(GOOD), by=other)
    with pytest.raises(errors.InvalidBody):
        await taken(town, "姓名,电话\r\n陶,1".encode())


async def test_a_trial_that_is_misspelt_is_not_carried_out(world: World) -> None:
    for wish in ("true", "yes", "2"):
        answer = await world.ask("zhao", "POST", f"/v1/imports?dry_run={wish}", b"x", content_type="text/csv")
        assert problem(answer) == (400, "invalid-query")


def faults(row: imports.Row) -> list[tuple[str, str]]:
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
    ],
)
async def test_a_time_is_read_as_people_write_it(town: Town, start: str, end: str) -> None:
    wanted = await taken(town, table(GOOD))
    row = GOOD.replace("2026-03-02 09:00", start).replace("2026-03-02 10:00", end)
    found = await taken(town, table(row.replace("GD-1", "GD-2")))
    assert (wanted.created, found.created, found.rows[0].faults) == (1, 1, ())
    one, two = (await lists.page(town.house, TOKENS["zhao"], {})).items
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


@pytest.mark.parametrize("name", ["维修（漏水）", "维修(漏水)", " Repair or leak", "REPAIR_LEAK"])
async def test_a_type_goes_by_its_name_or_its_id(town: Town, name: str) -> None:
    assert (await taken(town, table(GOOD.replace("repair_leak", name)))).created == 1
    (visit,) = (await lists.page(town.house, TOKENS["zhao"], {})).items
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
    found = await taken(town, packed.getvalue(), "xlsx")
    assert [row.outcome for row in found.rows] == ["created", "created", "refused"]
    assert [column for column, _ in faults(found.rows[2])] == ["开始", "结束"]
    one, two = (await lists.page(town.house, TOKENS["zhao"], {})).items
    assert one.window == two.window


async def test_a_table_may_come_again_after_its_technician_left(town: Town) -> None:
    await taken(town, table(GOOD))
    await people.depart(town.house, TOKENS["admin"], "li", encode({"reason": "离职"}))
    found = await taken(town, table(GOOD, GOOD.replace("GD-1", "GD-2")))
    assert [row.outcome for row in found.rows] == ["known", "refused"]


async def test_a_heading_says_which_columns_are_wrong(town: Town) -> None:
    with pytest.raises(errors.InvalidBody) as caught:
        await taken(town, "工单号,工单号,类型,开始,技术员,姓名\r\n".encode())
    said = caught.value.errors[0].detail
    assert said.startswith("缺少或重复的列")
    assert all(column in said for column in ("结束", "工作内容", "工单号"))
