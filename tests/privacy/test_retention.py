"""What has been kept for its term goes at night, and nothing else; what is held stays."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from service.accounts.authentication import token_digest
from service.audit_log import log
from service.context import AppContext, RetentionPolicy
from service.privacy import erasing, pages, positions, retention, terms
from service.verify.log import verify
from tests.support.api_client import RECORD, VISIT, World, opened_world, record
from tests.support.evidence import send_evidence
from tests.support.factories import uid
from tests.support.fake_gateway import set_up, stand
from tests.support.pictures import name, picture
from tests.support.retention import FINE, night, visited
from tests.support.reviews import later
from tests.support.sql import run_sql

HELD, OPEN = uid("held"), uid("open")


@pytest.fixture
async def world(address: str) -> AsyncIterator[World]:
    async with opened_world(address) as opened:
        set_up(opened.ctx, "12:00")
        yield opened


async def states(world: World) -> dict[str, str]:
    listed = (await world.ask("zhao", "GET", "/v1/visits")).json()["items"]
    return {one["id"]: one["state"] for one in listed}


async def clean(world: World) -> bool:
    await log.assign_sequence_numbers(world.ctx.db)
    return (await verify(world.ctx)).faults == []


async def test_closed_visits_go_after_their_term_and_no_others(world: World) -> None:
    for visit in (VISIT, HELD):
        await visited(world, visit)
    await world.plan(OPEN, area="城东")
    held = await world.ask("wang", "PUT", f"/v1/holds/{uid('h')}", {"visit": str(HELD), "reason": "诉讼"})
    assert held.status_code == 201
    world.ctx.retention = RetentionPolicy(visits=100, positions=0)
    assert (await states(world))[str(VISIT)] == "closed"
    assert (await night(world, 99)).counts == {}
    later(world, days=3)
    shown = await retention.preview(world.ctx)
    assert (shown.counts, shown.kept) == ({"visits": 1}, 2)
    assert (await states(world)).keys() == {str(VISIT), str(HELD), str(OPEN)}  # a preview changes nothing
    assert (await night(world, 102)).counts == {"visits": 1}
    assert await retention.run_night(world.ctx) is None  # once a night
    assert (await states(world)).keys() == {str(HELD), str(OPEN)}
    assert (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).status_code == 410
    assert [run.counts for run in await retention.last_runs(world.ctx)] == [{"visits": 1}, {}]
    assert await clean(world)
    await world.ask("wang", "PUT", f"/v1/holds/{uid('h')}/end", {"reason": "结案"})
    assert (await night(world, 203)).counts == {"visits": 1}
    assert (await states(world)).keys() == {str(OPEN)}


async def test_a_visit_that_cannot_be_erased_holds_up_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for visit in (VISIT, HELD):
        await visited(world, visit)
    world.ctx.retention = RetentionPolicy(visits=100, positions=0, looks=100)
    erase_visit = erasing.erase_visit

    async def fails_for_one(ctx: AppContext, visit: UUID, *args: Any, **more: Any) -> Any:
        if visit == VISIT:
            raise ValueError("its body cannot be read")
        return await erase_visit(ctx, visit, *args, **more)

    monkeypatch.setattr(erasing, "erase_visit", fails_for_one)
    counts = (await night(world, 102)).counts
    assert counts["visits"] == 1
    assert (await states(world)).keys() == {str(VISIT)}
    assert len(await retention.last_runs(world.ctx)) == 1  # the night ended, with the terms after it


async def test_two_servers_do_not_do_it_twice(world: World) -> None:
    world.ctx.retention = RetentionPolicy(visits=1, positions=0)
    stand(world.ctx, datetime.fromisoformat("2026-03-12T04:00:00+08:00"))
    assert await retention.claim(world.ctx, "2026-03-12")  # another server, which then dies
    assert await retention.run_night(world.ctx) is None
    later(world, minutes=11)
    assert await retention.run_night(world.ctx) is not None


async def test_positions_become_coarse_and_nothing_else_changes(world: World) -> None:
    for visit in (VISIT, HELD):
        await visited(world, visit)
    await world.ask("wang", "PUT", f"/v1/holds/{uid('h')}", {"visit": str(HELD), "reason": "诉讼"})
    found = uid(f"record of {VISIT}")
    before = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()
    raw = (await world.ask("wang", "GET", f"/v1/records/{found}/body")).content
    later(world, days=91)
    assert (await retention.preview(world.ctx)).counts["positions"] == 1
    assert (await night(world, 91)).counts == {"positions": 1}
    after = (await world.ask("wang", "GET", f"/v1/records/{found}/body")).json()
    coarse = {"lat": 31.23, "lon": 121.474}
    assert after["entries"][0]["place"] == coarse
    assert after["entries"][1]["evidence"] == [{"kind": "gps", **coarse}]
    shown = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()
    assert shown["judgement"]["findings"] == before["judgement"]["findings"]
    assert shown["records"][0]["sha256"] == name(raw) == before["records"][0]["sha256"]
    again = await world.submit(raw, found)
    assert (again.status_code, again.json()["replayed"]) == (200, True)
    held = (await world.ask("wang", "GET", f"/v1/records/{uid(f'record of {HELD}')}/body")).json()
    assert held["entries"][0]["place"] == FINE
    assert await clean(world)
    await world.ask("wang", "PUT", f"/v1/holds/{uid('h')}/end", {"reason": "结案"})
    assert (await night(world, 92)).counts == {"positions": 1}  # now that nobody holds it


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"entries": [{"place": {"lat": 1.23456, "lon": 2}}]}', {"entries": [{"place": {"lat": 1.235, "lon": 2}}]}),
        (b'{"entries": [{"place": {"lat": 1.5, "lon": 2}}]}', None),
        (b'{"entries": [{"place": "lat"}], "x": {"lat": 1.23456}}', None),
        (b'{"entries": [{"evidence": [7, {"lat": "1.23456"}]}]}', None),
        (b'{"entries": 7, "lat": 1}', None),
        (b'{"lat": ', None),
    ],
)
def test_only_positions_are_reduced(body: bytes, expected: Any) -> None:
    found = positions.reduced(body)
    assert (found and json.loads(found)) == expected


async def test_smaller_things_go_after_their_terms(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "STEP_SIZE", 1)  # files are looked for one by one
    stray, face, ask = picture(1), picture(2), world.ask
    await world.plan(area="城东")
    await world.submit(record())
    assert (await send_evidence(world, stray)).status_code == 201  # no record names it
    kept = (await world.submit(b"{", uid("q"))).json()["quarantine"]
    assert (await ask("wang", "GET", f"/v1/quarantine/{kept}?reason=看看")).status_code == 200
    decided = {"decision": "discard", "reason": "坏的"}
    assert (await ask("wang", "PUT", f"/v1/quarantine/{kept}/decision", decided)).status_code == 200
    await world.submit(b"[", uid("waits"))
    new = {"login": "zhou", "name": "周某某", "roles": ["technician"], "areas": ["城东"], "badge": "0427"}
    assert (await ask("admin", "POST", "/v1/people", new)).status_code == 201
    assert (await ask("admin", "PUT", "/v1/people/zhou/photo", face, content_type="image/jpeg")).status_code == 204
    assert (await ask("admin", "PUT", "/v1/people/zhou/departure", {"reason": "退休"})).status_code == 200
    token = {"digest": token_digest("old"), "login": "li", "at": world.ctx.clock(), "kind": "session", "device": None}
    token |= {"label": "", "expires_at": None}
    await world.ctx.db.write(lambda tx: tx.execute("add_token", **token))
    days = {"quarantine": 20, "uploads": 20, "looks": 20, "sign_ins": 20, "mails": 20, "staff": 20}
    world.ctx.retention = RetentionPolicy(visits=0, positions=0, **days)
    assert (await night(world, 15)).counts == {}
    later(world, days=10)
    shown = await retention.preview(world.ctx)
    ran = await night(world, 25)
    assert ran.counts == {"quarantine": 1, "uploads": 1, "sign_ins": 1, "codes": 1, "staff": 1}
    assert shown.counts == {**ran.counts, "looks": 1}  # which goes with the input
    waiting = (await ask("wang", "GET", "/v1/quarantine")).json()["items"]
    assert [one["path_id"] for one in waiting] == [str(uid("waits"))]  # nobody has decided about it
    people = (await ask("admin", "GET", "/v1/people")).json()
    [zhou] = [one for one in people["items"] if one["login"] == "zhou"]
    assert (zhou["name"], zhou["badge"]) == ("已删除", "")
    for file in (stray, face):
        with pytest.raises(FileNotFoundError):
            async with world.ctx.evidence_storage.blobs.open_local(bytes.fromhex(name(file))):
                pass
    assert (await ask("li", "GET", f"/v1/records/{RECORD}")).status_code == 200
    assert await clean(world)
    assert (await retention.preview(world.ctx)).counts == {}


async def test_the_newest_months_of_erased_visits_are_counted(
    world: World, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run_sql(address, "INSERT INTO erasures (id, at, sha256, body, salt) VALUES ('e', 0, 'e', 'e', 'e')")
    days = ["2025-12-31", "2026-01-01", *["2026-01-31"] * 3, "2026-03-15"]
    for number, day in enumerate(days):
        kind = "repair_leak" if number == 2 else "meter_reading"
        row = f"'{number}', 'e', '{kind}', '', '{day}', 'onsite', '1', 'closed', 'compliant'"
        await run_sql(address, f"INSERT INTO erased_visits VALUES ({row})")  # noqa: S608
    assert await pages.statistics(world.ctx) == [
        ("2026-03", "meter_reading", "compliant", 1),
        ("2026-01", "meter_reading", "compliant", 3),
        ("2026-01", "repair_leak", "compliant", 1),
        ("2025-12", "meter_reading", "compliant", 1),
    ]
    monkeypatch.setattr(pages, "ROWS", 2)
    assert [month for month, *_ in await pages.statistics(world.ctx)] == ["2026-03", "2026-01"]


async def test_nothing_goes_where_all_is_kept_for_good(world: World) -> None:
    await visited(world, VISIT)
    forever = {field.name: 0 for field in msgspec.structs.fields(RetentionPolicy)}
    world.ctx.retention = RetentionPolicy(**forever)
    assert (await night(world, 9_500)).counts == {}
    assert (await retention.preview(world.ctx)).kept == 0


async def test_a_clock_that_is_years_ahead_erases_nothing_for_a_day(world: World):
    doubt = retention.ClockDoubt()
    assert not await doubt.holds_up(world.ctx, 0), "there was no deletion yet"
    await night(world, days=1)
    stand(world.ctx, datetime.fromisoformat("2026-03-10T04:00:00+08:00"))
    assert not await doubt.holds_up(world.ctx, 100), "a week off"
    stand(world.ctx, datetime.fromisoformat("2031-03-10T04:00:00+08:00"))
    assert await doubt.holds_up(world.ctx, 200)
    assert await doubt.holds_up(world.ctx, 200 + retention.DOUBT_SECONDS - 1)
    assert not await doubt.holds_up(world.ctx, 200 + retention.DOUBT_SECONDS), "nobody mended it: it is right"
    stand(world.ctx, datetime.fromisoformat("2026-03-09T04:00:00+08:00"))
    assert not await doubt.holds_up(world.ctx, 300), "it was mended"
    stand(world.ctx, datetime.fromisoformat("2031-03-10T04:00:00+08:00"))
    assert await doubt.holds_up(world.ctx, 200 + retention.DOUBT_SECONDS), "the day begins anew"
