"""Lists of visits: a filter that is misspelt is told, and never answered with an empty list."""

import pytest

from tests.support.api_client import VISIT, World, problem, record
from tests.support.factories import said, uid


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


async def test_a_complaint_that_somebody_wrote_down_is_found_like_one_of_the_customer(world: World) -> None:
    async def found(who: str, query: str = "flag=complaint") -> int:
        return len((await world.ask(who, "GET", f"/v1/visits?{query}")).json()["items"])

    await world.plan()
    await world.plan(uid("w"))
    path = f"/v1/visits/{VISIT}/entries"
    await world.ask("zhao", "POST", path, {"entries": [said("10:00", "complaint_received", "office", holds=False)]})
    assert await found("wang") == 0  # the control: somebody said that there is none
    await world.ask("zhao", "POST", path, {"entries": [said("10:01", "complaint_received", "office")]})
    assert await found("wang") == 1
    await world.submit(record(visit=uid("w"), entries=[said("09:05", "arrived"), said("09:30", "complaint_received")]))
    assert await found("wang") == 2
    assert "complaint" in (await world.ask("li", "GET", f"/v1/visits/{uid('w')}")).json()["flags"]


@pytest.mark.parametrize("q", ["", "&q=陶"])
async def test_lists_have_what_overlaps_their_time(world: World, q: str) -> None:
    for name, start, end in (
        ("before", "2026-03-02T21:00:00+08:00", "2026-03-03T00:00:00+08:00"),
        ("night", "2026-03-02T23:00:00+08:00", "2026-03-03T02:00:00+08:00"),
        ("moment", "2026-03-03T00:00:00+08:00", "2026-03-03T00:00:00+08:00"),
        ("days", "2026-02-26T08:00:00+08:00", "2026-03-05T18:00:00+08:00"),
        ("late", "2026-03-03T23:00:00+08:00", "2026-03-04T01:00:00+08:00"),
        ("after", "2026-03-04T00:00:00+08:00", "2026-03-04T01:00:00+08:00"),
        ("moved", "2026-03-01T23:00:00+08:00", "2026-03-01T23:30:00+08:00"),
    ):
        assert (await world.plan(uid(name), window={"from": start, "to": end})).status_code == 201
    moved = {"from": "2026-03-02T22:00:00+08:00", "to": "2026-03-03T00:30:00+08:00", "reason": "改"}
    await world.ask("zhao", "PUT", f"/v1/visits/{uid('moved')}/window", moved, if_match='"0"')
    day = "from=2026-03-03T00:00:00%2B08:00&to=2026-03-04T00:00:00%2B08:00"
    expected = {str(uid(name)) for name in ("night", "moment", "days", "late", "moved")}
    for who, more in (("zhao", ""), ("zhao", "&technician=li"), ("zhao", "&state=planned"), ("li", ""), ("wang", "")):
        found = (await world.ask(who, "GET", f"/v1/visits?{day}{more}{q}")).json()["items"]
        assert {one["id"] for one in found} == expected, (who, more)
