"""The desk's form for the file that a phone exported."""

import pytest

from service.evidence.phone_export_pages import MAX_BYTES
from tests.support.api_client import RECORD, VISIT, World, record
from tests.support.desk import DeskBrowser, signed_in, text_of
from tests.support.factories import encode, said, uid
from tests.support.phone_exports import NOON, PAGE, PHOTO, a_file, a_record, an_export, counts, hand_in
from tests.support.pictures import name


@pytest.fixture
async def wang(world: World) -> DeskBrowser:
    """The supervisor, with a planned visit of 李."""
    assert (await world.plan()).status_code == 201
    return await signed_in(world, "wang")


async def test_records_and_photos_are_taken_once(wang: DeskBrowser) -> None:
    assert f'href="{PAGE}"' in (await wang.get("/desk/quarantine")).text
    raw = an_export(a_record(), files=[a_file()])
    page = await hand_in(wang, raw)
    assert (page.status_code, counts(page)) == (200, (2, 0, 0))
    receipt = (await wang.world.ask("li", "GET", f"/v1/records/{RECORD}")).json()
    assert (receipt["state"], receipt["taken_in_by"]) == ("complete", "wang")
    page = await hand_in(wang, raw)
    assert (page.status_code, counts(page)) == (200, (0, 2, 0))
    body = (await wang.world.ask("wang", "GET", f"/v1/records/{RECORD}/body")).content
    assert (await wang.world.submit(body)).status_code == 200  # the phone comes later after all


async def test_a_photo_of_a_record_that_the_phone_had_sent_counts(wang: DeskBrowser) -> None:
    evidence = [{"kind": "photo", "sha256": name(PHOTO)}]
    sent = encode(record(entries=[said("09:10", "meter_damage_photo", evidence=evidence)]))
    assert (await wang.world.submit(sent)).json()["state"] == "awaiting_evidence"
    page = await hand_in(wang, an_export(a_record(sent, state="stored"), files=[a_file()]))
    assert counts(page) == (1, 1, 0)
    assert (await wang.world.ask("li", "GET", f"/v1/records/{RECORD}")).json()["state"] == "complete"


async def test_one_that_is_refused_says_why_and_does_not_concern_the_others(wang: DeskBrowser) -> None:
    damaged = encode(record(uid("damaged")))
    records = [
        a_record(b"not JSON", id=str(uid("a"))),
        a_record(encode(record(uid("b"), uid("nobody's"))), id=str(uid("b")), visit=str(uid("nobody's"))),
        a_record(encode(record(uid("c"))), id=str(uid("c")), person="sun"),
        a_record(damaged, id=str(uid("damaged")), sha256="0" * 64),
        a_record(encode(record(uid("e"))), id=str(uid("e")), visit=str(uid("another"))),
        a_record(),
    ]
    files = [a_file(b"no picture at all"), a_file(PHOTO[:-1] + b"x", sha256=name(PHOTO)), a_file()]
    page = await hand_in(wang, an_export(*records, files=files))
    assert (page.status_code, counts(page)) == (200, (2, 0, 7))
    text = text_of(page)
    for why in ("内容不是有效的 JSON", "没有找到", "这不是您的上门任务", "编号不一致", "照片"):
        assert why in text, why
    view = (await wang.world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()
    assert [one["record"] for one in view["records"]] == [str(RECORD)]


async def test_a_record_with_other_bytes_is_refused(wang: DeskBrowser) -> None:
    assert counts(await hand_in(wang, an_export(a_record()))) == (1, 0, 0)
    other = a_record(encode(record(entries=[said("09:30", "left")])))
    assert counts(await hand_in(wang, an_export(other))) == (0, 0, 1)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        encode({"format": "doorstep-export@2", "exported_at": NOON, "records": [], "files": []}),
        an_export(a_record(bytes="no Base64!")),
        an_export(a_record(id="no uuid")),
        an_export(a_record(created_at="0001-01-01T00:00:00+00:00")),
        an_export(files=[a_file(sha256="../../etc/passwd")]),
        an_export(exported_at="yesterday"),
    ],
)
async def test_what_is_no_export_is_refused_as_a_whole(wang: DeskBrowser, raw: bytes) -> None:
    page = await hand_in(wang, raw)
    assert page.status_code in (400, 422)
    assert 'role="alert"' in page.text
    assert (await wang.world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()["records"] == []


async def test_bounds(wang: DeskBrowser) -> None:
    assert (await hand_in(wang, b" " * (MAX_BYTES + 1))).status_code == 413
    assert (await hand_in(wang, b" " * (MAX_BYTES + 2**17))).status_code == 413
    large = encode(record(app="x", more="y" * 2**21))
    assert counts(await hand_in(wang, an_export(a_record(large)))) == (0, 0, 1)
    page = await hand_in(wang, an_export(files=[a_file(b"x" * (2**23 + 1))]))
    assert counts(page) == (0, 0, 1)


async def test_only_supervisors_take_it_in(world: World) -> None:
    await world.plan()
    for login in ("zhao", "li", "admin"):
        browser = await signed_in(world, login)
        assert (await browser.get(PAGE)).status_code == 403, login
        assert (await hand_in(browser, an_export(a_record()))).status_code == 403, login
        assert PAGE not in (await browser.get("/desk/quarantine")).text
    foreign = await signed_in(world, "qian")  # of another area
    page = await hand_in(foreign, an_export(a_record(), files=[a_file()]))
    assert "没有找到" in text_of(page)
    assert (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()["records"] == []
    wang = await signed_in(world, "wang")
    wang.cookies["__Host-doorstep-csrf"] = "x" * 43
    assert (await hand_in(wang, an_export(a_record()))).status_code == 403
