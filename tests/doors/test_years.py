"""A time that would break something later is refused at its place: every time of every body and query."""

import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.api_client import VISIT, World, record
from tests.support.factories import said, uid
from tests.support.openapi_document import DOCUMENT, JSON, OPERATIONS, operations_taking

TIME = re.compile(r"\d{4}-\d{2}-\d{2}T.*")
EXTREME = (
    "0001-01-01T00:00:00+08:00",
    "0001-01-01T00:00:00Z",
    "1999-12-31T23:59:59+08:00",
    "2101-01-01T00:00:00Z",
    "9999-12-31T23:59:59-12:00",
)
PEOPLE = ("zhao", "wang", "li", "admin")
FREE = ("/device_clock/at", "/received_at")
"""Never refused: any value is kept as it came; the server sets it."""


@pytest.fixture
def engine() -> str:
    """Nothing of this depends on the database."""
    return "sqlite"


def times(body: Any, at: str = "") -> list[str]:
    """The pointers of the times in a body."""
    if isinstance(body, dict):
        return [one for key, value in body.items() for one in times(value, f"{at}/{key}")]
    if isinstance(body, list):
        return [one for number, value in enumerate(body) for one in times(value, f"{at}/{number}")]
    return [at] if isinstance(body, str) and TIME.fullmatch(body) and not at.endswith(FREE) else []


def replaced(body: Any, at: str, value: str) -> Any:
    """The body with another value at a pointer."""
    if not at:
        return value
    step, _, rest = at[1:].partition("/")
    rest = f"/{rest}" if rest else ""
    if isinstance(body, list):
        return [replaced(one, rest, value) if str(number) == step else one for number, one in enumerate(body)]
    return {name: replaced(one, rest, value) if name == step else one for name, one in body.items()}


def bodies() -> list[Any]:
    found: list[Any] = []
    for name in operations_taking(JSON):
        path, method, operation = OPERATIONS[name]
        content = operation["requestBody"]["content"][JSON]
        examples = (
            [content["example"]] if "example" in content else [one["value"] for one in content["examples"].values()]
        )
        found += [pytest.param(method, path, one, id=f"{method} {path}") for one in examples if times(one)]
    return found


@pytest.mark.parametrize(("method", "path", "body"), bodies())
async def test_a_year_that_breaks_something_is_refused_at_its_place(
    world: World, method: str, path: str, body: Any
) -> None:
    address = path.replace("{visit_id}", str(VISIT)).replace("{token}", "x")
    address = re.sub(r"\{\w+\}", str(uid("other")), address)
    for at in times(body):
        for value in EXTREME:
            wrong = replaced(body, at, value)
            if method == "PUT" and "id" in wrong:
                address = address.replace(str(uid("other")), wrong["id"])
            named = set[str]()
            for who in PEOPLE:
                answer = await world.ask(who, method, address, wrong, if_match='"0"')
                assert answer.status_code >= 400, (at, value)
                named |= {one["pointer"] for one in answer.json()["errors"]}
            assert at in named, (at, value, named)


async def test_all_times_of_a_record_too(world: World) -> None:
    await world.plan()
    entry = said("09:05", "arrived", claimed_at="2026-03-02T09:05:00+08:00")
    entry["evidence"] = [{"kind": "photo", "sha256": "0" * 64, "taken_at": "2026-03-02T09:05:00+08:00"}]
    body = record(entries=[entry])
    assert len(times(body)) == 3
    for at in times(body):
        for value in EXTREME:
            answer = await world.submit(replaced(body, at, value))
            assert answer.status_code == 422
            assert [one["pointer"] for one in answer.json()["errors"]] == [at]
            assert answer.json()["quarantine"]


def queries() -> list[tuple[str, str]]:
    return [
        (path, parameter["name"])
        for path, methods in DOCUMENT["paths"].items()
        for parameter in methods.get("get", {}).get("parameters", ())
        if parameter["in"] == "query" and parameter["schema"].get("format") == "date-time"
    ]


@pytest.mark.parametrize(("path", "name"), queries())
async def test_times_of_queries_too(world: World, path: str, name: str) -> None:
    await world.plan()
    address = path.replace("{visit_id}", str(VISIT))
    for value in EXTREME:
        answers = [await world.ask(who, "GET", f"{address}?{name}={quote(value)}") for who in PEOPLE]
        assert {one.status_code for one in answers} <= {400, 403}
        assert [one["pointer"] for answer in answers for one in answer.json()["errors"]][:1] == [f"/{name}"]


async def test_a_withdrawal_takes_back_what_was_dated_ahead(world: World) -> None:
    await world.plan()
    ahead = said("09:10", "left") | {"at": "2062-11-28T09:00:00+08:00"}
    await world.submit(record(entries=[said("09:05", "arrived"), ahead]))
    assert (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()["state"] == "to_review"
    back = {**said("09:20", "x"), "withdraws": ahead["id"], "reason": "年份不对"}
    del back["what"]
    answer = await world.submit(record(uid("second"), entries=[back]), uid("second"))
    assert (answer.status_code, answer.json()["ignored"]) == (201, [])
    assert (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()["state"] == "under_way"
    moved = {"from": "2026-03-02T14:00:00+08:00", "to": "2026-03-02T15:00:00+08:00", "reason": "改"}
    assert (await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/window", moved, if_match='"0"')).status_code == 200
