"""A type that needs no appointment by the checklist is planned without a time, by whichever door."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.support.api_client import VISIT, World
from tests.support.desk import DeskBrowser, signed_in, text_of
from tests.support.desk_forms import forms_of
from tests.support.factories import a_plan, said, uid

REASON = "爆管抢修：这类上门不用预约"
FINDING = "waived.appointment_agreed"
HEAD = "工单号,类型,开始,结束,技术员,姓名,电话,工作内容"
SLOTS = "工单号,类型,预约日期,预约时段,技术员,姓名,电话,工作内容"
ROW = "GD-1,爆管抢修,,,li,陶女士,13800000000,主管爆裂"


def burst(**more: Any) -> dict[str, Any]:
    return a_plan(**{"type": "emergency_burst", "window": None, **more})


async def by_json(world: World) -> str:
    for status in (201, 200):  # repeating is harmless
        assert (await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", burst())).status_code == status
    return str(VISIT)


async def by_form(world: World) -> str:
    desk = await signed_in(world, "zhao")
    page = await desk.get("/desk/visits/new?technician=li&date=2026-03-02")
    assert "爆管抢修不用预约，开始和结束可以不填" in text_of(page)
    form = next(one for one in forms_of(page) if one.action == "/desk/visits/new")
    fields = {**form.fields, "type": "emergency_burst", "name": "陶", "phone": "13800000000", "content": "主管爆裂"}
    fields.pop("free", None)
    answer = await desk.post("/desk/visits/new", fields)
    assert answer.status_code == 303, text_of(answer)
    return fields["id"]


async def by_table(world: World, head: str) -> str:
    raw = f"{head}\r\n{ROW}".encode()
    found: dict[str, Any] = {}
    for dry_run, outcome in (("1", "would_create"), ("0", "created"), ("0", "known")):
        path = f"/v1/imports?dry_run={dry_run}"
        answer = await world.ask("zhao", "POST", path, raw, content_type="text/csv")
        found = answer.json()["rows"][0]
        assert found["outcome"] == outcome, found
    return found["visit"]


DOORS: dict[str, Callable[[World], Awaitable[str]]] = {
    "JSON": by_json,
    "form": by_form,
    "table with start and end": lambda world: by_table(world, HEAD),
    "table with day and slot": lambda world: by_table(world, SLOTS),
}


@pytest.mark.parametrize("door", DOORS)
async def test_a_burst_needs_neither_time_nor_reason(world: World, door: str) -> None:
    visit = await DOORS[door](world)
    shown = (await world.ask("wang", "GET", f"/v1/visits/{visit}")).json()
    assert shown.get("window") is None
    assert (shown["assigned"], shown["exempt_reason"]) == ({"appointment_exempt": True}, REASON)
    assert [one["code"] for one in shown["judgement"]["findings"] if one["severity"] == "violation"] == []
    assert shown["flags"] == []
    draft = (await world.ask("zhao", "GET", f"/v1/visits/{visit}/notice")).json()
    assert (draft["due"], [one["about"] for one in draft["offers"] if one["due"]]) == (False, [])
    plan = text_of(await (await signed_in(world, "zhao")).get(f"/desk/visits/{visit}/plan"))
    assert "现在不用给客户发通知" in plan


async def test_everybody_finds_a_visit_without_a_time(world: World) -> None:
    visit = await by_json(world)
    agenda = (await world.ask("li", "GET", "/v1/agenda")).json()
    assert [one["id"] for one in agenda["visits"]] == [visit]
    created = agenda["visits"][0]["created_at"]
    board = await (await signed_in(world, "zhao")).get(f"/desk/today?date={created[:10]}")
    assert "未约时间" in text_of(board)
    link = (await world.ask("zhao", "POST", f"/v1/visits/{visit}/confirmation-link")).json()
    page = await DeskBrowser(world).get(f"/c/{link['token']}")
    assert (page.status_code, "近期，以电话为准" in text_of(page), "None" in text_of(page)) == (200, True, False)
    record = {"id": str(uid("r")), "visit": visit, "checklist": "onsite@1", "entries": [said("09:05", "arrived")]}
    receipt = (await world.submit(record, uid("r"))).json()
    found = {one["code"]: one["severity"] for one in receipt["findings"]}
    assert found[FINDING] == "info"
    assert not any(code.startswith("missing.appointment") for code in found)


KEPT: dict[str, tuple[dict[str, Any], dict[str, bool], str | None]] = {
    "a reason of the dispatcher's": ({"exempt_reason": "马路冒水"}, {"appointment_exempt": True}, "马路冒水"),
    "other facts": ({"assigned": {"organisation": True}}, {"organisation": True, "appointment_exempt": True}, REASON),
    "a time, which is an appointment": ({"window": a_plan()["window"]}, {}, None),
    "an exemption with a time": (
        {"window": a_plan()["window"], "assigned": {"appointment_exempt": True}},
        {"appointment_exempt": True},
        REASON,
    ),
}


@pytest.mark.parametrize("case", KEPT)
async def test_what_the_dispatcher_says_is_kept(world: World, case: str) -> None:
    more, assigned, reason = KEPT[case]
    assert (await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", burst(**more))).status_code == 201
    shown = (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()
    assert (shown["assigned"], shown.get("exempt_reason")) == (assigned, reason)


REFUSED = {
    "not exempt after all": burst(assigned={"appointment_exempt": False}),
    "a type that needs an appointment": a_plan(window=None),
    "a type that needs one if somebody is visited": a_plan(window=None, type="meter_reading"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_others_still_need_a_time(world: World, case: str) -> None:
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", REFUSED[case])
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, ["/window"])


async def test_a_row_with_half_a_time_is_not_taken_as_none(world: World) -> None:
    halves = ("2026-03-02,", ",9:00-10:00", "明天,", "#REF!,")
    rows = [ROW.replace("GD-1", f"GD-{n}").replace(",,,", f",{half},") for n, half in enumerate(halves)]
    raw = "\r\n".join((SLOTS, *rows, ROW.replace("爆管抢修", "维修（漏水）"))).encode()
    answer = await world.ask("zhao", "POST", "/v1/imports?dry_run=1", raw, content_type="text/csv")
    assert [one["outcome"] for one in answer.json()["rows"]] == ["refused"] * (len(halves) + 1)
