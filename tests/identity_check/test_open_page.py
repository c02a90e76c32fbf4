"""The customer's page opened with the code at the door: once for each code, as long as there is something to do."""

from datetime import datetime
from uuid import UUID

import httpx

from service.visits import door_code
from tests.support.api_client import VISIT, World, record
from tests.support.customer import UNSIGNED, Customer, example_customer
from tests.support.doorstep import doorstep_path, doorstep_ticket
from tests.support.factories import said, uid
from tests.support.fake_gateway import set_up, stand

OFFER = "在这部手机上核对和签认"
METER = uid("visit S04")


async def scanned(world: World, client: httpx.AsyncClient, visit: UUID = METER) -> tuple[str, str, str]:
    """The address of the code that the technician shows, its page, and the ticket on it."""
    code = doorstep_path((await world.ask("li", "GET", f"/v1/visits/{visit}/doorstep")).json())
    page = (await client.get(code)).text
    return code, page, doorstep_ticket(page)


async def opened(client: httpx.AsyncClient, code: str, ticket: str) -> httpx.Response:
    answer = await client.post(code, data={"ticket": ticket, "does": "page"})
    assert answer.status_code == 303, answer.text
    return answer


async def steps(world: World) -> list[tuple[str, str]]:
    """What the history says about links that codes opened."""
    found = (await world.ask("wang", "GET", f"/v1/visits/{METER}/history")).json()["steps"]
    return [(step["by"], step["text"]) for step in found if step["kind"] == "link"]


async def meter_damaged(world: World) -> Customer:
    """The customer of a damaged meter, at the door when all but the signature is recorded, with a link by SMS."""
    return await example_customer(world, "S04", drop=UNSIGNED, now=datetime.fromisoformat("2025-09-09T16:20:00+08:00"))


async def test_the_customer_reads_on_their_own_phone_and_signs_only_after_the_code_by_sms(world: World) -> None:
    sms = await meter_damaged(world)
    own = Customer(world, sms.post, "", METER, "203.0.113.9", cookies=True)
    code, page, ticket = await scanned(world, own.client)
    assert OFFER in page
    answer = await opened(own.client, code, ticket)
    own.token = answer.headers["location"].removeprefix("/c/")
    shown = await own.client.get(answer.headers["location"])
    assert shown.status_code == 200
    assert 'id="read-statement-' in shown.text
    assert (await sms.client.get(f"/c/{sms.token}")).status_code == 200  # the code at the door ends no other link
    assert (await own.signs()).status_code == 403
    assert (await own.says(comment="看过了")).json()["level"] is None
    assert "violation missing.meter_order_signed" in await own.judged()
    await own.enters()
    assert (await own.signs()).json()["level"] == "own_device"
    assert "meter_order_signed" not in " ".join(await own.judged())


async def test_a_code_opens_one_link(world: World) -> None:
    sms = await meter_damaged(world)
    code, _, ticket = await scanned(world, sms.client)
    first = (await opened(sms.client, code, ticket)).headers["location"]
    again = await opened(sms.client, "/d/" + code[3:].upper(), ticket)
    assert again.headers["location"].lower() == code
    page = (await sms.client.get(code)).text
    assert OFFER not in page
    assert "请让工作人员出示新的码" in page
    assert (await sms.client.get(first)).status_code == 200


async def test_an_old_or_forged_code_and_a_wrong_ticket_open_nothing(world: World) -> None:
    sms = await meter_damaged(world)
    now = world.ctx.now()
    code, _, ticket = await scanned(world, sms.client)
    for wrong in ("", "1", f"{world.ctx.clock()}.00"):
        assert (await opened(sms.client, code, wrong)).headers["location"] == code
    step = door_code.time_step(world.ctx.clock())
    forged = f"/d/{door_code.write(door_code.phone_key(bytes(32), METER, 'li'), METER, step)}"
    assert (await sms.client.post(forged, data={"ticket": ticket, "does": "page"})).status_code == 404
    staff = {"cookie": "__Host-doorstep=theirs"}
    answer = await sms.client.post(code, data={"ticket": ticket, "does": "page"}, headers=staff)
    assert answer.status_code == 403
    stand(world.ctx, world.ctx.to_local_time(world.ctx.clock() + 15 * 60_000 + 1))
    assert (await opened(sms.client, code, ticket)).headers["location"] == code
    stand(world.ctx, now)
    assert (await sms.client.get(f"/c/{sms.token}")).status_code == 200  # the link before lives


