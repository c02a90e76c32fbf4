"""Lists of visits: a filter that is misspelt is told, and never answered with an empty list."""

import pytest

from .world import World, problem


@pytest.mark.parametrize("query", ["state=plannd", "state=PLANNED", "flag=late", "type=picnic", "q=1&type=picnic"])
async def test_an_unknown_word_in_a_filter_is_told(world: World, query: str) -> None:
    await world.plan()
    for who in ("zhao", "li"):
        answer = await world.ask(who, "GET", f"/v1/visits?{query}")
        assert problem(answer) == (400, "invalid-query")
        (fault,) = answer.json()["errors"]
        assert fault["pointer"] == f"/{query.rpartition('&')[2].partition('=')[0]}"
        assert fault["code"] == "unknown-word"


async def test_a_known_word_is_answered_also_where_there_is_nothing(world: World) -> None:
    await world.plan()
    for query, count in (
        ("state=planned", 1),
        ("state=cancelled", 0),
        ("type=repair_leak", 1),
        ("type=meter_reading", 0),
        ("flag=open_duties", 0),
        ("flag=no_technician", 0),
    ):
        answer = await world.ask("zhao", "GET", f"/v1/visits?{query}")
        assert (answer.status_code, len(answer.json()["items"])) == (200, count), query
