"""A customer who asked for another time is found in the list until somebody answers him."""

from typing import Any

import pytest

from tests.support.api_client import VISIT, World, problem, record
from tests.support.browser import later
from tests.support.desk import signed_in, text_of
from tests.support.dispatch import LATER_WINDOW, change_visit
from tests.support.factories import said, uid
from tests.support.fake_gateway import set_up, stand

WISH = {"another_time": {"wish": "周六上午在家"}}
AGREE = {"answers": [{"item": "appointment_agreed", "good": True}]}


@pytest.fixture
async def link(world: World) -> str:
    """A link of a planned visit; another one is planned beside it."""
    set_up(world.ctx, "06:00")
    assert (await world.plan()).status_code == 201
    assert (await world.plan(uid("other"))).status_code == 201
    return (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["token"]


async def waiting(world: World, who: str = "zhao", more: str = "") -> list[str]:
    answer = await world.ask(who, "GET", f"/v1/visits?flag=asked_time{more}")
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def says(world: World, link: str, content: dict[str, Any]) -> None:
    answer = await world.ask(None, "PUT", f"/v1/confirmations/{link}", content)
    assert answer.status_code == 200, answer.text
    later(world, minutes=1)


async def test_who_asked_is_found_by_every_filter_until_the_window_moves(world: World, link: str) -> None:
    assert await waiting(world) == []
    await says(world, link, WISH)
    for more in ("", "&state=planned", "&area=城东", "&technician=li", "&q=虚构路", "&type=repair_leak"):
        assert await waiting(world, more=more) == [str(VISIT)], more
    for more in ("&state=closed", "&technician=sun", "&q=另一条路", "&type=meter_replacement"):
        assert await waiting(world, more=more) == [], more
    assert await waiting(world, "li") == [str(VISIT)]
    assert await waiting(world, "qian") == []
    seen = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()
    assert "asked_time" in seen["flags"]
    assert (await change_visit(world, "window", LATER_WINDOW)).status_code == 200
    assert await waiting(world) == []


async def test_an_agreement_ends_it_and_a_new_wish_brings_it_back(world: World, link: str) -> None:
    await says(world, link, WISH)
    await says(world, link, AGREE)
    assert await waiting(world) == []
    await says(world, link, {"another_time": {"wish": "周日"}})
    assert await waiting(world) == [str(VISIT)]
    later(world, minutes=30)
    agreed = said("06:33", "appointment_agreed", by="dispatcher", evidence=[{"kind": "text", "text": "电话里同意"}])
    assert (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", {"entries": [agreed]})).status_code == 201
    assert await waiting(world) == []


async def test_nobody_waits_for_a_visit_that_was_cancelled_or_has_begun(world: World, link: str) -> None:
    await says(world, link, WISH)
    assert await waiting(world) == [str(VISIT)]
    stand(world.ctx, "09:10")
    assert (await world.submit(record())).status_code == 201
    assert await waiting(world) == []
    other = (await world.ask("zhao", "POST", f"/v1/visits/{uid('other')}/confirmation-link")).json()["token"]
    stand(world.ctx, "06:00")
    await says(world, other, WISH)
    assert await waiting(world) == [str(uid("other"))]
    gone = await world.ask("zhao", "PUT", f"/v1/visits/{uid('other')}/cancellation", {"reason": "不去"}, if_match='"0"')
    assert gone.status_code == 200
    assert await waiting(world) == []


async def test_a_flag_that_there_is_not_is_told(world: World) -> None:
    assert problem(await world.ask("zhao", "GET", "/v1/visits?flag=asked")) == (400, "invalid-query")


async def test_pages_of_flagged_visits_go_on_where_they_ended(world: World) -> None:
    set_up(world.ctx, "06:00")
    asked: set[str] = set()
    for number in range(63):
        visit = uid(f"flagged {number}")
        await world.plan(visit)
        if number % 6:
            link = (await world.ask("zhao", "POST", f"/v1/visits/{visit}/confirmation-link")).json()["token"]
            await says(world, link, WISH)
            asked.add(str(visit))
    first = (await world.ask("zhao", "GET", "/v1/visits?flag=asked_time")).json()
    rest = (await world.ask("zhao", "GET", f"/v1/visits?flag=asked_time&after={first['after']}")).json()
    found = [one["id"] for page in (first, rest) for one in page["items"]]
    assert (len(first["items"]), rest["after"]) == (50, None)
    assert (len(found), set(found)) == (len(asked), asked)


async def test_the_wish_is_quoted_wherever_the_desk_shows_the_visit(world: World, link: str) -> None:
    await says(world, link, {"another_time": {"wish": "改到别的日子，下午；周二下午三点以后"}})
    zhao = await signed_in(world, "zhao")
    for page in (f"/desk/visits/{VISIT}/plan", f"/desk/visits/{VISIT}", "/desk/today?date=2026-03-02"):
        shown = text_of(await zhao.get(page))
        assert "改到别的日子，下午 ；周二下午三点以后" in shown.replace(" ；", "；").replace("；", " ；"), page
    history = text_of(await zhao.get(f"/desk/visits/{VISIT}")).partition("谁做了什么")[2]
    assert "客户要改约、改到别的日子，下午、周二下午三点以后" in history
    assert "客户通过链接答复 客户 预约时间" not in history
    assert (await change_visit(world, "window", LATER_WINDOW)).status_code == 200
    for page in (f"/desk/visits/{VISIT}/plan", "/desk/today?date=2026-03-03"):
        assert "周二下午三点以后" not in text_of(await zhao.get(page)), page
    assert "周二下午三点以后" in text_of(await zhao.get(f"/desk/visits/{VISIT}")).partition("谁做了什么")[2]
