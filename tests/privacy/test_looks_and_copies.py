"""Looks of the office that are none of their own are noted; and what a customer or a former colleague may ask for."""

import asyncio
import json
from datetime import datetime
from io import BytesIO
from pathlib import Path
from uuid import UUID
from zipfile import ZipFile

import pytest
from PIL import Image

from service import errors
from service.audit_log import log
from service.evidence import thumbnails
from service.privacy import commands, customers, erasing, export, holds, inventory, staff
from service.verify.log import verify
from service.visits import status
from tests.support.api_client import VISIT, World, opened_world, problem, record
from tests.support.desk import leftovers, signed_in, text_of
from tests.support.evidence import record_naming, send_evidence
from tests.support.factories import a_plan, uid
from tests.support.fake_gateway import stand
from tests.support.pictures import name, picture
from tests.support.privacy import ADDRESS, NAME, OLD_PHONE, OTHER, PHONE, PHOTO, lived_through
from tests.support.sql import run_sql

SERIAL = "CAM-20260302-77"
PATH, DESK = f"/v1/visits/{VISIT}", f"/desk/visits/{VISIT}"


async def looks(world: World) -> list[str]:
    steps = (await world.ask("zhao", "GET", f"{PATH}/history")).json()["steps"]
    return [one["by"] for one in steps if one["kind"] == "viewed"]


async def test_looks_that_are_none_of_their_own_are_noted_once_a_day(world: World) -> None:
    await world.plan(area="城东")
    await world.submit(record())
    for who in ("zhao", "li"):  # who planned it, and who goes there
        await world.ask(who, "GET", PATH)
    assert await looks(world) == []
    for _ in range(2):
        assert (await world.ask("wang", "GET", PATH)).status_code == 200
    assert (await world.ask("qian", "GET", PATH)).status_code == 404  # who sees nothing is not noted
    assert await looks(world) == ["wang"]
    await world.ask("wang", "GET", f"{PATH}/review")
    world.ctx.written_looks.clear()  # another server
    await world.ask("wang", "GET", PATH)
    assert await looks(world) == ["wang"]
    now = world.ctx.clock() + 86_400_000
    world.ctx.clock = lambda: now
    await world.ask("wang", "GET", f"{PATH}/judgement")
    assert await looks(world) == ["wang", "wang"]
    assert (await world.ask("wang", "PUT", f"{PATH}/assignee", {"person": "wang"})).status_code == 200
    now += 86_400_000
    await world.ask("wang", "GET", PATH)  # now it is theirs
    assert await looks(world) == ["wang", "wang"]
    await log.assign_sequence_numbers(world.ctx.db)
    assert (await verify(world.ctx)).faults == []


async def test_a_look_that_many_requests_write_at_once_is_written_once(world: World) -> None:
    """Each answer writes what is noted, also what another request noted and is just writing."""
    for visit in (VISIT, OTHER):
        await world.plan(visit, area="城东")
    paths = [f"/v1/visits/{visit}" for visit in (VISIT, OTHER)] * 10
    answers = await asyncio.gather(*(world.ask("wang", "GET", path) for path in paths))
    assert {one.status_code for one in answers} == {200}
    assert await looks(world) == ["wang"]


async def test_a_photo_asked_for_by_its_digest_alone_is_a_look_at_its_visit(world: World) -> None:
    await world.plan(area="城东")
    await world.submit(record_naming(PHOTO))
    assert (await send_evidence(world, PHOTO)).status_code == 201
    address = f"/v1/evidence/{name(PHOTO)}"
    for who in ("zhao", "li"):  # who planned the visit, and who goes there and sent it
        assert (await world.ask(who, "GET", address)).status_code == 200
    assert (await world.ask("qian", "GET", address)).status_code == 404
    assert await looks(world) == []
    first = await world.ask("wang", "GET", address)
    assert first.status_code == 200
    assert await looks(world) == ["wang"]
    again = await world.ask("wang", "GET", address, if_none_match=first.headers["etag"])
    assert again.status_code == 304
    await world.ask("wang", "GET", PATH)  # the same look
    assert await looks(world) == ["wang"]
    world.ctx.written_looks.clear()  # another server
    await world.ask("wang", "GET", address)
    assert await looks(world) == ["wang"]
    now = world.ctx.clock() + 86_400_000
    world.ctx.clock = lambda: now
    await world.ask("wang", "GET", address)
    assert await looks(world) == ["wang", "wang"]
    await log.assign_sequence_numbers(world.ctx.db)
    assert (await verify(world.ctx)).faults == []


