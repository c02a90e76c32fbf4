"""Numbers and times beyond all ends: taken or refused, nothing afterwards answers with a defect."""

from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

from tests.support.api_client import RECORD, VISIT, World, problem, record
from tests.support.factories import said, uid
from tests.support.fake_gateway import Post, set_up

WINDOWS = [
    ("9999-12-31T22:00:00+00:00", "9999-12-31T23:59:59.999999Z"),
    ("9999-12-31T22:00:00-12:00", "9999-12-31T23:00:00-12:00"),
    ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:01+14:00"),
    ("0001-01-01T00:00:00-12:00", "2026-03-02T10:00:00+08:00"),
    ("2026-03-02T09:00:00+08:00", "9999-12-31T23:59:59Z"),
    ("2000-01-01T00:00:00Z", "2100-12-31T23:59:59.999999-12:00"),
]
NUMBERS = [
    10**309,
    -(10**309),
    10**4000,
    2**53 + 1,
    2**63,
    2**64,
    1.7976931348623157e308,
    -5e-324,
    True,
    None,
]
NO_DEFECT = range(200, 500)


@pytest.fixture
async def post(world: World) -> Post:
    """A gateway for the messages."""
    return set_up(world.ctx, "08:00")


def sound(response: httpx.Response) -> httpx.Response:
    """Whatever it is, it is no defect."""
    assert response.status_code in NO_DEFECT, (response.request.method, response.request.url.path, response.text)
    return response


async def everything(world: World, visit: UUID = VISIT) -> str:
    """Look at a visit in every way, and change it in every way; the customer's page."""
    link = sound(await world.ask("zhao", "POST", f"/v1/visits/{visit}/confirmation-link")).json()["token"]
    for who in ("li", "zhao", "wang", "qian", "admin"):
        for path in ("", "/judgement", "/judgement?at=0001-01-01T00:00:00%2B14:00", "/notice", "/doorstep"):
            sound(await world.ask(who, "GET", f"/v1/visits/{visit}{path}"))
        sound(await world.ask(who, "GET", "/v1/visits"))
    agenda = sound(await world.ask("li", "GET", "/v1/agenda")).json()
    assert [one["id"] for one in agenda["visits"]] == [str(visit)]
    for who in ("zhao", "li"):
        assert [one["id"] for one in (await world.ask(who, "GET", "/v1/visits")).json()["items"]] == [str(visit)]
    url = (await world.ask("li", "PUT", "/v1/me/calendar")).json()["url"]
    assert sound(await world.client.get("/calendar/" + url.rpartition("/")[2])).status_code == 200
    page = sound(await world.client.get(f"/c/{link}"))
    assert page.status_code == 200
    seen = sound(await world.client.get(f"/v1/confirmations/{link}")).json()
    agree = {"answers": [{"item": "appointment_agreed", "good": True}], "comment": "好"}
    sound(await world.ask(None, "PUT", f"/v1/confirmations/{link}", agree))
    sound(await world.ask(None, "PUT", f"/v1/confirmations/{link}", {"another_time": {"wish": "晚上"}}))
    sound(await world.client.get(f"/c/{link}"))
    sound(await world.ask("zhao", "POST", f"/v1/visits/{visit}/notice", {"channel": "sms"}))
    change: dict[str, Any] = {"reason": "改", "work": {"content": "x"}}
    answer = sound(
        await world.ask("zhao", "PUT", f"/v1/visits/{visit}/details", change, if_match=await tag(world, visit))
    )
    assert answer.status_code == 200
    assert seen["visit"]["id"] == str(visit)
    return page.text


async def tag(world: World, visit: UUID = VISIT) -> str:
    return (await world.ask("zhao", "GET", f"/v1/visits/{visit}")).headers["etag"]


@pytest.mark.parametrize("amount", NUMBERS, ids=lambda one: str(one)[:12])
async def test_a_typed_answer_of_any_number_is_shown_to_everybody(world: World, post: Post, amount: Any) -> None:
    assert (await world.plan(type="meter_replacement", policies={"p_fee_told_first": True})).status_code == 201
    entries = [
        said("09:05", "arrived"),
        said("09:06", "p_fee_told_first", fields={"amount": amount}),
        said("09:07", "p_meter_readings_witnessed", fields={"old_reading": amount, "new_reading": amount}),
        said("09:08", "nobody_home", fields={"waited_minutes": amount}),
    ]
    answer = sound(await world.submit(record(entries=entries)))
    assert answer.status_code in (201, 422)
    await everything(world)
    for who in ("li", "zhao"):
        sound(await world.ask(who, "GET", f"/v1/records/{RECORD}"))


@pytest.mark.parametrize(("start", "end"), WINDOWS)
async def test_a_window_at_the_ends_of_the_calendar_is_shown_or_refused(
    world: World, post: Post, start: str, end: str
) -> None:
    window = {"from": start, "to": end}
    planned = sound(await world.plan(window=window))
    assert planned.status_code in (201, 422)
    if planned.status_code == 422:
        assert (await world.plan()).status_code == 201
    await everything(world)
    path = f"/v1/visits/{VISIT}/window"
    sound(await world.ask("zhao", "PUT", path, {**window, "reason": "改期"}, if_match=await tag(world)))
    await everything(world)


