"""A bad date is named at its place, however it comes: in a plan, as a change, for a correction, on the desk's form.

A name that is none is not echoed: the place is the mapping, as for all mappings.
"""

from typing import Any

import pytest

from tests.support.api_client import VISIT, World, record
from tests.support.desk import signed_in
from tests.support.factories import a_plan, uid

GOOD = "2026-03-03T10:00:00+08:00"
BAD: list[Any] = [
    "soon",
    "1999-03-02T10:00:00+08:00",
    "2101-03-02T10:00:00+08:00",
    "2026-03-02T10:00:00",
    5,
    None,
    [GOOD],
]
KEYS = ["damage_made_good", "damage_made_good[tile]", "greeted"]


async def pointers(world: World, who: str, path: str, body: Any, **headers: str) -> list[str]:
    answer = await world.ask(who, "PUT", path, body, **headers)
    assert answer.status_code == 422, (body, answer.text)
    return [one["pointer"] for one in answer.json()["errors"]]


@pytest.mark.parametrize("key", KEYS)
async def test_of_many_dates_the_bad_one_is_named(sqlite_world: World, key: str) -> None:
    world = sqlite_world
    await world.plan()
    at = f"/{key}"
    for bad in BAD:
        due = {"own_damage_told": GOOD, key: bad, "left": GOOD}
        assert await pointers(world, "zhao", f"/v1/visits/{uid('new')}", a_plan(due=due)) == [f"/due{at}"], bad
        assert await pointers(world, "zhao", f"/v1/visits/{VISIT}/due", due, if_match='"0"') == [at], bad


@pytest.mark.parametrize("key", ["no_item", "id_shown[x]", "a/b~c", "<b>"])
async def test_a_name_that_is_none_is_told_at_the_mapping(sqlite_world: World, key: str) -> None:
    world = sqlite_world
    await world.plan()
    for date in GOOD, "1999-03-02T10:00:00+08:00":
        due = {"own_damage_told": GOOD, key: date}
        (at,) = await pointers(world, "zhao", f"/v1/visits/{uid('new')}", a_plan(due=due))
        (then,) = await pointers(world, "zhao", f"/v1/visits/{VISIT}/due", due, if_match='"0"')
        assert at == f"/due{then}"
        assert then in ("", f"/{key}" if date != GOOD else "")


@pytest.mark.parametrize("bad", [*BAD, "2026-02-02T10:00:00+08:00"])
async def test_a_correction_too(sqlite_world: World, bad: Any) -> None:
    world = sqlite_world
    await world.plan()
    await world.submit(record())
    body = {"visit": str(VISIT), "items": [{"item": "greeted", "reason": "补"}], "due": bad}
    assert await pointers(world, "wang", f"/v1/corrections/{uid('c')}", body) == ["/due"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"a": 1, "cause": {}, "b": {}}, "/cause"),
        ({"x": [1, {}], "y": {}}, "/x"),
        ({"k" * 65: {}}, ""),
        ({"<b>": {}}, ""),
    ],
)
async def test_a_bad_value_of_any_mapping_of_the_office_is_named_by_its_key(
    sqlite_world: World, fields: dict[str, Any], pointer: str
) -> None:
    world = sqlite_world
    await world.plan()
    entries = [
        {"id": str(uid(name)), "at": GOOD, "what": "greeted", "by": "office", "fields": {"a": 1}} for name in "ab"
    ]
    answer = await world.ask(
        "zhao", "POST", f"/v1/visits/{VISIT}/entries", {"entries": [entries[0], {**entries[1], "fields": fields}]}
    )
    assert [one["pointer"] for one in answer.json()["errors"]] == [f"/entries/1/fields{pointer}"]


async def test_a_body_that_is_cut_off_after_the_bad_date_is_refused_too(sqlite_world: World) -> None:
    world = sqlite_world
    await world.plan()
    for raw in b'{"left": 5, ', b'{"left": 5, "x": 1e999}', b'{"left": 5, "x": ' + b"[" * 400 + b"}":
        answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/due", raw, if_match='"0"')
        assert answer.status_code in (400, 422), raw


async def test_on_the_desks_form_the_date_is_named_too(sqlite_world: World) -> None:
    world = sqlite_world
    await world.plan()
    await world.submit(record())
    wang = await signed_in(world, "wang")
    for bad in ("", "soon", "1999-03-02T10:00", "2026-02-02T10:00"):
        form = {"id": str(uid("c")), "item:greeted": "1", "why:greeted": "补", "due": bad}
        page = await wang.post(f"/desk/visits/{VISIT}/corrections", form)
        assert page.status_code == 422, bad
        assert (
            'aria-invalid="true"'
            in page.text.partition('name="due"')[2].partition(">")[0]
            + page.text.partition('name="due"')[0].rpartition("<")[2]
        ), bad
