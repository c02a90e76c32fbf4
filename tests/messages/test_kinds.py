"""Each kind of message in each state of a visit: it can be sent with a true text, or is refused with a clear problem:
by the API for one visit and for many, by itself, and by the worker at its turn. Real requests make every state."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from service.messages import automatic, worker
from service.messages.composing import as_delivered
from service.messages.kinds import KINDS
from service.messages.segments import MAX_STANDARD_SEGMENTS, count_segments
from tests.support import example_visits as stories
from tests.support.api_client import VISIT, World, problem, record
from tests.support.customer import UNSIGNED, advance_clock, change_cause, complaining, example_customer
from tests.support.dispatch import LATER_WINDOW, change_visit
from tests.support.factories import uid
from tests.support.fake_gateway import Post, set_up, stand

CUSTOMER = {"name": "陶女士", "phone": "13800000000", "address": "虚构路 1 号"}
REFUSALS = {"notice-not-due", "notice-too-late", "notice-too-early", "visit-cancelled"}
State = tuple[UUID, Post]


async def planned(world: World, **more: Any) -> State:
    post = set_up(world.ctx, "07:00")
    assert (await world.plan(customer=CUSTOMER, **more)).status_code == 201
    return VISIT, post


async def told(world: World, **more: Any) -> State:
    visit, post = await planned(world, **more)
    sent = await world.ask("zhao", "POST", f"/v1/visits/{visit}/notice", {"channel": "sms"})
    assert sent.status_code == 201
    assert await worker.deliver_due(world.ctx) == 1
    return visit, post


async def moved(world: World) -> State:
    made = await told(world)
    assert (await change_visit(world, "window", LATER_WINDOW)).status_code == 200
    return made


async def moved_untold(world: World) -> State:
    made = await planned(world)
    assert (await change_visit(world, "window", LATER_WINDOW)).status_code == 200
    return made


async def handed_over(world: World) -> State:
    made = await told(world)
    assert (await change_visit(world, "technician", {"technician": "sun", "reason": "请假"})).status_code == 200
    return made


async def tomorrow(world: World) -> State:
    made = await told(world, window={"from": "2026-03-05T09:00:00+08:00", "to": "2026-03-05T10:00:00+08:00"})
    stand(world.ctx, datetime.fromisoformat("2026-03-04T18:00:00+08:00"))
    return made


async def departed(world: World) -> State:
    visit, post = await told(world)
    stand(world.ctx, "08:40")
    left = {"at": stories.clock("08:40"), "minutes": 25}
    assert (await world.ask("li", "PUT", f"/v1/visits/{visit}/departure", left)).status_code == 201
    return visit, post


async def departed_long_ago(world: World) -> State:
    made = await departed(world)
    stand(world.ctx, "09:06")
    return made


async def cancelled(world: World) -> State:
    made = await told(world)
    assert (await change_visit(world, "cancellation", {"reason": "客户退单"})).status_code == 200
    return made


async def cancelled_untold(world: World) -> State:
    made = await planned(world)
    assert (await change_visit(world, "cancellation", {"reason": "客户退单"})).status_code == 200
    return made


async def over(world: World) -> State:
    made = await told(world)
    stand(world.ctx, "10:00")
    return made


async def cancelled_and_over(world: World) -> State:
    made = await cancelled(world)
    stand(world.ctx, "10:00")
    return made


async def next_year(world: World) -> State:
    return await planned(world, window={"from": "2027-03-01T09:00:00+08:00", "to": "2027-03-01T10:00:00+08:00"})


async def far_away(world: World) -> State:
    return await planned(world, window={"from": "2027-04-07T09:00:00+08:00", "to": "2027-04-07T10:00:00+08:00"})


async def begun(world: World) -> State:
    made = await departed(world)
    assert (await world.submit(record())).status_code == 201
    return made


async def to_sign(world: World) -> State:
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    return tao.visit, tao.post


async def signed_and_changed(world: World) -> State:
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    advance_clock(world, minutes=2)
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    await change_cause(tao)
    return tao.visit, tao.post


async def to_sign_long_ago(world: World) -> State:
    made = await to_sign(world)
    advance_clock(world, days=8)
    return made


async def complained(world: World) -> State:
    tao = await complaining(world)
    return tao.visit, tao.post


async def answered(world: World) -> State:
    visit, post = await complained(world)
    at = advance_clock(world, hours=2)
    evidence = [{"kind": "text", "text": "已道歉"}, {"kind": "message_log", "channel": "phone", "text": "已道歉"}]
    entry = {"id": str(uid("answer")), "what": "complaint_answered_5d", "by": "office", "at": at.isoformat()}
    entries = {"entries": [{**entry, "evidence": evidence}]}
    assert (await world.ask("wang", "POST", f"/v1/visits/{visit}/entries", entries)).status_code == 201
    return visit, post


STATES: dict[Callable[[World], Awaitable[State]], dict[str, str]] = {
    planned: {
        "appointment": "：周一3月2日 09:00–10:00，李上门检修漏水，虚构路 1 号 厨房，口令{word}，请配合并答复 {link}"
    },
    told: {"appointment": "3月2日 09:00–10:00"},
    moved: {"reschedule": "3月2日 14:00–15:00，李上门"},
    moved_untold: {"appointment": "3月2日 14:00–15:00"},
    handed_over: {"appointment": "孙上门", "handover": "上门的人员改为孙"},
    tomorrow: {"appointment": "3月5日 09:00–10:00", "reminder": "明天3月5日 09:00–10:00，李上门"},
    departed: {"appointment": "09:00–10:00", "on_the_way": "李已出发，预计09:05到"},
    departed_long_ago: {"appointment": "09:00–10:00"},
    cancelled: {"cancellation": "原定3月2日 09:00–10:00的上门已取消"},
    cancelled_untold: {},
    over: {},
    cancelled_and_over: {},
    next_year: {"appointment": "：周一2027年3月1日 09:00–10:00，李上门"},
    far_away: {},
    begun: {},
    to_sign: {"please_sign": "有1份内容请您核对并签认：{link}"},
    to_sign_long_ago: {},
    signed_and_changed: {"signature_void": "请重新核对（原来签过字的已失效，请重签）：{link}"},
    complained: {"complaint_received": "编号TS-"},
    answered: {"complaint_answered": "已有答复，请查看：{link}"},
}


def test_every_kind_can_be_sent_in_some_state():
    assert {about for texts in STATES.values() for about in texts} == set(KINDS)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_a_message_can_be_sent_exactly_while_its_condition_holds(
    world: World, state: Callable[[World], Awaitable[State]]
):
    visit, post = await state(world)
    texts = STATES[state]
    draft = (await world.ask("zhao", "GET", f"/v1/visits/{visit}/notice")).json()
    offers = {one["about"]: one for one in draft["offers"]}
    assert offers.keys() == texts.keys()
    assert draft["about"] in (*(about for about, one in offers.items() if one["due"]), *offers, None)
    assert (draft["about"] is None) == (not texts) == (draft["text"] == "")
    before = len(post.letters)
    for about in reversed(KINDS):  # a reminder is delivered before the messages that make it needless
        bulk = {"channel": "sms", "dry_run": True, "visits": [str(visit)], "kinds": [about]}
        (shown,) = (await world.ask("zhao", "POST", "/v1/notices", bulk)).json()["notices"]
        sent = await world.ask("zhao", "POST", f"/v1/visits/{visit}/notice", {"channel": "sms", "about": about})
        own = {"channel": "sms", "about": about, "text": "请看：{link}"}
        in_own_words = await world.ask("zhao", "POST", f"/v1/visits/{visit}/notice", own)
        if about not in texts:
            assert shown["code"] in REFUSALS
            assert problem(sent) == problem(in_own_words) == (409, shown["code"])
            continue
        assert (sent.status_code, in_own_words.status_code) == (201, 201)
        assert (shown["state"], shown.get("code")) in (("would_send", None), ("skipped", "notice-not-due"))
        text = sent.json()["text"]
        assert texts[about] in text
        assert text == offers[about]["text"]
        assert ("code" in shown) != offers[about]["due"]
        assert count_segments(as_delivered(world.ctx, text)) <= MAX_STANDARD_SEGMENTS
        if about == "reminder":
            assert await worker.deliver_due(world.ctx) == 2
    while await worker.deliver_due(world.ctx):
        pass
    assert sorted(one.about for one in post.letters[before:]) == sorted([*texts, *texts])
    assert not any("{" in one.text for one in post.letters)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_what_is_due_is_sent_by_itself_once(sqlite_world: World, state: Callable[[World], Awaitable[State]]):
    world = sqlite_world
    visit, post = await state(world)
    draft = (await world.ask("zhao", "GET", f"/v1/visits/{visit}/notice")).json()
    due = [one["about"] for one in draft["offers"] if one["due"]]
    world.ctx.company = msgspec.structs.replace(world.ctx.company, automatic=frozenset(KINDS))
    before = len(post.letters)
    for _ in range(3):
        while await automatic.send_owed(world.ctx):
            pass
        await worker.deliver_due(world.ctx)
        await world.ask("wang", "PUT", f"/v1/visits/{visit}/assignee", {"person": None})
    assert [one.about for one in post.letters[before:]] == due
    history = (await world.ask("wang", "GET", f"/v1/visits/{visit}/history")).json()["steps"]
    by_itself = [one["text"].split()[0] for one in history if one["kind"] == "message" and not one["by"]]
    assert sorted(one for one in by_itself if one != "code") == sorted(due)


OUTDATED: dict[str, tuple[Callable[[World], Awaitable[State]], str]] = {
    "appointment": (planned, "10:00"),
    "reschedule": (moved, "15:00"),
    "handover": (handed_over, "10:00"),
    "on_the_way": (departed, "09:06"),
    "cancellation": (cancelled, "10:00"),
}


@pytest.mark.parametrize("about", OUTDATED)
async def test_the_worker_withdraws_what_is_not_true_any_more(world: World, about: str):
    state, later = OUTDATED[about]
    visit, post = await state(world)
    await world.ask("zhao", "POST", f"/v1/visits/{visit}/notice", {"channel": "sms", "about": about})
    before = len(post.letters)
    stand(world.ctx, later)
    await worker.deliver_due(world.ctx)
    assert len(post.letters) == before
    last = (await world.ask("zhao", "GET", f"/v1/visits/{visit}/notice")).json()["sent"][-1]
    assert (last["state"], last["withdrawn"]["because"]) == ("withdrawn", "notice-too-late")


async def test_a_request_to_sign_is_withdrawn_when_the_customer_has_signed(world: World):
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    advance_clock(world, minutes=2)
    await tao.enters()
    wanted = {"channel": "sms", "about": "please_sign"}
    assert (await world.ask("zhao", "POST", f"/v1/visits/{tao.visit}/notice", wanted)).status_code == 201
    assert (await tao.signs()).status_code == 200
    before = len(tao.post.letters)
    await worker.deliver_due(world.ctx)
    assert len(tao.post.letters) == before
    last = (await world.ask("zhao", "GET", f"/v1/visits/{tao.visit}/notice")).json()["sent"][-1]
    assert (last["about"], last["withdrawn"]["because"]) == ("please_sign", "notice-not-due")


async def test_a_text_of_ones_own_announces_nothing_that_is_over(world: World):
    visit, _ = await over(world)
    path = f"/v1/visits/{visit}/notice"
    for text in ("我们将于3月2日 09:00–10:00上门", "今天上门检修漏水", "2日09:00来"):
        answer = await world.ask("zhao", "POST", path, {"channel": "sms", "text": text})
        assert problem(answer) == (409, "notice-too-late"), text
    sent = await world.ask("zhao", "POST", path, {"channel": "sms", "text": "师傅路上堵车，请稍候。"})
    assert (sent.status_code, sent.json()["about"], sent.json()["proves"]) == (201, "other", [])


async def test_a_text_that_is_too_long_is_told_when_it_is_offered(world: World):
    post = set_up(world.ctx, "07:00")
    work = {"content": "修" * 1500}
    assert (await world.plan(work=work, customer=CUSTOMER)).status_code == 201
    sent = await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/notice", {"channel": "sms"})
    assert problem(sent) == (422, "notice-too-long")
    bulk = {"channel": "sms", "dry_run": True, "visits": [str(VISIT)]}
    (shown,) = (await world.ask("zhao", "POST", "/v1/notices", bulk)).json()["notices"]
    assert shown["code"] == "notice-too-long"
    assert await worker.deliver_due(world.ctx) == len(post.letters) == 0
