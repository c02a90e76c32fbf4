"""Events arrive signed, as receivers verify them, once they happened, and again until they are taken."""

import asyncio
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from service.context import Receiver
from service.lifecycle import current_millis
from service.messages import automatic
from service.webhooks import listing, worker
from service.webhooks.events import forget_visit
from tests.support.api_client import VISIT, World, record
from tests.support.factories import uid

OLD, NEW = b"an old secret of 24 bytes", b"the new secret of 24 byte"
EVENTS = "/v1/webhooks/events"


class Other:
    """Another system: what it got, and what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.url = ""

    def receive(self, headers: dict[str, str], body: bytes) -> int:
        self.got.append((headers, body))
        return self.statuses.pop(0) if self.statuses else 204

    @property
    def events(self) -> list[Any]:
        return [msgspec.json.decode(body) for _, body in self.got]


@contextmanager
def listening(other: Other) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(other.receive(dict(self.headers), body))
            self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    other.url = f"http://127.0.0.1:{server.server_address[1]}/in?key=not-shown"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def gis(world: World) -> Iterator[Other]:
    other = Other()
    with listening(other):
        world.ctx.receivers = (Receiver("gis", other.url, (OLD, NEW)),)
        yield other


async def deliver(world: World) -> int:
    """Let the background tasks run once."""
    while await automatic.send_owed(world.ctx):
        pass
    return await deliver_due(world)


async def deliver_due(world: World) -> int:
    """Let every receiver have what is due for it."""
    return sum([await worker.deliver_due(world.ctx, one) for one in world.ctx.receivers])


def later(world: World, ms: int) -> None:
    clock = world.ctx.clock
    world.ctx.clock = lambda: clock() + ms


async def sent(world: World, query: str = "") -> Any:
    answer = await world.ask("admin", "GET", EVENTS + query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_each_change_is_told_once_with_what_it_was_before(world: World, gis: Other):
    await world.plan(external_ref="W-1")
    assert await deliver(world) == 1
    assert (await world.submit(record())).status_code == 201
    assert await deliver(world) == 1
    await world.submit(record())  # again: nothing has changed
    assert await deliver(world) == 0
    planned, begun = gis.events
    assert (planned["type"], planned["data"]["state"], planned.get("previous")) == ("visit.planned", "planned", None)
    assert planned["data"]["external_ref"] == "W-1"
    assert (begun["type"], begun["data"]["state"], begun["previous"]["state"]) == (
        "visit.updated",
        "under_way",
        "planned",
    )
    assert "technician" not in begun["previous"]
    text = b"".join(body for _, body in gis.got).decode()
    assert not any(secret in text for secret in ("陶", "13800000000", "虚构路"))


async def test_a_receiver_verifies_it_with_a_library_of_others(world: World, gis: Other):
    await world.plan()
    world.ctx.clock = current_millis  # the library refuses what is older than minutes
    await deliver(world)
    headers, body = gis.got[0]
    for secret in (OLD, NEW):
        assert Webhook(b64encode(secret).decode()).verify(body, headers)["type"] == "visit.planned"
    for altered, keys, secret in (
        (body + b" ", headers, OLD),
        (body, headers | {"Webhook-Id": "1"}, OLD),
        (body, headers, b"x" * 24),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(b64encode(secret).decode()).verify(altered, {name.lower(): value for name, value in keys.items()})


async def test_what_is_not_taken_is_sent_again_with_the_same_id(world: World, gis: Other):
    gis.statuses = [500, 302, 404]
    await world.plan()
    assert await deliver(world) == 1
    for wait in worker.WAITS_MS[:3]:
        later(world, wait - 1)
        assert await deliver(world) == 0
        later(world, 1)
        assert await deliver(world) == 1
    assert len({headers["webhook-id"] for headers, _ in gis.got}) == 1
    assert len({body for _, body in gis.got}) == 1
    assert len({headers["webhook-signature"] for headers, _ in gis.got}) == 4  # the time is part of it
    [event] = await sent(world)
    [delivery] = event["deliveries"]
    assert delivery["state"] == "delivered"
    assert [one["detail"] for one in delivery["attempts"]] == ["HTTP 204", "HTTP 404", "HTTP 302", "HTTP 500"]


async def test_it_is_given_up_after_three_days_and_can_be_sent_again(world: World, gis: Other):
    gis.statuses = [500] * (len(worker.WAITS_MS) + 1)
    await world.plan()
    await deliver(world)
    for wait in worker.WAITS_MS:
        later(world, wait)
        assert await deliver_due(world) == 1
    assert 72 * 3_600_000 < sum(worker.WAITS_MS) < 96 * 3_600_000
    later(world, 10**9)
    assert await deliver_due(world) == 0
    [event] = await sent(world, "?state=given_up")
    again = await world.ask("admin", "POST", f"{EVENTS}/{event['id']}/deliveries")
    assert (again.status_code, again.json()) == (202, {"queued": 1})
    assert await deliver_due(world) == 1
    assert (await sent(world, "?state=given_up")) == []
    assert [one["id"] for one in await sent(world, "?state=delivered")] == [event["id"]]


async def test_410_ends_it_and_a_receiver_that_is_gone_holds_up_nobody(world: World, gis: Other):
    gis.statuses = [410]
    await world.plan()
    await deliver(world)
    assert (await sent(world, "?state=refused"))[0]["deliveries"][0]["attempts"][0]["outcome"] == "refused"
    await world.submit(record())
    world.ctx.receivers, crm = (Receiver("crm", "http://127.0.0.1:1/", (NEW,)),), world.ctx.receivers
    await deliver(world)
    world.ctx.receivers = crm
    await worker.give_up_former(world.ctx)
    later(world, 10**6)
    await deliver(world)
    assert len(gis.got) == 1
    assert (await sent(world))[0]["deliveries"][0]["state"] == "given_up"


async def test_a_dead_receiver_with_a_backlog_delays_no_other(
    world: World, gis: Other, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.01)
    for number in range(3 * worker.BATCH_SIZE):
        await world.plan(uid(f"backlog {number}"))
    with socket.create_server(("127.0.0.1", 0)) as dead:  # takes connections, and never answers
        url = f"http://127.0.0.1:{dead.getsockname()[1]}/"
        world.ctx.receivers = (Receiver("dead", url, (NEW,)), *world.ctx.receivers)
        while await automatic.send_owed(world.ctx):
            pass
        running = asyncio.create_task(worker.run(world.ctx))
        try:
            async with asyncio.timeout(worker.TIMEOUT_SECONDS / 2):
                while (waiting := await waiting_for(world))["gis"]:  # noqa: ASYNC110 - another thread
                    await asyncio.sleep(0.05)
        finally:
            running.cancel()
            await asyncio.wait([running])
    assert waiting == {"dead": 3 * worker.BATCH_SIZE, "gis": 0}
    assert len(gis.got) == 3 * worker.BATCH_SIZE


async def waiting_for(world: World) -> dict[str, int]:
    """How many events wait for each receiver."""
    receivers = (await world.ask("admin", "GET", "/v1/webhooks")).json()["items"]
    return {one["name"]: one["waiting"] for one in receivers}


async def test_a_crash_while_it_is_on_its_way_sends_it_again(world: World, gis: Other):
    await world.plan()
    while await automatic.send_owed(world.ctx):
        pass
    [claimed] = await world.ctx.db.write(lambda tx: worker._claim(tx, world.ctx.receivers[0], world.ctx.clock()))
    assert await deliver_due(world) == 0  # somebody has it
    later(world, worker.LEASE_MS)
    assert await deliver_due(world) == 1
    assert gis.got[0][0]["webhook-id"] == str(claimed.event)


async def test_tests_and_replays_by_admins(world: World, gis: Other):
    await world.plan()
    await world.plan(uid("other"))
    await deliver(world)
    since = {"since": "2026-03-02T00:00:00+08:00"}
    assert (await world.ask("admin", "POST", "/v1/webhooks/gis/tests")).json() == {"queued": 1}
    assert (await world.ask("admin", "POST", "/v1/webhooks/gis/deliveries", since)).json() == {"queued": 2}
    assert await deliver_due(world) == 3
    assert [one["type"] for one in gis.events] == ["visit.planned"] * 2 + ["visit.planned", "visit.planned", "test"]
    [receiver] = (await world.ask("admin", "GET", "/v1/webhooks")).json()["items"]
    assert (receiver["name"], receiver["waiting"], receiver["last"]["outcome"]) == ("gis", 0, "delivered")
    assert receiver["host"] == gis.url.split("/in")[0]  # the rest may be secret
    for path in ("/v1/webhooks/nobody/tests", f"{EVENTS}/{VISIT}/deliveries"):
        assert (await world.ask("admin", "POST", path)).status_code == 404
    assert (await world.ask("admin", "POST", "/v1/webhooks/nobody/deliveries", since)).status_code == 404


async def test_everything_is_sent_again_in_small_transactions(
    world: World, gis: Other, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(listing, "STEP_SIZE", 2)
    for number in range(5):
        await world.plan(uid(f"visit {number}"))
    await deliver(world)
    write, writes = world.ctx.db.write, list[Any]()

    def counted(work: Any, **given: Any) -> Any:
        writes.append(work)
        return write(work, **given)

    monkeypatch.setattr(world.ctx.db, "write", counted)
    since = {"since": "2026-03-02T00:00:00+08:00"}
    assert (await world.ask("admin", "POST", "/v1/webhooks/gis/deliveries", since)).json() == {"queued": 5}
    assert len(writes) >= 3  # and one that notes that the token is used
    assert await deliver_due(world) == 5
    assert len(gis.events) == 10


async def test_old_events_go(world: World, gis: Other):
    await world.plan()
    await deliver(world)
    later(world, 29 * 86_400_000)
    assert (await worker.delete_old_events(world.ctx), len(await sent(world))) == (0, 1)
    later(world, 2 * 86_400_000)
    assert (await worker.delete_old_events(world.ctx), len(await sent(world))) == (1, 0)


async def test_an_event_that_is_erased_while_it_is_on_its_way_holds_up_nobody(world: World, gis: Other):
    await world.plan()
    await world.plan(uid("other"))
    while await automatic.send_owed(world.ctx):
        pass
    loop, first = asyncio.get_running_loop(), gis.receive

    def receive(headers: dict[str, str], body: bytes) -> int:
        if msgspec.json.decode(body)["data"]["visit"] == str(VISIT):
            erasing = world.ctx.db.write(lambda tx: forget_visit(tx, VISIT))
            asyncio.run_coroutine_threadsafe(erasing, loop).result(10)
        return first(headers, body)

    gis.receive = receive  # type: ignore[method-assign]
    assert await deliver_due(world) == 2
    assert len(gis.got) == 2
    [left] = await sent(world)
    assert (left["visit"], left["deliveries"][0]["state"]) == (str(uid("other")), "delivered")
    assert await deliver_due(world) == 0


async def test_the_list_of_a_state_goes_on_past_receivers_that_are_no_more(
    world: World, gis: Other, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    world.ctx.receivers = tuple(Receiver(name, gis.url, (NEW,)) for name in ("gis", "crm", "erp"))
    for number in range(5):
        await world.plan(uid(f"visit {number}"))
    while await automatic.send_owed(world.ctx):
        pass
    world.ctx.receivers = world.ctx.receivers[:1]
    seen: list[str] = []
    after = ""
    while True:
        page = (await world.ask("admin", "GET", f"{EVENTS}?state=waiting{after}")).json()
        seen += [one["visit"] for one in page["items"]]
        if page["after"] is None:
            break
        after = f"&after={page['after']}"
    assert sorted(seen) == sorted(str(uid(f"visit {number}")) for number in range(5))


async def test_without_receivers_nothing_is_written(world: World):
    await world.plan()
    await deliver(world)
    assert await sent(world) == []
