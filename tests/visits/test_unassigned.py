"""Visits whose technician left, or is no technician any more, are seen by the dispatcher until somebody else goes."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from service import errors
from service.db import postgres
from service.db.database import Transaction
from service.db.postgres import Postgres
from service.dispatch import listing, planning, rescheduling
from service.staff import people, roles_and_cards
from service.staff.roles_and_cards import NewRoles
from service.visits import status
from tests.support.api_client import VISIT, World, record
from tests.support.factories import TOKENS, Town, change_visit, encode, said, uid


async def flagged(world: World) -> set[str]:
    answer = await world.ask("zhao", "GET", "/v1/visits?flag=no_technician")
    return {one["id"] for one in answer.json()["items"]}


async def flags(world: World) -> list[str]:
    return (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()["flags"]


async def leave(world: World, login: str = "li") -> None:
    assert (await world.ask("admin", "PUT", f"/v1/people/{login}/departure", {"reason": "离职"})).status_code == 200


async def hand_over(world: World, content: Any, revision: int = 0) -> None:
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/technician", content, if_match=f'"{revision}"')
    assert answer.status_code == 200, answer.text


async def test_a_visit_of_somebody_who_left_is_flagged_until_it_is_handed_over(world: World) -> None:
    await world.plan()
    await world.plan(uid("of sun"), technician="sun")
    await world.plan(uid("with li"), technician="sun", crew=["li"])
    assert await flagged(world) == set()
    await leave(world)
    assert await flagged(world) == {str(VISIT)}
    assert await flags(world) == ["no_technician"]
    await hand_over(world, {"technician": "sun"})
    assert (await flagged(world), await flags(world)) == (set(), [])


async def test_a_visit_that_is_returned_to_somebody_who_left_is_flagged(world: World) -> None:
    await world.plan(area="城东")
    await world.submit(record(entries=[said("09:05", "arrived"), said("10:00", "left")]))
    await leave(world)
    assert await flagged(world) == set()
    asked = {"visit": str(VISIT), "items": [{"item": "id_shown", "reason": "缺"}], "due": "2026-03-09T12:00:00+08:00"}
    assert (await world.ask("wang", "PUT", f"/v1/corrections/{uid('c')}", asked)).status_code == 201
    assert await flagged(world) == {str(VISIT)}
    assert (await world.ask("wang", "DELETE", f"/v1/corrections/{uid('c')}")).status_code == 204
    assert await flagged(world) == set()


async def test_what_else_is_written_keeps_the_flag_while_the_visit_is_not_done(world: World) -> None:
    await world.plan()
    await leave(world)
    entry = said("08:01", "cooperation_requested", by="dispatcher")
    assert (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", {"entries": [entry]})).status_code == 201
    window = {"from": "2026-03-02T13:00:00+08:00", "to": "2026-03-02T14:00:00+08:00", "reason": "改期"}
    moved = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/window", window, if_match='"0"')
    assert "no_technician" in moved.json()["flags"]
    assert await flagged(world) == {str(VISIT)}
    path = f"/v1/visits/{VISIT}/cancellation"
    await world.ask("zhao", "PUT", path, {"reason": "客户取消"}, if_match='"1"')
    assert (await flagged(world), "no_technician" in await flags(world)) == (set(), False)


async def test_a_visit_that_is_done_needs_nobody(world: World) -> None:
    await world.plan()
    await world.submit(record(entries=[said("09:05", "arrived"), said("09:50", "left")]))
    await leave(world)
    assert await flagged(world) == set()


async def test_a_role_that_is_taken_and_given_back_sets_and_clears_the_flag(world: World) -> None:
    await world.plan()
    await world.submit(record())  # under way
    path = "/v1/people/li/roles"
    await world.ask("admin", "PUT", path, {"roles": ["dispatcher"], "areas": ["城东"]})
    assert await flagged(world) == {str(VISIT)}
    await world.ask("admin", "PUT", path, {"roles": ["technician"], "areas": ["城东"]})
    assert await flagged(world) == set()


async def test_a_board_that_is_made_anew_shows_it_too(world: World) -> None:
    await world.plan()
    await leave(world)

    async def empty(tx: Transaction) -> None:
        nothing = {"valid_until": None, "reasons": "", "urgent_at": None, "since": None, "assignee": ""}
        await tx.execute("update_summary_status", visit=VISIT.bytes, state="", flags="", verdict="", **nothing)

    await world.ctx.db.write(empty)
    assert await status.backfill_summaries(world.ctx) == 1
    assert await flagged(world) == {str(VISIT)}


async def departs(town: Town) -> None:
    await people.deactivate(town.ctx, TOKENS["admin"], "li", "离职")


async def is_dispatcher_now(town: Town) -> None:
    roles = NewRoles(("dispatcher",), ("城东",))
    await roles_and_cards.give_roles(town.ctx, TOKENS["admin"], "li", roles)


@pytest.mark.parametrize("ends", [departs, is_dispatcher_now])
@pytest.mark.parametrize("begins", ["planned", "handed over"])
async def test_a_visit_given_to_somebody_who_just_leaves_is_flagged(
    postgres_database: Postgres, monkeypatch: pytest.MonkeyPatch, ends: Callable[[Town], Any], begins: str
) -> None:
    town = await Town(postgres_database).open()
    visit = uid("v") if begins == "planned" else await town.planned(technician="sun")
    looked, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(*given: Any) -> Any:
        found = await goes(*given)
        looked.set()
        await go_on.wait()
        return found

    goes = planning.require_technicians
    for module in (planning, rescheduling):
        monkeypatch.setattr(module, "require_technicians", slowly)
    monkeypatch.setattr(postgres, "RETRYABLE", ())  # nobody waits in a circle
    giving = asyncio.create_task(town.planned() if begins == "planned" else handed_over(town, visit, "li"))
    await looked.wait()
    going = asyncio.create_task(ends(town))
    await asyncio.sleep(0.3)
    assert not going.done()
    go_on.set()
    await asyncio.gather(giving, going)
    found = await listing.list_visits(town.ctx, TOKENS["zhao"], {"flag": "no_technician"})
    assert [one.id for one in found.items] == [str(visit)]
    with pytest.raises(errors.UnknownPerson):  # and who comes later is told
        await town.planned("later")


async def handed_over(town: Town, visit: UUID, *logins: str, revision: int = 0) -> None:
    content = encode({"technician": logins[0], "crew": logins[1:]})
    await change_visit(town.ctx, TOKENS["zhao"], visit, "technician", content, frozenset({revision}))


async def test_who_hands_over_and_who_sends_away_do_not_wait_in_a_circle(
    postgres_database: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The visit is already on the agenda of who leaves: both want his row and the visit's."""
    town = await Town(postgres_database).open()
    visit = await town.planned()
    monkeypatch.setattr(postgres, "RETRYABLE", ())
    locked, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(*given: Any) -> Any:
        locked.set()
        await go_on.wait()
        return await goes(*given)

    goes = planning.require_technicians
    monkeypatch.setattr(rescheduling, "require_technicians", slowly)
    giving = asyncio.create_task(handed_over(town, visit, "sun", "li"))
    await locked.wait()
    going = asyncio.create_task(departs(town))
    await asyncio.sleep(0.3)
    go_on.set()
    await asyncio.gather(giving, going)


async def test_visits_of_one_technician_are_planned_at_the_same_time(postgres_database: Postgres) -> None:
    """Who reads him does not keep out who reads him."""
    town = await Town(postgres_database).open()
    async with asyncio.timeout(60):
        both = asyncio.Barrier(2)

        async def work(tx: Transaction) -> None:
            await planning.require_technicians(tx, "li", ("sun",))
            await both.wait()

        await asyncio.gather(*(town.ctx.db.write(work) for _ in range(2)))
