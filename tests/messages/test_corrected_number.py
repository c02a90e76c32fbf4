"""A corrected telephone number: the stranger's link ends, and the customer is informed as if nothing had been sent."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest

from service.messages import automatic, reports, worker
from service.messages.reports import DeliveryReport, DeliveryReports
from service.verify import log
from tests.support.api_client import VISIT, World
from tests.support.customer import AGREEMENT, UNSIGNED, advance_clock, example_customer
from tests.support.desk import field_of, signed_in, text_of
from tests.support.factories import a_plan, uid
from tests.support.fake_gateway import Post, set_up, stand

PATH = f"/v1/visits/{VISIT}"
WRONG, RIGHT = "13800000000", "13900000000"
CUSTOMER = a_plan()["customer"]
PROOFS = {"work_content_told", "work_place_told", "cooperation_requested"}


async def by_json(world: World, phone: str, visit: Any = VISIT) -> None:
    shown = await world.ask("zhao", "GET", f"/v1/visits/{visit}")
    change = {"reason": "电话写错", "customer": {**CUSTOMER, "phone": phone}}
    path = f"/v1/visits/{visit}/details"
    assert (await world.ask("zhao", "PUT", path, change, if_match=shown.headers["etag"])).status_code == 200


async def by_form(world: World, phone: str) -> None:
    desk = await signed_in(world, "zhao")
    page = await desk.get(f"/desk/visits/{VISIT}/plan")
    fields = {"revision": field_of(page, "revision"), "reason": "电话写错", "content": "检修漏水", "place": "厨房"}
    answer = await desk.post(f"/desk/visits/{VISIT}/details", {**fields, **CUSTOMER, "phone": phone})
    assert answer.status_code == 303, text_of(answer)


DOORS: dict[str, Callable[[World, str], Awaitable[None]]] = {"JSON": by_json, "form": by_form}


async def informed(world: World, phone: str = WRONG, **wanted: Any) -> Post:
    """A visit whose notice was delivered."""
    post = set_up(world.ctx, "06:00")
    assert (await world.plan(customer={**CUSTOMER, "phone": phone})).status_code == 201
    assert (await world.ask("zhao", "POST", f"{PATH}/notice", {"channel": "sms", **wanted})).status_code == 201
    assert await worker.deliver_due(world.ctx) == 1
    stand(world.ctx, "06:05")
    return post


async def opens(world: World, token: str) -> int:
    return (await world.ask(None, "GET", f"/v1/confirmations/{token}")).status_code


async def proved(world: World) -> set[str]:
    """The items that a text to the customer proves, as the judge counts them."""
    shown = (await world.ask("wang", "GET", PATH)).json()
    taken_back = {one.get("withdraws") for one in shown["entries"]}
    return {one["what"] for one in shown["entries"] if one.get("what") in PROOFS and one["id"] not in taken_back}


async def state(world: World) -> tuple[bool, str, set[str]]:
    draft = (await world.ask("zhao", "GET", f"{PATH}/notice")).json()
    shown = (await world.ask("zhao", "GET", PATH)).json()
    assert draft["due"] == ("notice_due" in shown["flags"])
    return draft["due"], draft["about"], await proved(world)


@pytest.mark.parametrize("door", DOORS)
async def test_the_strangers_link_ends_and_the_notice_is_due_again(world: World, door: str) -> None:
    post = await informed(world)
    strangers = post.token
    assert (await opens(world, strangers), await state(world)) == (200, (False, "appointment", PROOFS))
    await DOORS[door](world, RIGHT)
    assert (await opens(world, strangers), await state(world)) == (410, (True, "appointment", set()))
    assert "客户还不知道这个时间" in text_of(await (await signed_in(world, "zhao")).get(f"/desk/visits/{VISIT}/plan"))
    page = await world.client.get(f"/c/{strangers}", headers={"accept-language": "zh"})
    assert (page.status_code, "陶" in text_of(page).replace("东城供水", "")) == (410, False)

    wanted = {"channel": "sms", "dry_run": False, "visits": [str(VISIT)]}
    assert (await world.ask("zhao", "POST", "/v1/notices", wanted)).json()["sent"] == 1
    assert await worker.deliver_due(world.ctx) == 1
    assert post.letters[-1].to == RIGHT
    assert await state(world) == (False, "appointment", PROOFS)
    assert (await opens(world, post.token), await opens(world, strangers)) == (200, 410)


@pytest.mark.parametrize("answer", ["agreed", "another time"])
async def test_what_a_stranger_answered_is_not_the_customers_word(world: World, answer: str) -> None:
    post = await informed(world)
    own = (await world.ask("zhao", "POST", f"{PATH}/confirmation-link")).json()["token"]
    given = AGREEMENT if answer == "agreed" else {"another_time": {"wish": "打错了，别来"}}
    for token in (post.token, own):
        assert (await world.ask(None, "PUT", f"/v1/confirmations/{token}", given)).status_code in (200, 410)
    stand(world.ctx, "06:10")
    await by_json(world, RIGHT)
    shown = (await world.ask(None, "GET", f"/v1/confirmations/{own}")).json()["appointment"]
    assert (shown["agreed"], shown["asked"]) == (False, None)
    flags = (await world.ask("zhao", "GET", PATH)).json()["flags"]
    assert {"notice_due", "not_agreed"} <= {*flags}
    stand(world.ctx, "06:15")  # the customer's own word counts, and stays when the number is written otherwise
    said = (await world.ask(None, "PUT", f"/v1/confirmations/{own}", given)).json()["appointment"]
    await by_json(world, f"{RIGHT}、13700000001")
    shown = (await world.ask(None, "GET", f"/v1/confirmations/{own}")).json()["appointment"]
    assert (shown["agreed"], shown["asked"]) == (said["agreed"], said["asked"])
    assert said["agreed"] if answer == "agreed" else said["asked"]
    assert (await log.verify(world.ctx)).faults == []


SAME = {
    "written otherwise": (WRONG, "+86 138-0000-0000"),
    "a second one is added": (WRONG, f"{WRONG}、{RIGHT}"),
    "the other one goes": (f"{WRONG} / {RIGHT}", WRONG),
}


@pytest.mark.parametrize("case", SAME)
async def test_a_number_that_stays_keeps_its_link(sqlite_world: World, case: str) -> None:
    world, (before, after) = sqlite_world, SAME[case]
    post = await informed(world, before)
    await by_json(world, after)
    assert (await opens(world, post.token), await state(world)) == (200, (False, "appointment", PROOFS))


async def test_a_link_to_somebody_else_on_purpose_stays(sqlite_world: World) -> None:
    world = sqlite_world
    post = await informed(world, to="13700000000")
    await by_json(world, RIGHT)
    assert (await opens(world, post.token), (await state(world))[0]) == (200, False)


async def test_without_a_number_the_link_ends_too_and_the_first_number_may_come_back(sqlite_world: World) -> None:
    world = sqlite_world
    post = await informed(world)
    await by_json(world, "")
    assert (await opens(world, post.token), (await state(world))[0]) == (410, True)
    await by_json(world, WRONG)
    assert (await state(world))[0]  # what was said to a number in doubt is said again


async def test_a_report_that_comes_late_brings_nothing_back(sqlite_world: World) -> None:
    world = sqlite_world
    post = set_up(world.ctx, "06:00", report_secret="a secret of the gateway")
    assert (await world.plan(customer=CUSTOMER)).status_code == 201
    sent = (await world.ask("zhao", "POST", f"{PATH}/notice", {"channel": "sms"})).json()
    assert await worker.deliver_due(world.ctx) == 1
    strangers = post.token
    stand(world.ctx, "06:05")
    await by_json(world, RIGHT)
    made = (await world.ask("zhao", "POST", f"{PATH}/confirmation-link")).json()["token"]
    await reports.take_reports(world.ctx, DeliveryReports((DeliveryReport(id=UUID(sent["id"]), state="delivered"),)))
    assert (await opens(world, strangers), await opens(world, made)) == (410, 200)
    assert await state(world) == (True, "appointment", set())


async def test_a_call_is_not_taken_back(sqlite_world: World) -> None:
    world = sqlite_world
    set_up(world.ctx, "06:00")
    assert (await world.plan(customer=CUSTOMER)).status_code == 201
    call = {"called": WRONG, "text": "将于3月2日 09:00–10:00上门。检修漏水，厨房，请配合。"}
    assert (await world.ask("zhao", "PUT", f"{PATH}/notice-calls/{uid('call')}", call)).status_code == 201
    await by_json(world, RIGHT)
    assert (await state(world))[0] is False


@pytest.mark.parametrize("about", ["on_the_way", "please_sign"])
async def test_other_messages_are_sent_again_by_themselves(sqlite_world: World, about: str) -> None:
    world = sqlite_world
    if about == "on_the_way":
        post = await informed(world)
        stand(world.ctx, "08:40")
        left = {"at": "2026-03-02T08:40:00+08:00", "minutes": 25}
        assert (await world.ask("li", "PUT", f"{PATH}/departure", left)).status_code == 201
        visit = VISIT
    else:
        tao = await example_customer(world, "S04", drop=UNSIGNED)
        post, visit = tao.post, tao.visit
    usual = frozenset({about})
    world.ctx.company = msgspec.structs.replace(world.ctx.company, automatic=usual, quiet_hours=None)

    async def sent() -> list[tuple[str, str]]:
        while await automatic.send_owed(world.ctx):
            pass
        while await worker.deliver_due(world.ctx):
            pass
        return [(one.about, one.to) for one in post.letters if one.about == about]

    first = await sent()
    assert first == [(about, WRONG)]
    strangers = post.token if about == "please_sign" else ""
    entries = (await world.ask("wang", "GET", f"/v1/visits/{visit}")).json()["entries"]
    advance_clock(world, minutes=1)
    await by_json(world, RIGHT, visit)
    assert await sent() == [*first, (about, RIGHT)]
    if strangers:
        assert (await opens(world, strangers), await opens(world, post.token)) == (410, 200)
        assert (await world.ask("wang", "GET", f"/v1/visits/{visit}")).json()["entries"] == entries
