"""A technician reports that they are on the way: once, for the visit as it is planned now, and before it begins."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from service.audit_log import log
from service.verify.log import verify
from tests.support import example_visits as stories
from tests.support.api_client import VISIT, World, problem, record
from tests.support.dispatch import LATER_WINDOW, PATH, change_visit
from tests.support.fake_gateway import stand

LEFT = {"at": stories.clock("08:40"), "minutes": 25}


async def leave(world: World, who: str = "li", **more: Any) -> httpx.Response:
    return await world.ask(who, "PUT", f"{PATH}/departure", {**LEFT, **more})


async def departure_of(world: World) -> Any:
    return (await world.ask("zhao", "GET", PATH)).json()["departure"]


@pytest.fixture
async def planned(world: World) -> World:
    stand(world.ctx, "08:45")
    assert (await world.plan(crew=["sun"])).status_code == 201
    return world


async def test_it_is_shown_with_the_time_of_arrival_and_kept_in_the_log(planned: World):
    left = await leave(planned)
    assert left.status_code == 201
    assert left.json()["by"] == "li"
    assert datetime.fromisoformat(left.json()["arrives_at"]) == datetime.fromisoformat(stories.clock("09:05"))
    assert await departure_of(planned) == left.json()
    agenda = (await planned.ask("sun", "GET", "/v1/agenda")).json()
    assert [one["departure"] for one in agenda["visits"]] == [left.json()]
    steps = (await planned.ask("wang", "GET", f"{PATH}/history")).json()["steps"]
    assert [(one["by"], one["text"]) for one in steps if one["kind"] == "departure"] == [("li", "25 min")]
    await log.assign_sequence_numbers(planned.ctx.db)
    found = await verify(planned.ctx)
    assert (found.faults, found.rows["departures"]) == ([], 1)


async def test_a_repetition_changes_nothing_and_a_later_arrival_replaces_it(planned: World):
    first = await leave(planned)
    assert (await leave(planned)).status_code == 200
    later = await leave(planned, minutes=40)
    assert later.status_code == 201
    assert await departure_of(planned) == later.json()
    assert (await planned.submit(record())).status_code == 201
    again = await leave(planned)  # its answer was lost, and meanwhile the technician arrived
    assert (again.status_code, again.json()) == (200, first.json())


async def test_a_phone_whose_clock_is_ahead_arrives_no_later(planned: World):
    left = await leave(planned, at=stories.clock("20:00"), minutes=10)
    assert datetime.fromisoformat(left.json()["arrives_at"]) == datetime.fromisoformat(stories.clock("08:55"))


async def test_a_phone_whose_clock_is_behind_does_not_arrive_before_it_left(planned: World):
    left = await leave(planned, at=stories.clock("05:40"))
    assert left.json()["arrives_at"] is None


@pytest.mark.parametrize("change", ["window", "technician"])
async def test_after_another_plan_it_says_nothing_any_more(planned: World, change: str):
    await leave(planned)
    content = LATER_WINDOW if change == "window" else {"technician": "sun", "crew": ["li"], "reason": "换人"}
    assert (await change_visit(planned, change, content)).json()["departure"] is None
    assert await departure_of(planned) is None
    left = await leave(planned, who="sun" if change == "technician" else "li", at=stories.clock("08:50"))
    assert (left.status_code, await departure_of(planned)) == (201, left.json())


async def test_only_those_who_go_report_it(planned: World):
    assert (await leave(planned, who="sun")).status_code == 201
    await change_visit(planned, "technician", {"technician": "li", "crew": [], "reason": "孙请假"})
    assert problem(await leave(planned, who="sun")) == (404, "not-found")
    assert problem(await leave(planned, who="zhao")) == (403, "not-allowed")


async def test_a_visit_that_began_or_is_over_or_cancelled_has_none(planned: World):
    assert (await planned.submit(record())).status_code == 201
    assert problem(await leave(planned)) == (409, "departure-not-now")


@pytest.mark.parametrize(("clock", "status"), [("2026-03-01T20:59", 409), ("2026-03-01T21:01", 201)])
async def test_not_long_before_the_visit(planned: World, clock: str, status: int):
    stand(planned.ctx, datetime.fromisoformat(f"{clock}:00+08:00"))
    assert (await leave(planned)).status_code == status


@pytest.mark.parametrize(("clock", "status"), [("21:59", 201), ("22:01", 409)])
async def test_not_long_after_its_window(planned: World, clock: str, status: int):
    stand(planned.ctx, clock)
    assert (await leave(planned)).status_code == status


async def test_not_for_a_cancelled_visit(planned: World):
    assert (await change_visit(planned, "cancellation", {"reason": "客户退单"})).status_code == 200
    assert problem(await leave(planned)) == (409, "visit-cancelled")


@pytest.mark.parametrize("more", [{"minutes": 0}, {"minutes": 241}, {"minutes": 2.5}, {"minutes": "5"}, {"at": "now"}])
async def test_a_time_that_is_none_is_refused(planned: World, more: dict[str, Any]):
    assert problem(await leave(planned, **more)) == (422, "invalid-body")


async def test_unknown_visits_are_not_found(planned: World):
    path = PATH.replace(str(VISIT), str(VISIT)[::-1].replace("-", "0")[:32])
    assert problem(await planned.ask("li", "PUT", f"{path}/departure", LEFT)) == (404, "not-found")
