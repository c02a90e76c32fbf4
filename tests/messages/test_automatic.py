"""Messages that are sent by themselves: whatever was written in whatever way, once, and none that is not owed."""

import asyncio
from datetime import datetime
from typing import Any

import msgspec
import pytest

from service.context import AppContext
from service.messages import automatic, worker
from service.messages.gateways import PermanentFailure
from service.messages.kinds import KINDS
from tests.support.api_client import VISIT, World, problem, record
from tests.support.customer import UNSIGNED, advance_clock, example_customer
from tests.support.dispatch import change_visit
from tests.support.factories import uid
from tests.support.fake_gateway import Post, set_up, stand

PATH = f"/v1/visits/{VISIT}"


async def sent(world: World, post: Post) -> list[str]:
    """What was sent by now."""
    while await automatic.send_owed(world.ctx):
        pass
    while await worker.deliver_due(world.ctx):
        pass
    return [one.about for one in post.letters if one.about != "code"]


def everything(world: World, now: str = "07:00", kinds: Any = KINDS, **more: Any) -> Post:
    return set_up(world.ctx, now, automatic=frozenset(kinds), **more)


async def test_each_thing_that_happens_is_told_once(world: World):
    post = everything(world)
    await world.plan()
    assert await sent(world, post) == ["appointment"]
    moved = {"from": "2026-03-02T09:30:00+08:00", "to": "2026-03-02T10:30:00+08:00", "reason": "改"}
    stand(world.ctx, "07:10")
    await change_visit(world, "window", moved)
    assert await sent(world, post) == ["appointment", "reschedule"]
    stand(world.ctx, "07:20")
    await change_visit(world, "technician", {"technician": "sun", "reason": "请假"}, '"1"')
    assert (await sent(world, post))[2:] == ["handover"]
    stand(world.ctx, "09:00")
    for minutes in (20, 29):  # an arrival that is a little later is only on the page
        left = {"at": "2026-03-02T09:00:00+08:00", "minutes": minutes}
        assert (await world.ask("sun", "PUT", f"{PATH}/departure", left)).status_code == 201
        assert (await sent(world, post))[3:] == ["on_the_way"]
    stand(world.ctx, "09:10")
    await change_visit(world, "cancellation", {"reason": "停水"}, '"2"')
    assert (await sent(world, post))[4:] == ["cancellation"]
    stand(world.ctx, "09:20")
    assert len(await sent(world, post)) == 5


async def test_a_visit_that_is_moved_before_anybody_was_told_is_told_once(world: World):
    post = everything(world)
    await world.plan()
    moved = {"from": "2026-03-02T14:00:00+08:00", "to": "2026-03-02T15:00:00+08:00", "reason": "改"}
    await change_visit(world, "window", moved)
    await change_visit(world, "technician", {"technician": "sun", "reason": "请假"}, '"1"')
    assert await sent(world, post) == ["appointment"]
    assert "14:00–15:00" in post.letters[0].text
    assert "孙" in post.letters[0].text


async def test_a_record_that_comes_by_a_supervisor_counts_like_one_of_the_phone(world: World):
    """Whatever way something is written in, its customer is told."""
    tao = await example_customer(world, "S04", drop=(*UNSIGNED, "left"))
    world.ctx.company = msgspec.structs.replace(world.ctx.company, automatic=frozenset(KINDS))
    assert await sent(world, tao.post) == []
    at = advance_clock(world, minutes=5)
    entry = {"id": str(uid("left")), "at": at.isoformat(), "what": "left", "by": "technician"}
    content = record(uid("late"), tao.visit, entries=[entry])
    taken = await world.ask("wang", "PUT", f"/v1/visits/{tao.visit}/taken-in/{uid('late')}", content)
    assert taken.status_code == 201, taken.text
    assert await sent(world, tao.post) == ["please_sign"]


async def test_what_is_to_be_signed_is_called_by_the_day_of_the_visit(world: World):
    """A phone may have no network for days; the customer remembers when somebody was there."""
    tao = await example_customer(world, "S04", drop=(*UNSIGNED, "left"))
    left_at = advance_clock(world, minutes=5)
    came_at = advance_clock(world, minutes=3 * 24 * 60)
    assert left_at.day != came_at.day
    world.ctx.company = msgspec.structs.replace(world.ctx.company, automatic=frozenset(KINDS))
    entry = {"id": str(uid("left")), "at": left_at.isoformat(), "what": "left", "by": "technician"}
    taken = await world.submit(record(uid("late"), tao.visit, entries=[entry]), uid("late"))
    assert taken.status_code == 201, taken.text
    assert await sent(world, tao.post) == ["please_sign"]
    assert f"：{left_at.month}月{left_at.day}日" in tao.post.letters[-1].text


async def test_a_customer_without_a_number_stops_nothing(world: World):
    post = everything(world)
    await world.plan(customer={"name": "无"})
    await world.plan(uid("other"))
    assert await sent(world, post) == ["appointment"]