async def test_a_copy_has_all_that_is_the_customers_and_no_names_of_staff(sqlite_world: World) -> None:
    world = sqlite_world
    tao = await lived_through(world)
    with ZipFile(BytesIO(await export.export_customer(world.ctx, PHONE, "console", "本人申请"))) as archive:
        names = archive.namelist()
        content = json.loads(archive.read(f"{VISIT}/visit.json"))
    assert f"{VISIT}/{name(PHOTO)}.jpg" in names
    assert not [one for one in names if str(OTHER) in one]
    assert content["plan"]["customer"]["address"] == ADDRESS
    assert OLD_PHONE in json.dumps(content["changes"])
    assert content["technicians"] == [{"name": "李*", "badge": ""}]
    assert content["answers"]
    assert '"li"' not in json.dumps(content)
    steps = (await world.ask("zhao", "GET", f"{PATH}/history")).json()["steps"]
    assert [one["text"] for one in steps if one["by"] == "console"] == ["导出 / exported: 本人申请"]
    with pytest.raises(errors.NotFound):
        await export.export_customer(world.ctx, "13311112222", "console", "x")
    del tao


async def test_what_the_phone_writes_into_a_photo_stays_in_the_sealed_original(sqlite_world: World) -> None:
    world = sqlite_world
    await lived_through(world)
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (22.0, 32.0, 30.0), 3: "E", 4: (114.0, 3.0, 10.0)})
    exif.get_ifd(0x8769)[0xA431] = SERIAL
    original = picture(5, exif=exif)
    record_id = uid("with exif")
    assert (await world.submit(record_naming(original, record_id=record_id), record_id)).status_code in (200, 201)
    assert (await send_evidence(world, original)).status_code == 201
    digest = bytes.fromhex(name(original))
    async with world.ctx.evidence_storage.blobs.open_local(digest) as path:
        assert path.read_bytes() == original
    assert SERIAL.encode() in original  # the control
    for_staff = await world.ask("wang", "GET", f"/v1/evidence/{name(original)}")
    with ZipFile(BytesIO(await export.export_customer(world.ctx, PHONE, "console", "本人申请"))) as archive:
        exported = archive.read(f"{VISIT}/{name(original)}.jpg")
    small = await thumbnails.get_small_rendition(world.ctx, digest)  # on the customer's page and in their copy
    for content in (for_staff.content, exported, small):
        with Image.open(BytesIO(content)) as copy:
            assert (copy.format, dict(copy.getexif()), "exif" in copy.info) == ("JPEG", {}, False)
        assert SERIAL.encode() not in content


@pytest.mark.parametrize(
    ("text", "count"),
    [(PHONE, 1), (OLD_PHONE, 1), (f"+86 {PHONE[:3]} {PHONE[3:]}", 1), (NAME, 1), ("hu-88997766", 1), (NAME[:2], 0)],
)
async def test_a_customer_is_found_by_the_whole_of_a_telephone_name_or_account(
    sqlite_world: World, text: str, count: int
) -> None:
    world = sqlite_world
    customer = {"name": NAME, "phone": OLD_PHONE, "address": ADDRESS, "account": "HU-88997766"}
    await world.ask("zhao", "PUT", PATH, a_plan(area="城东", customer=customer))
    await world.plan(OTHER, area="城东")
    details = {"customer": customer | {"phone": PHONE}, "reason": "换号"}
    assert (await world.ask("zhao", "PUT", f"{PATH}/details", details, if_match='"0"')).status_code == 200
    assert len(await customers.find(world.ctx, text)) == count


