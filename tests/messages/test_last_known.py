"""Messages are judged by what the customer was last informed of, not by the steps of the plan."""

from datetime import time
from typing import Any

import msgspec
import pytest

from service.messages import automatic, worker
from service.messages.kinds import KINDS
from tests.support.api_client import VISIT, World, problem
from tests.support.customer import UNSIGNED, advance_clock, change_cause, example_customer
from tests.support.dispatch import LATER_WINDOW, change_visit
from tests.support.factories import a_record, said, uid
from tests.support.fake_gateway import Post, set_up, stand

PATH = f"/v1/visits/{VISIT}"
FIRST_WINDOW = {"from": "2026-03-02T09:00:00+08:00", "to": "2026-03-02T10:00:00+08:00", "reason": "改回"}
USUAL = frozenset(name for name, kind in KINDS.items() if kind.automatic)


async def sent(world: World, post: Post) -> list[str]:
    """What was sent by now, but for codes."""
    while await automatic.send_owed(world.ctx):
        pass
    while await worker.deliver_due(world.ctx):
        pass
    return [one.about for one in post.letters if one.about != "code"]


async def notify(world: World, about: str | None = None) -> Any:
    wanted = {"channel": "sms"} | ({"about": about} if about else {})
    return await world.ask("zhao", "POST", f"{PATH}/notice", wanted)


async def informed(world: World) -> Post:
    """A customer who was notified of 09:00 at 06:00; it is five minutes later."""
    post = set_up(world.ctx, "06:00", automatic=USUAL, quiet_hours=None)
    assert (await world.plan()).status_code == 201
    assert (await notify(world)).status_code == 201
    assert await sent(world, post) == ["appointment"]
    stand(world.ctx, "06:05")
    return post


@pytest.mark.parametrize("outcome", ["refused", "unable", "partly"])
async def test_who_did_not_sign_is_informed_of_a_correction(sqlite_world: World, outcome: str):
    world = sqlite_world
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    advance_clock(world, minutes=2)
    await tao.enters()
    said = {"reason": "不是冻的", "outcome": outcome, **await tao.digest()}
    assert (await tao.says(refused=said)).status_code == 200
    world.ctx.company = msgspec.structs.replace(world.ctx.company, automatic=USUAL)
    before = await sent(world, tao.post)
    assert "signature_void" not in before
    await change_cause(tao)
    assert (await sent(world, tao.post))[len(before) :] == ["signature_void"]
    assert "内容有更正，请重新核对" in tao.post.letters[-1].text
    assert (await sent(world, tao.post))[len(before) :] == ["signature_void"]


async def test_a_handover_there_and_back_is_no_news(sqlite_world: World):
    world = sqlite_world
    post = await informed(world)
    await change_visit(world, "technician", {"technician": "sun", "reason": "请假"})
    stand(world.ctx, "07:06")
    await change_visit(world, "technician", {"technician": "li", "reason": "弄错"}, '"1"')
    assert await sent(world, post) == ["appointment"]
    assert problem(await notify(world, "handover")) == (409, "notice-not-due")


async def test_a_handover_of_which_the_customer_was_informed_is_one_when_it_is_undone(sqlite_world: World):
    world = sqlite_world
    post = await informed(world)
    await change_visit(world, "technician", {"technician": "sun", "reason": "请假"})
    stand(world.ctx, "07:06")
    assert await sent(world, post) == ["appointment", "handover"]
    stand(world.ctx, "07:07")
    await change_visit(world, "technician", {"technician": "li", "reason": "弄错"}, '"1"')
    assert await sent(world, post) == ["appointment", "handover", "handover"]