async def test_before_the_work_and_where_nothing_is_to_be_confirmed_there_is_no_offer(world: World) -> None:
    post = set_up(world.ctx, "08:00")
    await world.plan()
    stand(world.ctx, "09:05")
    client = Customer(world, post, "", VISIT).client
    code, page, ticket = await scanned(world, client, VISIT)
    assert OFFER not in page
    assert (await opened(client, code, ticket)).headers["location"] == code
    stand(world.ctx, "09:06")
    assert (await world.submit(record())).status_code == 201  # arrived, and no more
    code, page, ticket = await scanned(world, client, VISIT)
    assert OFFER not in page
    assert (await opened(client, code, ticket)).headers["location"] == code
    stand(world.ctx, "09:07")
    done = record(uid("done"), entries=[said("09:06", "work_finished")])
    assert (await world.submit(done, uid("done"))).status_code == 201
    code, page, ticket = await scanned(world, client, VISIT)
    assert OFFER in page
    gone = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/cancellation", {"reason": "客户退单"}, if_match='"0"')
    assert gone.status_code == 409  # the work has begun
    assert (await opened(client, code, ticket)).headers["location"].startswith("/c/")


async def test_a_cancelled_visit_opens_nothing_unless_it_was_carried_out(world: World) -> None:
    post = set_up(world.ctx, "08:00")
    await world.plan()
    stand(world.ctx, "09:05")
    client = Customer(world, post, "", VISIT).client
    code, _, ticket = await scanned(world, client, VISIT)
    gone = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/cancellation", {"reason": "客户退单"}, if_match='"0"')
    assert gone.status_code == 200
    assert (await opened(client, code, ticket)).headers["location"] == code
    done = record(entries=[said("09:02", "arrived"), said("09:04", "work_finished")])
    assert (await world.submit(done)).status_code == 201
    assert (await opened(client, code, ticket)).headers["location"].startswith("/c/")


async def test_codes_that_a_phone_makes_after_the_day_open_nothing(world: World) -> None:
    sms = await meter_damaged(world)
    key = (await world.ask("li", "GET", "/v1/agenda")).json()["door_keys"][str(METER)]["key"]

    def code() -> str:
        return "/d/" + door_code.write(bytes.fromhex(key), METER, door_code.time_step(world.ctx.clock()))

    assert OFFER in (await sms.client.get(code())).text
    stand(world.ctx, world.ctx.to_local_time(world.ctx.clock() + 86_400_000))
    page = (await sms.client.get(code())).text
    assert "是我们的工作人员" in page
    assert OFFER not in page
    assert (await opened(sms.client, code(), doorstep_ticket(page))).headers["location"] == code()
    assert await steps(world) == []


async def test_the_link_keeps_who_showed_the_code_and_on_whose_network_it_was_scanned(world: World) -> None:
    sms = await meter_damaged(world)
    enrolment = await world.ask("wang", "POST", "/v1/enrolments", {"person": "li"})
    made = await world.ask(None, "POST", "/v1/devices", {"code": enrolment.json()["code"], "name": "李的手机"})
    theirs = {"authorization": f"Bearer {made.json()['token']}"}
    near, far = (Customer(world, sms.post, "", METER, address) for address in ("192.0.2.44", "192.0.2.45"))
    assert (await near.client.get("/v1/me", headers=theirs)).status_code == 200
    for one in (near, far):
        code, _, ticket = await scanned(world, one.client)
        one.token = (await opened(one.client, code, ticket)).headers["location"].removeprefix("/c/")
        stand(world.ctx, world.ctx.to_local_time(world.ctx.clock() + 30_000))
    assert await steps(world) == [("li", "same_network"), ("li", "")]
    # with the customer's telephone in their hand, what a technician signs on their network is no proof either
    code, _, ticket = await scanned(world, near.client)
    near.token = (await opened(near.client, code, ticket)).headers["location"].removeprefix("/c/")
    await near.enters()
    assert (await near.seen())["level"] == "phone"