@pytest.mark.parametrize(
    ("text", "visit"),
    [
        ("+86 139 8765 0421", VISIT),
        ("28881234", VISIT),
        ("139 8765 0421 / 28881234", VISIT),
        ("HU/1_%!", VISIT),
        ("HU", None),
        ("1", OTHER),
    ],
)
async def test_a_customer_is_found_however_the_number_is_written(world: World, text: str, visit: UUID | None) -> None:
    customer = {"name": NAME, "phone": "13987650421、28881234", "address": ADDRESS, "account": "HU/1_%!"}
    await world.ask("zhao", "PUT", PATH, a_plan(customer=customer))
    await world.ask("zhao", "PUT", f"/v1/visits/{OTHER}", a_plan(customer=customer | {"phone": "02", "account": "1"}))
    found = await customers.find(world.ctx, text, by=("account", "phone"))
    assert [one.visit for one in found] == ([] if visit is None else [str(visit)])


async def test_every_customer_whom_a_visit_named_is_found_until_it_is_erased(world: World, address: str) -> None:
    phones = [f"1390000000{number}" for number in range(3)]
    customer = {"name": NAME, "phone": phones[0], "address": ADDRESS, "account": "HU-1"}
    await world.ask("zhao", "PUT", PATH, a_plan(customer=customer))
    for number, change in enumerate([{"phone": phones[1], "account": "HU-2"}, {"phone": phones[2]}, {"name": "陶"}]):
        customer |= change
        details = {"customer": customer, "reason": "换号"}
        answer = await world.ask("zhao", "PUT", f"{PATH}/details", details, if_match=f'"{number}"')
        assert answer.status_code == 200, answer.text
    every = (*phones, "HU-1", "HU-2", NAME, "陶")
    for text in every:
        assert [one.visit for one in await customers.find(world.ctx, text)] == [str(VISIT)], text
    await log.assign_sequence_numbers(world.ctx.db)
    assert (await verify(world.ctx)).faults == []
    await run_sql(address, "DELETE FROM search_tokens")
    assert "it is not found by all of its texts" in str((await verify(world.ctx)).faults)
    await run_sql(address, "UPDATE visit_summaries SET state = ''")
    assert await status.backfill_summaries(world.ctx) == 1  # as after an upgrade
    for text in every:
        assert len(await customers.find(world.ctx, text)) == 1, text
    await erasing.erase_visit(world.ctx, VISIT, "admin", "y")
    assert await customers.find(world.ctx, phones[0]) == []
    assert await run_sql(address, "DELETE FROM search_tokens") in (0, "DELETE 0")


async def test_all_visits_of_a_customer_go_after_the_list_is_confirmed(address: str) -> None:
    async with opened_world(address) as world:
        for one in (VISIT, uid("second")):
            await world.ask("zhao", "PUT", f"/v1/visits/{one}", a_plan(customer={"name": NAME, "phone": PHONE}))
        await world.plan(OTHER)
        given = {"by": "admin", "why": "客户要求"}
        shown = await commands.erase_customer(world.ctx, PHONE, **given, confirmed=None, dry_run=True)
        assert (len(shown.erased), shown.dry_run) == (2, True)
        for wrong in (None, 1, 3):
            with pytest.raises(commands.Unconfirmed, match="--yes 2"):
                await commands.erase_customer(world.ctx, PHONE, **given, confirmed=wrong, dry_run=False)
        done = await commands.erase_customer(world.ctx, PHONE, **given, confirmed=2, dry_run=False)
        assert (len(done.erased), done.purged) == (2, True)
        assert await customers.find(world.ctx, PHONE) == []
        assert (await world.ask("zhao", "GET", f"/v1/visits/{OTHER}")).status_code == 200
        with pytest.raises(errors.NotFound):
            await commands.erase_customer(world.ctx, PHONE, **given, confirmed=2, dry_run=False)


