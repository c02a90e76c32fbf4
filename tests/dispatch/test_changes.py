"""Dispatch changes a visit: with a trail, never over somebody else's change, never touched by what the phone sends."""

from typing import Any

import pytest

from service.verify import log
from tests.support.api_client import RECORD, VISIT, World, problem, record
from tests.support.dispatch import LATER_WINDOW, PATH, change_visit
from tests.support.example_visits import clock
from tests.support.factories import said, uid


async def seen(world: World, who: str = "zhao") -> dict[str, Any]:
    return (await world.ask(who, "GET", PATH)).json()


async def test_a_moved_window_keeps_what_was_with_who_when_and_why(world: World) -> None:
    assert (await world.plan()).headers["etag"] == '"0"'
    moved = await change_visit(world, "window", LATER_WINDOW)
    assert (moved.status_code, moved.headers["etag"]) == (200, '"1"')
    assert (await world.ask("li", "GET", PATH)).headers["etag"] == '"1"'
    visit = await seen(world)
    assert visit["window"] == {"from": LATER_WINDOW["from"], "to": LATER_WINDOW["to"]}
    (step,) = visit["trail"]
    assert step["old"] == {"window": {"from": clock("09:00"), "to": clock("10:00")}}
    assert step["new"] == {"window": visit["window"]}
    assert (step["by"], step["reason"], step["kind"], step["number"]) == ("zhao", LATER_WINDOW["reason"], "window", 1)
    await world.submit(record(entries=[said("14:05", "arrived")]))
    judged = await world.ask("zhao", "GET", f"{PATH}/judgement?at={clock('15:00')}")
    codes = {finding["code"] for finding in judged.json()["findings"]}
    assert "missing.reschedule_notified" in codes
    assert "late.arrival_in_window" not in codes


async def test_of_two_who_change_the_same_visit_the_second_is_told(world: World) -> None:
    await world.plan()
    assert problem(await change_visit(world, "window", LATER_WINDOW, None)) == (428, "precondition-required")
    assert problem(await change_visit(world, "window", LATER_WINDOW, "*")) == (428, "precondition-required")
    assert (await change_visit(world, "window", LATER_WINDOW)).status_code == 200
    other = {"reason": "门牌抄错", "customer": {"name": "陶", "address": "虚构路 2 号"}}
    assert problem(await change_visit(world, "details", other)) == (412, "precondition-failed")
    assert problem(await change_visit(world, "details", other, 'W/"0"')) == (412, "precondition-failed")
    assert (await change_visit(world, "details", other, '"1-gzip"')).status_code == 200
    assert (await seen(world))["customer"]["address"] == "虚构路 2 号"


async def test_the_same_change_again_is_no_change(world: World) -> None:
    await world.plan()
    for content, part in (
        (LATER_WINDOW, "window"),
        ({"technician": "sun"}, "technician"),
        ({"reason": "补充", "work": {"content": "换水表"}}, "details"),
        ({"damage_made_good[tile]": clock("18:00")}, "due"),
        ({"reason": "客户取消"}, "cancellation"),
    ):
        before = (await seen(world))["revision"]
        answers = [await change_visit(world, part, content, f'"{before}"') for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 200], answers[0].text
        assert {one.json()["revision"] for one in answers} == {before + 1}


async def test_a_cancelled_visit_takes_records_and_no_changes(world: World) -> None:
    await world.plan()
    gone = await change_visit(world, "cancellation", {"reason": "客户取消"})
    assert (gone.json()["state"], gone.json()["cancelled"]["reason"]) == ("cancelled", "客户取消")
    assert problem(await change_visit(world, "window", LATER_WINDOW, '"1"')) == (409, "visit-cancelled")
    assert problem(await change_visit(world, "cancellation", {"reason": "另一原因"}, '"1"')) == (409, "visit-cancelled")
    assert (await world.submit(record())).status_code == 201
    visit = await seen(world)
    assert (visit["state"], len(visit["records"]), visit["revision"]) == ("to_review", 1, 1)
    assert visit["cancelled"]["reason"] == "客户取消"


DONE = [said("09:05", "arrived"), said("09:40", "left")]
DAMAGE = said("09:10", "own_damage", thing="tile", label="瓷砖")
DATE = {"damage_made_good[tile]": clock("18:00")}


async def states(world: World, state: str) -> list[str]:
    return [one["id"] for one in (await world.ask("wang", "GET", f"/v1/visits?state={state}")).json()["items"]]


async def test_what_was_done_can_be_neither_moved_nor_cancelled(world: World) -> None:
    await world.plan()
    await world.submit(record(uid("begun"), entries=DONE[:1]), uid("begun"))
    assert problem(await change_visit(world, "cancellation", {"reason": "不想让人看"})) == (409, "visit-begun")
    assert (await change_visit(world, "window", LATER_WINDOW)).status_code == 200  # it goes on tomorrow
    await world.submit(record(entries=[said("16:00", "left")]))
    other = {**LATER_WINDOW, "reason": "又改", "to": clock("16:00")}
    for part, content in (("window", other), ("cancellation", {"reason": "不想让人看"})):
        assert problem(await change_visit(world, part, content, '"1"')) == (409, "visit-begun")
    assert (
        await change_visit(world, "window", LATER_WINDOW, '"1"')
    ).status_code == 200  # the same again: its answer was lost
    assert await states(world, "to_review") == [str(VISIT)]
    assert (await change_visit(world, "due", DATE, '"1"')).status_code == 200
    assert (await change_visit(world, "technician", {"technician": "sun"}, '"2"')).status_code == 200