async def test_a_visit_that_cannot_be_read_stops_no_others(world: World, monkeypatch: pytest.MonkeyPatch):
    post = everything(world)
    await world.plan()
    await world.plan(uid("other"))
    original = automatic.situation_of

    async def found(ctx: AppContext, tx: Any, visit: Any) -> Any:
        if visit.row.id == VISIT:
            raise LookupError
        return await original(ctx, tx, visit)

    monkeypatch.setattr(automatic, "situation_of", found)
    assert await sent(world, post) == ["appointment"]


async def test_what_could_not_be_delivered_is_not_sent_again_by_itself(world: World):
    post = everything(world)
    post.trouble = PermanentFailure("HTTP 422")
    await world.plan()
    for _ in range(3):
        assert await sent(world, post) == ["appointment"]
    visit = (await world.ask("zhao", "GET", PATH)).json()
    assert {"notice_due", "notice_failed"} <= set(visit["flags"])
    post.trouble = None
    mended = {"reason": "电话写错", "customer": {"name": "陶", "phone": "13900000000"}}
    await change_visit(world, "details", mended)
    assert await sent(world, post) == ["appointment", "appointment"]
    assert post.letters[-1].to == "13900000000"


async def test_a_request_to_sign_that_could_not_be_delivered_is_seen_until_one_was(world: World):
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    path = f"/v1/visits/{tao.visit}"
    tao.post.trouble = PermanentFailure("HTTP 422")
    for state in ("refused", "delivered"):
        wanted = {"channel": "sms", "about": "please_sign"}
        assert (await world.ask("zhao", "POST", f"{path}/notice", wanted)).status_code == 201
        await worker.deliver_due(world.ctx)
        flags = (await world.ask("zhao", "GET", path)).json()["flags"]
        assert ("notice_failed" in flags) == (state == "refused")
        listed = (await world.ask("zhao", "GET", "/v1/visits?flag=notice_failed")).json()["items"]
        assert len(listed) == (state == "refused")
        tao.post.trouble = None
        advance_clock(world, minutes=1)


async def test_two_servers_send_each_message_once(world: World):
    post = everything(world)
    for number in range(6):
        await world.plan(uid(f"v{number}"))
    await asyncio.gather(*(automatic.send_owed(world.ctx) for _ in range(3)))
    assert await sent(world, post) == ["appointment"] * 6


async def test_what_is_not_automatic_waits_for_a_dispatcher(world: World):
    post = everything(world, kinds=())
    await world.plan()
    assert await sent(world, post) == []
    world.ctx.company = msgspec.structs.replace(world.ctx.company, automatic=frozenset(KINDS))
    assert await sent(world, post) == []  # what happened before somebody decided so is not told afterwards


async def test_reminders_go_out_in_the_evening_before(world: World):
    post = everything(world, kinds=("reminder",))
    for name, day in (("today", 2), ("next", 3), ("later", 4), ("untold", 3)):
        window = {"from": f"2026-03-0{day}T18:30:00+08:00", "to": f"2026-03-0{day}T19:30:00+08:00"}
        await world.plan(uid(name), window=window)
        if name != "untold":
            answer = await world.ask("zhao", "POST", f"/v1/visits/{uid(name)}/notice", {"channel": "sms"})
            assert answer.status_code == 201
    assert (await sent(world, post)).count("reminder") == 0
    for clock, count in (("16:59", 0), ("20:01", 0), ("19:30", 2), ("19:40", 1)):
        stand(world.ctx, clock)
        assert await automatic.mark_for_reminders(world.ctx) == count  # of the second, nobody was told
        reminders = [one for one in await sent(world, post) if one == "reminder"]
        assert len(reminders) == (1 if count else 0)
    assert "明天3月3日 18:30" in post.letters[-1].text
    stand(world.ctx, datetime.fromisoformat("2026-03-03T18:00:00+08:00"))
    assert await automatic.mark_for_reminders(world.ctx) == 1
    assert (await sent(world, post)).count("reminder") == 2


async def test_a_code_is_not_sent_to_a_number_that_nobody_can_dial(world: World):
    post = set_up(world.ctx, "07:00")
    for number, phone in enumerate(("", "abc", "#N/A", "1380000")):
        visit = uid(f"p{number}")
        planned = await world.plan(visit, customer={"name": "陶", "phone": phone})
        assert "phone" in [one["code"] for one in planned.json()["warnings"]]
        link = (await world.ask("zhao", "POST", f"/v1/visits/{visit}/confirmation-link")).json()["token"]
        answer = await world.client.post(f"/v1/confirmations/{link}/code")
        assert problem(answer) == (409, "code-not-sent"), phone
    assert await worker.deliver_due(world.ctx) == len(post.letters) == 0


async def test_a_link_lives_until_seven_days_after_the_last_thing_written(world: World):
    """The technician came five days late; the customer can still sign for a week."""
    set_up(world.ctx, "07:00")
    await world.plan()
    link = (await world.ask("zhao", "POST", f"{PATH}/confirmation-link")).json()["token"]
    stand(world.ctx, datetime.fromisoformat("2026-03-07T09:10:00+08:00"))
    assert (await world.submit(record())).status_code == 201
    for day, status in ((13, 200), (15, 410)):
        stand(world.ctx, datetime.fromisoformat(f"2026-03-{day}T09:00:00+08:00"))
        assert (await world.client.get(f"/v1/confirmations/{link}")).status_code == status