@pytest.mark.parametrize(
    "at",
    [
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59.999999-12:00",
        "0001-01-01T00:00:00+14:00",
        "2100-01-01T00:00:00Z",
        "1999-12-31T23:59:59Z",
    ],
)
async def test_an_entry_at_the_ends_of_the_calendar_is_shown_or_refused(world: World, post: Post, at: str) -> None:
    assert (await world.plan()).status_code == 201
    whats = ("arrived", "work_started", "own_damage", "damage_made_good", "damage_customer_satisfied", "left")
    signature = {"kind": "signature", "sha256": "a" * 64, "signer": "陶", "statement_sha256": "b" * 64}
    entries = [{**said("09:05", what, thing="tile"), "at": at, "id": str(uid(what))} for what in whats]
    entries[4] |= {"by": "customer", "evidence": [signature], "claimed_at": at}
    entries.append({**entries[4], "id": str(uid("no")), "refused": {"reason": "不"}, "evidence": []})
    sent = {"entries": entries, "device_clock": {"at": at, "tick": 2**53, "session": "s"}}
    assert sound(await world.submit(record(**sent))).status_code in (201, 422)
    office = {**said("09:05", "damage_customer_satisfied", "office", thing="tile", refused={"reason": "不"}), "at": at}
    assert sound(await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", {"entries": [office]})).status_code in (
        200,
        201,
        422,
    )
    due = {"damage_made_good": at, "damage_made_good[tile]": at}
    sound(await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/due", due, if_match=await tag(world)))
    await everything(world)
    sound(await world.ask("wang", "GET", f"/v1/records/{RECORD}"))


async def test_ticks_that_are_an_age_apart_are_shown(world: World, post: Post) -> None:
    assert (await world.plan()).status_code == 201
    ticks = [("arrived", -(2**53)), ("own_damage", 2**53), ("left", 2**53), ("work_started", 0)]
    entries = [said("09:05", what, thing="tile", tick=tick, session="s") for what, tick in ticks]
    assert sound(await world.submit(record(entries=entries))).status_code == 201
    await everything(world)


HUGE = [(1 << 71) - 1, -(1 << 71), 1 << 63, -(1 << 63) - 1]
CURSORS = [
    "f39_f39_f39_f39_f39_f39_f39_f39_fw",
    *(urlsafe_b64encode(number.to_bytes(9, "big", signed=True) + bytes(16)).decode().rstrip("=") for number in HUGE),
    "",
    "x",
    "!" * 34,
    "é" * 8,
    "A" * 600,
    "gICAgICAgICAgICAgICAgICAgICAgICA",
]


@pytest.mark.parametrize("cursor", CURSORS, ids=lambda one: one[:12])
async def test_a_cursor_that_is_none_is_refused_as_such(world: World, cursor: str) -> None:
    assert (await world.plan()).status_code == 201
    for who, path in (("zhao", "visits"), ("li", "visits"), ("wang", "devices"), ("wang", "quarantine")):
        answer = sound(await world.ask(who, "GET", f"/v1/{path}?after={quote(cursor)}"))
        if cursor:  # without one, the list begins
            assert problem(answer) == (400, "invalid-query")
    sound(await world.ask("zhao", "GET", f"/v1/visits?q=1&after={quote(cursor)}"))
    agenda = sound(await world.ask("li", "GET", f"/v1/agenda?since={quote(cursor)}"))
    assert (agenda.status_code, len(agenda.json()["visits"])) == (200, 1)  # none of his gives everything


async def test_the_control_a_cursor_of_a_number_that_a_database_has_is_taken(world: World) -> None:
    for number in ((1 << 63) - 1, -(1 << 63), 0):
        cursor = urlsafe_b64encode(number.to_bytes(9, "big", signed=True) + bytes(16)).decode().rstrip("=")
        for path in ("visits", "devices", "quarantine"):
            assert (await world.ask("wang", "GET", f"/v1/{path}?after={cursor}")).status_code == 200


@pytest.mark.parametrize("number", ["9" * 5000, "0" * 5000, "9" * 20, "-1", "1e3", "٣", "0x10", ""])
async def test_a_number_in_a_header_of_any_length_is_no_defect(world: World, number: str) -> None:
    assert (await world.plan()).status_code == 201
    raw = number.encode()
    headers = {"authorization": b"Bearer token of zhao", "content-type": b"application/json"}
    for method, path, given in (
        ("PUT", f"/v1/visits/{VISIT}/details", {"if-match": b'"%b"' % raw}),
        ("PUT", f"/v1/visits/{VISIT}/details", {"if-match": b'"0"', "content-length": raw}),
        ("POST", "/v1/imports", {"content-type": b"text/csv", "content-length": raw}),
        ("PUT", f"/v1/evidence/{'a' * 64}", {"content-type": b"image/jpeg", "content-length": raw}),
        ("POST", "/v1/uploads", {"tus-resumable": b"1.0.0", "upload-length": raw}),
        ("PATCH", f"/v1/uploads/{VISIT}", {"tus-resumable": b"1.0.0", "upload-offset": raw}),
    ):
        sent = [(name, value) for name, value in {**headers, **given}.items()]
        answer = sound(await world.client.request(method, path, headers=sent, content=b"{}"))
        assert 400 <= answer.status_code < 500
