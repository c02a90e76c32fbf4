"""The server's clock steps forth and back, or two servers have clocks that differ: nobody is locked out for longer than
the rule says, nothing is good for longer, notices go out, and `verify` finds nothing that nobody did."""

from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from service.accounts import totp
from service.app import create_app
from service.audit_log import log
from service.checklists.publish import publish
from service.messages import worker
from service.messages.gateways import TemporaryFailure
from service.verify.log import verify
from tests.support.api_client import VISIT, World, problem
from tests.support.browser import Browser, code_now, later, with_factor, with_password
from tests.support.checklist_copy import copied
from tests.support.customer import Customer, confirmation_link, example_customer, visit_entries
from tests.support.devices import enrolment_code
from tests.support.doorstep import doorstep_path, doorstep_ticket
from tests.support.factories import uid
from tests.support.fake_gateway import set_up, stand


def beside(world: World, **ahead: float) -> World:
    """Another server on the same database, whose clock is ahead."""
    more, first = int(timedelta(**ahead).total_seconds() * 1000), world.ctx
    ctx = msgspec.structs.replace(first, clock=lambda: first.clock() + more, recent_tokens={})
    transport = httpx.ASGITransport(create_app(ctx, 2**21))  # type: ignore[arg-type]
    return World(ctx, httpx.AsyncClient(transport=transport, base_url="http://doorstep.test"))


async def test_a_sign_in_by_a_clock_a_day_ahead_locks_nobody_out(world: World) -> None:
    await with_password(world, "wang")
    secret = await with_factor(world, "wang")
    later(world, days=1)
    assert (await Browser(world).sign_in("wang", code=code_now(world, secret))).status_code == 204
    later(world, days=-1)
    now = code_now(world, secret)
    assert (await Browser(world).sign_in("wang", code=now)).status_code == 204
    again = await Browser(world).sign_in("wang", code=now)
    assert problem(again) == (403, "sign-in-failed")  # a code is good once, as ever
    step = world.ctx.clock() // 30_000
    assert problem(await Browser(world).sign_in("wang", code=totp.totp_at(secret, step - 1))) == (403, "sign-in-failed")
    later(world, seconds=30)
    assert (await Browser(world).sign_in("wang", code=code_now(world, secret))).status_code == 204


