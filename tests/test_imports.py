"""A day's plan comes as a table: each row for itself, in plain words what is wrong, and repeating is harmless."""

import io

import openpyxl
import pytest

from service.domain import errors
from service.flows import imports, lists

from .town import TOKENS, Town
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
