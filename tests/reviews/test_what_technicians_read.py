"""What the technician of a visit reads of the customer's words: nothing, what they are asked about, all at the end."""

from typing import Any

import pytest

from tests.support.api_client import World
from tests.support.customer import Customer, advance_clock, example_customer
from tests.support.factories import said, uid
from tests.support.reviews import close, review_of, state_of


@pytest.fixture
async def tao(world: World) -> Customer:
    """A customer who answered badly twice, and raised something."""
    tao = await example_customer(world, "S01")
    advance_clock(world, minutes=2)
    await tao.enters()
    bad = [{"item": "site_cleared", "good": False}, {"item": "id_shown", "good": False}]
    raised = [{"fact": "own_damage", "text": "茶几裂了"}]
    assert (await tao.says(answers=bad, raises=raised, comment="一言难尽")).status_code == 200
    return tao


async def read_by(world: World, tao: Customer, who: str = "li") -> dict[str, Any]:
    return dict((await world.ask(who, "GET", f"/v1/visits/{tao.visit}")).json())


def denied(visit: dict[str, Any]) -> list[str]:
    """The items that the customer says were not so, and the facts that they raised."""
    return sorted(one["what"] for one in visit["entries"] if one["by"] == "customer" and one["via"] == "link")


async def ask_about(world: World, tao: Customer, code: str) -> None:
    question = {"finding": code, "text": "客户说没有，请说明"}
    path = f"/v1/visits/{tao.visit}/inquiries/{uid(code)}"
    assert (await world.ask("wang", "PUT", path, question)).status_code == 201


async def test_before_an_inquiry_nothing_of_it(world: World, tao: Customer) -> None:
    assert denied(await read_by(world, tao, "wang")) == ["id_shown", "own_damage", "site_cleared"]
    seen = await read_by(world, tao)
    assert denied(seen) == []
    assert seen["said"] == []
    assert not [one for one in seen["judgement"]["findings"] if one["code"].startswith("disputed.")]
    assert not {"answered", "comment", "complaint"} & {*seen["flags"]}
    words = {"finding": "disputed.site_cleared", "text": "我清理了"}
    path = f"/v1/visits/{tao.visit}/explanations/{uid('e')}"
    guessed = await world.ask("li", "PUT", path, words)  # that there is such a finding is not to be found out so
    assert guessed.status_code == 409


async def test_after_an_inquiry_exactly_the_finding_that_was_asked_about(world: World, tao: Customer) -> None:
    await ask_about(world, tao, "disputed.site_cleared")
    seen = await read_by(world, tao)
    assert denied(seen) == ["site_cleared"]
    codes = [one["code"] for one in seen["judgement"]["findings"]]
    assert "disputed.site_cleared" in codes
    assert "disputed.id_shown" not in codes
    assert seen["said"] == []
    words = {"finding": "disputed.site_cleared", "text": "我清理了"}
    path = f"/v1/visits/{tao.visit}/explanations/{uid('e')}"
    assert (await world.ask("li", "PUT", path, words)).status_code == 201
    assert "explanation" in [one["kind"] for one in (await review_of(world, visit=tao.visit))[0]["reasons"]]
    guessed = await world.ask("li", "PUT", f"{path[:-1]}0", {**words, "finding": "disputed.id_shown"})
    assert guessed.status_code == 409


async def test_the_agenda_brings_a_finding_that_was_asked_about(world: World, tao: Customer) -> None:
    first = (await world.ask("li", "GET", "/v1/agenda")).json()
    await ask_about(world, tao, "disputed.site_cleared")
    changed = (await world.ask("li", "GET", f"/v1/agenda?since={first['cursor']}")).json()
    assert [one["id"] for one in changed["visits"]] == [str(tao.visit)]


async def test_all_of_it_when_the_visit_is_closed(world: World, tao: Customer) -> None:
    raised = [one for one in (await read_by(world, tao, "wang"))["entries"] if one["what"] == "own_damage"]
    thing = raised[-1]["thing"]
    content = {
        "called": "陶先生 13800000000",
        "at": world.ctx.now().isoformat(),
        "text": "已赔偿，满意",
        "answers": [
            {"item": item, "thing": thing, "good": True}
            for item in ("damage_choice_followed", "damage_made_good", "damage_customer_satisfied")
        ],
    }
    settled = said("10:00", "damage_made_good", "office", thing=thing) | {"at": world.ctx.now().isoformat()}
    noted = await world.ask("wang", "POST", f"/v1/visits/{tao.visit}/entries", {"entries": [settled]})
    assert noted.status_code == 201, noted.text
    called = await world.ask("wang", "PUT", f"/v1/visits/{tao.visit}/callbacks/{uid('call')}", content)
    assert called.status_code == 201, called.text
    assert denied(await read_by(world, tao)) == []
    done = await close(world, tao.visit)
    assert (done["state"], done["reasons"], done["open_duties"]) == ("closed", [], [])
    assert await state_of(world, "li", tao.visit) == "closed"
    assert denied(await read_by(world, tao)) == ["id_shown", "own_damage", "site_cleared"]
