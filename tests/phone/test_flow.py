"""What the phone offers to tap: from the published checklist, in the norm's order, and judged as the server does."""

import asyncio
import json
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.checklists.loader import bundled_checklists_dir, load_checklist
from service.judge.judge import judge
from service.judge.visit import Bundle
from tests.support import nodejs
from tests.support.api_client import World
from tests.support.example_visits import FOLDER, NAMES, RULES, clock
from tests.support.factories import a_plan, uid

MODULES = Path(nodejs.HERE).parent / "service" / "phone" / "static"
PUBLISHED: dict[str, Any] = json.loads(msgspec.json.encode(load_checklist(bundled_checklists_dir()).checklist))
STORIES: dict[str, Any] = {name: json.loads((FOLDER / f"{name}.json").read_bytes()) for name in NAMES}
TAPS = {"plain": 9, "S01": 21, "S04": 36, "S04R": 38, "S05": 37, "S07": 15, "S08": 50}
"""At most. A form counts one tap to open it, one for each answer and one to keep it; typed letters do not count."""


async def flow(tmp_path: Path, command: str, given: Any, checklist: dict[str, Any] = PUBLISHED) -> Any:
    path = tmp_path / "checklist.json"
    path.write_text(json.dumps(checklist), "utf-8")
    process = await asyncio.create_subprocess_exec(
        *(nodejs.node(), str(Path(__file__).parent / "flow.mjs"), str(MODULES), str(path), command),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate(json.dumps(given).encode())
    assert process.returncode == 0, error.decode()
    return json.loads(out)


def codes(findings: list[Any]) -> list[str]:
    return sorted(f"{one['severity']} {one['code']}" for one in findings)


async def test_the_example_visits_are_carried_out_by_taps(tmp_path: Path) -> None:
    done = await flow(tmp_path, "stories", {**STORIES, "plain": {**STORIES["S01"], "expected": {"findings": []}}})
    for name, result in done.items():
        story = STORIES.get(name, STORIES["S01"])
        spoken = {entry["what"] for entry in story["entries"] if "says" in entry}
        expected = [one for one in story["expected"]["findings"] if one.partition("disputed.")[2] not in spoken]
        assert codes(result["findings"]) == sorted(expected), name
        assert result["taps"] <= TAPS[name], name
    print("taps:", {name: result["taps"] for name, result in done.items()})  # noqa: T201 - for whoever counts them


async def test_an_order_that_would_break_is_said_before_in_the_words_of_the_buttons(tmp_path: Path) -> None:
    done = await flow(tmp_path, "stories", {name: STORIES[name] for name in ("S01", "S07", "S08")})
    assert done["S01"]["warnings"] == []
    assert [(what, text["zh"]) for what, text in done["S07"]["warnings"]] == [
        ("only.shoe_covers_on", "顺序不对：「已穿鞋套」应在「客户同意我进门」之后（4.3.5）"),
        ("enter", "顺序不对：「已主动出示工作证」应在「入内」之前（4.3.2）"),
        ("start", "顺序不对：「已主动出示工作证」应在「开始作业」之前（4.3.2）"),
    ]
    said = dict(map(tuple, ((what, text["zh"]) for what, text in done["S08"]["warnings"])))
    assert dict(done["S08"]["warnings"])["instead.damage_customer_satisfied"]["kind"] == "attest"
    assert said["instead.damage_customer_satisfied"] == "「客户完全满意（鞋柜）」由无权者代填（4.3.10）"
    assert (
        said["borrow_used[basin]"] == "顺序不对：「借用前已征得客户同意（水盆）」应在「开始使用借用物品」之前（4.3.4）"
    )


async def steps(
    tmp_path: Path,
    *entries: dict[str, Any],
    checklist: dict[str, Any] = PUBLISHED,
    withdrawn: str | None = None,
    **visit: Any,
) -> Any:
    window = {"from": clock("09:00"), "to": clock("10:00")}
    now = clock("09:30") if all(one["at"] <= "09:30" for one in entries) else clock("12:00")
    bundle = {
        "visit": {"id": "v", "type": "repair_leak", "window": window, **visit},
        "now": now,
        "withdrawn": withdrawn,
    }
    dated = [
        {"id": str(uid(str(n))), "by": "technician", **one, "at": clock(one["at"])} for n, one in enumerate(entries)
    ]
    return await flow(tmp_path, "steps", {**bundle, "entries": dated}, checklist)


def ids(found: Any) -> list[str]:
    return [step["id"] for stage in found["stages"] for step in stage["steps"]]


async def test_a_plain_repair_has_the_steps_of_the_norm_and_no_others(tmp_path: Path) -> None:
    found = await steps(tmp_path)
    assert ids(found) == "self_check arrive knock meet consent enter start finish thank leave".split()
    assert found["next"] == "self_check"
    main = [one["fact"] for one in found["incidents"] if one["main"]]
    assert len(main) == 8


def entry(what: str, at: str, **more: Any) -> dict[str, Any]:
    return {"id": str(uid(what)), "what": what, "at": at, **more}


PHOTO = {"kind": "photo", "sha256": "a" * 64, "taken_at": clock("09:10")}
BROKEN = [
    entry("arrived", "09:00"),
    entry("meter_damage_by_customer", "09:09", holds=True),
    entry("meter_damage_photo", "09:10", evidence=[PHOTO], fields={"reading": "abc"}),
    entry("meter_cause_analysed", "09:11"),
    entry("meter_cause_confirmed", "09:12", fields={"opinion": "agrees"}),
]
SIGNED = entry("meter_order_signed", "09:15", by="customer", evidence=[{"kind": "signature", "sha256": "b" * 64}])
LACKING = [
    ["evidence.meter_cause_analysed.text", "meter_cause_analysed"],
    ["value.meter_damage_photo.reading", "meter_damage_photo"],
]


def step_of(found: Any, name: str) -> Any:
    return next(one for stage in found["stages"] for one in stage["steps"] if one["id"] == name)


async def test_before_a_signature_it_is_said_what_is_not_complete(tmp_path: Path) -> None:
    found = await steps(tmp_path, *BROKEN)
    assert sorted(found["unfinished"]["meter_order_signed"]) == LACKING
    assert found["unfinished"]["arrive"] == []
    assert step_of(found, "meter_cause_analysed")["warning"] is None
    whole = [
        *BROKEN,
        entry("again", "09:13", evidence=[{"kind": "text", "text": "装修"}]) | {"what": "meter_cause_analysed"},
    ]
    whole[2] = whole[2] | {"fields": {"reading": 1274}}
    assert (await steps(tmp_path, *whole))["unfinished"]["meter_order_signed"] == []


async def test_what_would_void_a_signature_is_said_before(tmp_path: Path) -> None:
    found = await steps(tmp_path, *BROKEN, SIGNED, withdrawn=str(uid("meter_damage_photo")))
    for warning in (step_of(found, "meter_cause_analysed")["warning"], found["withdrawing"]):
        assert warning["kind"] == "signed"
        assert warning["zh"].startswith("客户已在「水表损坏确认单」上签字")
    changed = {**BROKEN[3], "id": str(uid("again")), "at": "09:20", "evidence": [{"kind": "text", "text": "装修"}]}
    void = await steps(tmp_path, *BROKEN, SIGNED, changed, withdrawn=str(uid("meter_damage_photo")))
    assert void["withdrawing"] is None  # it is void already
    assert ["changed_after_signature.signed_content_fixed", "meter_order_signed"] in void["missing"]
    again = {**SIGNED, "id": str(uid("signed again")), "at": "09:25"}
    mended = await steps(tmp_path, *BROKEN, SIGNED, changed, again, withdrawn=str(uid("arrived")))
    assert not any(code.startswith("changed") for code, _ in mended["missing"])
    assert mended["withdrawing"] is None  # it is not on the paper


def at_once(found: Any) -> list[str]:
    return [code for code, _ in found["missing"] if code.startswith(("order", "changed"))]


CAUSE = {"evidence": [{"kind": "text", "text": "装修"}]}
TAKEN_BACK = {"id": str(uid("back")), "at": "09:13", "withdraws": str(uid("meter_cause_analysed")), "reason": "写错了"}
AGAIN = {**entry("meter_cause_analysed", "09:14", **CAUSE), "id": str(uid("analysed again"))}


async def test_what_rests_on_something_that_changes_is_done_once_more(tmp_path: Path) -> None:
    order = "「客户确认损坏原因」应在「已与客户一起分析损坏原因（写明原因）」之后"
    found = await steps(tmp_path, *BROKEN, withdrawn=str(uid("meter_cause_analysed")))
    assert found["withdrawing"]["kind"] == "order"
    assert order in found["withdrawing"]["zh"]
    back = await steps(tmp_path, *BROKEN, TAKEN_BACK)
    assert order in step_of(back, "meter_cause_analysed")["warning"]["zh"]
    found = await steps(tmp_path, *BROKEN, TAKEN_BACK, AGAIN)
    confirm = step_of(found, "meter_cause_confirmed")
    assert (confirm["done"], confirm["warning"], found["next"]) == (False, None, "self_check")
    assert confirm["label"]["zh"] == "再做一次：客户确认损坏原因"
    withdrawal, again = confirm["entries"]
    assert withdrawal["withdraws"] == str(uid("meter_cause_confirmed"))
    assert at_once(found) == ["order.meter_cause_confirmed.after.meter_cause_analysed"]
    repeated = [{**one, "id": str(uid(f"repeated {n}")), "at": "09:16"} for n, one in enumerate((withdrawal, again))]
    found = await steps(tmp_path, *BROKEN, TAKEN_BACK, AGAIN, *repeated)
    assert (at_once(found), step_of(found, "meter_cause_confirmed")["done"]) == ([], True)


async def test_an_order_that_was_broken_at_once_cannot_be_mended(tmp_path: Path) -> None:
    late = {**AGAIN, "id": str(uid("late"))}
    found = await steps(tmp_path, BROKEN[0], BROKEN[1], BROKEN[4], late)
    assert (at_once(found), step_of(found, "meter_cause_confirmed")["done"]) == ([], True)


async def test_a_signature_on_what_has_changed_is_asked_for_again_until_it_is_refused(tmp_path: Path) -> None:
    written = [one for one in BROKEN if one["what"] != "meter_cause_analysed"]
    first = entry("meter_cause_analysed", "09:11", **CAUSE)
    changed = {**first, "id": str(uid("again")), "at": "09:20"}
    done = [*written[:3], first, written[3], SIGNED]
    assert step_of(await steps(tmp_path, *done), "meter_order_signed")["done"]
    sign = step_of(await steps(tmp_path, *done, changed), "meter_order_signed")
    assert (sign["done"], sign["needs"], sign["label"]["zh"]) == (False, "signature", "请客户重签")
    refused = {"id": str(uid("refused")), "what": "meter_order_signed", "at": "09:25", "evidence": [PHOTO]}
    refused["refused"] = {"reason": "不认可", "outcome": "refused"}
    assert step_of(await steps(tmp_path, *done, changed, refused), "meter_order_signed")["done"]


async def test_the_paper_for_what_we_broke_is_due_once_it_is_made_good(tmp_path: Path) -> None:
    tile = {"thing": "tile"}
    broken = [
        entry("arrived", "09:00"),
        entry("own_damage", "09:10", label="瓷砖", holds=True, **tile),
        entry("damage_choice_followed", "09:11", **tile),
    ]
    paper = "damage_customer_satisfied[tile]"
    assert step_of(await steps(tmp_path, *broken), paper)["optional"]
    made_good = entry("damage_made_good", "09:20", **tile)
    found = await steps(tmp_path, *broken, made_good)
    assert not step_of(found, paper)["optional"]
    assert ["open.damage_customer_satisfied[tile]", paper] in found["missing"]


async def test_every_step_that_is_passed_over_is_named(tmp_path: Path) -> None:
    found = await steps(tmp_path, entry("arrived", "09:00"), entry("entry_consent", "09:05"))
    warning = step_of(found, "enter")["warning"]["zh"]
    assert "「见到客户：已出示证件、自我介绍」应在「穿好鞋套，进门」之前" in warning
    assert "「已按门铃或轻轻敲门」应在「穿好鞋套，进门」之前" in warning


async def test_an_arrival_far_outside_the_window_is_known_at_the_tap(tmp_path: Path) -> None:
    assert (await steps(tmp_path))["farOff"] is False
    assert (await steps(tmp_path, entry("arrived", "11:30")))["farOff"] is True


async def test_findings_of_the_office_are_set_apart(tmp_path: Path) -> None:
    found = await steps(tmp_path, entry("arrived", "09:30"))
    assert "missing.appointment_agreed" in found["offices"]
    assert not [code for code in found["offices"] if "id_shown" in code]
    assert "missing.reschedule_notified" not in (await steps(tmp_path, entry("arrived", "11:30")))["offices"]


async def test_a_dot_is_no_signature(tmp_path: Path) -> None:
    line = [{"x": 10, "y": 10}, {"x": 30, "y": 20}]
    drawn = [[], [{"points": [line[0]]}], [{"points": [line[0], {"x": 12, "y": 11}]}], [{"points": line}]]
    assert await flow(tmp_path, "signatures", drawn) == [False, False, False, True]


async def test_what_happened_is_named_without_saying_whose_fault_it_was(tmp_path: Path) -> None:
    found = await steps(tmp_path, *BROKEN)
    (incident,) = [one for one in found["incidents"] if one["fact"] == "meter_damage_by_customer"]
    (stage,) = [one for one in found["stages"] if one["id"] == "meter_damage_by_customer"]
    assert incident["label"] == stage["title"] == {"zh": "水表损坏", "en": "Meter damaged"}


async def test_an_arrival_outside_the_window_is_no_change_of_it(tmp_path: Path) -> None:
    late = entry("arrived", "11:30")
    assert (await steps(tmp_path, late))["moved"] == ["missing.reschedule_notified"]
    assert (await steps(tmp_path, entry("arrived", "09:30")))["moved"] == []
    change = {"at": clock("08:00"), "from": clock("11:00"), "to": clock("12:00")}
    assert (await steps(tmp_path, late, rescheduled=[change]))["moved"] == []


async def test_where_no_entry_is_needed_the_steps_of_entering_are_only_offered(tmp_path: Path) -> None:
    found = await steps(
        tmp_path, {"what": "arrived", "at": "09:00"}, {"what": "badge_worn", "at": "08:00"}, type="meter_reading"
    )
    optional = [step["id"] for stage in found["stages"] for step in stage["steps"] if step["optional"]]
    assert optional == ["knock", "consent", "enter"]
    began = await steps(tmp_path, {"what": "door_signal", "at": "09:00"}, type="meter_reading")
    assert not any(step["optional"] for stage in began["stages"] for step in stage["steps"])


async def test_nobody_at_home_leaves_only_what_can_be_done_then(tmp_path: Path) -> None:
    at_home = {"what": "nobody_home", "at": "09:20", "holds": True}
    found = await steps(tmp_path, {"what": "arrived", "at": "09:00"}, at_home, policies={"p_absent_slip": True})
    assert ids(found) == ["self_check", "arrive", "p_absent_slip", "leave"]


async def test_an_item_that_this_app_does_not_know_is_a_step_of_its_own(tmp_path: Path) -> None:
    newer = deepcopy(PUBLISHED)
    newer["version"] = 2
    newer["facts"]["dog_there"] = {"zh": "有狗", "en": "a dog is there", "type": "declared"}
    shoes = next(item for item in newer["items"] if item["id"] == "shoe_covers_on")
    entering = {"rel": "before", "than": "entered", "sev": "violation"}
    names = {
        "label": {"zh": "问过狗", "en": "asked about dogs"},
        "screen": {"zh": "问过有没有狗", "en": "Asked about dogs"},
    }
    newer["items"].append({**shoes, "id": "dog_asked", **names, "order": [entering]})
    tied = {"label": {"zh": "狗已拴好", "en": "dog tied"}, "screen": {"zh": "狗已拴好", "en": "The dog is tied"}}
    newer["items"].append(
        {
            **shoes,
            "id": "dog_tied",
            **tied,
            "when": "dog_there",
            "order": [],
            "evidence": {"min": ["photo"], "strong": []},
        }
    )
    newer["visit_types"]["repair_leak"]["incidents"].append("dog_there")
    found = await steps(tmp_path, checklist=newer)
    order = ids(found)
    assert order.index("consent") < order.index("dog_asked") < order.index("enter")
    assert {"fact": "dog_there", "asked": True}.items() <= next(
        one for one in found["incidents"] if one["fact"] == "dog_there"
    ).items()
    found = await steps(tmp_path, {"what": "dog_there", "at": "09:10", "holds": True}, checklist=newer)
    [stage] = [stage for stage in found["stages"] if stage["id"] == "dog_there"]
    [step] = stage["steps"]
    assert (step["id"], step["needs"], step["label"]["zh"]) == ("dog_tied", "photo", "狗已拴好")


VISITS = [
    {
        "id": "v",
        "type": kind,
        "checklist": "onsite@1",
        "window": {"from": clock("09:00"), "to": clock("10:00")},
        "assigned": {
            "meter_exchanged": kind == "meter_replacement",
            "inspector_on_site": kind == "water_use_inspection",
        },
        "policies": {"p_absent_slip": True, "p_fee_told_first": True},
    }
    for kind in PUBLISHED["visit_types"]
]


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_tapped_is_judged_as_the_server_does(tmp_path: Path, seed: int) -> None:
    given = {"visits": VISITS, "seed": seed * 1000, "count": 22, "length": 40}
    for tapped in await flow(tmp_path, "random", given):
        bundle = msgspec.convert({key: tapped[key] for key in ("visit", "entries", "now")}, Bundle)
        judged = judge(RULES, bundle.visit, bundle.entries, datetime.fromisoformat(tapped["now"]))
        assert [f"{f.severity} {f.code}" for f in judged.findings] == [
            f"{f['severity']} {f['code']}" for f in tapped["findings"]
        ]
        assert judged.verdict == tapped["verdict"]


async def test_whatever_is_tapped_is_taken_and_understood(tmp_path: Path, world: World) -> None:
    given = {"visits": VISITS, "seed": 77, "count": 11, "length": 40}
    for number, tapped in enumerate(await flow(tmp_path, "random", given)):
        visit, name = uid(f"tapped {number}"), f"record {number}"
        plan = a_plan(**{key: tapped["visit"][key] for key in ("type", "assigned", "policies")})
        answer = await world.ask("zhao", "PUT", f"/v1/visits/{visit}", plan)
        assert answer.status_code == 201, answer.text
        start = datetime.fromisoformat(tapped["entries"][0]["at"])
        begin = world.ctx.now() - timedelta(hours=8)
        entries = [
            {**entry, "at": (begin + (datetime.fromisoformat(entry["at"]) - start)).isoformat()}
            for entry in tapped["entries"]
        ]
        record = {"id": str(uid(name)), "visit": str(visit), "checklist": "onsite@1", "entries": entries}
        receipt = await world.submit(record, uid(name))
        assert receipt.status_code == 201, receipt.text
        assert receipt.json()["ignored"] == []
        assert receipt.json()["notes"] == []
