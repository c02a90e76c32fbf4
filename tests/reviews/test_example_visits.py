"""The six example visits, from the plan to the end, over HTTP."""

from typing import Any

import pytest

from service.audit_log import log
from service.reviews import refresh
from service.verify.log import verify
from tests.support import example_visits as stories
from tests.support.api_client import World, problem
from tests.support.customer import Customer, advance_clock, example_customer
from tests.support.factories import uid
from tests.support.reviews import close, later, review, review_of, state_of

CUSTOMERS_WORDS = ("damage_choice_followed", "damage_made_good", "damage_customer_satisfied")


async def settle(world: World, tao: Customer) -> None:
    """What is owed about a damage is done, and the customer says so on the telephone."""
    owed = (await world.ask("wang", "GET", "/v1/duties")).json()["duties"]
    said = [
        {"item": one["item"], "thing": one["thing"], "good": True} for one in owed if one["item"] in CUSTOMERS_WORDS
    ]
    if said:
        advance_clock(world, minutes=5)
        call: dict[str, Any] = {"called": "陶", "at": world.ctx.now().isoformat(), "text": "都满意", "answers": said}
        called = await world.ask("wang", "PUT", f"/v1/visits/{tao.visit}/callbacks/{uid('call')}", call)
        assert called.status_code == 201, called.text


@pytest.mark.parametrize("name", stories.NAMES)
async def test_an_example_visit_from_its_plan_to_its_end(world: World, name: str) -> None:
    tao = await example_customer(world, name)
    assert await state_of(world, visit=tao.visit) == "to_review"
    shown, tag = await review_of(world, visit=tao.visit)
    queue = (await world.ask("wang", "GET", "/v1/reviews")).json()
    assert len(queue["reviews"]) == bool(shown["reasons"])
    assert sum(queue["counts"].values()) == len({one["kind"] for one in shown["reasons"]})
    if shown["reasons"]:
        taken = await world.ask("wang", "PUT", f"/v1/visits/{tao.visit}/assignee", {"person": "wang"})
        assert taken.status_code == 200
        assert problem(await review(world, tag, visit=tao.visit)) == (412, "precondition-failed")
    await settle(world, tao)
    done = await close(world, tao.visit)
    assert (done["state"], done["reasons"], done["open_duties"]) == ("closed", [], [])
    assert done["verdict"] == (await tao.whole())["verdict"]
    for who in ("wang", "zhao", "li"):
        assert await state_of(world, who, tao.visit) == "closed"
    assert (await world.ask("wang", "GET", "/v1/reviews")).json()["reviews"] == []
    assert (await world.ask("wang", "GET", "/v1/duties")).json()["duties"] == []
    steps = (await world.ask("wang", "GET", f"/v1/visits/{tao.visit}/history")).json()["steps"]
    done_by_people = [one["kind"] for one in steps if one["kind"] != "viewed"]
    assert (done_by_people[0], done_by_people[-1]) == ("planned", "review")
    later(world, days=40)
    await refresh.refresh_due(world.ctx)
    assert await state_of(world, visit=tao.visit) == "closed"
    await log.assign_sequence_numbers(world.ctx.db)
    assert (await verify(world.ctx)).faults == []
