"""A misspelt key of what the office writes is refused, by its name; what phones and customers send is taken."""

import re
from typing import Any

import pytest

from tests.support.api_client import VISIT, World, record
from tests.support.factories import a_plan, said, uid
from tests.support.openapi_document import JSON, OPERATIONS, operations_taking

TOLERANT = {
    "PUT /v1/records/{record_id}",
    "PUT /v1/visits/{visit_id}/taken-in/{record_id}",
    "PUT /v1/records/{record_id}/lost/{sha256}",
    "PUT /v1/visits/{visit_id}/explanations/{explanation_id}",
    "POST /v1/devices",
    "PUT /v1/confirmations/{token}",
    "PUT /v1/confirmations/{token}/code",
}
"""What phones and customers' programs send: a newer one may send more."""
FREE = {"PUT /v1/visits/{visit_id}/due"}
"""Keys are items of the checklist."""
PEOPLE = ("zhao", "wang", "admin", "li")


@pytest.fixture
def engine() -> str:
    """Nothing of this depends on the database."""
    return "sqlite"


def bodies() -> list[Any]:
    """Each operation that takes JSON: its name, and the example of its body."""
    found: list[Any] = []
    for name in operations_taking(JSON):
        path, method, operation = OPERATIONS[name]
        content = operation["requestBody"]["content"][JSON]
        examples = (
            [content["example"]] if "example" in content else [one["value"] for one in content["examples"].values()]
        )
        found.append(pytest.param(method, path, examples[0], id=f"{method} {path}"))
    return found


def places(body: Any, at: str = "") -> list[tuple[str, str]]:
    """The pointers of the objects in a body, and a key of each; mappings with free keys are left out."""
    found: list[tuple[str, str]] = []
    if isinstance(body, dict) and body and not at.endswith(("/assigned", "/policies", "/due", "/fields")):
        found.append((at, max(body, key=len)))
        for key, value in body.items():
            found += places(value, f"{at}/{key}")
    elif isinstance(body, list):
        for number, one in enumerate(body):
            found += places(one, f"{at}/{number}")
    return found


def misspelt(body: Any, at: str, key: str) -> Any:
    """The body with one key of an object misspelt."""
    if not at:
        return {(f"{key}x" if name == key else name): value for name, value in body.items()}
    step, _, rest = at[1:].partition("/")
    rest = f"/{rest}" if rest else ""
    if isinstance(body, list):
        return [misspelt(one, rest, key) if str(number) == step else one for number, one in enumerate(body)]
    return {name: misspelt(value, rest, key) if name == step else value for name, value in body.items()}


@pytest.mark.parametrize(("method", "path", "body"), bodies())
async def test_a_misspelt_key(world: World, method: str, path: str, body: Any) -> None:
    await world.plan()
    address = re.sub(r"\{(?:sha256)\}", "0" * 64, path.replace("{visit_id}", str(VISIT)))
    address = re.sub(r"\{(?:token|login|code)\}", "li", address)
    address = re.sub(r"\{\w+\}", str(uid("other")), address)
    for at, key in places(body):
        wrong = misspelt(body, at, key)
        named = set[tuple[str, str]]()
        for who in PEOPLE:
            answer = await world.ask(who, method, address, wrong, if_match='"0"')
            if answer.status_code == 422:
                named |= {(one["code"], one["pointer"]) for one in answer.json()["errors"]}
                assert all(" / " in one["detail"] for one in answer.json()["errors"] if one["code"] == "unknown-key")
        tolerant = f"{method} {path}" in TOLERANT | FREE
        assert (("unknown-key", f"{at}/{key}x") in named) != tolerant, (at, named)


async def test_the_key_that_was_meant_is_named(world: World) -> None:
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", {**a_plan(), "extref": "GD-1"})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"], error["code"]) == (422, "/extref", "unknown-key")
    assert "external_ref" in error["detail"]
    assert (await world.plan()).status_code == 201


async def test_a_key_that_is_no_name_is_not_repeated(world: World) -> None:
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", {**a_plan(), "<script>": 1})
    (error,) = answer.json()["errors"]
    assert error["pointer"] == ""
    assert "script" not in answer.text


async def test_entries_of_the_office_too(world: World) -> None:
    await world.plan()
    entries = [said("09:00", "agreed_by_phone", by="dispatcher", evidence=[{"kind": "text", "txt": "好"}])]
    answer = await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", {"entries": entries})
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/entries/0/evidence/0/txt"]


async def test_a_record_is_taken_and_says_what_was_not_understood(world: World) -> None:
    await world.plan()
    answer = await world.submit(record(entries=[said("09:05", "arrived", metre=3)]))
    assert answer.status_code == 201
    assert "metre" in answer.text