async def test_of_a_former_colleague_the_login_stays(address: str) -> None:
    async with opened_world(address) as world:
        new = {"login": "zhou", "name": "周某某", "roles": ["technician"], "areas": ["城东"], "badge": "工号0427"}
        assert (await world.ask("admin", "POST", "/v1/people", new)).status_code == 201
        face = picture(3)
        await world.ask("admin", "PUT", "/v1/people/zhou/photo", face, content_type="image/jpeg")
        with pytest.raises(errors.StillHere):
            await staff.preview_person(world.ctx, "zhou")
        await world.ask("admin", "PUT", "/v1/people/zhou/departure", {"reason": "周某某退休"})
        shown = await commands.erase_person(world.ctx, "zhou", "admin", "x", dry_run=True)
        done = await commands.erase_person(world.ctx, "zhou", "admin", "x", dry_run=False)
        assert done.erased[0].counts == shown.erased[0].counts
        assert done.erased[0].counts["events"] >= 3
        await log.assign_sequence_numbers(world.ctx.db)
        assert (await verify(world.ctx)).faults == []
        if address.startswith("sqlite"):
            folder = Path(address.removeprefix("sqlite:///")).parent
            contents = b"".join(path.read_bytes() for path in folder.glob("doorstep.db*"))
            assert "周某某".encode() not in contents
            assert "工号0427".encode() not in contents
        with pytest.raises(errors.Erased):
            await staff.erase_person(world.ctx, "zhou", "admin", "x")
        again = await world.ask("admin", "POST", "/v1/people", new)
        assert (again.status_code, again.json()["code"]) == (409, "login-taken")  # it is never used again
        assert (await send_evidence(world, face)).status_code == 410


async def test_the_desk_shows_the_table_and_what_was_erased(sqlite_world: World) -> None:
    world = sqlite_world
    await world.plan(area="城东")
    await world.submit(record())
    wang, admin, zhao = [await signed_in(world, who) for who in ("wang", "admin", "zhao")]
    page = await wang.get(DESK)
    assert "这次上门不是您的任务" in text_of(page)
    assert "这次上门不是您的任务" not in text_of(await zhao.get(DESK))
    assert (await zhao.get("/desk/privacy")).status_code == 403
    for browser in (wang, admin):
        page = await browser.get("/desk/privacy")
        assert (page.status_code, leftovers(page)) == (200, [])
        assert all(kind.zh in text_of(page) for kind in inventory.kinds())
    await erasing.erase_visit(world.ctx, VISIT, "admin", "x")
    assert "2026-03 repair_leak" in text_of(await admin.get("/desk/privacy"))
    gone = await wang.get(DESK)
    assert gone.status_code == 410
    assert "已按规定删除" in text_of(gone)


async def test_a_hold_until_a_day_holds_that_day_and_none_is_set_that_is_over(sqlite_world: World) -> None:
    world = sqlite_world
    await world.plan(area="城东")
    wang = await signed_in(world, "wang")
    form, kinds = "/desk/privacy/holds", ({"visit": str(VISIT)}, {"account": "1001"})
    for what in kinds:
        gone = await wang.post(form, what | {"hold_reason": "诉讼 77 号", "hold_until": "2026-03-01"})
        assert (gone.status_code, "保全不会生效" in text_of(gone)) == (422, True)
        over = what | {"reason": "诉讼 77 号", "until": "2026-03-02T11:59:59+08:00"}
        assert problem(await world.ask("wang", "PUT", f"/v1/holds/{uid('hold')}", over)) == (422, "invalid-body")
    assert await erasable(world)
    for what in kinds:
        done = await wang.post(form, what | {"hold_reason": "诉讼 77 号", "hold_until": "2026-03-02"})
        assert done.status_code == 303
        stand(world.ctx, "23:59")
        assert not await erasable(world)
        stand(world.ctx, datetime.fromisoformat("2026-03-03T00:00:00+08:00"))
        assert await erasable(world)
        stand(world.ctx, "12:00")


async def erasable(world: World) -> bool:
    return not await world.ctx.db.read(lambda tx: holds.is_held(world.ctx, tx, VISIT))
