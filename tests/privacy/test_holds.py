"""A legal hold keeps a visit, or all visits with an account, also those to come, until it is ended with a reason."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from service import errors
from service.audit_log import log
from service.context import RetentionPolicy
from service.privacy import commands, erasing, retention
from service.verify.log import verify
from tests.support.api_client import VISIT, World, opened_world, problem
from tests.support.desk import leftovers, signed_in, text_of
from tests.support.factories import a_plan, uid
from tests.support.fake_gateway import set_up
from tests.support.retention import FINE, night, visited
from tests.support.reviews import later
from tests.support.tampering import tampered

ACCOUNT, WHY = "HU-1001", "(2026) 沪 0101 民初 77 号"
LATER, OTHER, FIRST = uid("later"), uid("another account"), UUID(int=1, version=4)
CUSTOMER = {"name": "陶女士", "phone": "13800000000", "address": "虚构路 1 号"}


@pytest.fixture
async def world(address: str) -> AsyncIterator[World]:
    async with opened_world(address) as opened:
        set_up(opened.ctx, "12:00")
        yield opened


async def planned(world: World, visit: UUID, account: str, area: str = "城东") -> None:
    plan = a_plan(area=area, customer={**CUSTOMER, "account": account})
    assert (await world.ask("zhao", "PUT", f"/v1/visits/{visit}", plan)).status_code == 201


async def hold(world: World, until: date | None = None, **what: str) -> commands.Holds:
    held = commands.typed_hold(world.ctx, until, **(what or {"account": ACCOUNT}), reason=WHY)
    return await commands.set_hold(world.ctx, held, "console")


async def release(world: World, reason: str, **what: str) -> commands.Holds:
    held = commands.typed_hold(world.ctx, None, **(what or {"account": ACCOUNT}), reason=reason)
    return await commands.end_holds(world.ctx, held, "console")


async def faults(world: World) -> list[str]:
    await log.number_all(world.ctx.db)
    return (await verify(world.ctx)).faults


async def test_nothing_of_the_account_is_erased_until_it_is_released(world: World) -> None:
    await planned(world, VISIT, ACCOUNT)
    await planned(world, OTHER, "HU-1002")
    held = await hold(world)
    assert [one.visit for one in held.visits] == [str(VISIT)]
    await planned(world, LATER, " hu-1001 ")  # one that comes later, with the account written otherwise
    for visit in (VISIT, LATER):
        with pytest.raises(errors.Held):
            await erasing.erase_visit(world.ctx, visit, "admin", "x")
        with pytest.raises(errors.Held):
            await commands.erase_visit(world.ctx, str(visit), "admin", "x", dry_run=True)
    given: dict[str, Any] = {"confirmed": 4, "dry_run": False}
    await planned(world, FIRST, "")
    with pytest.raises(errors.Held):
        await commands.erase_customer(world.ctx, CUSTOMER["phone"], "admin", "x", **given)
    for visit in (FIRST, OTHER):  # nor are those that are not held: all go, or none
        assert (await world.ask("zhao", "GET", f"/v1/visits/{visit}")).status_code == 200
    await erasing.erase_visit(world.ctx, OTHER, "admin", "x")
    assert await faults(world) == []
    released = await release(world, "和解了")
    assert [(one.active, one.ended_because) for one in released.holds] == [(False, "和解了")]
    with pytest.raises(errors.NotFound):
        await release(world, "x")
    await commands.erase_visit(world.ctx, str(VISIT), "admin", "x", dry_run=False)
    assert await world.ctx.db.read(lambda tx: tx.fetch_all("all_holds")) != []  # there is another visit
    await commands.erase_customer(world.ctx, ACCOUNT, "admin", "x", confirmed=1, dry_run=False)
    assert await world.ctx.db.read(lambda tx: tx.fetch_all("all_holds")) == []  # nothing of the customer is left
    assert await faults(world) == []


async def test_a_former_account_counts_and_a_day_ends_a_hold(world: World) -> None:
    await planned(world, VISIT, ACCOUNT)
    details = {"customer": {**CUSTOMER, "account": "HU-2"}, "reason": "过户"}
    changed = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/details", details, if_match='"0"')
    assert changed.status_code == 200
    await hold(world, date(2026, 3, 5))
    with pytest.raises(errors.Held):
        await erasing.erase_visit(world.ctx, VISIT, "admin", "x")
    later(world, days=4)
    await erasing.erase_visit(world.ctx, VISIT, "admin", "x")
    assert await faults(world) == []


async def test_what_is_held_does_not_go_at_night_and_goes_later(world: World) -> None:
    for visit in (VISIT, OTHER):
        await visited(world, visit)
    details = {"customer": {**CUSTOMER, "account": ACCOUNT}, "reason": "补户号"}
    changed = await world.ask("wang", "PUT", f"/v1/visits/{VISIT}/details", details, if_match='"0"')
    assert changed.status_code == 200, changed.text
    await hold(world)
    world.ctx.retention = RetentionPolicy(visits=100, positions=90)
    later(world, days=95)
    assert (await night(world, 95)).counts == {"positions": 1}
    later(world, days=7)
    shown = await retention.preview(world.ctx)
    assert (shown.counts, shown.kept) == ({"visits": 1}, 1)
    assert (await night(world, 102)).counts == {"visits": 1}
    record = f"/v1/records/{uid(f'record of {VISIT}')}/body"
    assert (await world.ask("wang", "GET", record)).json()["entries"][0]["place"] == FINE
    world.ctx.retention = RetentionPolicy(visits=0, positions=90)
    await release(world, "结案")
    assert (await night(world, 103)).counts == {"positions": 1}  # now that nobody holds it
    world.ctx.retention = RetentionPolicy(visits=100, positions=90)
    assert (await night(world, 203)).counts == {"visits": 1}
    later(world, days=1)
    assert (await retention.preview(world.ctx)).counts == {"account_holds": 1}
    assert (await night(world, 204)).counts == {"account_holds": 1}
    assert await faults(world) == []


HELD = [("visit", str(VISIT)), ("account", ACCOUNT)]


@pytest.mark.parametrize(("kind", "what"), HELD)
async def test_programs_hold_a_visit_or_an_account_alike(world: World, kind: str, what: str) -> None:
    await planned(world, VISIT, ACCOUNT)
    path, given = f"/v1/holds/{uid('h')}", {kind: what, "reason": WHY, "until": "2027-01-01T00:00:00+08:00"}
    assert problem(await world.ask("qian", "PUT", path, given)) == (404, "not-found")  # of another area
    answers = [await world.ask("wang", "PUT", path, given) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    held = answers[0].json()
    assert (held[kind], held["reason"], held["by"], held["until"]) == (what, WHY, "wang", given["until"])
    assert problem(await world.ask("wang", "PUT", path, {**given, "reason": "别的"})) == (409, "content-differs")
    other = dict([next(one for one in HELD if one[0] != kind)])
    assert problem(await world.ask("wang", "PUT", path, {**other, "reason": WHY})) == (409, "content-differs")
    assert problem(await world.ask("wang", "PUT", path, {**given, **other})) == (422, "invalid-body")
    assert problem(await world.ask("wang", "PUT", path, {"reason": WHY})) == (422, "invalid-body")
    assert problem(await world.ask("wang", "PUT", f"/v1/holds/{uid('none')}/end", {"reason": "x"})) == (
        404,
        "not-found",
    )
    listed = [(await world.ask(who, "GET", "/v1/holds")).json()["holds"] for who in ("wang", "qian")]
    assert listed == [[held], []]
    with pytest.raises(errors.Held):
        await erasing.erase_visit(world.ctx, VISIT, "admin", "x")
    ended = [await world.ask("wang", "PUT", f"{path}/end", {"reason": why}) for why in ("和解了", "again")]
    assert [one.status_code for one in ended] == [200, 200]
    assert ended[0].json() == ended[1].json()
    assert (ended[0].json()["ended_by"], ended[0].json()["ended_because"]) == ("wang", "和解了")
    assert (await world.ask("wang", "GET", "/v1/holds")).json()["holds"] == []
    assert (await world.ask("wang", "GET", "/v1/holds?ended=true")).json()["holds"] == [ended[0].json()]
    assert (await world.ask("qian", "GET", "/v1/holds?ended=true")).json()["holds"] == []
    assert await faults(world) == []
    await erasing.erase_visit(world.ctx, VISIT, "admin", "x")


async def test_two_who_end_a_hold_at_once_end_it_once(world: World) -> None:
    await planned(world, VISIT, ACCOUNT)
    for kind, what in HELD:
        path = f"/v1/holds/{uid(kind)}"
        assert (await world.ask("wang", "PUT", path, {kind: what, "reason": WHY})).status_code == 201
        ends = await asyncio.gather(
            *(world.ask("wang", "PUT", f"{path}/end", {"reason": f"{n}"}) for n in range(8)),
        )
        assert [one.status_code for one in ends] == [200] * 8
        assert len({one.json()["ended_because"] for one in ends}) == 1
    assert await faults(world) == []


@pytest.mark.parametrize(("kind", "what"), HELD)
async def test_the_desk_holds_what_is_of_its_areas_and_ends_it_with_a_reason(
    sqlite_world: World, kind: str, what: str
) -> None:
    world = sqlite_world
    await planned(world, VISIT, ACCOUNT)
    wang, zhao, qian = [await signed_in(world, who) for who in ("wang", "zhao", "qian")]
    address = "/desk/privacy/holds"
    given = {kind: what, "hold_reason": WHY}
    assert (await zhao.post(address, given)).status_code == 403
    assert (await qian.post(address, given)).status_code == 404  # of another area
    assert (await wang.post(address, {**given, "hold_reason": " "})).status_code == 422
    if kind == "account":
        assert (await wang.post(address, {**given, "account": "HU-9"})).status_code == 404
    assert (await wang.post(address, given)).status_code == 303
    page = await wang.get("/desk/privacy")
    assert leftovers(page) == []
    assert f"{what} {WHY} 王" in text_of(page)
    assert what not in text_of(await qian.get("/desk/privacy"))
    shown = text_of(await wang.get(f"/desk/visits/{VISIT}"))
    held, begun, done = {
        "visit": ("这次上门已依法保全，不会删除。", "依法保全，不得删除", "解除保全"),
        "account": (
            f"户号 {ACCOUNT} 已依法保全，这次上门不会删除。",
            "依法保全户号，所有上门不得删除",
            "解除户号的保全",
        ),
    }[kind]
    assert f"{held} {WHY}" in shown
    assert f"{begun} 王 {WHY}" in shown
    [one] = (await world.ask("wang", "GET", "/v1/holds")).json()["holds"]
    end = f"{address}/{one['id']}/end"
    assert (await wang.post(end, {"reason": "和解了"})).status_code == 422  # the box is not ticked
    assert (await wang.post(end, {"sure": "yes", "reason": ""})).status_code == 422
    assert (await qian.post(end, {"sure": "yes", "reason": "x"})).status_code == 404
    assert (await wang.post(end, {"sure": "yes", "reason": "和解了"})).status_code == 303
    assert (await wang.post(end, {"sure": "yes", "reason": "again"})).status_code == 303
    page = await wang.get("/desk/privacy")
    assert leftovers(page) == []
    assert "没有保全的上门或户号" in text_of(page)
    assert "王 和解了" in text_of(page)
    assert "again" not in text_of(page)
    assert what not in text_of(await qian.get("/desk/privacy"))
    assert f"{done} 王 和解了" in text_of(await wang.get(f"/desk/visits/{VISIT}"))


CRIMES = (
    "UPDATE account_holds SET account = 'hu-2'",
    "UPDATE account_holds SET until_at = 1",
    "UPDATE account_holds SET body = salt",
    "DELETE FROM account_holds",
    "DELETE FROM log_leaves WHERE id IN (SELECT id FROM account_holds)",
    "UPDATE legal_holds SET until_at = 1 WHERE ends IS NULL",
    "UPDATE legal_holds SET ends = NULL",
    "UPDATE legal_holds SET body = salt",
    "DELETE FROM legal_holds WHERE ends IS NOT NULL",
)


@pytest.mark.parametrize("crime", CRIMES)
async def test_verify_finds_a_hold_that_somebody_changed(world: World, address: str, crime: str) -> None:
    await planned(world, VISIT, ACCOUNT)
    await hold(world)
    await hold(world, visit=str(VISIT))
    await release(world, "和解", visit=str(VISIT))
    assert await faults(world) == []  # the control
    await tampered(address, crime)
    assert (await verify(world.ctx)).faults
