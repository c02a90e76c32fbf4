"""A field is kept the same whether it comes as JSON, in a form of the desk or in a table."""

import csv
import io
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from service.dispatch.importing import id_of
from service.dispatch.plan_form import plan_of, window_of
from service.errors import InvalidBody
from service.visits.loading import PLAN_DECODER
from service.web.decoding import decode_strict, to_json
from tests.support.api_client import VISIT, World, problem
from tests.support.factories import a_plan, uid

TYPED = [
    ("name", "张\u200b三", "张三"),
    ("name", " 王\u3000女士 ", "王 女士"),
    ("name", "Zoe\u0308", "Zoë"),
    ("phone", "１３８００１３８０００", "13800138000"),
    ("phone", "\u202d13800138000\u202c", "13800138000"),
    ("phone", "0571–88881234", "0571-88881234"),
    ("account", "\u200e00012345", "00012345"),
    ("account", "Ａ－１", "A-1"),
    ("address", "朝阳路\u00ad 12\u2028号", "朝阳路 12 号"),
    ("content", "检修\ufeff水管", "检修水管"),
    ("place", "厨房\u3164", "厨房"),
    ("external_ref", "INV–7\u200b", "INV-7"),
]
ZONE = ZoneInfo("Asia/Shanghai")
FORM = {"type": "repair_leak", "technician": "li", "date": "2026-03-02", "from": "09:00", "to": "10:00"}
FIELDS = {
    "name": "陶",
    "phone": "13800000000",
    "address": "虚构路 1 号",
    "account": "1001",
    "content": "检修",
    "place": "",
}


def plan_with(fields: dict[str, str]) -> dict[str, Any]:
    """A plan as JSON."""
    plan = a_plan(external_ref=fields.get("external_ref", "GD-7"))
    plan["customer"] = {name: fields[name] for name in ("name", "phone", "address", "account")}
    return plan | {"work": {name: fields[name] for name in ("content", "place")}}


def kept(visit: dict[str, Any], name: str) -> str:
    part = {"content": "work", "place": "work", "external_ref": ""}.get(name, "customer")
    return (visit[part] if part else visit)[name]


@pytest.mark.parametrize(("name", "typed", "expected"), TYPED)
async def test_three_doors_of_one_room(world: World, name: str, typed: str, expected: str) -> None:
    fields = {**FIELDS, name: typed}
    assert (await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", plan_with(fields))).status_code == 201
    assert kept((await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json(), name) == expected

    form = decode_strict(PLAN_DECODER, to_json(plan_of(FORM | {"external_ref": "GD-7"} | fields, ZONE)))
    part = form if name == "external_ref" else getattr(form, "work" if name in ("content", "place") else "customer")
    assert getattr(part, name) == expected

    row = {"external_ref": "GD-8"} | fields
    row |= {"type": "repair_leak", "technician": "Ｌi", "from": "2026-03-03 09:00", "to": "2026-03-03 10:00"}
    out = io.StringIO()
    table = csv.DictWriter(out, row)
    table.writeheader()
    table.writerow(row)
    sent = await world.ask("zhao", "POST", "/v1/imports", out.getvalue().encode(), content_type="text/csv")
    (result,) = sent.json()["rows"]
    if name == "external_ref":  # it is the visit that came as JSON, with another time
        assert (result["outcome"], result["visit"]) == ("refused", str(VISIT))
        return
    assert result["outcome"] == "created", sent.text
    assert result["visit"] == str(id_of("gd–8"))
    assert kept((await world.ask("zhao", "GET", f"/v1/visits/{result['visit']}")).json(), name) == expected


@pytest.mark.parametrize("unseen", ["\u200b", "\u3164\u3164", " \u00a0", "\u2800"])
async def test_nothing_to_see_is_nothing(world: World, unseen: str) -> None:
    plan = plan_with({**FIELDS, "name": unseen})
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", plan)
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [("/customer/name", "missing")]
    with pytest.raises(InvalidBody):
        decode_strict(PLAN_DECODER, to_json(plan_of(FORM | FIELDS | {"name": unseen}, ZONE)))
    await world.plan()
    for path, body in (
        ("window", {"from": "2026-03-02T14:00:00+08:00", "to": "2026-03-02T15:00:00+08:00", "reason": unseen}),
        ("cancellation", {"reason": unseen}),
        ("details", {"reason": unseen, "customer": {"name": "陶"}}),
        ("details", {"reason": "错", "customer": {"name": unseen}}),
    ):
        changed = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/{path}", body, if_match='"0"')
        assert problem(changed) == (422, "invalid-body"), path
    person = {"login": "zhou", "name": unseen, "roles": ["technician"]}
    assert problem(await world.ask("admin", "POST", "/v1/people", person)) == (422, "invalid-body")
    card = await world.ask("admin", "PUT", "/v1/people/li/card", {"name": unseen})
    assert problem(card) == (422, "invalid-body")
    call = {"called": unseen, "text": "好"}
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/notice-calls/{uid('c')}", call)
    assert problem(answer) == (422, "invalid-body")


async def test_one_order_number_is_one_visit(world: World) -> None:
    await world.plan(external_ref="INV-1")
    for written in ("INV-1\u200b", "inv–1", "ＩＮＶ－１", " INV -1"):
        answer = await world.ask("zhao", "PUT", f"/v1/visits/{uid(written)}", a_plan(external_ref=written))
        assert "duplicate_ref" in [one["code"] for one in answer.json()["warnings"]], written
    other = await world.ask("zhao", "PUT", f"/v1/visits/{uid('other')}", a_plan(external_ref="INV-11"))
    assert "duplicate_ref" not in [one["code"] for one in other.json()["warnings"]]
    assert isinstance(id_of("INV-1"), UUID)


@pytest.mark.parametrize(
    ("q", "stored"),
    [
        ("057188881234", {"phone": "0571-88881234"}),
        ("0571 88881234", {"phone": "0571-88881234"}),
        ("+86 571 8888 1234", {"phone": "0571-88881234"}),
        ("057188881234", {"phone": "+86 571 8888 1234"}),
        ("8888-1234", {"phone": "057188881234"}),
        ("+8613800138000", {"phone": "138 0013 8000"}),
        ("13900139000", {"phone": "13800138000/13900139000"}),
        ("ZH001", {"account": "ZH-001"}),
        ("zh–001", {"account": "ZH-001"}),
        ("ＺＨ００１", {"account": "zh/001"}),
        ("张三", {"name": "张 三"}),
    ],
)
async def test_search_folds_what_nobody_distinguishes(world: World, q: str, stored: dict[str, str]) -> None:
    await world.plan(customer={**a_plan()["customer"], **stored})
    await world.plan(uid("other"))
    answer = await world.client.get("/v1/visits", params={"q": q}, headers={"authorization": "Bearer token of zhao"})
    assert [one["id"] for one in answer.json()["items"]] == [str(VISIT)]


def test_a_night_ends_on_the_next_day() -> None:
    night = window_of({"date": "2026-03-02", "from": "23:00", "to": "02:00"}, ZONE)
    assert night is not None
    assert night["to"].isoformat() == "2026-03-03T02:00:00+08:00"
    for start, end in (("10:00", "09:00"), ("10:00", "10:00")):
        with pytest.raises(InvalidBody):
            window_of({"date": "2026-03-02", "from": start, "to": end}, ZONE)
