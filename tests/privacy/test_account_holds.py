"""A legal hold on an account keeps all visits with it, also those to come, until it is released with a reason."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from service import errors
from service.audit_log import log
from service.context import RetentionPolicy
from service.privacy import account_holds, commands, erasing, retention
from service.verify.log import verify
from tests.support.api_client import VISIT, World, opened_world
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


async def hold(world: World, until: date | None = None) -> commands.AccountHolds:
    return await commands.hold_account(world.ctx, ACCOUNT, "console", WHY, until)


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
    released = await commands.release_account(world.ctx, ACCOUNT, "console", "和解了")
    assert [(one.active, one.ended_because) for one in released.holds] == [(False, "和解了")]
    with pytest.raises(errors.NotFound):
        await commands.release_account(world.ctx, ACCOUNT, "console", "x")
    await commands.erase_visit(world.ctx, str(VISIT), "admin", "x", dry_run=False)
    assert await world.ctx.db.read(lambda tx: tx.fetch_all("held_accounts")) != []  # there is another visit
    await commands.erase_customer(world.ctx, ACCOUNT, "admin", "x", confirmed=1, dry_run=False)
    assert await world.ctx.db.read(lambda tx: tx.fetch_all("held_accounts")) == []  # nothing of the customer is left
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
    await commands.release_account(world.ctx, ACCOUNT, "console", "结案")
    assert (await night(world, 103)).counts == {"positions": 1}  # now that nobody holds it
    world.ctx.retention = RetentionPolicy(visits=100, positions=90)
    assert (await night(world, 203)).counts == {"visits": 1}
    later(world, days=1)
    assert (await retention.preview(world.ctx)).counts == {"account_holds": 1}
    assert (await night(world, 204)).counts == {"account_holds": 1}
    assert await faults(world) == []


async def test_the_desk_holds_an_account_of_its_areas_and_releases_it_with_a_reason(sqlite_world: World) -> None:
    world = sqlite_world
    await planned(world, VISIT, ACCOUNT)
    wang, zhao, qian = [await signed_in(world, who) for who in ("wang", "zhao", "qian")]
    address = "/desk/privacy/account-holds"
    given = {"account": ACCOUNT, "hold_reason": WHY}
    assert (await zhao.post(address, given)).status_code == 403
    assert (await qian.post(address, given)).status_code == 404  # of another area
    assert (await wang.post(address, {**given, "account": "HU-9"})).status_code == 404
    assert (await wang.post(address, {**given, "hold_reason": " "})).status_code == 422
    assert (await wang.post(address, given)).status_code == 303
    page = await wang.get("/desk/privacy")
    assert leftovers(page) == []
    assert f"{ACCOUNT} {WHY} 王" in text_of(page)
    assert ACCOUNT not in text_of(await qian.get("/desk/privacy"))
    shown = text_of(await wang.get(f"/desk/visits/{VISIT}"))
    assert f"户号 {ACCOUNT} 已依法保全，这次上门不会删除。 {WHY}" in shown
    assert f"依法保全户号，所有上门不得删除 王 {WHY}" in shown
    [held] = await account_holds.list_holds(world.ctx)
    end = f"{address}/{held.id}/end"
    assert (await wang.post(end, {"reason": "和解了"})).status_code == 422  # the box is not ticked
    assert (await wang.post(end, {"sure": "yes", "reason": ""})).status_code == 422
    assert (await qian.post(end, {"sure": "yes", "reason": "x"})).status_code == 404
    assert (await wang.post(end, {"sure": "yes", "reason": "和解了"})).status_code == 303
    assert (await wang.post(end, {"sure": "yes", "reason": "again"})).status_code == 303
    assert "没有保全的上门" in text_of(await wang.get("/desk/privacy"))
    assert "解除户号的保全 王 和解了" in text_of(await wang.get(f"/desk/visits/{VISIT}"))


CRIMES = (
    "UPDATE account_holds SET account = 'hu-2'",
    "UPDATE account_holds SET until_at = 1",
    "UPDATE account_holds SET body = salt",
    "DELETE FROM account_holds",
    "DELETE FROM log_leaves WHERE id IN (SELECT id FROM account_holds)",
)


@pytest.mark.parametrize("crime", CRIMES)
async def test_verify_finds_a_hold_that_somebody_changed(world: World, address: str, crime: str) -> None:
    await hold(world)
    assert await faults(world) == []  # the control
    await tampered(address, crime)
    assert (await verify(world.ctx)).faults
