"""Who has the link and not the code: what he can use up. And signatures that others would put aside."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from service.messages import worker
from tests.support.api_client import VISIT, World, problem
from tests.support.customer import SIGNER, Customer, advance_clock, example_customer, link_holder
from tests.support.factories import uid
from tests.support.fake_gateway import set_up


async def test_nobody_burns_the_customers_code_by_wrong_tries_or_new_codes(world: World) -> None:
    tao = await example_customer(world, "S04")
    code, other = await tao.code(), link_holder(tao)
    for n in range(1, 10):
        wrong = {"code": f"{(int(code) + n) % 10**6:06}"}
        assert problem(await other.ask("PUT", "/code", wrong)) == (403, "wrong-code")
    for _ in range(3):
        await other.code()
    assert problem(await other.ask("PUT", "/code", {"code": code})) == (403, "wrong-code")  # it is not his code
    assert (await tao.ask("PUT", "/code", {"code": code})).status_code == 200


async def test_that_a_code_is_on_its_way_is_told_to_who_asked_for_it_alone(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.code()
    assert (await tao.seen())["code_until"] is not None
    assert (await link_holder(tao).seen())["code_until"] is None


async def test_strangers_use_up_their_own_codes_and_not_those_of_who_entered_one(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    for n in range(4):
        other = link_holder(tao, f"198.51.100.{n}")
        for _ in range(3):
            await other.ask("POST", "/code")
    assert problem(await link_holder(tao, "198.51.100.77").ask("POST", "/code")) == (429, "too-many-requests")
    await worker.deliver_due(world.ctx)
    advance_clock(world, minutes=40)
    assert (await tao.seen())["level"] is None
    await tao.enters()
    assert (await tao.seen())["level"] == "own_device"


async def test_a_telephone_rings_no_more_than_twenty_times_a_day_for_strangers(world: World) -> None:
    tao = await example_customer(world, "S04")
    sent = 0
    for hour in range(4):
        for n in range(4):
            other = link_holder(tao, f"198.51.{hour}.{n}")
            for _ in range(3):
                sent += (await other.ask("POST", "/code")).status_code == 200
        advance_clock(world, minutes=61)
    assert sent == 20


async def test_what_is_open_belongs_to_the_browser_and_not_to_the_network(world: World) -> None:
    tao = link_holder(await example_customer(world, "S04"), "203.0.113.50", cookies=True)
    assert (await tao.client.get(f"/c/{tao.token}")).status_code == 200
    (cookie,) = tao.client.cookies.jar
    assert (cookie.name, cookie.secure, cookie.path) == ("__Host-doorstep-seat", True, "/")
    await tao.enters()
    assert (await tao.seen())["level"] == "own_device"
    same_network = [link_holder(tao, "203.0.113.50", cookies=True), link_holder(tao, "203.0.113.50")]
    for other in same_network:
        assert (await other.seen())["level"] is None
        assert problem(await other.signs()) == (403, "code-needed")
    moved = link_holder(tao, "192.0.2.7", cookies=True)  # his phone leaves the Wi-Fi
    moved.client.cookies.jar.set_cookie(cookie)
    assert (await moved.seen())["level"] == "own_device"
    assert len(list(moved.client.cookies.jar)) == 1  # and gets no other


@pytest.mark.parametrize("cookie", ["x", "A" * 23, "A" * 21 + "\u00e9", "A" * 21 + "!"])
async def test_a_cookie_that_we_did_not_make_is_none(world: World, cookie: str) -> None:
    tao = await example_customer(world, "S04")
    headers = {"cookie": f"__Host-doorstep-seat={cookie}".encode()}
    page = await tao.client.get(f"/c/{tao.token}", headers=headers)  # type: ignore[arg-type]
    assert "__Host-doorstep-seat=" in page.headers["set-cookie"]


async def test_a_browser_in_which_somebody_of_the_utility_is_signed_in_stays_at_the_lower_level(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    assert (await tao.seen())["level"] == "own_device"
    tao.client.headers["cookie"] = "__Host-doorstep=whatever"
    assert (await tao.seen())["level"] == "phone"


async def test_a_code_entered_where_the_technician_is_counts_less_also_after_he_went(world: World) -> None:
    tao = await example_customer(world, "S04")
    his = link_holder(tao, "192.0.2.44", cookies=True)
    bearer = {"authorization": "Bearer token of li"}
    enrolment = await world.ask("wang", "POST", "/v1/enrolments", {"person": "li"})
    made = await world.ask(None, "POST", "/v1/devices", {"code": enrolment.json()["code"], "name": "李的手机"})
    bearer = {"authorization": f"Bearer {made.json()['token']}"}
    elsewhere = link_holder(tao, "192.0.2.99")
    for one in (elsewhere, his):  # two networks within one minute
        assert (await one.client.get("/v1/me", headers=bearer)).status_code == 200
    await his.client.get(f"/c/{tao.token}")
    await his.enters()
    assert (await his.seen())["level"] == "phone"
    (cookie,) = his.client.cookies.jar
    moved = link_holder(tao, "192.0.2.200", cookies=True)
    moved.client.cookies.jar.set_cookie(cookie)
    assert (await moved.seen())["level"] == "phone"


async def test_wishes_for_another_time_come_to_an_end_and_agreeing_does_not(world: World) -> None:
    post = set_up(world.ctx, "06:00")
    assert (await world.plan()).status_code == 201
    link = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["token"]
    tao = Customer(world, post, link, VISIT)
    answers = []
    for n in range(15):
        advance_clock(world, minutes=1)
        answers.append((await tao.says(another_time={"wish": f"第 {n} 次"})).status_code)
    assert answers == [200] * 12 + [429] * 3
    assert (await tao.says(answers=[{"question": "appointment", "good": True}])).status_code == 200
    assert (await tao.seen())["state"] == "agreed"


@pytest.mark.parametrize("more", [{"item": "junk"}, {"question": None}])
async def test_an_answer_names_a_question_or_an_item(world: World, more: dict[str, Any]) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    answer = await tao.says(answers=[{"question": "q_clean", "good": False, **more}])
    assert (problem(answer), answer.json()["errors"][0]["code"]) == ((422, "invalid-body"), "one-of")


async def test_so_much_is_raised_and_no_more(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    for n in range(3):
        raised = [{"fact": "own_damage", "text": f"第 {n}-{m} 处"} for m in range(10)]
        assert (await tao.says(raises=raised)).status_code == 200
    assert problem(await tao.says(raises=[{"fact": "own_damage", "text": "再一处"}])) == (429, "too-many-requests")
    again = [{"fact": "own_damage", "text": "第 0-0 处"}]
    assert (await tao.says(raises=again)).status_code == 200  # what he said before is no more


async def test_a_second_window_signs_nothing_anew_and_a_weaker_signature_puts_none_aside(world: World) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    first = (await tao.seen())["statements"][0]["signature"]
    advance_clock(world, minutes=1)
    assert (await tao.signs()).status_code == 200
    seen = (await tao.seen())["statements"][0]
    assert (seen["signature"], seen["earlier"]) == (first, [])
    at = advance_clock(world, minutes=1)
    piece = {"kind": "signature", "sha256": "a" * 64, **SIGNER, "signer": "别人", **await tao.digest()}
    weaker = {"id": str(uid("s2")), "what": "meter_order_signed", "by": "customer", "evidence": [piece]}
    weaker["at"] = at.isoformat()
    content = {"id": str(uid("r3")), "visit": str(tao.visit), "checklist": "onsite@1", "entries": [weaker]}
    assert (await world.submit(content, uid("r3"))).status_code == 201
    seen = (await tao.seen())["statements"][0]
    assert seen["signature"] == first
    assert [(one["level"], one["signer"]) for one in seen["earlier"]] == [("phone", "别人")]
    page = (await tao.client.get(f"/c/{tao.token}")).text
    assert "另一次签名，以本人手机签认的为准" in page
    assert "已被后来的代替" not in page


async def test_who_signed_disagreed_and_signs_again_has_signed_last(world: World) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    advance_clock(world, minutes=1)
    assert (await tao.says(refused={"reason": "再想想", **await tao.digest()})).status_code == 200
    advance_clock(world, minutes=1)
    assert (await tao.signs()).status_code == 200
    paper = (await tao.seen())["statements"][0]
    assert paper["signature"]["at"] > paper["declined"][0]["at"]


@pytest.mark.parametrize("names", [{}, {"statement_sha256": "0" * 64}])
async def test_no_signature_from_the_technicians_phone_puts_aside_one_of_his_own_that_holds(
    world: World, names: dict[str, str]
) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    at = advance_clock(world, minutes=5)
    piece = {"kind": "signature", "sha256": "a" * 64, "signer": "李某", "relation": "neighbour", **names}
    forged = {"id": str(uid("f")), "what": "meter_order_signed", "by": "customer", "evidence": [piece]}
    content = {"id": str(uid("r4")), "visit": str(tao.visit), "checklist": "onsite@1"}
    content |= {"entries": [forged | {"at": at.isoformat()}]}
    assert (await world.submit(content, uid("r4"))).status_code == 201
    paper = (await tao.whole())["statements"][0]
    assert (paper["signature"]["signer"], paper["signature"]["state"]) == ("陶先生", "holds")
    assert [one["signer"] for one in paper["earlier"]] == ["李某"]


async def test_who_signed_and_then_refuses_is_heard_and_may_sign_again(world: World) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    assert await tao.judged() == []
    advance_clock(world, minutes=1)
    assert (await tao.says(refused={"reason": "没看清", "outcome": "refused", **await tao.digest()})).status_code == 200
    assert await tao.judged() == ["violation disputed.meter_order_signed"]
    advance_clock(world, minutes=1)
    assert (await tao.signs()).status_code == 200
    assert await tao.judged() == []


async def test_a_refusal_of_what_changed_since_is_no_answer_to_it_also_when_the_change_is_dated_back(
    world: World,
) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    advance_clock(world, minutes=1)
    await tao.enters()
    assert (
        await tao.says(refused={"reason": "不是冻的", "outcome": "partly", **await tao.digest()})
    ).status_code == 200
    assert [one["same"] for one in (await tao.seen())["statements"][0]["declined"]] == [True]
    back = {"id": str(uid("b")), "what": "meter_cause_analysed", "by": "technician", "fields": {"cause": "frost"}}
    back["at"] = next(one["at"] for one in (await tao.whole())["entries"] if one["what"] == "meter_cause_analysed")
    content = {"id": str(uid("r5")), "visit": str(tao.visit), "checklist": "onsite@1", "entries": [back]}
    assert (await world.submit(content, uid("r5"))).status_code == 201
    assert [one["same"] for one in (await tao.seen())["statements"][0]["declined"]] == [False]


async def test_a_browser_without_cookies_opens_the_link_for_no_other_kind_of_browser(world: World) -> None:
    tao = await example_customer(world, "S04")
    tao.client.headers["user-agent"] = "MicroMessenger"
    await tao.enters()
    assert (await tao.seen())["level"] == "own_device"
    other = link_holder(tao, "203.0.113.7")
    assert (await other.seen())["level"] is None


async def test_a_phone_days_ahead_silences_nobody(world: World) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    at = (datetime.fromtimestamp(world.ctx.clock() / 1000).astimezone() + timedelta(days=30)).isoformat()
    visit = uid("ahead")
    assert (await world.plan(visit, type="repair_leak")).status_code == 201
    entries = [
        {"id": str(uid(f"a {what}")), "what": what, "by": "technician", "at": at}
        for what in ("arrived", "entered", "left")
    ]
    content = {"id": str(uid("r6")), "visit": str(visit), "checklist": "onsite@1", "entries": entries}
    assert (await world.submit(content, uid("r6"))).status_code == 201
    link = (await world.ask("zhao", "POST", f"/v1/visits/{visit}/confirmation-link")).json()["token"]
    hers = Customer(world, tao.post, link, visit, "203.0.113.9")
    await hers.enters()
    asked = [one["id"] for one in (await hers.seen())["questions"]]
    assert "q_entry" in asked
    assert (await hers.says(answers=[{"question": "q_entry", "good": False}])).status_code == 200
    assert (await hers.says(raises=[{"fact": "own_damage", "text": "门框碰坏了"}])).status_code == 200
    whole, listed = await hers.whole(), (await world.ask("wang", "GET", "/v1/visits")).json()["items"]
    same = next(one for one in listed if one["id"] == str(visit))
    for name in ("state", "flags", "verdict"):
        assert whole[name] == same[name]