async def test_a_code_of_the_next_half_minute_is_good_once_by_any_server(world: World) -> None:
    await with_password(world, "wang")
    secret = await with_factor(world, "wang")
    other = beside(world, seconds=29)
    code = totp.totp_at(secret, world.ctx.clock() // 30_000 + 1)
    assert (await Browser(other).sign_in("wang", code=code)).status_code == 204
    assert problem(await Browser(world).sign_in("wang", code=code)) == (403, "sign-in-failed")


async def test_wrong_tries_by_a_clock_a_day_ahead_keep_nobody_out_afterwards(world: World) -> None:
    await with_password(world, "zhao")
    for days in (1, 0):
        later(world, days=days)
        for _ in range(5):
            assert problem(await Browser(world).sign_in("zhao", "wrong wrong wrong")) == (403, "sign-in-failed")
        locked = await Browser(world).sign_in("zhao")
        assert problem(locked) == (429, "too-many-requests")
        assert int(locked.headers["retry-after"]) <= 1800
        later(world, days=-days)
        if days:
            assert (await Browser(world).sign_in("zhao")).status_code == 204
    later(world, minutes=31)
    assert (await Browser(world).sign_in("zhao")).status_code == 204


@pytest.mark.parametrize("seconds", [-20, 20])
async def test_two_servers_whose_clocks_differ_look_at_no_more_tries(world: World, seconds: int) -> None:
    await with_password(world, "zhao")
    other = beside(world, seconds=seconds)
    looked = 0
    for _ in range(15):
        for server in (world, other):
            answer = await Browser(server).sign_in("zhao", "wrong wrong wrong")
            looked += problem(answer)[0] == 403
            if answer.status_code == 429:
                assert int(answer.headers["retry-after"]) <= 1800
    assert looked == 5


async def test_a_session_lasts_no_longer_for_a_clock_that_was_ahead(world: World) -> None:
    await with_password(world, "zhao")
    later(world, days=1)
    browser = Browser(world)
    await browser.sign_in("zhao")
    later(world, days=-1)
    assert problem(await browser.ask("GET", "/v1/me")) == (401, "not-signed-in")
    await browser.sign_in("zhao")
    assert (await browser.ask("GET", "/v1/me")).status_code == 200
    later(world, seconds=-40)  # a small step ends nothing
    assert (await browser.ask("GET", "/v1/me")).status_code == 200
    other = beside(world, seconds=-40)
    browser.world = other
    assert (await browser.ask("GET", "/v1/me")).status_code == 200


async def test_an_enrolment_is_good_no_longer_for_a_clock_that_was_ahead(world: World) -> None:
    async def registers(server: World, code: str) -> httpx.Response:
        return await server.ask(None, "POST", "/v1/devices", {"code": code, "name": "手机"})

    later(world, days=1)
    code = await enrolment_code(world)
    later(world, days=-1)
    assert problem(await registers(world, code)) == (404, "unknown-code")
    other = beside(world, seconds=-50)
    assert (await registers(other, await enrolment_code(world))).status_code == 201


async def test_a_customer_opens_his_link_after_a_step_of_the_clock(world: World) -> None:
    post = set_up(world.ctx, "08:00")
    await world.plan()
    customer = Customer(world, post, await confirmation_link(world), VISIT)
    later(world, days=1)
    for _ in range(3):
        first = await customer.code()
    assert (await customer.ask("PUT", "/code", {"code": first})).status_code == 200
    assert problem(await customer.ask("POST", "/code")) == (429, "too-many-requests")
    old = Customer(world, post, customer.token, VISIT, "203.0.113.9")
    stale = await old.code()
    later(world, days=-1)
    assert problem(await old.ask("PUT", "/code", {"code": stale})) == (403, "wrong-code")  # it would be good for a day
    sent = await customer.code()  # he asked three times within an hour by a clock that was wrong
    wrong = await customer.ask("PUT", "/code", {"code": "000000" if sent != "000000" else "000001"})
    assert problem(wrong) == (403, "wrong-code")
    assert wrong.json()["tries"] == 1  # and not that only a new code helps
    assert (await customer.ask("PUT", "/code", {"code": sent})).status_code == 200
    assert (await customer.ask("PUT", "/code", {"code": sent})).status_code == 200  # going back is no mistake


@pytest.mark.parametrize(("ahead", "level"), [(0, "phone"), (1, "phone"), (-23.5, "phone"), (72, "own_device")])
async def test_where_a_technician_was_seen_counts_for_a_day(world: World, ahead: float, level: str) -> None:
    """Seen an hour ago, and then again by a clock that is behind: he was here. Seen only by one that is days ahead: he
    may have been anywhere."""
    tao = await example_customer(world, "S08")
    here = Customer(world, tao.post, tao.token, tao.visit, "192.0.2.44")
    enrolment = await enrolment_code(world)
    made = await world.ask(None, "POST", "/v1/devices", {"code": enrolment, "name": "李的手机"})
    bearer = {"authorization": f"Bearer {made.json()['token']}"}
    if ahead <= 0:
        assert (await here.client.get("/v1/me", headers=bearer)).status_code == 200
    if ahead:
        later(world, hours=ahead)
        assert (await here.client.get("/v1/me", headers=bearer)).status_code == 200
        later(world, hours=-ahead)
    later(world, hours=1)
    await here.enters()
    assert (await here.seen())["level"] == level


@pytest.mark.parametrize("step", [timedelta(days=-1), timedelta(hours=-1), timedelta(minutes=-2)])
async def test_a_notice_goes_out_at_once_after_a_step_back(world: World, step: timedelta) -> None:
    post = set_up(world.ctx, "07:00")
    await world.plan()
    later(world, days=-1)
    sent = await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/notice", {"channel": "sms"})
    assert sent.status_code == 201
    later(world, seconds=step.total_seconds())
    assert await worker.deliver_due(world.ctx) == 1
    assert len(post.letters) == 1
    assert "work_content_told" in {one["what"] for one in await visit_entries(world)}


NEXT_WEEK = {"from": "2026-03-09T09:00:00+08:00", "to": "2026-03-09T10:00:00+08:00"}


async def test_a_notice_that_waits_to_be_tried_again_does_not_wait_for_a_day(world: World) -> None:
    post = set_up(world.ctx, "07:00")
    post.trouble = TemporaryFailure("HTTP 503")
    await world.plan(window=NEXT_WEEK)
    await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/notice", {"channel": "sms"})
    assert await worker.deliver_due(world.ctx) == 1
    assert await worker.deliver_due(world.ctx) == 0  # the control: it waits
    later(world, days=-1)
    assert await worker.deliver_due(world.ctx) == 1
    post.trouble = None
    later(world, days=2)  # forth: a day's patience is not over with the first attempt
    assert await worker.deliver_due(world.ctx) == 1
    (notice,) = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}/notice")).json()["sent"]
    assert notice["state"] == "delivered"