async def test_what_was_done_on_a_cancelled_visit_is_reviewed_and_dated(world: World) -> None:
    await world.plan()
    await change_visit(world, "cancellation", {"reason": "客户取消"})
    assert problem(await change_visit(world, "due", DATE, '"1"')) == (
        409,
        "visit-cancelled",
    )  # there is nothing to be done
    assert await states(world, "cancelled") == [str(VISIT)]
    await world.submit(record(entries=[*DONE, DAMAGE]))
    assert (await states(world, "cancelled"), await states(world, "to_review")) == ([], [str(VISIT)])
    dated = await change_visit(world, "due", DATE, '"1"')
    assert (dated.status_code, dated.json()["due"]) == (200, DATE)
    assert dated.json()["cancelled"]["reason"] == "客户取消"
    again = await change_visit(world, "cancellation", {"reason": "客户取消"}, '"1"')
    assert (again.status_code, again.json()["revision"]) == (200, 2)  # said again, it is no change


async def test_after_a_hand_over_both_may_submit_and_only_the_new_one_sees_it(world: World) -> None:
    await world.plan()
    assert problem(await world.submit(record(uid("s")), uid("s"), "sun")) == (403, "not-your-visit")
    assert (await change_visit(world, "technician", {"technician": "sun", "reason": "生病"})).status_code == 200
    assert (await world.submit(record())).status_code == 201
    late = record(uid("s"), entries=[said("09:40", "left")])
    assert (await world.submit(late, uid("s"), "sun")).status_code == 201
    assert (await world.ask("li", "GET", PATH)).status_code == 404
    assert (await world.ask("li", "GET", f"/v1/records/{RECORD}")).status_code == 200  # his own stays his
    assert (await world.ask("sun", "GET", PATH)).json()["technician"] == "sun"


async def test_a_record_leaves_what_dispatch_wrote_as_it_is(world: World) -> None:
    await world.plan()
    await change_visit(world, "window", LATER_WINDOW)
    before = await seen(world)
    await world.submit(record(technician="sun", window={"from": clock("01:00"), "to": clock("02:00")}))
    after = await seen(world)
    for name in ("window", "technician", "crew", "customer", "work", "trail", "revision", "due"):
        assert after[name] == before[name]


@pytest.mark.parametrize(
    ("part", "content", "status", "pointer"),
    [
        ("window", {**LATER_WINDOW, "to": clock("13:00")}, 422, "/to"),
        ("window", {**LATER_WINDOW, "reason": " "}, 422, "/reason"),
        ("technician", {"technician": "wang"}, 422, "/technician"),
        ("technician", {"technician": "li", "crew": ["nobody"]}, 422, "/crew/0"),
        ("due", {"nothing[tile]": clock("18:00")}, 422, ""),
        ("due", {"own_damage": "soon"}, 422, None),
        ("cancellation", {}, 422, ""),
    ],
)
async def test_a_change_that_cannot_be_is_refused(
    world: World, part: str, content: Any, status: int, pointer: str | None
) -> None:
    await world.plan()
    refused = await change_visit(world, part, content)
    assert refused.status_code == status
    if pointer is not None:
        assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]
    assert (await seen(world))["revision"] == 0


async def test_who_may_not_change_a_visit(world: World) -> None:
    await world.plan()
    assert problem(await change_visit(world, "window", LATER_WINDOW, who="li")) == (403, "not-allowed")
    assert problem(await change_visit(world, "window", LATER_WINDOW, who="qian")) == (404, "not-found")
    assert (await change_visit(world, "window", LATER_WINDOW, who="wang")).status_code == 200


async def test_a_follow_up_is_shown_both_ways(world: World) -> None:
    await world.plan()
    second = uid("w")
    assert (await world.plan(second, follows=str(VISIT))).json()["follows"] == str(VISIT)
    assert (await seen(world))["followed_by"] == [str(second)]
    assert (await world.plan(uid("x"), follows=str(uid("nowhere")))).status_code == 422


async def test_an_absent_customer_is_shown_with_what_proves_it(world: World) -> None:
    await world.plan()
    place = {"lat": 31.2, "lon": 121.5}
    call = {"kind": "text", "text": "拨打两次无人接听"}
    entries = [
        said("09:05", "arrived", place=place),
        said("09:06", "door_signal"),
        said("09:25", "nobody_home", evidence=[call]),
        said("09:26", "left"),
    ]
    await world.submit(record(entries=entries))
    visit = await seen(world)
    assert "absent" in visit["flags"]
    absence = visit["absence"]
    assert (absence["place"], absence["waited_minutes"], absence["text"]) == (place, 20, call["text"])
    assert absence["door_signal_at"] == clock("09:06")


async def test_every_change_stands_in_the_log(world: World) -> None:
    await world.plan()
    await change_visit(world, "window", LATER_WINDOW)
    await change_visit(world, "cancellation", {"reason": "客户取消"}, '"1"')
    found = await log.verify(world.ctx)
    assert found.faults == []
    assert found.rows["leaves_waiting"] == 5  # the coverage, the checklist, the visit, two changes