@pytest.mark.parametrize("informed_between", [False, True])
async def test_a_move_there_and_back(sqlite_world: World, informed_between: bool):
    world = sqlite_world
    await informed(world)
    await change_visit(world, "window", LATER_WINDOW)
    stand(world.ctx, "07:06")
    if informed_between:
        assert (await notify(world, "reschedule")).status_code == 201
        await worker.deliver_due(world.ctx)
    stand(world.ctx, "07:07")
    await change_visit(world, "window", FIRST_WINDOW, '"1"')
    draft = (await world.ask("zhao", "GET", f"{PATH}/notice")).json()
    assert [one["about"] for one in draft["offers"] if one["due"]] == (["reschedule"] if informed_between else [])
    flags = (await world.ask("zhao", "GET", PATH)).json()["flags"]
    assert ("notice_due" in flags) == informed_between
    answer = await notify(world, "reschedule")
    if informed_between:
        assert answer.status_code == 201
        assert "09:00–10:00" in answer.json()["text"]
    else:
        assert problem(answer) == (409, "notice-not-due")
        assert (await notify(world)).json()["about"] == "appointment"


async def test_no_reminder_is_sent_within_twelve_hours_of_a_notice(sqlite_world: World):
    world = sqlite_world
    set_up(world.ctx, "07:00")
    tomorrow = {"from": "2026-03-03T09:00:00+08:00", "to": "2026-03-03T10:00:00+08:00"}
    assert (await world.plan(window=tomorrow)).status_code == 201
    assert (await notify(world)).status_code == 201
    await worker.deliver_due(world.ctx)
    stand(world.ctx, "07:06")
    assert problem(await notify(world, "reminder")) == (409, "notice-not-due")
    stand(world.ctx, "19:01")
    assert (await notify(world, "reminder")).status_code == 201


async def test_who_waits_for_somebody_on_the_way_is_informed_of_another_time_at_once(sqlite_world: World):
    world = sqlite_world
    post = await informed(world)
    world.ctx.company = msgspec.structs.replace(world.ctx.company, quiet_hours=(time(8), time(12)))
    stand(world.ctx, "08:40")
    for minutes, count in ((20, 1), (29, 1), (30, 2), (39, 2)):
        left = {"at": "2026-03-02T08:40:00+08:00", "minutes": minutes}
        assert (await world.ask("li", "PUT", f"{PATH}/departure", left)).status_code == 201
        assert (await sent(world, post)).count("on_the_way") == count
    stand(world.ctx, "08:45")
    await change_visit(world, "window", LATER_WINDOW)
    draft = (await world.ask("zhao", "GET", f"{PATH}/notice")).json()
    assert {one["about"]: one["automatic"] for one in draft["offers"] if one["due"]} == {"reschedule": True}
    assert (await sent(world, post))[3:] == ["reschedule"]
    assert "原定3月2日 09:00–10:00改到周一3月2日 14:00–15:00" in post.letters[-1].text
    stand(world.ctx, "08:50")
    await change_visit(world, "window", {**LATER_WINDOW, "to": "2026-03-02T16:00:00+08:00"}, '"1"')
    assert len(await sent(world, post)) == 4  # nobody is on the way any more


@pytest.mark.parametrize(("end", "as_wished"), [("15:00", True), ("16:00", False)])
async def test_a_visit_that_is_moved_to_the_time_that_the_customer_chose(
    sqlite_world: World, end: str, as_wished: bool
):
    world = sqlite_world
    await informed(world)
    link = (await world.ask("zhao", "POST", f"{PATH}/confirmation-link")).json()["token"]
    wish = {"wish": "下午", "from": "2026-03-02T06:00:00Z", "to": "2026-03-02T07:00:00Z"}
    seen = {"another_time": wish, "window_from": FIRST_WINDOW["from"]}
    answer = await world.ask(None, "PUT", f"/v1/confirmations/{link}", seen)
    assert answer.status_code == 200, answer.text
    stand(world.ctx, "07:06")
    moved = {"from": "2026-03-02T14:00:00+08:00", "to": f"2026-03-02T{end}:00+08:00", "reason": "客户的要求"}
    await change_visit(world, "window", moved)
    sent = (await notify(world)).json()
    assert sent["about"] == "reschedule"
    assert ("已按您的要求改到" in sent["text"]) == as_wished
    assert ("答复" in sent["text"]) != as_wished
    assert "cooperation_requested" in sent["proves"]


