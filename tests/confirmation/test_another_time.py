"""A customer who needs another time chooses one; the office gets it as data, and moves the visit with one click."""

from datetime import datetime
from typing import Any

import msgspec

from tests.support.api_client import VISIT, World, problem
from tests.support.customer import AGREEMENT, confirmation_link, move_window, visit_entries
from tests.support.customer_browser import Page
from tests.support.desk import signed_in
from tests.support.factories import uid
from tests.support.fake_gateway import set_up, stand

PLAN = f"/desk/visits/{VISIT}/plan"
TUESDAY = {"from": "2026-03-03T10:00:00+08:00", "to": "2026-03-03T11:00:00+08:00"}


async def planned(world: World, window: dict[str, str] | None = None, **more: object) -> str:
    set_up(world.ctx, "06:00")
    if more:
        world.ctx.company = msgspec.structs.replace(world.ctx.company, **more)
    assert (await world.plan(**({"window": window} if window else {}))).status_code == 201
    return await confirmation_link(world)


async def offered(world: World, link: str) -> list[dict[str, str]]:
    return (await world.ask(None, "GET", f"/v1/confirmations/{link}")).json()["offered"]


async def test_free_hours_of_the_technician_on_the_next_working_days_are_offered(sqlite_world: World) -> None:
    link = await planned(sqlite_world)
    before = await offered(sqlite_world, link)
    assert len(before) == 6
    assert before[0] == TUESDAY
    assert {one["from"][:10] for one in before} == {"2026-03-03", "2026-03-04", "2026-03-05"}
    assert (await sqlite_world.plan(uid("taken"), window=TUESDAY)).status_code == 201
    after = await offered(sqlite_world, link)
    assert TUESDAY not in after
    assert after[0]["from"][:10] == "2026-03-03"  # another hour of that morning
    html = (await sqlite_world.client.get(f"/c/{link}")).text
    assert html.count('name="when"') == len(after) + 2  # another day, or a call


async def test_the_office_may_offer_none_and_then_a_day_and_half_of_it_is_asked_for(sqlite_world: World) -> None:
    link = await planned(sqlite_world, offered_days=0)
    assert await offered(sqlite_world, link) == []
    form = Page((await sqlite_world.client.get(f"/c/{link}")).text).form(does="another-time")
    for given in ({"wish": "周六"}, {"when": "day", "day": "2026-03-07"}, {"day": "2026-03-02", "half": "morning"}):
        answer = await sqlite_world.client.post(form.action, data=form.fields | given)
        assert answer.status_code == 422, given
    given = {"day": "2026-03-07", "half": "morning"}
    assert (await sqlite_world.client.post(form.action, data=form.fields | given)).status_code == 303
    asked = (await sqlite_world.ask(None, "GET", f"/v1/confirmations/{link}")).json()["appointment"]["asked"]
    assert asked["window"] == {"from": "2026-03-07T08:00:00+08:00", "to": "2026-03-07T12:00:00+08:00"}


