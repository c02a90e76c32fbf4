"""Each reason for which a visit calls for a person: how it comes, and how it goes. And when a visit ends by itself."""

from datetime import datetime
from typing import Any

import pytest

from service.context import ReviewPolicy
from service.reviews import refresh
from tests.support.api_client import VISIT, World, record
from tests.support.customer import UNSIGNED, advance_clock, change_cause, example_customer
from tests.support.evidence import record_naming, send_evidence
from tests.support.factories import said, uid
from tests.support.pictures import picture
from tests.support.reviews import close, later, reasons, review, review_of, state_of

COMPLAINT = {"fact": "complaint_received", "text": "师傅态度不好"}
PHOTO = picture(1)


async def test_files_that_stay_away_for_a_day_call_for_a_person_until_somebody_looked(world: World) -> None:
    await world.plan()
    assert (await world.submit(record_naming(PHOTO))).status_code == 201
    later(world, hours=23, minutes=59)
    assert "missing_files" not in await reasons(world)
    later(world, minutes=1)
    assert "missing_files" in await reasons(world)
    await close(world)
    assert "missing_files" not in await reasons(world)


async def test_files_that_come_late_call_for_nobody_any_more(world: World) -> None:
    await world.plan()
    assert (await world.submit(record_naming(PHOTO))).status_code == 201
    later(world, hours=25)
    assert "missing_files" in await reasons(world)
    assert (await send_evidence(world, PHOTO)).status_code == 201
    assert "missing_files" not in await reasons(world)


async def test_a_visit_that_is_in_order_closes_by_itself_after_a_week(world: World) -> None:
    tao = await example_customer(world, "S01")
    assert await reasons(world, tao.visit) == []
    later(world, days=6, hours=23)
    await refresh.refresh_due(world.ctx)
    assert await state_of(world, visit=tao.visit) == "to_review"
    later(world, hours=1)
    assert await refresh.refresh_due(world.ctx) == 1
    assert await state_of(world, visit=tao.visit) == "closed"
    listed = (await world.ask("zhao", "GET", "/v1/visits?state=closed")).json()["items"]
    assert [one["id"] for one in listed] == [str(tao.visit)]


async def test_no_visit_closes_by_itself_while_a_file_is_missing_or_anything_calls_for_a_person(world: World) -> None:
    await world.plan()
    assert (await world.submit(record_naming(PHOTO))).status_code == 201
    later(world, days=30)
    assert await reasons(world) != []
    assert await state_of(world) != "closed"


async def test_what_new_calls_for_a_person_opens_a_closed_visit_again(world: World) -> None:
    world.ctx.review_policy = ReviewPolicy(close_days=1)
    tao = await example_customer(world, "S01")
    later(world, days=1)
    assert await reasons(world, tao.visit) == []
    assert await state_of(world, visit=tao.visit) == "closed"
    await tao.enters()
    assert (await tao.says(raises=[COMPLAINT])).status_code == 200
    assert await reasons(world, tao.visit) == ["complaint"]
    assert await state_of(world, visit=tao.visit) == "to_review"


@pytest.mark.parametrize(("days", "closes_after"), [(1, 1), (30, 30)])
async def test_the_utility_says_after_how_many_days_visits_close(world: World, days: int, closes_after: int) -> None:
    world.ctx.review_policy = ReviewPolicy(close_days=days)
    tao = await example_customer(world, "S01")
    later(world, days=closes_after, minutes=-1)
    assert await state_of(world, visit=tao.visit) == "to_review"
    later(world, minutes=1)
    assert await state_of(world, visit=tao.visit) == "closed"


async def test_a_refused_signature_calls_for_a_person_and_is_owed_until_it_is_decided(world: World) -> None:
    tao = await example_customer(world, "S04R")
    assert await reasons(world, tao.visit) == ["refused"]
    duties = (await world.ask("wang", "GET", "/v1/duties")).json()["duties"]
    assert sorted(one["item"] for one in duties) == sorted(UNSIGNED)
    done = await close(world, tao.visit)
    assert (done["state"], done["open_duties"]) == ("closed", [])
    assert (await world.ask("wang", "GET", "/v1/duties")).json()["duties"] == []


async def test_who_agrees_only_in_part_calls_for_a_person(world: World) -> None:
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    advance_clock(world, minutes=2)
    await tao.enters()
    refused = {"reason": "费用不同意", "outcome": "partly", **await tao.digest()}
    assert (await tao.says(refused=refused)).status_code == 200
    assert "refused" in await reasons(world, tao.visit)
    done = await close(world, tao.visit)
    assert "refused" not in [one["kind"] for one in done["reasons"]]


async def test_a_change_after_the_signature_calls_for_a_person(world: World) -> None:
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    advance_clock(world, minutes=2)
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    assert "void_signature" not in await reasons(world, tao.visit)
    await change_cause(tao)
    assert "void_signature" in await reasons(world, tao.visit)
    done = await close(world, tao.visit)
    assert "void_signature" not in [one["kind"] for one in done["reasons"]]