WISHED = {"from": "2026-03-02T14:00:00+08:00", "to": "2026-03-02T15:00:00+08:00", "reason": "客户的要求"}
CHOSEN = {"wish": "下午", "from": WISHED["from"], "to": WISHED["to"]}


async def says(world: World, link: str, at: str, **answer: Any) -> None:
    stand(world.ctx, at)
    assert (await world.ask(None, "PUT", f"/v1/confirmations/{link}", answer)).status_code == 200


async def agreement(world: World) -> str:
    """What the flags say, which is what the judge finds when the technician arrives."""
    shown = (await world.ask("zhao", "GET", PATH)).json()
    flags = set(shown["flags"]) & {"agreed", "not_agreed"}
    completed = [one["by"] for one in shown["entries"] if one["what"] == "appointment_agreed" and "refused" not in one]
    assert flags == ({"agreed"} if completed else {"not_agreed"})
    return " ".join(completed)


@pytest.mark.parametrize("how", ["message", "call"])
async def test_who_hears_that_the_time_they_chose_is_taken_has_agreed(sqlite_world: World, how: str):
    world = sqlite_world
    post = await informed(world)
    link = (await world.ask("zhao", "POST", f"{PATH}/confirmation-link")).json()["token"]
    await says(world, link, "06:10", another_time=CHOSEN, window_from=FIRST_WINDOW["from"])
    stand(world.ctx, "06:20")
    assert (await change_visit(world, "window", WISHED)).status_code == 200
    assert await agreement(world) == ""  # they do not know yet
    if how == "call":
        call = {"called": "陶女士", "text": "电话告知：改到3月2日 14:00–15:00。"}
        assert (await world.ask("zhao", "PUT", f"{PATH}/notice-calls/{uid('call')}", call)).status_code == 201
    else:
        assert "appointment_agreed" in (await notify(world)).json()["proves"]
        assert await agreement(world) == ""  # nor while it is on its way
        await sent(world, post)
    assert await agreement(world) == "dispatcher"
    page = (await world.ask(None, "GET", f"/v1/confirmations/{link if how == 'call' else post.token}")).json()
    assert (page["appointment"]["agreed"], page["appointment"]["may_agree"]) == (True, False)
    stand(world.ctx, "14:05")
    receipt = (await world.submit(a_record("r", VISIT, said("14:05", "arrived")), uid("r"))).json()
    assert not {one["code"] for one in receipt["findings"]} & {
        "missing.appointment_agreed",
        "evidence.appointment_agreed.message_log",
        "missing.reschedule_notified",
    }


AGREE: dict[str, Any] = {"answers": [{"item": "appointment_agreed", "good": True}]}
OTHER_TIME = {"another_time": {"wish": "改周六"}}
UNSETTLED: dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None]] = {
    "they agreed to the first time after all": (AGREE, None),
    "they asked for yet another time": (OTHER_TIME, None),
    "they asked for another time after the move": (None, OTHER_TIME),
}


@pytest.mark.parametrize("case", UNSETTLED)
async def test_a_wish_that_does_not_stand_any_more_is_no_agreement(sqlite_world: World, case: str):
    world, (before, after) = sqlite_world, UNSETTLED[case]
    post = await informed(world)
    link = (await world.ask("zhao", "POST", f"{PATH}/confirmation-link")).json()["token"]
    await says(world, link, "06:10", another_time=CHOSEN, window_from=FIRST_WINDOW["from"])
    if before:
        await says(world, link, "06:15", **before)
    stand(world.ctx, "06:20")
    assert (await change_visit(world, "window", WISHED)).status_code == 200
    if after:
        await says(world, link, "06:25", **after)
    stand(world.ctx, "06:30")
    notice = (await notify(world)).json()
    assert ("按您的要求" in notice["text"], "请配合答复" in notice["text"]) == (False, True)
    assert "appointment_agreed" not in notice["proves"]
    await sent(world, post)
    assert "not_agreed" in (await world.ask("zhao", "GET", PATH)).json()["flags"]
