"""The server judges at its own time. What has arrived is seen from when it came, whatever its clock says, and the list,
the visit, the receipt and `verify` say the same of it."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from service.verify.log import verify
from tests.support.api_client import RECORD, VISIT, World, record
from tests.support.factories import a_plan, encode, entry_ahead, said, uid
from tests.support.fake_gateway import stand

DAMAGED = (
    said("09:05", "arrived"),
    said("09:20", "own_damage", thing="tile", label="瓷砖"),
    said("09:40", "left"),
)


async def listed(world: World, **query: str) -> list[dict[str, Any]]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return (await world.ask("wang", "GET", f"/v1/visits?{asked}")).json()["items"]


async def seen(world: World, who: str = "wang") -> dict[str, Any]:
    return (await world.ask(who, "GET", f"/v1/visits/{VISIT}")).json()


async def agree(world: World) -> dict[str, Any]:
    """The visit as it is seen; it says the same as the list, the judgement, the receipt and `verify`."""
    (row,) = await listed(world)
    visit = await seen(world)
    judged = (await world.ask("wang", "GET", f"/v1/visits/{VISIT}/judgement")).json()
    receipt = (await world.ask("li", "GET", f"/v1/records/{RECORD}")).json()
    assert [row[name] for name in ("state", "flags", "verdict")] == [
        visit[name] for name in ("state", "flags", "verdict")
    ]
    assert visit["judgement"]["findings"] == judged["findings"] == receipt["findings"]
    assert visit["verdict"] == judged["verdict"] == receipt["verdict"]
    assert (await verify(world.ctx)).faults == []
    return visit


@pytest.mark.parametrize("what", ["an_item_of_a_newer_app", "thanked_at_end"])
async def test_an_entry_dated_ahead_hides_no_open_duty(world: World, what: str) -> None:
    """Before: the damage was on no list, and `verify` took the board for tampered with."""
    stand(world.ctx, "09:50")
    await world.plan()
    assert (await world.submit(record(entries=[*DAMAGED, entry_ahead(what)]))).status_code == 201
    assert [one["id"] for one in await listed(world, flag="open_duties")] == [str(VISIT)]
    visit = await agree(world)
    assert {"open_duties", "clock"} <= set(visit["flags"])


async def test_the_verdict_changes_when_a_duty_is_due_and_nobody_writes(world: World) -> None:
    """The control: a list does judge again, at the moment at which the answer can change."""
    stand(world.ctx, "09:50")
    await world.plan()
    await world.submit(record(entries=[*DAMAGED, entry_ahead("thanked_at_end")]))
    stand(world.ctx, datetime(2026, 4, 12, tzinfo=UTC))
    (found,) = await listed(world, flag="open_duties")  # it is still owed
    assert found["verdict"] == "non_compliant"
    visit = await agree(world)
    assert "open_duties" in visit["flags"]
    assert visit["verdict"] == "non_compliant"


async def test_an_entry_dated_ahead_can_be_taken_back(world: World) -> None:
    """Before: a phone that had left in 2062 could only take that back in 2062."""
    stand(world.ctx, "09:50")
    await world.plan()
    left = entry_ahead("left", "2062-03-02T09:40:00+08:00")
    await world.submit(record(entries=[said("09:05", "arrived"), left]))
    assert (await seen(world))["state"] == "to_review"
    slip = said("09:45", "", withdraws=left["id"], reason="手机时间不对")
    assert (await world.submit(record(uid("b"), entries=[slip]), uid("b"))).status_code == 201
    visit = await agree(world)
    assert visit["state"] == "under_way"
    moved = {"from": "2026-03-03T09:00:00+08:00", "to": "2026-03-03T10:00:00+08:00", "reason": "改约"}
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/window", moved, if_match='"0"')
    assert answer.status_code == 200


@pytest.mark.parametrize("more", [{"what": "own_damage"}, {"what": "no_such_item"}, {"holds": False}, {}])
async def test_a_withdrawal_is_one_whatever_else_it_carries(world: World, more: dict[str, Any]) -> None:
    """Before: one that named a fact per thing without a thing had no effect."""
    stand(world.ctx, "09:50")
    await world.plan()
    await world.submit(record(entries=DAMAGED))
    assert "open_duties" in (await seen(world))["flags"]
    slip = said("09:45", "") | {"withdraws": DAMAGED[1]["id"].upper(), "reason": "写错了"} | more
    receipt = (await world.submit(record(uid("b"), entries=[slip]), uid("b"))).json()
    assert receipt["ignored"] == []
    assert "open_duties" not in (await agree(world))["flags"]


async def test_ticks_do_not_decide_what_was_written_first(world: World) -> None:
    """By its session's clock the slip was made after the withdrawal, which came in the next record."""
    stand(world.ctx, "09:50")
    await world.plan()
    start = said("09:05", "arrived", session="s", tick=0)
    damage = said("09:20", "own_damage", thing="tile", session="s", tick=3_600_000)
    await world.submit(record(entries=[start, damage, said("09:40", "left")]))
    slip = said("09:45", "", withdraws=damage["id"], reason="写错了", session="s", tick=60_000)
    await world.submit(record(uid("b"), entries=[slip]), uid("b"))
    assert "open_duties" not in (await agree(world))["flags"]


