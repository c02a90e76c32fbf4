"""After an erasure nothing of the visit is left anywhere, and the log is whole."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service import errors
from service.audit_log import log
from service.evidence import attach
from service.privacy import erasing
from service.verify.log import verify
from tests.support.api_client import RECORD, VISIT, World, opened_world, problem, record
from tests.support.customer import Customer
from tests.support.evidence import record_naming, send_evidence
from tests.support.factories import a_plan, said, uid
from tests.support.fake_gateway import URL
from tests.support.pictures import name
from tests.support.privacy import (
    HOLD,
    LOST,
    NAME,
    ORDER,
    OTHER,
    PART,
    PHOTO,
    SHARED,
    left_in_folders,
    left_in_postgres,
    lived_through,
    needles,
)
from tests.support.tampering import tampered
from tests.support.uploads import create_upload

WHY = "客户要求 2026-17"


@pytest.fixture
async def world(address: str) -> AsyncIterator[World]:
    async with opened_world(address) as opened:
        yield opened


@pytest.fixture
async def tao(world: World) -> Customer:
    return await lived_through(world)


async def left(world: World, address: str) -> set[str]:
    data = world.ctx.evidence_storage.data
    if address.startswith("sqlite"):
        return left_in_folders(data, Path(address.removeprefix("sqlite:///")).parent)
    return left_in_folders(data) | await left_in_postgres(address)


async def test_nothing_of_the_visit_is_left(world: World, tao: Customer, address: str) -> None:
    found = await left(world, address)
    assert found >= {what for what in needles() if not what.endswith((" in JSON", " as it is searched"))}  # the control
    shown = await erasing.preview(world.ctx, VISIT)
    done = await erasing.erase_visit(world.ctx, VISIT, "admin", WHY)
    assert done.counts == shown.counts
    assert (done.shared_files, done.counts["copies"], done.counts["uploads"]) == (1, 1, 1)
    assert await world.ctx.db.purge()
    assert await left(world, address) == set()
    await log.assign_sequence_numbers(world.ctx.db)
    report = await verify(world.ctx)
    assert (report.faults, report.rows["erasures"]) == ([], 1)
    other = await world.ask("zhao", "GET", f"/v1/visits/{OTHER}")
    assert other.json()["records"][0]["missing_evidence"] == []  # the file that both had
    assert (await world.ask("wang", "GET", f"/v1/evidence/{name(SHARED)}")).status_code == 200
    del tao


async def test_whoever_asks_for_it_learns_that_it_was_erased(world: World, tao: Customer) -> None:
    path = f"/v1/visits/{VISIT}"
    code = (await world.ask("li", "GET", f"{path}/doorstep")).json()
    kept = (await world.ask("wang", "GET", "/v1/quarantine")).json()["items"][0]["id"]
    cursor = (await world.ask("li", "GET", "/v1/agenda")).json()["cursor"]
    held = {"visit": str(VISIT), "reason": WHY}
    assert (await world.ask("wang", "PUT", f"/v1/holds/{HOLD}", held)).status_code == 201
    assert (await world.ask("wang", "PUT", f"/v1/holds/{HOLD}/end", {"reason": WHY})).status_code == 200
    await erasing.erase_visit(world.ctx, VISIT, "admin", WHY)
    reason, details = {"reason": "为什么"}, {"reason": "为什么", "external_ref": "X"}
    requests = [
        ("zhao", "GET", path, None),
        ("zhao", "PUT", path, a_plan()),
        ("zhao", "GET", f"{path}/judgement", None),
        ("zhao", "PUT", f"{path}/details", details),
        ("zhao", "PUT", f"{path}/cancellation", reason),
        ("zhao", "GET", f"{path}/notice", None),
        ("zhao", "POST", f"{path}/notice", {"channel": "sms"}),
        ("zhao", "POST", f"{path}/confirmation-link", None),
        ("zhao", "POST", f"{path}/entries", {"entries": [said("06:41", "appointment_agreed", by="dispatcher")]}),
        ("zhao", "GET", f"{path}/history", None),
        ("wang", "GET", f"{path}/review", None),
        ("wang", "PUT", f"{path}/review", {"findings": []}),
        ("wang", "PUT", f"{path}/assignee", {"person": None}),
        ("wang", "PUT", f"/v1/holds/{uid('h')}", {**reason, "visit": str(VISIT)}),
        ("wang", "PUT", f"/v1/holds/{HOLD}/end", reason),
        ("wang", "PUT", f"{path}/taken-in/{RECORD}", record_naming(PHOTO)),
        ("wang", "GET", f"/v1/quarantine/{kept}?reason=x", None),
        ("wang", "PUT", f"/v1/quarantine/{kept}/decision", {"decision": "discard", "reason": "x"}),
        ("li", "GET", path, None),
        ("li", "PUT", f"/v1/records/{RECORD}", record_naming(PHOTO)),
        ("li", "PUT", f"/v1/records/{uid('new')}", record(uid("new"))),
        ("li", "GET", f"/v1/records/{RECORD}", None),
        ("li", "GET", f"/v1/records/{RECORD}/body", None),
        ("li", "PUT", f"/v1/records/{RECORD}/lost/{name(LOST)}", reason),
        ("li", "PUT", f"{path}/explanations/{uid('e')}", {"finding": "x", "text": "y"}),
        ("li", "PUT", f"{path}/departure", {"at": "2026-03-02T08:30:00+08:00"}),
        ("li", "GET", f"{path}/doorstep", None),
        ("li", "GET", f"/v1/evidence/{name(PHOTO)}", None),
        ("wang", "GET", f"/v1/evidence/{name(PHOTO)}", None),
    ]
    for who, method, asked, content in requests:
        headers = {"if_match": '"0"'} if method == "PUT" else {}
        answer = await world.ask(who, method, asked, content, **headers)
        assert problem(answer) == (410, "erased"), (method, asked, answer.text)
    assert problem(await send_evidence(world, PHOTO)) == (410, "erased")
    assert problem(await create_upload(world, PART)) == (410, "erased")
    assert problem(await tao.ask("GET")) == (410, "erased")
    assert problem(await tao.says(answers=[])) == (410, "erased")
    page = await tao.client.get(f"/c/{tao.token}", headers={"accept-language": "zh-CN"})
    assert page.status_code == 410
    assert "已按规定删除" in page.text
    door = await tao.client.get(code["url"].removeprefix(URL), headers={"accept-language": "zh-CN"})
    assert (door.status_code, "已按规定删除" in door.text) == (410, True)
    agenda = (await world.ask("li", "GET", f"/v1/agenda?since={cursor}")).json()
    assert (agenda["gone"], [one["id"] for one in agenda["visits"]]) == ([str(VISIT)], [])
    for query in ("", f"?q={NAME}", f"?q={ORDER}", "?flag=answered"):
        listed = (await world.ask("zhao", "GET", f"/v1/visits{query}")).json()["items"]
        assert str(VISIT) not in [one["id"] for one in listed]


async def test_a_repetition_erases_nothing_and_a_hold_keeps_everything(world: World, tao: Customer) -> None:
    path, hold = f"/v1/holds/{uid('another hold')}", {"visit": str(VISIT), "reason": "(2026) 沪 0101 民初 77 号"}
    statuses = [(await world.ask("wang", "PUT", path, hold)).status_code for _ in range(2)]
    assert statuses == [201, 200]
    assert problem(await world.ask("wang", "PUT", path, {**hold, "reason": "别的"})) == (409, "content-differs")
    assert problem(await world.ask("zhao", "PUT", path, hold)) == (403, "not-allowed")
    assert problem(await world.ask("qian", "PUT", path, hold)) == (404, "not-found")
    with pytest.raises(errors.Held):
        await erasing.erase_visit(world.ctx, VISIT, "admin", WHY)
    [held] = (await world.ask("wang", "GET", "/v1/holds")).json()["holds"]
    assert (held["visit"], held["by"], held["active"]) == (str(VISIT), "wang", True)
    assert problem(await world.ask("qian", "PUT", f"{path}/end", {"reason": "x"})) == (404, "not-found")
    assert problem(await world.ask("wang", "PUT", f"{path}/end", {"reason": " "})) == (422, "invalid-body")
    ends = [await world.ask("wang", "PUT", f"{path}/end", {"reason": why}) for why in ("和解", "again")]
    assert {(one.status_code, one.json()["ended_by"], one.json()["ended_because"]) for one in ends} == {
        (200, "wang", "和解")
    }
    assert (await world.ask("wang", "GET", "/v1/holds")).json()["holds"] == []
    assert ends[0].json() in (await world.ask("wang", "GET", "/v1/holds?ended=true")).json()["holds"]
    await log.assign_sequence_numbers(world.ctx.db)
    assert (await verify(world.ctx)).faults == []
    await erasing.erase_visit(world.ctx, VISIT, "admin", WHY)
    with pytest.raises(errors.Erased):
        await erasing.erase_visit(world.ctx, VISIT, "admin", WHY)
    with pytest.raises(errors.Erased):
        await erasing.preview(world.ctx, VISIT)
    with pytest.raises(errors.NotFound):
        await erasing.erase_visit(world.ctx, uid("no such visit"), "admin", WHY)
    await log.assign_sequence_numbers(world.ctx.db)
    assert (await verify(world.ctx)).faults == []
    del tao


CRIMES = [
    "DELETE FROM erasures",
    "UPDATE erasures SET body = salt",
    "DELETE FROM erased_rows WHERE kind = 'visit.planned'",
    "DELETE FROM erased_rows WHERE kind = 'visit.submitted'",
    "INSERT INTO erased_rows SELECT id, 'visit.submitted', (SELECT id FROM erasures) FROM batches",
    "DELETE FROM log_leaves WHERE id IN (SELECT id FROM erasures)",
    "UPDATE erased_visits SET visit = (SELECT id FROM visits)",
]


async def two_visits(world: World) -> None:
    """Two visits with a record each, of which one is erased."""
    await world.plan()
    await world.plan(OTHER)
    await world.submit(record())
    await world.submit(record(uid("o"), OTHER), uid("o"))
    await log.assign_sequence_numbers(world.ctx.db)
    await erasing.erase_visit(world.ctx, VISIT, "admin", WHY)


@pytest.mark.parametrize("crime", CRIMES)
async def test_verify_tells_an_erasure_from_a_crime(address: str, crime: str) -> None:
    async with opened_world(address) as world:
        await two_visits(world)
        await log.assign_sequence_numbers(world.ctx.db)
        assert (await verify(world.ctx)).faults == []  # the control
        await tampered(address, crime)
        assert (await verify(world.ctx)).faults


async def test_an_erasure_without_a_leaf_is_a_crime(address: str) -> None:
    """Rows that were deleted by hand, and an erasure written beside them, whole but for its leaf."""
    async with opened_world(address) as world:
        await two_visits(world)
        await tampered(address, "DELETE FROM log_leaves WHERE number IS NULL")
        assert [fault for fault in (await verify(world.ctx)).faults if "no leaf in the log" in fault]


async def test_a_photo_of_an_erased_visit_may_come_again_for_another(world: World) -> None:
    """A photo of two visits, of which one was erased before the phone sent the other: the log knows both times."""

    async def is_whole() -> bool:
        await log.assign_sequence_numbers(world.ctx.db)
        return (await verify(world.ctx)).faults == []

    for visit, key in ((VISIT, RECORD), (OTHER, uid("o"))):
        await world.plan(visit)
        assert (await world.submit(record_naming(PHOTO, record_id=key, visit=visit), key)).status_code == 201
        assert (await send_evidence(world, PHOTO)).status_code == 201
        shown = await world.ask("wang", "GET", f"/v1/evidence/{name(PHOTO)}")
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
        assert await is_whole()
        await erasing.erase_visit(world.ctx, visit, "admin", WHY)
        assert await is_whole()
        assert problem(await send_evidence(world, PHOTO)) == (410, "erased")


async def test_a_photo_that_is_being_stored_while_its_visit_is_erased_is_refused(world: World) -> None:
    await world.plan()
    await world.submit(record_naming(PHOTO))
    stored = await attach.store_bytes(world.ctx, PHOTO, bytes.fromhex(name(PHOTO)))
    await erasing.erase_visit(world.ctx, VISIT, "admin", WHY)
    with pytest.raises(errors.Erased):
        await attach.register_upload(world.ctx, stored, "li")
