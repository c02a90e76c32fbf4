"""「出发」: kept on the phone, and sent as long as it is true."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page

from tests.support.api_client import World
from tests.support.phone import Gate, enrolled_phone, plan_now, run, serve_gate

DEPART = "await app.departure.depart(given, 20); "
KICK = "await app.outbox.kick(); "
KEPT = "return (await app.departure.departureOf(given))?.minutes ?? null"
WHY = "return (await app.departure.departureOf(given))?.problem?.code ?? null"
LATER = "Date.now = (real => () => real() + 31 * 60_000)(Date.now); "
ANSWER = {"at": "2026-03-02T08:40:00+08:00", "minutes": 20, "by": "li"}


class Server:
    """What the server says to a departure: a status, None for no answer of its own, or 0 for its own answer."""

    status: int | None = 201

    def __call__(self, method: str, path: str, _body: bytes) -> Any:
        if not path.endswith("/departure") or self.status == 0:
            return None
        if self.status is None:
            return 502, {"content-type": "text/html"}, b"<p>"
        problem = {"code": "departure-not-now", "title": "现在不用报出发"}
        kind = "application/json" if self.status < 300 else "application/problem+json"
        return self.status, {"content-type": kind}, json.dumps(ANSWER if self.status < 300 else problem).encode()


@pytest.fixture
async def setup(sqlite_world: World) -> AsyncIterator[tuple[Gate, Server, Page, str]]:
    async with (
        serve_gate(sqlite_world) as (gate, port),
        enrolled_phone(sqlite_world, f"http://127.0.0.1:{port}") as (_, page),
    ):
        gate.fault = server = Server()
        visit = str(await plan_now(sqlite_world, "v"))
        await run(page, "await app.agenda.pull(); await app.outbox.start(); await app.outbox.kick()")
        yield gate, server, page, visit


async def test_a_departure_is_kept_until_the_server_has_it(setup: tuple[Gate, Server, Page, str]) -> None:
    gate, server, page, visit = setup
    server.status = None
    await run(page, DEPART + KICK, visit)
    assert await run(page, KEPT, visit) == 20
    server.status = 201
    await run(page, KICK)
    assert await run(page, KEPT, visit) is None
    sent = [json.loads(one.body) for one in gate.sent("PUT", f"/v1/visits/{visit}/departure")]
    assert len(sent) > 1
    assert all(one == sent[0] for one in sent)
    assert (sent[0]["minutes"], set(sent[0])) == (20, {"at", "minutes"})
    await run(page, "await app.departure.depart(given); " + KICK, visit)
    assert set(json.loads(gate.sent("PUT", f"/v1/visits/{visit}/departure")[-1].body)) == {"at"}


async def test_a_departure_reaches_the_visit(setup: tuple[Gate, Server, Page, str]) -> None:
    _, server, page, visit = setup
    server.status = 0
    await run(page, DEPART + KICK, visit)
    assert await run(page, WHY, visit) is None
    assert await run(page, "return (await app.database.get('visits', given)).view.departure.minutes", visit) == 20


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        pytest.param(LATER, "not-sent", id="after half an hour"),
        pytest.param(
            "await app.records.addEntries(given, [{ what: 'arrived' }]); ", "not-sent", id="after the arrival"
        ),
        pytest.param(
            "await app.records.addEntries(given, [{ what: 'door_signal' }]); ", "not-sent", id="after the bell"
        ),
        pytest.param("await app.departure.stay(given); ", None, id="after it was taken back"),
    ],
)
async def test_what_is_not_true_any_more_is_never_sent_and_the_person_is_told(
    setup: tuple[Gate, Server, Page, str], happens: str, why: str | None
) -> None:
    gate, _, page, visit = setup
    await run(page, DEPART + happens + KICK + KEPT, visit)
    assert await run(page, KEPT, visit) is None
    assert await run(page, WHY, visit) == why
    assert gate.sent("PUT", f"/v1/visits/{visit}/departure") == []


async def test_what_is_done_before_setting_out_does_not_end_it(setup: tuple[Gate, Server, Page, str]) -> None:
    gate, _, page, visit = setup
    await run(page, "await app.records.addEntries(given, [{ what: 'badge_worn' }]); " + DEPART + KICK, visit)
    assert len(gate.sent("PUT", f"/v1/visits/{visit}/departure")) == 1


async def test_a_refusal_of_the_server_ends_it_and_nothing_else(setup: tuple[Gate, Server, Page, str]) -> None:
    gate, server, page, visit = setup
    server.status = 409
    await run(page, DEPART + KICK, visit)
    assert await run(page, KEPT, visit) is None
    assert await run(page, WHY, visit) == "departure-not-now"
    await run(
        page,
        "await app.records.addEntries(given, [{ what: 'arrived' }]); await app.records.seal(given); " + KICK,
        visit,
    )
    await run(page, "await settled(empty)")
    assert len(gate.sent("PUT", "/v1/records/")) == 1
