"""A text of the dispatcher's own about a visit that is over or was cancelled goes out with a warning."""

from typing import Any

import pytest

from tests.support.api_client import VISIT, World
from tests.support.dispatch import change_visit
from tests.support.factories import a_plan, a_record, said, uid
from tests.support.fake_gateway import set_up, stand

LATE = "师傅路上堵车，晚到十分钟，请稍候。"


async def reach(world: World, state: str) -> None:
    set_up(world.ctx, "07:00")
    assert (await world.plan()).status_code == 201
    if state == "cancelled":
        assert (await change_visit(world, "cancellation", {"reason": "客户退单"})).status_code == 200
    elif state in ("under way", "over"):
        stand(world.ctx, "09:40")
        entries = [said("09:05", "arrived"), *([said("09:30", "left")] if state == "over" else [])]
        assert (await world.submit(a_record("r", VISIT, *entries), uid("r"))).status_code == 201
    elif state == "nobody came":
        stand(world.ctx, "10:00")


WARNED = {"ahead": [], "under way": [], "over": ["over"], "nobody came": ["over"], "cancelled": ["cancelled"]}


@pytest.mark.parametrize("state", WARNED)
async def test_it_is_sent_and_says_what_to_look_at(sqlite_world: World, state: str) -> None:
    world = sqlite_world
    await reach(world, state)
    wanted = {"channel": "sms", "text": LATE, "id": str(uid("n"))}
    for status in (201, 200):  # the answer to a repetition says nothing of it again: it was sent then
        answer = await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/notice", wanted)
        assert (answer.status_code, answer.json()["about"]) == (status, "other")
        warnings = answer.json()["warnings"]
        assert [one["code"] for one in warnings] == (WARNED[state] if status == 201 else [])
        assert all(" / " in one["detail"] for one in warnings)


OFFERED = {
    "13800000000": "13800000000",
    "abc": "",
    "": "",
    "请打 138-0000-0000 找陶女士": "13800000000",
    "021-96000123 / 13900000000": "13900000000",
    "0571-88881234": "057188881234",
    "12": "",
}


@pytest.mark.parametrize("phone", OFFERED)
async def test_only_a_number_that_can_be_dialled_is_offered(sqlite_world: World, phone: str) -> None:
    set_up(sqlite_world.ctx, "07:00")
    customer: dict[str, Any] = {**a_plan()["customer"], "phone": phone}
    assert (await sqlite_world.plan(customer=customer)).status_code == 201
    draft = (await sqlite_world.ask("zhao", "GET", f"/v1/visits/{VISIT}/notice")).json()
    assert draft["to"] == OFFERED[phone]
    assert draft["text"]  # what to say is offered whatever the number
