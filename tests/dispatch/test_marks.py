"""The board marks visits that clash and those that nobody began, and a filter makes nobody look free."""

import re

from tests.support.api_client import VISIT, World, record
from tests.support.desk import signed_in, text_of
from tests.support.example_visits import clock
from tests.support.factories import uid
from tests.support.fake_gateway import stand

DAY = "/desk/today?date=2026-03-02"
OTHER = uid("other")


def hours(start: str, end: str) -> dict[str, str]:
    return {"from": clock(start), "to": clock(end)}


async def test_two_visits_of_one_person_at_once_are_marked_also_when_one_is_of_the_crew(world: World) -> None:
    stand(world.ctx, "07:00")
    await world.plan()
    await world.plan(OTHER, technician="sun", crew=["li"], window=hours("09:30", "10:30"))
    await world.plan(uid("later"), window=hours("10:30", "11:30"))
    zhao = await signed_in(world, "zhao")
    assert "时间冲突 2" in text_of(await zhao.get(DAY))
    shown = await zhao.get(f"{DAY}&flag=clash")
    assert "2 次上门" in text_of(shown)
    gone = await world.ask("zhao", "PUT", f"/v1/visits/{OTHER}/cancellation", {"reason": "不去"}, if_match='"0"')
    assert gone.status_code == 200
    assert "时间冲突" not in text_of(await zhao.get(DAY))


async def test_a_planned_visit_whose_time_is_over_is_marked_until_there_is_a_record(world: World) -> None:
    await world.plan()
    stand(world.ctx, "09:59")
    zhao = await signed_in(world, "zhao")
    assert "未开始" not in text_of(await zhao.get(DAY))
    stand(world.ctx, "10:01")
    assert "过时未开始 1" in text_of(await zhao.get(DAY))
    assert f'href="/desk/visits/{VISIT}"' in (await zhao.get(f"{DAY}&flag=missed")).text
    assert (await world.submit(record())).status_code == 201
    assert "未开始" not in text_of(await zhao.get(DAY))


async def test_a_filter_keeps_every_visit_on_the_board_and_says_which_are_outside_it(world: World) -> None:
    stand(world.ctx, "07:00")
    await world.plan()
    await world.plan(OTHER, technician="sun", window=hours("13:00", "14:00"))
    zhao = await signed_in(world, "zhao")
    assert (await zhao.post(f"/desk/visits/{VISIT}/notice", {})).status_code == 303
    page = await zhao.get(f"{DAY}&flag=notice_due")
    blocks = re.findall(r'(?s)<a class="block ([^"]*)" href="/desk/visits/([^"]*)".*?</a>', page.text)
    assert {visit: "faded" in classes for classes, visit in blocks} == {str(VISIT): True, str(OTHER): False}
    assert "不在筛选内" in page.text
    assert "等客户答复" in text_of(page)
    assert page.text.count(f'href="/desk/visits/{VISIT}"') == 1  # not in the list
    none = await zhao.get(f"{DAY}&flag=absent")
    assert none.text.count(" faded") == 2
