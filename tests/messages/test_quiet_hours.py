"""Quiet hours: what is not urgent waits until the morning, unless somebody chose a time or it would come too late."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from service.messages import worker
from service.messages.quiet_hours import quiet_until
from tests.support import example_visits as stories
from tests.support.api_client import VISIT, World, problem
from tests.support.customer import UNSIGNED, example_customer
from tests.support.dispatch import change_visit
from tests.support.fake_gateway import Post, set_up, stand

NIGHT = (time(21), time(8))
PATH = f"/v1/visits/{VISIT}/notice"


async def at_night(world: World, now: str = "22:00", day: str = "2026-03-03") -> Post:
    """The visit is at nine on a day; now it is night."""
    post = set_up(world.ctx, now, quiet_hours=NIGHT)
    window = {"from": f"{day}T09:00:00+08:00", "to": f"{day}T10:00:00+08:00"}
    assert (await world.plan(window=window)).status_code == 201
    return post


async def send(world: World, **more: Any) -> Any:
    return await world.ask("zhao", "POST", PATH, {"channel": "sms", **more})


async def test_a_notice_of_the_evening_goes_out_in_the_morning_once(world: World):
    post = await at_night(world)
    sent = (await send(world)).json()
    assert datetime.fromisoformat(sent["next_try"]) == datetime.fromisoformat("2026-03-03T08:00:00+08:00")
    assert "notice_due" not in (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()["flags"]
    assert await worker.deliver_due(world.ctx) == 0
    stand(world.ctx, datetime.fromisoformat("2026-03-03T08:00:00+08:00"))
    assert await worker.deliver_due(world.ctx) == 1
    assert await worker.deliver_due(world.ctx) == 0
    assert len(post.letters) == 1


async def test_a_time_that_somebody_chose_counts_also_at_night(world: World):
    post = await at_night(world)
    assert (await send(world, send_at=stories.clock("22:00"))).json()["next_try"] is not None
    assert await worker.deliver_due(world.ctx) == 1  # now
    later = (await send(world, send_at=stories.clock("22:30"))).json()
    assert datetime.fromisoformat(later["next_try"]) == datetime.fromisoformat(stories.clock("22:30"))
    assert await worker.deliver_due(world.ctx) == 0
    stand(world.ctx, "22:30")
    assert await worker.deliver_due(world.ctx) == 1
    assert len(post.letters) == 2
    assert problem(await send(world, send_at="2026-03-03T10:01:00+08:00")) == (422, "invalid-body")
    assert problem(await send(world, send_at="2500-03-03T10:01:00+08:00")) == (422, "invalid-body")


async def test_what_would_come_too_late_does_not_wait(world: World):
    await at_night(world, "07:30", "2026-03-02")  # the visit is at nine, and the night ends at eight
    assert await send(world)
    assert await worker.deliver_due(world.ctx) == 0
    stand(world.ctx, "08:00")
    assert await worker.deliver_due(world.ctx) == 1
    early = {"from": stories.clock("08:30"), "to": stories.clock("09:30"), "reason": "提前"}
    stand(world.ctx, "06:00")
    assert (await change_visit(world, "window", early)).status_code == 200
    assert (await send(world)).status_code == 201
    assert await worker.deliver_due(world.ctx) == 1


async def test_a_cancellation_does_not_wait(world: World):
    post = await at_night(world, "20:00")
    await send(world)
    await worker.deliver_due(world.ctx)
    stand(world.ctx, "23:00")
    await change_visit(world, "cancellation", {"reason": "停水"})
    await send(world)
    assert await worker.deliver_due(world.ctx) == 1
    assert post.letters[-1].about == "cancellation"


async def test_a_notice_that_waits_for_the_morning_is_withdrawn_when_the_visit_is_moved(world: World):
    post = await at_night(world)
    await send(world)
    moved = {"from": "2026-03-04T09:00:00+08:00", "to": "2026-03-04T10:00:00+08:00", "reason": "客户有事"}
    await change_visit(world, "window", moved)
    stand(world.ctx, datetime.fromisoformat("2026-03-03T08:00:00+08:00"))
    assert await worker.deliver_due(world.ctx) == len(post.letters) == 0


async def test_a_code_comes_at_any_hour(world: World):
    post = await at_night(world)
    link = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["token"]
    assert (await world.client.post(f"/v1/confirmations/{link}/code")).status_code == 200
    assert await worker.deliver_due(world.ctx) == len(post.letters) == 1


async def test_many_at_once_wait_too(world: World):
    await at_night(world)
    wanted = {"channel": "sms", "dry_run": False, "visits": [str(VISIT)]}
    assert (await world.ask("zhao", "POST", "/v1/notices", wanted)).json()["sent"] == 1
    assert await worker.deliver_due(world.ctx) == 0


@pytest.mark.parametrize(
    ("now", "hours", "until"),
    [
        ("2026-03-02T20:59", NIGHT, None),
        ("2026-03-02T21:00", NIGHT, "2026-03-03T08:00"),
        ("2026-03-02T07:59", NIGHT, "2026-03-02T08:00"),
        ("2026-03-02T08:00", NIGHT, None),
        ("2026-03-02T12:30", (time(12), time(13)), "2026-03-02T13:00"),
        ("2026-03-02T11:59", (time(12), time(13)), None),
        ("2026-12-31T23:59", NIGHT, "2027-01-01T08:00"),
    ],
)
def test_quiet_hours_may_last_over_midnight(now: str, hours: tuple[time, time], until: str | None):
    found = quiet_until(datetime.fromisoformat(f"{now}+08:00"), *hours)
    assert found == (until and datetime.fromisoformat(f"{until}+08:00"))


async def test_without_quiet_hours_nothing_waits(world: World):
    await at_night(world)
    world.ctx.company = msgspec.structs.replace(world.ctx.company, quiet_hours=None)
    assert (await send(world)).status_code == 201
    assert await worker.deliver_due(world.ctx) == 1


async def test_what_is_to_be_signed_after_a_visit_waits_for_the_morning(world: World):
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    end = datetime.fromtimestamp(world.ctx.clock() / 1000).astimezone(ZoneInfo("Asia/Shanghai"))
    night = ((end - timedelta(hours=1)).time(), (end + timedelta(hours=2)).time())
    world.ctx.company = msgspec.structs.replace(world.ctx.company, quiet_hours=night)
    path = f"/v1/visits/{tao.visit}/notice"
    sent = (await world.ask("zhao", "POST", path, {"channel": "sms", "about": "please_sign"})).json()
    assert datetime.fromisoformat(sent["next_try"]) == end + timedelta(hours=2)
    assert await worker.deliver_due(world.ctx) == 0
    stand(world.ctx, end + timedelta(hours=2))
    assert await worker.deliver_due(world.ctx) == 1
    assert tao.post.letters[-1].about == "please_sign"
