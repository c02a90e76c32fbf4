"""What is probably not meant is said in the answer to planning and changing, and refused never."""

from typing import Any
from uuid import UUID

import pytest

from service.text import can_be_dialled
from tests.support.api_client import VISIT, World
from tests.support.dispatch import PATH, change_visit
from tests.support.example_visits import clock
from tests.support.factories import uid
from tests.support.fake_gateway import stand

OTHER = uid("other")


def hours(start: str, end: str) -> dict[str, str]:
    return {"from": clock(start), "to": clock(end)}


async def planned(world: World, visit: UUID = OTHER, **more: Any) -> dict[str, Any]:
    answered = await world.plan(visit, **more)
    assert answered.status_code == 201, answered.text
    return answered.json()


def codes(visit: dict[str, Any]) -> list[str]:
    return [one["code"] for one in visit["warnings"]]


@pytest.fixture
async def morning(world: World) -> World:
    """At seven, a visit at 9 to 10 of 李 is planned."""
    stand(world.ctx, "07:00")
    assert codes(await planned(world, VISIT, external_ref="GD-1")) == []
    return world


async def test_a_second_visit_in_the_same_time_is_an_overlap(morning: World) -> None:
    visit = await planned(morning, window=hours("09:30", "10:30"))
    assert codes(visit) == ["overlap"]
    (warning,) = visit["warnings"]
    zh, _, en = warning["detail"].partition(" / ")
    assert zh.startswith("李 3月2日")
    assert en == "李 has another visit GD-1 on 2026-03-02, 09:00–10:00"
    assert "09:00–10:00" in warning["detail"]
    assert "GD-1" in warning["detail"]
    assert (await morning.ask("zhao", "GET", f"/v1/visits/{OTHER}")).json()["warnings"] == []


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [("10:00", "11:00", []), ("08:00", "09:00", []), ("09:00", "09:00", ["overlap"]), ("08:00", "12:00", ["overlap"])],
)
async def test_one_that_begins_when_the_other_ends_is_none(
    morning: World, start: str, end: str, expected: list[str]
) -> None:
    assert codes(await planned(morning, window=hours(start, end))) == expected


async def test_the_crew_overlaps_too(morning: World) -> None:
    assert codes(await planned(morning, technician="sun")) == []
    assert codes(
        await planned(morning, uid("third"), technician="sun", crew=["li"], window=hours("09:10", "09:20"))
    ) == [
        "overlap",
        "overlap",
    ]


async def test_a_cancelled_visit_takes_no_time_and_frees_its_number(morning: World) -> None:
    await change_visit(morning, "cancellation", {"reason": "退单"})
    assert codes(await planned(morning, external_ref="GD-1")) == []


async def test_a_number_that_another_visit_has_however_it_is_written(morning: World) -> None:
    assert codes(await planned(morning, external_ref="ｇｄ-1", window=hours("13:00", "14:00"))) == ["duplicate_ref"]


async def test_another_areas_visit_is_not_revealed(morning: World) -> None:
    far = await morning.ask(
        "qian",
        "PUT",
        f"/v1/visits/{OTHER}",
        {
            "type": "repair_leak",
            "window": hours("09:30", "10:30"),
            "technician": "li",
            "area": "城西",
            "customer": {"name": "钱", "phone": "13800000000"},
            "work": {"content": "检修"},
            "external_ref": "GD-1",
        },
    )
    assert codes(far.json()) == ["overlap"]  # 李 is busy then, but not with which order
    assert "GD-1" not in str(far.json()["warnings"])


async def test_a_window_that_is_over(world: World) -> None:
    stand(world.ctx, "10:00")
    assert codes(await planned(world)) == ["past"]
    stand(world.ctx, "09:59")
    assert codes(await planned(world, VISIT, technician="sun")) == []


async def test_a_change_is_warned_about_and_made(morning: World) -> None:
    await planned(morning, technician="sun", window=hours("13:00", "14:00"))
    moved = await change_visit(morning, "window", {**hours("13:30", "14:30"), "reason": "客户下午才在家"})
    assert (moved.status_code, codes(moved.json())) == (200, [])
    handed = await change_visit(morning, "technician", {"technician": "sun"}, '"1"')
    assert (handed.json()["technician"], codes(handed.json())) == ("sun", ["overlap"])
    again = await change_visit(morning, "technician", {"technician": "sun"}, '"1"')
    assert codes(again.json()) == ["overlap"]  # an answer may get lost
    mended = {"reason": "电话", "customer": {"name": "陶", "phone": "abc"}}
    assert codes((await change_visit(morning, "details", mended, '"2"')).json()) == ["overlap", "phone"]
    cancelled = await change_visit(morning, "cancellation", {"reason": "退单"}, '"3"')
    assert codes(cancelled.json()) == []
    assert (await morning.ask("zhao", "GET", PATH)).json()["warnings"] == []


@pytest.mark.parametrize(
    "phone",
    [
        "13800000000",
        "+86 138-0000-0000",
        "０１３８ 0000",
        "021-62345678",
        "62345678",
        "400-820-8820",
        "13800000000/62345678",
        "（0512）6234567 转 12",
        "+1 (212) 555-0100",
    ],
)
def test_numbers_that_can_be_dialled(phone: str) -> None:
    assert can_be_dialled(phone)


@pytest.mark.parametrize("phone", ["", "abc", "无", "1380000000", "138000000001", "12345", "微信 tao"])
def test_numbers_that_cannot(phone: str) -> None:
    assert not can_be_dialled(phone)


async def test_a_time_more_than_a_year_ahead_is_probably_a_wrong_year(morning: World) -> None:
    for year, expected in (("2027-02-28", []), ("2027-03-10", ["far_ahead"])):
        window = {"from": f"{year}T13:00:00+08:00", "to": f"{year}T14:00:00+08:00"}
        visit = await planned(morning, uid(year), window=window)
        assert codes(visit) == expected
    assert "2027 年3月10日" in visit["warnings"][0]["detail"]