async def test_nobody_takes_back_what_is_not_yet_written(world: World) -> None:
    """The control: an entry that comes in a later record than its withdrawal stands."""
    stand(world.ctx, "09:50")
    await world.plan()
    slip = said("09:45", "", withdraws=DAMAGED[1]["id"], reason="写错了")
    await world.submit(record(entries=[slip]))
    await world.submit(record(uid("b"), entries=DAMAGED), uid("b"))
    assert "open_duties" in (await agree(world))["flags"]


async def test_entries_say_when_they_came_and_no_phone_says_it_for_them(world: World) -> None:
    stand(world.ctx, "09:50")
    await world.plan()
    lie = said("09:05", "arrived", received_at="2026-03-02T09:00:00+08:00")
    await world.submit(record(entries=[lie]))
    (entry,) = (await seen(world, "li"))["entries"]
    assert entry["received_at"] == "2026-03-02T09:50:00+08:00"


@pytest.mark.parametrize(
    ("clock", "told"),
    [("09:52:01", (121, None)), ("09:52:00", (None, None)), ("09:47:59", (None, 121)), ("09:48:00", (None, None))],
)
async def test_the_visit_says_that_a_clock_was_ahead_or_behind(
    world: World, clock: str, told: tuple[int | None, int | None]
) -> None:
    stand(world.ctx, "09:50")
    await world.plan()
    await world.submit(record(device_clock={"at": f"2026-03-02T{clock}+08:00"}))
    visit = await agree(world)
    (one,) = visit["records"]
    assert (one["clock_ahead_seconds"], one["clock_behind_seconds"]) == told
    assert ("clock" in visit["flags"]) == (told[0] is not None)


def bundle(now: str, *entries: dict[str, Any]) -> dict[str, Any]:
    visit = {"id": "v", "type": "repair_leak", "window": a_plan()["window"]}
    return {"visit": visit, "entries": list(entries), "now": now}


def judged(*bundles: dict[str, Any]) -> list[dict[str, Any]]:
    """What `doorstep judge -` prints."""
    lines = b"\n".join(encode(one) for one in bundles)
    done = subprocess.run([sys.executable, "-m", "service", "judge", "-"], input=lines, capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_bundle_sees_what_came_by_then_and_without_that_what_is_dated_by_then() -> None:
    now, later = "2026-03-02T09:30:00+08:00", "2026-03-02T09:45:00+08:00"
    arrived = said("09:40", "arrived")
    early, late = {"received_at": "2026-03-02T09:30:00+08:00"}, {"received_at": later}
    verdicts = [
        one["verdict"]
        for one in judged(
            bundle(now, arrived),
            bundle(now, arrived | early),
            bundle(now, arrived | late),
            bundle(later, arrived),
            bundle(later, arrived | {"received_at": "2026-03-02T10:00:00+08:00"}),
        )
    ]
    assert [verdict is not None for verdict in verdicts] == [False, True, False, True, True]


def test_a_bundle_says_which_of_two_came_first_else_they_are_as_they_say() -> None:
    now = "2026-03-02T12:00:00+08:00"
    slip = said("10:00", "own_damage", thing="tile")
    back = said("09:30", "", withdraws=slip["id"], reason="写错了")
    came = [{"received_at": f"2026-03-02T11:0{minute}:00+08:00"} for minute in (0, 1)]
    arrived = said("09:05", "arrived")
    codes = [
        {finding["code"] for finding in one["findings"]}
        for one in judged(
            bundle(now, arrived, slip, back),  # by `at` the withdrawal is too early
            bundle(now, arrived, slip | came[0], back | came[1]),
            bundle(now, arrived, slip | came[0], back | came[0]),  # of one batch
            bundle(now, arrived, back | came[0], slip | came[0]),
            bundle(now, arrived, slip | came[1], back | came[0]),
            bundle(now, arrived, slip | came[0], back),
        )
    ]
    stands = ["missing.own_damage_recorded[tile]" in one for one in codes]
    assert stands == [True, False, False, True, True, True]
