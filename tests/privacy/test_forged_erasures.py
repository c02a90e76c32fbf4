"""Somebody with the database makes deleted or changed rows look erased, or brings back what was: `verify` finds it."""

from hashlib import sha256

import pytest

from service.audit_log import log
from service.privacy import erasing, positions, staff
from service.verify.log import verify
from tests.support.api_client import RECORD, VISIT, World, opened_world, record
from tests.support.factories import said, uid
from tests.support.tampering import tampered

OTHER, PLAIN, FINE = uid("another visit"), uid("plain"), {"lat": 31.2304161, "lon": 121.4737011}
OF_POSITIONS = "(SELECT max(erasure) FROM reduced_records)"
OF_VISIT = "(SELECT max(erasure) FROM erased_visits)"


async def _erased_things(world: World) -> None:
    """A visit and a person are erased, and the positions of another visit are reduced; somebody looked at an input."""
    for visit, key in ((VISIT, RECORD), (OTHER, uid("o"))):
        await world.plan(visit)
        content = record(key, visit, entries=[said("09:05", "arrived", place=FINE)])
        assert (await world.submit(content, key)).status_code == 201
    assert (await world.submit(record(PLAIN, OTHER, entries=[said("09:06", "entered")]), PLAIN)).status_code == 201
    assert (await world.submit(b"{", uid("q"))).status_code == 400
    (one,) = (await world.ask("wang", "GET", "/v1/quarantine")).json()["items"]
    assert (await world.ask("wang", "GET", f"/v1/quarantine/{one['id']}?reason=x")).status_code == 200
    assert (await world.ask("admin", "PUT", "/v1/people/sun/departure", {"reason": "x"})).status_code == 200
    await erasing.erase_visit(world.ctx, VISIT, "admin", "why")
    await staff.erase_person(world.ctx, "sun", "admin", "why")
    assert await positions.reduce(world.ctx, await positions.find(world.ctx, 0, world.ctx.clock() + 1, (0, b""))) == 1
    await log.number_all(world.ctx.db)


def sql(address: str, data: bytes) -> str:
    """Bytes, as a statement has them."""
    return f"x'{data.hex()}'" if address.startswith("sqlite") else f"'\\x{data.hex()}'"


CRIMES = {
    "a look, erased with positions": (
        f"INSERT INTO erased_rows SELECT id, 'look', {OF_POSITIONS} FROM access_log",  # noqa: S608
        "DELETE FROM access_log",
    ),
    "an erased person lives again": ("UPDATE people SET left_at = NULL, roles = 'admin' WHERE login = 'sun'",),
    "an erased person has a password": ("UPDATE people SET password_hash = 'x' WHERE login = 'sun'",),
    "an erased person has a name": ("UPDATE people SET name = 'x' WHERE login = 'sun'",),
    "an erased person has a token": (
        "INSERT INTO tokens (digest, login, created_at) SELECT sha256, 'sun', planned_at FROM visits",
    ),
    "the verdict of an erased visit": ("UPDATE erased_visits SET verdict = 'perfect'",),
    "an erased visit forgotten": ("DELETE FROM erased_visits",),
}


@pytest.mark.parametrize("crime", CRIMES)
async def test_what_was_erased_is_not_what_somebody_says(address: str, crime: str) -> None:
    async with opened_world(address) as world:
        await _erased_things(world)
        assert (await verify(world.ctx)).faults == []  # the control
        await tampered(address, *CRIMES[crime])
        assert (await verify(world.ctx)).faults


@pytest.mark.parametrize("erasure", [OF_POSITIONS, OF_VISIT])
async def test_a_changed_record_is_no_reduced_one(address: str, erasure: str) -> None:
    async with opened_world(address) as world:
        await _erased_things(world)
        body = (await world.ask("wang", "GET", f"/v1/records/{PLAIN}/body")).content
        altered = body.replace(b"09:06:00", b"09:06:01")  # no verdict depends on it
        assert altered != body
        key, digest = sql(address, PLAIN.bytes), sql(address, sha256(altered).digest())
        await tampered(
            address,
            f"INSERT INTO reduced_records (id, sha256, erasure) VALUES ({key}, {digest}, {erasure})",  # noqa: S608
            f"UPDATE batches SET body = {sql(address, altered)} WHERE id = {key}",  # noqa: S608 - of this file
        )
        assert [fault for fault in (await verify(world.ctx)).faults if fault.startswith("erasure")]
