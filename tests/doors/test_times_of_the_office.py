"""Times that cannot be meant are refused or named, whoever writes them."""

from typing import Any

import pytest

from service.config.loading import load_settings
from tests.support.api_client import VISIT, World, record
from tests.support.factories import a_plan, said

FAR = "2062-03-02T09:00:00+08:00"


@pytest.fixture
def engine() -> str:
    """Nothing of this depends on the database."""
    return "sqlite"


def withdrawal(**more: Any) -> dict[str, Any]:
    entry = said("09:05", "", by="dispatcher")
    return {key: entry[key] for key in ("id", "at", "by")} | {"withdraws": entry["id"], **more}


@pytest.mark.parametrize(
    ("entry", "pointer"),
    [
        (withdrawal(), "/entries/0/reason"),
        (withdrawal(reason=""), "/entries/0/reason"),
        (withdrawal(reason="\u200b"), "/entries/0/reason"),
    ],
)
async def test_entries_of_the_office(world: World, entry: dict[str, Any], pointer: str) -> None:
    await world.plan()
    answer = await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", {"entries": [entry]})
    assert answer.status_code == 422, answer.text
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("more", "notes"),
    [
        ({}, []),
        ({"at": FAR}, [("/entries/0/at", "time-ahead")]),
        ({"claimed_at": FAR}, [("/entries/0/claimed_at", "time-ahead")]),
        ({"at": FAR.replace("2062", "2020")}, [("/entries/0/at", "time-behind")]),
        ({"place": {"lat": 0, "lon": 0}}, [("/entries/0/place", "no-place")]),
    ],
)
async def test_a_slip_of_the_office_is_taken_and_named_as_that_of_a_phone(
    world: World, more: dict[str, Any], notes: list[tuple[str, str]]
) -> None:
    await world.plan()
    body = {"entries": [said("09:05", "appointment_agreed", by="dispatcher") | more]}
    for status in (201, 200):  # the same when it is repeated
        answer = await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", body)
        assert answer.status_code == status, answer.text
        assert [(one["pointer"], one["code"]) for one in answer.json()["notes"]] == notes
        world.ctx.clock = lambda: 1_800_000_000_000  # years later


async def test_a_claimed_time_ahead_is_named(world: World) -> None:
    await world.plan()
    receipt = await world.submit(record(entries=[said("09:05", "arrived") | {"claimed_at": FAR}]))
    assert {"pointer": "/entries/0/claimed_at", "code": "time-ahead"} in receipt.json()["notes"]


@pytest.mark.parametrize("at", [FAR, FAR.replace("2062", "2020")])
async def test_a_departure_is_about_now(world: World, at: str) -> None:
    await world.plan()
    answer = await world.ask("li", "PUT", f"/v1/visits/{VISIT}/departure", {"at": at})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == "/at"


async def test_windows(world: World) -> None:
    odd = {"from": "2026-03-02T09:00:00+15:00", "to": "2026-03-02T10:00:00+08:00"}
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", a_plan(window=odd))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/window/from")
    long = {"from": "2026-03-02T09:00:00+08:00", "to": "2027-04-02T10:00:00+08:00"}
    planned = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", a_plan(window=long))
    found = {one["code"]: one["detail"] for one in planned.json()["warnings"]}
    assert "2026 年3月2日" in found["long"]
    assert "2027 年4月2日" in found["long"]


async def test_work_says_something(world: World) -> None:
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", a_plan(work={"content": "\u3164"}))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/work/content")


async def test_digests_in_capitals(world: World) -> None:
    await world.plan()
    entry = said("09:05", "arrived") | {"evidence": [{"kind": "photo", "sha256": "AB" * 32}]}
    receipt = await world.submit(record(entries=[entry]))
    assert receipt.status_code == 201, receipt.text
    assert receipt.json()["missing_evidence"] == ["ab" * 32]
    photo = await world.ask("li", "PUT", f"/v1/evidence/{'AB' * 32}", {})
    assert photo.status_code == 422, photo.text  # found; these bytes have another digest


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("HTTP://LOCALHOST:8394", "http://localhost:8394"),
        ("http://localhost:80", "http://localhost"),
        ("https://例子.中国", "https://xn--fsqu00a.xn--fiqs8s"),
    ],
)
def test_the_address_as_browsers_write_it(url: str, origin: str) -> None:
    assert load_settings({"DOORSTEP_URL": url}).public_url == origin


@pytest.mark.parametrize("reason", ["%E2%80%8B", "%E3%85%A4"])
async def test_an_invisible_reason_is_none(world: World, reason: str) -> None:
    answer = await world.ask("wang", "GET", f"/v1/quarantine/{VISIT}?reason={reason}")
    assert answer.status_code == 400


async def test_words_of_refusals(world: World) -> None:
    twice = await world.ask("zhao", "GET", "/v1/visits?state=planned&state=closed")
    assert "每个参数" in twice.json()["errors"][0]["detail"]
    path = f"/v1/visits/{VISIT}"
    gbk = await world.ask("zhao", "PUT", path, b"{}", content_type="application/json; charset=gbk")
    assert (gbk.status_code, "charset" in gbk.json()["detail"]) == (415, True)
    raw = await world.ask("zhao", "PUT", path, b'{"type": "\x01"}')
    assert "字节处" in raw.json()["detail"]
    assert (await world.client.get("/favicon.ico")).headers["content-type"] == "image/png"
    assert (await world.client.get("/openapi.json")).headers["location"] == "/docs/openapi.json"