async def test_a_step_forth_gives_no_notice_up_at_its_first_failure(world: World) -> None:
    post = set_up(world.ctx, "07:00")
    post.trouble = TemporaryFailure("HTTP 503")
    await world.plan(window=NEXT_WEEK)
    await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/notice", {"channel": "sms"})
    later(world, days=3)
    assert await worker.deliver_due(world.ctx) == 1
    post.trouble = None
    later(world, seconds=6)
    assert await worker.deliver_due(world.ctx) == 1
    (notice,) = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}/notice")).json()["sent"]
    assert notice["state"] == "delivered"


@pytest.mark.parametrize("seconds", [-60, 60])
async def test_two_servers_whose_clocks_differ_send_a_notice_once(world: World, seconds: int) -> None:
    post = set_up(world.ctx, "07:00")
    other = beside(world, seconds=seconds)
    await world.plan()
    await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/notice", {"channel": "sms"})
    post.trouble = TemporaryFailure("HTTP 503")
    servers = (world, other) if seconds > 0 else (other, world)  # the one ahead comes second
    assert await worker.deliver_due(servers[1].ctx) == 1
    assert await worker.deliver_due(servers[0].ctx) == 0  # it is not due again by either clock
    post.trouble = None
    later(world, minutes=3)
    assert await worker.deliver_due(servers[0].ctx) + await worker.deliver_due(servers[1].ctx) == 1
    assert len({letter.id for letter in post.letters}) == 1


async def test_a_page_of_one_server_is_confirmed_at_another_whose_clock_is_behind(world: World) -> None:
    set_up(world.ctx, "08:00")
    await world.plan()
    stand(world.ctx, "09:05")
    code = (await world.ask("li", "GET", f"/v1/visits/{VISIT}/doorstep")).json()
    ahead = beside(world, seconds=20)
    given = doorstep_ticket((await ahead.client.get(doorstep_path(code))).text)
    assert given
    done = await world.client.post(doorstep_path(code), data={"ticket": given})
    assert done.status_code == 303
    assert [one["what"] for one in await visit_entries(world)] == ["id_shown"]


async def test_what_was_decided_last_counts_for_verify_whatever_the_clock_said(world: World) -> None:
    async def given(roles: list[str]) -> None:
        areas = {"roles": roles, "areas": ["城东"]}
        assert (await world.ask("admin", "PUT", "/v1/people/sun/roles", areas)).status_code == 200
        while await log.assign_sequence_numbers(world.ctx.db):
            pass

    await given(["technician", "dispatcher"])
    later(world, days=1)
    await given(["technician"])
    later(world, days=-1)
    await given(["dispatcher"])
    assert (await verify(world.ctx)).faults == []


async def test_the_checklist_published_last_is_taken_whatever_the_clock_said(world: World, tmp_path: Path) -> None:
    later(world, days=-1)
    await publish(world.ctx, copied(tmp_path), "王", "新版本")
    await world.plan()
    visit = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()
    assert visit["checklist"] == "onsite@2"
    await world.plan(uid("w"))
    assert (await verify(world.ctx)).faults == []