async def test_the_office_sees_the_time_and_one_click_moves_the_visit_to_it(sqlite_world: World) -> None:
    link = await planned(sqlite_world)
    form = Page((await sqlite_world.client.get(f"/c/{link}")).text).form(does="another-time")
    given = form.fields | {"when": "2026-03-03T10:00+08:00", "wish": "那天在家"}
    assert (await sqlite_world.client.post(form.action, data=given)).status_code == 303
    assert "3月3日（周二） 10:00–11:00" in (await sqlite_world.client.get(f"/c/{link}")).text
    zhao = await signed_in(sqlite_world, "zhao")
    page = await zhao.get(PLAN)
    assert "那天在家" in page.text
    move = next(one for one in Page(page.text).forms if one.action.endswith("/move"))
    assert (move.fields["date"], move.fields["from"], move.fields["to"]) == ("2026-03-03", "10:00", "11:00")
    assert move.fields["reason"] == "应客户要求"
    assert (await zhao.post(move.action, move.fields)).status_code == 303
    visit = (await sqlite_world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()
    assert visit["window"] == TUESDAY
    assert "asked_time" not in visit["flags"]


async def test_a_time_that_was_taken_meanwhile_is_not_promised(sqlite_world: World) -> None:
    link = await planned(sqlite_world)
    form = Page((await sqlite_world.client.get(f"/c/{link}")).text).form(does="another-time")
    assert (await sqlite_world.plan(uid("taken"), window=TUESDAY)).status_code == 201
    answer = await sqlite_world.client.post(form.action, data=form.fields | {"when": "2026-03-03T10:00+08:00"})
    assert (answer.status_code, "这个时间现在不能选了" in answer.text) == (422, True)


async def test_a_page_of_yesterday_does_not_say_that_somebody_took_the_time(sqlite_world: World) -> None:
    window = {"from": "2026-03-05T09:00:00+08:00", "to": "2026-03-05T10:00:00+08:00"}
    link = await planned(sqlite_world, window=window)
    form = Page((await sqlite_world.client.get(f"/c/{link}")).text).form(does="another-time")
    stand(sqlite_world.ctx, datetime.fromisoformat("2026-03-03T00:01:00+08:00"))
    answer = await sqlite_world.client.post(form.action, data=form.fields | {"when": "2026-03-03T10:00+08:00"})
    assert (answer.status_code, "有人约了" in answer.text) == (422, False)
    assert await offered(sqlite_world, link)


async def test_half_a_time_is_refused(sqlite_world: World) -> None:
    link = await planned(sqlite_world)
    for more in ({"from": TUESDAY["from"]}, {"from": TUESDAY["to"], "to": TUESDAY["from"]}):
        content = {"another_time": {"wish": "早上", **more}}
        answer = await sqlite_world.ask(None, "PUT", f"/v1/confirmations/{link}", content)
        assert problem(answer) == (422, "invalid-body")


async def answered(world: World, link: str, **answer: object) -> dict[str, Any]:
    given = await world.ask(None, "PUT", f"/v1/confirmations/{link}", answer)
    assert given.status_code == 200, given.text
    appointment: dict[str, Any] = given.json()["appointment"]
    return appointment


async def test_a_visit_that_is_moved_away_and_back_is_answered_anew(world: World) -> None:
    link = await planned(world)
    back = {"from": "2026-03-02T09:00:00+08:00", "to": "2026-03-02T10:00:00+08:00", "reason": "又能来了"}
    wish = {"another_time": {"wish": "请改到下午"}}
    assert (await answered(world, link, **AGREEMENT))["agreed"]
    for revision, answer in ((0, wish), (2, wish), (4, AGREEMENT)):
        stand(world.ctx, f"06:0{revision + 1}")
        await move_window(world, revision)
        await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/window", back, if_match=f'"{revision + 1}"')
        stand(world.ctx, f"06:0{revision + 2}")
        appointment = await answered(world, link, **answer)
        assert bool(appointment["asked"]) == (answer is wish), revision
    assert appointment["agreed"]
    entries = len(await visit_entries(world))
    assert (await answered(world, link, **AGREEMENT))["agreed"]  # the same once more changes nothing
    assert len(await visit_entries(world)) == entries


async def test_who_agreed_after_a_wish_may_wish_the_same_again(world: World) -> None:
    link = await planned(world)
    wish = {"another_time": {"wish": "请改到下午"}}
    for minute, answer, agreed in ((1, wish, False), (2, AGREEMENT, True), (3, wish, False), (4, wish, False)):
        stand(world.ctx, f"06:0{minute}")
        assert (await answered(world, link, **answer))["agreed"] == agreed, minute
    assert len(await visit_entries(world)) == 3


async def test_who_disagrees_again_after_agreeing_is_heard(world: World) -> None:
    link = await planned(world)
    no = {"answers": [{"item": "appointment_agreed", "good": False}]}
    for minute, answer in enumerate((no, no, AGREEMENT, no)):
        stand(world.ctx, f"06:0{minute}")
        await answered(world, link, **answer)
    entries = await visit_entries(world)
    assert [one.get("says") for one in entries] == ["no", None, "no"]
    stand(world.ctx, "06:10")
    await move_window(world)
    await answered(world, link, **no)
    assert len(await visit_entries(world)) == 4
