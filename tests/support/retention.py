"""Visits that are over, and the nights in which what is due is deleted."""

from datetime import datetime, timedelta
from uuid import UUID

from service.privacy import retention
from service.privacy.retention import RetentionRun
from tests.support.api_client import World, record
from tests.support.factories import said, uid
from tests.support.fake_gateway import stand

FINE = {"lat": 31.2304161, "lon": 121.4737011, "accuracy_m": 8.0}


async def visited(world: World, visit: UUID) -> None:
    """A visit that is done and reviewed."""
    await world.plan(visit, area="城东")
    found = uid(f"record of {visit}")
    entries = [said("09:05", "arrived", id=str(uid(f"a {visit}")), place=FINE)]
    entries += [said("09:06", "left", id=str(uid(f"l {visit}")), evidence=[{"kind": "gps", **FINE}])]
    assert (await world.submit(record(found, visit, entries=entries), found)).status_code == 201
    shown = await world.ask("wang", "GET", f"/v1/visits/{visit}/review")
    codes = {one["finding"]["code"] for one in shown.json()["findings"]}
    wanted = [one["source"] for one in shown.json()["reasons"] if one["source"] in codes]
    findings = [{"code": code, "decision": "override", "reason": "演练"} for code in wanted]
    path, tag = f"/v1/visits/{visit}/review", shown.headers["etag"]
    assert (await world.ask("wang", "PUT", path, {"findings": findings}, if_match=tag)).status_code == 200


async def night(world: World, days: int) -> RetentionRun:
    """Four in the morning, some days after the visit."""
    stand(world.ctx, datetime.fromisoformat("2026-03-02T04:00:00+08:00") + timedelta(days=days))
    ran = await retention.run_night(world.ctx)
    assert ran is not None
    return ran