async def test_a_void_signature_is_so_since_the_change_also_where_it_is_dated_back(world: World) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    advance_clock(world, minutes=2)
    await change_cause(tao, "frost")
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    old = next(one for one in (await tao.whole())["entries"] if one["id"] == str(uid("frost")))
    changed = advance_clock(world, minutes=10)
    slip = {**said("09:00", "meter_cause_analysed"), "id": str(uid("slip")), "withdraws": old["id"], "reason": "写错"}
    new = {**slip, "id": str(uid("new")), "at": old["at"], "fields": {"cause": "impact"}}
    del new["withdraws"], new["reason"]
    content = record(uid("r9"), tao.visit, entries=[{**slip, "at": changed.isoformat()}, new])
    assert (await world.submit(content, uid("r9"))).status_code == 201
    advance_clock(world, minutes=10)
    shown, _ = await review_of(world, visit=tao.visit)
    (void,) = [one for one in shown["reasons"] if one["kind"] == "void_signature"]
    assert datetime.fromisoformat(void["since"]) == changed


async def test_a_phone_whose_clock_is_ahead_calls_for_a_person(world: World) -> None:
    await world.plan()
    ahead = {"at": "2026-03-02T12:10:00+08:00", "tick": 1, "session": str(uid("session"))}
    assert (await world.submit(record(device_clock=ahead))).status_code == 201
    assert "clock" in await reasons(world)
    shown, tag = await review_of(world)
    done = (await review(world, tag)).json()
    assert "clock" not in [one["kind"] for one in done["reasons"]]
    assert "clock" in [one["kind"] for one in shown["reasons"]]


async def test_a_sample_of_visits_in_order_is_looked_at_once(world: World) -> None:
    tao = await example_customer(world, "S01")
    assert await reasons(world, tao.visit) == []
    world.ctx.review_policy = ReviewPolicy(sample_percent=100)
    assert [one["kind"] for one in (await review_of(world, visit=tao.visit))[0]["reasons"]] == ["sample"]
    later(world, days=30)
    assert await state_of(world, visit=tao.visit) == "to_review"
    assert (await close(world, tao.visit))["state"] == "closed"
    assert await reasons(world, tao.visit) == []


async def test_what_the_customer_disputes_calls_for_a_person(world: World) -> None:
    tao = await example_customer(world, "S01")
    advance_clock(world, minutes=2)
    await tao.enters()
    assert (await tao.says(answers=[{"question": "q_clean", "good": False}])).status_code == 200
    assert set(await reasons(world, tao.visit)) == {"disputed", "complaint"}
    done = await close(world, tao.visit)
    assert (done["state"], done["reasons"]) == ("closed", [])
    assert await state_of(world, "li", tao.visit) == "closed"


async def test_a_duty_that_is_overdue_calls_for_a_person_from_the_moment_it_was_due(world: World) -> None:
    tao = await example_customer(world, "S01")
    advance_clock(world, minutes=2)
    await tao.enters()
    assert (await tao.says(raises=[COMPLAINT])).status_code == 200
    later(world, days=4, hours=23)
    assert await reasons(world, tao.visit) == ["complaint"]
    later(world, hours=2)
    assert await reasons(world, tao.visit) == ["overdue_duty", "complaint"]
    shown, _ = await review_of(world, visit=tao.visit)
    overdue: dict[str, Any] = next(one for one in shown["reasons"] if one["kind"] == "overdue_duty")
    assert overdue["since"] == overdue["due_at"]
    assert overdue["source"] == "missing.complaint_answered_5d"
    done = await close(world, tao.visit)  # that it is late is decided; the answer is still owed
    assert [one["kind"] for one in done["reasons"]] == ["complaint"]
    assert done["state"] == "to_review"


async def test_a_violation_counts_once_nothing_can_be_done_about_it(world: World) -> None:
    await world.plan()
    assert (await world.submit({**record(), "entries": [said("09:05", "arrived")]})).status_code == 201
    assert await reasons(world) == []  # they are still there
    left = {**record(uid("r2")), "entries": [said("09:40", "left")]}
    assert (await world.submit(left, uid("r2"))).status_code == 201
    assert await reasons(world) == ["violation"]


async def test_work_on_a_cancelled_visit_is_reviewed(world: World) -> None:
    await world.plan()
    path = f"/v1/visits/{VISIT}/cancellation"
    gone = await world.ask("zhao", "PUT", path, {"reason": "客户取消"}, if_match='"0"')
    assert gone.status_code == 200
    assert await state_of(world) == "cancelled"
    later(world, days=30)
    assert await reasons(world) == []
    assert await state_of(world) == "cancelled"
    assert (await world.submit(record())).status_code == 201
    assert await state_of(world) == "to_review"
