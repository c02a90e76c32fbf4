"""A gateway reports what became of messages; until then what it took proves nothing and ends no link."""

import itertools
from hashlib import sha256
from hmac import digest
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from service.messages import outbox, worker
from tests.support.api_client import VISIT, World, problem
from tests.support.factories import uid
from tests.support.fake_gateway import Post, set_up, stand

SECRET = "a secret of the gateway"
BEARER = {"authorization": f"Bearer {SECRET}"}
PATH = f"/v1/visits/{VISIT}/notice"


@pytest.fixture
async def post(world: World) -> Post:
    """A visit, and a gateway that reports."""
    post = set_up(world.ctx, "07:00", report_secret=SECRET)
    assert (await world.plan()).status_code == 201
    return post


async def taken(world: World) -> str:
    """A notice that the gateway took; its id."""
    sent = await world.ask("zhao", "POST", PATH, {"channel": "sms"})
    assert await worker.deliver_due(world.ctx) == 1
    return sent.json()["id"]


async def report(world: World, *reports: dict[str, Any], headers: dict[str, str] | None = None) -> httpx.Response:
    body = msgspec.json.encode({"reports": reports})
    sent = {"content-type": "application/json", **(BEARER if headers is None else headers)}
    return await world.client.post("/v1/delivery-reports", content=body, headers=sent)


async def notice(world: World) -> Any:
    return (await world.ask("zhao", "GET", PATH)).json()["sent"][-1]


async def visit(world: World) -> Any:
    return (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()


async def opens(world: World, token: str) -> bool:
    return (await world.client.get(f"/v1/confirmations/{token}")).status_code == 200


async def test_what_the_gateway_took_proves_nothing_until_it_reports_the_delivery(world: World, post: Post):
    first = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["token"]
    sent = await taken(world)
    assert ((await notice(world))["state"], (await visit(world))["entries"]) == ("taken", [])
    assert (await opens(world, first), await opens(world, post.token)) == (True, True)
    assert "notice_due" not in (await visit(world))["flags"]
    stand(world.ctx, "07:05")
    answer = await report(world, {"id": sent, "state": "delivered", "reason": "DELIVRD"})
    assert (answer.status_code, answer.json()) == (200, {"recorded": 1, "ignored": 0})
    assert (await notice(world))["state"] == "delivered"
    assert [(one["outcome"], one["detail"]) for one in (await notice(world))["attempts"]] == [
        ("taken", "HTTP 200"),
        ("delivered", "DELIVRD"),
    ]
    entries = (await visit(world))["entries"]
    assert {one["at"] for one in entries} == {"2026-03-02T07:05:00+08:00"}
    assert "work_content_told" in [one["what"] for one in entries]
    assert (await opens(world, first), await opens(world, post.token)) == (False, True)


async def test_what_did_not_arrive_is_due_again_and_failed(world: World, post: Post):
    first = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["token"]
    sent = await taken(world)
    assert (await report(world, {"id": sent, "state": "failed", "reason": "UNDELIV"})).json()["recorded"] == 1
    assert (await notice(world))["state"] == "failed"
    assert {"notice_due", "notice_failed"} <= set((await visit(world))["flags"])
    assert (await visit(world))["entries"] == []
    assert await opens(world, first)
    assert await worker.deliver_due(world.ctx) == 0


ORDERS = sorted(set(itertools.permutations(["taken", "failed", "delivered", "delivered"])))


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
async def test_in_whatever_order_reports_come_what_was_delivered_stays_so(
    world: World, post: Post, order: tuple[str, ...]
):
    sent = await taken(world)
    for state in order:
        assert (await report(world, {"id": sent, "state": state})).status_code == 200
    assert (await notice(world))["state"] == "delivered"
    proofs = [one["what"] for one in (await visit(world))["entries"]]
    assert len(proofs) == len(set(proofs)) > 0
    assert (await report(world, {"id": sent, "state": "delivered"})).json() == {"recorded": 0, "ignored": 1}


async def test_a_report_that_comes_before_the_gateways_answer_was_noted_counts(world: World, post: Post):
    sent = (await world.ask("zhao", "POST", PATH, {"channel": "sms"})).json()["id"]

    async def reporting(letter: Any) -> str:
        assert (await report(world, {"id": letter.id, "state": "delivered"})).json()["recorded"] == 1
        return await post(letter)

    world.ctx.company = msgspec.structs.replace(world.ctx.company, gateways={"sms": reporting})
    await worker.deliver_due(world.ctx)
    assert ((await notice(world))["id"], (await notice(world))["state"]) == (sent, "delivered")
    assert await worker.deliver_due(world.ctx) == 0


async def test_only_the_gateway_reports(world: World, post: Post):
    sent = await taken(world)
    told = {"id": sent, "state": "delivered"}
    body = msgspec.json.encode({"reports": [told]})
    wrong = [
        {},
        {"authorization": "Bearer guess"},
        {"authorization": "Bearer token of zhao"},
        {"authorization": SECRET},
        {"x-signature": sha256(body).hexdigest()},
        {"x-signature": digest(b"guess", body, "sha256").hex()},
        {"x-signature": digest(SECRET.encode(), b"another body", "sha256").hex()},
    ]
    for headers in wrong:
        assert problem(await report(world, told, headers=headers)) == (403, "not-allowed"), headers
    assert (await notice(world))["state"] == "taken"
    signed = {"x-signature": digest(SECRET.encode(), body, "sha256").hex()}
    assert (await report(world, told, headers=signed)).json()["recorded"] == 1


async def test_without_a_secret_nobody_reports_and_what_is_accepted_counts_as_delivered(world: World, post: Post):
    world.ctx.company = msgspec.structs.replace(world.ctx.company, report_secret="")
    sent = await taken(world)
    assert (await notice(world))["state"] == "delivered"
    for headers in ({}, {"authorization": "Bearer "}, {"x-signature": digest(b"", b"", "sha256").hex()}):
        assert problem(await report(world, {"id": sent, "state": "failed"}, headers=headers)) == (403, "not-allowed")


async def test_reports_about_nothing_known_are_ignored_and_stop_no_others(world: World, post: Post):
    sent = await taken(world)
    answer = await report(world, {"id": str(uid("x")), "state": "failed"}, {"id": sent, "state": "delivered"})
    assert answer.json() == {"recorded": 1, "ignored": 1}
    for content in ([], [{"id": sent, "state": "read"}], [{"id": "7", "state": "failed"}]):
        assert problem(await report(world, *content)) == (422, "invalid-body")


async def test_an_attempt_of_which_nothing_was_noted_is_shown_and_the_gateway_knows_the_message_by_its_id(
    world: World, post: Post
):
    """The worker dies between handing a message over and noting it: it is sent again, and that it may have been sent
    twice can be seen."""
    sent = await world.ask("zhao", "POST", PATH, {"channel": "sms"})
    now = world.ctx.clock()
    (claimed,) = await world.ctx.db.write(lambda tx: outbox.claim_due(tx, "sms", now, now + worker.LEASE_MS))
    await worker.attempt(world.ctx, worker._message(world.ctx, claimed))  # and here it dies
    world.ctx.clock = lambda: now + worker.LEASE_MS
    assert await worker.deliver_due(world.ctx) == 1
    assert [letter.id for letter in post.letters] == [sent.json()["id"]] * 2
    assert post.letters[0].text == post.letters[1].text
    seen = await notice(world)
    assert (seen["state"], [one["outcome"] for one in seen["attempts"]]) == ("taken", ["unknown", "taken"])
    assert UUID(seen["id"]) == claimed.id
