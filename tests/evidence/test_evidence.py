"""Photos come before or after the record that names them; a receipt says what is missing, and complete only then."""

import gzip
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from PIL import Image

from service import errors
from service.evidence import attach, thumbnails
from service.verify import log
from service.visits import evidence_files, summaries
from service.visits import status as standing
from service.web import body
from tests.support.api_client import RECORD, VISIT, World, problem
from tests.support.evidence import ITEM, record_naming, send_evidence
from tests.support.factories import TOKENS, Town, a_record, said, uid
from tests.support.pictures import name, picture
from tests.support.sql import run_sql

ONE, TWO = picture(1), picture(2, "PNG")


async def flags(world: World, visit: UUID = VISIT) -> tuple[str, ...]:
    """Those on the board, which lists show."""
    posted = await world.ctx.db.read(lambda tx: summaries.get_summary(tx, visit))
    assert posted is not None
    seen = (await world.ask("zhao", "GET", f"/v1/visits/{visit}")).json()
    assert tuple(seen["flags"]) == posted.flags
    return posted.flags


async def test_the_last_file_makes_the_record_complete(world: World):
    await world.plan()
    receipt = (await world.submit(record_naming(ONE, TWO))).json()
    assert receipt["state"] == "awaiting_evidence"
    assert receipt["missing_evidence"] == [name(ONE), name(TWO)]
    assert "awaiting_evidence" in await flags(world)
    assert (await send_evidence(world, ONE)).status_code == 201
    receipt = (await world.ask("li", "GET", f"/v1/records/{RECORD}")).json()
    assert (receipt["state"], receipt["missing_evidence"]) == ("awaiting_evidence", [name(TWO)])
    assert "awaiting_evidence" in await flags(world)
    cursor = (await world.ask("li", "GET", "/v1/agenda")).json()["cursor"]
    assert (await send_evidence(world, TWO, kind="image/png")).status_code == 201
    receipt = (await world.submit(record_naming(ONE, TWO))).json()
    assert (receipt["replayed"], receipt["state"], receipt["missing_evidence"]) == (True, "complete", [])
    assert "awaiting_evidence" not in await flags(world)
    news = (await world.ask("li", "GET", f"/v1/agenda?since={cursor}")).json()
    assert [one["id"] for one in news["visits"]] == [str(VISIT)]
    assert news["visits"][0]["records"][0]["missing_evidence"] == []


async def test_evidence_may_come_before_the_record(world: World):
    await world.plan()
    assert (await send_evidence(world, ONE)).status_code == 201
    assert (await send_evidence(world, ONE)).status_code == 200
    receipt = (await world.submit(record_naming(ONE))).json()
    assert (receipt["state"], receipt["missing_evidence"]) == ("complete", [])
    assert "awaiting_evidence" not in await flags(world)


async def test_what_somebody_else_sent_is_still_missing_and_opens_nothing(world: World):
    await world.plan()
    await world.plan(uid("w"), technician="sun")
    assert (await send_evidence(world, ONE)).status_code == 201
    assert (await world.submit(record_naming(ONE))).json()["state"] == "complete"
    theirs = record_naming(ONE, record_id=uid("s"), visit=uid("w"))
    receipt = (await world.submit(theirs, uid("s"), who="sun")).json()
    assert receipt["missing_evidence"] == [name(ONE)]  # he knows the digest, and that is all
    assert problem(await world.ask("sun", "GET", f"/v1/evidence/{name(ONE)}")) == (404, "not-found")
    assert problem(await send_evidence(world, TWO, "sun", name(ONE))) == (422, "digest-differs")
    assert (await world.ask("sun", "GET", f"/v1/records/{uid('s')}")).json()["state"] == "awaiting_evidence"
    assert (await send_evidence(world, ONE, "sun")).status_code == 201  # the bytes themselves
    assert (await world.ask("sun", "GET", f"/v1/records/{uid('s')}")).json()["state"] == "complete"
    assert (await world.ask("sun", "GET", f"/v1/evidence/{name(ONE)}")).status_code == 200


async def test_a_file_is_read_through_a_visit_that_one_may_see(world: World):
    await world.plan(area="城东")
    await send_evidence(world, ONE)
    path = f"/v1/evidence/{name(ONE)}"
    assert problem(await world.ask("li", "GET", path)) == (404, "not-found")  # no visit names it
    await world.submit(record_naming(ONE))
    for who, status in {"li": 200, "zhao": 200, "wang": 200, "sun": 404, "qian": 404, "admin": 404}.items():
        assert (await world.ask(who, "GET", path)).status_code == status, who
    await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/technician", {"technician": "sun"}, if_match='"0"')
    for who, status in {"li": 200, "sun": 200, "qian": 404}.items():  # his own record stays his
        assert (await world.ask(who, "GET", path)).status_code == status, who


async def test_the_copy_is_cached_privately_and_asked_for_each_time(world: World):
    await world.plan()
    await send_evidence(world, ONE)
    await world.submit(record_naming(ONE))
    path = f"/v1/evidence/{name(ONE)}"
    shown = await world.ask("li", "GET", path)
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert shown.headers["cache-control"] == "private, no-store"  # a computer of the office may be shared
    again = await world.ask("li", "GET", path, if_none_match=shown.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert (await world.ask("sun", "GET", path, if_none_match=shown.headers["etag"])).status_code == 404


async def test_what_is_no_photo_is_refused(small_world: World):
    world = small_world
    for raw, kind, told in (
        (b"GIF89a" + bytes(50), "image/jpeg", (415, "not-photo")),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "application/octet-stream", (415, "not-photo")),
        (b"", "image/jpeg", (415, "not-photo")),
        (b"\xff\xd8\xff" + bytes(50), "image/jpeg", (422, "photo-unreadable")),  # it goes on, and says no size
    ):
        assert problem(await send_evidence(world, raw, kind=kind)) == told, (raw[:20], kind)
    assert problem(await world.ask("li", "PUT", "/v1/evidence/short", ONE, content_type="image/jpeg"))[0] == 404
    assert problem(await send_evidence(world, ONE, None))[0] == 401
    assert problem(await send_evidence(world, ONE, "admin")) == (403, "not-allowed")
    assert (await send_evidence(world, ONE, kind="application/octet-stream")).status_code == 201
    assert (await send_evidence(world, ONE, kind="image/jpeg; q=1")).status_code == 200
    assert not [path for path in world.ctx.evidence_storage.incoming.iterdir() if path.is_file()]


async def test_what_a_file_is_is_seen_in_its_bytes_and_no_content_type_is_needed(small_world: World):
    headers = {"authorization": "Bearer token of li"}
    for raw, status in ((ONE, 201), (TWO, 201), (b"GIF89a" + bytes(50), 415)):
        sent = small_world.client.build_request("PUT", f"/v1/evidence/{name(raw)}", content=raw, headers=headers)
        assert "content-type" not in sent.headers
        assert (await small_world.client.send(sent)).status_code == status


@pytest.mark.parametrize(
    "label",
    [
        "image/jpg",
        "image/pjpeg",
        "image/heic",
        "image/*",
        "image/png",
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
        "nonsense",
        "",
    ],
)
async def test_a_photo_is_taken_whatever_its_label(small_world: World, label: str):
    assert (await send_evidence(small_world, ONE, kind=label)).status_code == 201


async def test_a_packed_photo_is_unpacked_and_what_is_packed_otherwise_may_be_mended(small_world: World):
    world, path = small_world, f"/v1/evidence/{name(ONE)}"
    for raw, coding in (
        (ONE, "br"),
        (ONE, "gzip"),
        (gzip.compress(ONE)[:-9], "gzip"),
        (gzip.compress(ONE) + gzip.compress(ONE), "gzip"),
    ):
        answer = await world.ask("li", "PUT", path, raw, content_type="image/jpeg", content_encoding=coding)
        assert problem(answer) == (415, "wrong-media-type"), coding
    bomb = gzip.compress(bytes(20 * 2**20))
    digest = sha256(bytes(20 * 2**20)).hexdigest()
    answer = await world.ask("li", "PUT", f"/v1/evidence/{digest}", bomb, content_encoding="gzip")
    assert problem(answer) == (413, "file-too-large")
    for coding, status in (("GZIP", 201), ("x-gzip", 200), ("identity", 200)):
        raw = ONE if coding == "identity" else gzip.compress(ONE)
        assert (await world.ask("li", "PUT", path, raw, content_encoding=coding)).status_code == status


async def test_what_cameras_of_phones_make_is_taken_and_shown(small_world: World):
    for size in ((8192, 6144), (12000, 9000)):
        out = BytesIO()
        Image.new("L", size, 128).save(out, "JPEG", quality=30)
        raw = out.getvalue()
        assert (await send_evidence(small_world, raw)).status_code == 201
    shown = await thumbnails.get_rendition(small_world.ctx, bytes.fromhex(name(raw)))
    assert Image.open(BytesIO(shown)).size == (1600, 1200)


async def test_who_may_not_send_something_is_told_before_its_body_is_read(small_world: World):
    read: list[str] = []

    async def watched():
        read.append(path)
        yield ONE

    tus = {"tus-resumable": "1.0.0", "upload-offset": "0", "content-type": "application/offset+octet-stream"}
    for who, method, path, told in (
        ("li", "PUT", "/v1/people/li/photo", 403),
        ("admin", "PUT", f"/v1/evidence/{name(ONE)}", 403),
        ("admin", "PATCH", f"/v1/uploads/{RECORD}", 403),
        ("li", "PATCH", f"/v1/uploads/{RECORD}", 404),
        ("admin", "PUT", "/v1/people/li/photo", 204),  # the control: this one is read
    ):
        headers = {"authorization": f"Bearer token of {who}", **(tus if method == "PATCH" else {})}
        answer = await small_world.client.request(method, path, content=watched(), headers=headers)
        assert answer.status_code == told, (who, path, answer.text)
    assert read == ["/v1/people/li/photo"]


async def test_a_file_over_the_limit_is_refused_also_unannounced(small_world: World):
    world = small_world
    world.ctx.evidence_storage = msgspec.structs.replace(world.ctx.evidence_storage, max_file=1000)
    large = ONE + bytes(2000)
    assert problem(await send_evidence(world, large)) == (413, "file-too-large")

    async def unannounced():
        for start in range(0, len(large), 100):
            yield large[start : start + 100]

    with pytest.raises(errors.FileTooLarge):
        await attach.attach_file(world.ctx, TOKENS["li"], bytes(32), _limited(unannounced(), 1000))


async def _limited(parts: Any, limit: int):
    """What HTTP does while it reads."""

    async def receive() -> Any:
        part = await anext(parts, None)
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async for part in body.stream_body({"headers": []}, receive, limit):  # type: ignore[typeddict-item]
        yield part


async def test_pixels_are_counted_before_anything_is_decoded(small_world: World):
    bomb = bytearray(picture(1, "PNG"))
    bomb[16:24] = (40000).to_bytes(4) * 2
    assert problem(await send_evidence(small_world, bytes(bomb), kind="image/png")) == (413, "file-too-large")


async def test_a_file_that_will_never_come_is_given_up_and_counts_as_lacking(world: World):
    await world.plan(area="城东")
    receipt = (await world.submit(record_naming(ONE))).json()
    codes = {one["code"] for one in receipt["findings"]}
    lacking = f"evidence.{ITEM}.photo"
    assert lacking not in codes
    path = f"/v1/records/{RECORD}/lost/{name(ONE)}"
    for who, told in {"sun": (404, "not-found"), "zhao": (403, "not-allowed"), "qian": (404, "not-found")}.items():
        assert problem(await world.ask(who, "PUT", path, {"reason": "手机掉进水里"})) == told, who
    assert problem(await world.ask("li", "PUT", path, {"reason": " "})) == (422, "invalid-body")
    assert problem(await world.ask("li", "PUT", path.replace(name(ONE), name(TWO)), {"reason": "x"}))[0] == 404
    given = await world.ask("li", "PUT", path, {"reason": "手机掉进水里"})
    assert given.status_code == 200, given.text
    assert given.json()["state"] == "complete"
    assert lacking in {one["code"] for one in given.json()["findings"]}
    assert "awaiting_evidence" not in await flags(world)
    again = await world.ask("li", "PUT", path, {"reason": "手机掉进水里"})
    assert (again.status_code, again.json()["replayed"]) == (200, True)
    assert problem(await world.ask("wang", "PUT", path, {"reason": "另一个"})) == (409, "content-differs")
    assert (await log.verify(world.ctx)).faults == []
    await send_evidence(world, ONE)  # it comes after all
    receipt = (await world.ask("li", "GET", f"/v1/records/{RECORD}")).json()
    assert (receipt["state"], lacking in {one["code"] for one in receipt["findings"]}) == ("complete", False)


async def test_the_office_sees_why_a_file_was_given_up_and_who_goes_does_not(world: World):
    await world.plan(area="城东")
    await world.submit(record_naming(ONE, TWO))
    path = f"/v1/records/{RECORD}/lost/{name(ONE)}"
    assert (await world.ask("wang", "PUT", path, {"reason": "手机掉进水里"})).status_code == 200

    async def seen(who: str) -> Any:
        return (await world.ask(who, "GET", f"/v1/visits/{VISIT}")).json()["records"][0]["lost"]

    (told,) = await seen("zhao")
    assert (told["sha256"], told["reason"], told["by"]) == (name(ONE), "手机掉进水里", "wang")
    assert told["at"].startswith("2026-03-02T12:00")
    assert await seen("wang") == [told]
    assert await seen("li") == []
    agenda = (await world.ask("li", "GET", "/v1/agenda")).json()
    assert "手机掉进水里" not in str(agenda)
    await send_evidence(world, ONE)  # it comes after all
    assert await seen("zhao") == []


async def test_a_picture_that_was_cut_off_is_kept_as_it_came_and_said_to_be_damaged(world: World):
    whole = {kind: picture(5, kind, (400, 300)) for kind in ("JPEG", "PNG", "WEBP")}
    cut = [raw[: len(raw) * 2 // 3] for raw in whole.values()]
    behind = [raw + b"what a telephone adds" * 5000 for raw in whole.values()]
    await world.plan(area="城东")
    await world.submit(record_naming(*cut, *whole.values(), *behind))
    for raw in (*cut, *whole.values(), *behind):
        assert (await send_evidence(world, raw, kind="application/octet-stream")).status_code == 201
    for who in ("li", "zhao"):
        (record,) = (await world.ask(who, "GET", f"/v1/visits/{VISIT}")).json()["records"]
        assert record["missing_evidence"] == []
        assert record["damaged_evidence"] == [name(raw) for raw in cut]
    for raw in cut:
        assert problem(await world.ask("zhao", "GET", f"/v1/evidence/{name(raw)}")) == (422, "photo-unreadable")
        async with world.ctx.evidence_storage.blobs.open_local(bytes.fromhex(name(raw))) as kept:
            assert kept.read_bytes() == raw
    assert (await log.verify(world.ctx)).faults == []


async def test_a_picture_that_was_cut_off_before_its_size_is_kept_too_and_never_decoded(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    exif = Image.Exif()
    exif[0x010E] = "x" * 60_000
    long = picture(6, exif=exif)
    assert len(long) > 60_000
    cut = [long[:40_000], long[:200], ONE[:20], ONE[:3], picture(6, "WEBP")[:20], TWO[:8], TWO[:23]]
    started: list[Path] = []

    async def run(original: Path, new: Path) -> int:
        started.append(original)
        return await copier_run(original, new)

    copier_run = thumbnails._run
    monkeypatch.setattr(thumbnails, "_run", run)
    await world.plan(area="城东")
    await world.submit(record_naming(*cut, ONE))
    for raw in (*cut, ONE):
        assert (await send_evidence(world, raw, kind="application/octet-stream")).status_code == 201, raw[:20]
    (record,) = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()["records"]
    assert record["missing_evidence"] == []
    assert record["damaged_evidence"] == [name(raw) for raw in cut]
    for raw in cut:
        assert problem(await world.ask("zhao", "GET", f"/v1/evidence/{name(raw)}")) == (422, "photo-unreadable")
    assert started == []
    assert (await world.ask("zhao", "GET", f"/v1/evidence/{name(ONE)}")).status_code == 200  # the control
    assert len(started) == 1
    assert (await log.verify(world.ctx)).faults == []


async def test_half_a_face_is_on_no_card(world: World):
    for raw in (ONE[:20], ONE[: len(ONE) // 2]):
        answer = await world.ask("admin", "PUT", "/v1/people/li/photo", raw, content_type="image/jpeg")
        assert problem(answer) == (422, "photo-unreadable")
    assert (await world.ask("admin", "PUT", "/v1/people/li/photo", ONE, content_type="image/jpeg")).status_code == 204


async def test_a_supervisor_gives_up_what_a_technician_lost(world: World):
    await world.plan(area="城东")
    await world.submit(record_naming(ONE))
    given = await world.ask("wang", "PUT", f"/v1/records/{RECORD}/lost/{name(ONE)}", {"reason": "手机丢了"})
    assert given.json()["state"] == "complete"


async def test_who_took_in_a_record_may_send_its_files(world: World):
    await world.plan(area="城东")
    taken = await world.ask("wang", "PUT", f"/v1/visits/{VISIT}/taken-in/{RECORD}", record_naming(ONE))
    assert taken.json()["state"] == "awaiting_evidence"
    assert (await send_evidence(world, ONE, "wang")).status_code == 201
    assert (await world.ask("li", "GET", f"/v1/records/{RECORD}")).json()["state"] == "complete"
    assert "awaiting_evidence" not in await flags(world)


async def test_files_of_the_office_are_awaited_too(world: World):
    await world.plan()
    entry = said("11:00", "nobody_home", by="office", evidence=[{"kind": "photo", "sha256": name(ONE)}])
    assert (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", {"entries": [entry]})).status_code < 300
    assert "awaiting_evidence" in await flags(world)
    assert (await send_evidence(world, ONE, "wang")).status_code == 201
    assert "awaiting_evidence" in await flags(world)
    assert (await send_evidence(world, ONE, "zhao")).status_code == 201
    assert "awaiting_evidence" not in await flags(world)


def lacking(receipt: Any) -> list[str]:
    return receipt.json()["missing_evidence"]


async def test_who_takes_in_a_record_that_is_here_may_send_what_it_lacks(world: World):
    await world.plan(area="城东")
    await world.submit(record_naming(ONE, TWO))
    assert (await send_evidence(world, ONE, "wang")).status_code == 201
    assert lacking(await world.ask("li", "GET", f"/v1/records/{RECORD}")) == [name(ONE), name(TWO)]  # the control
    path = f"/v1/visits/{VISIT}/taken-in/{RECORD}"
    taken = await world.ask("wang", "PUT", path, record_naming(ONE, TWO))
    assert (taken.status_code, lacking(taken)) == (200, [name(TWO)])  # the one that he had sent is here
    assert "awaiting_evidence" in await flags(world)
    assert (await send_evidence(world, TWO, "zhao", kind="image/png")).status_code == 201
    assert "awaiting_evidence" in await flags(world)  # nobody else stands in
    assert (await send_evidence(world, TWO, "wang", kind="image/png")).status_code == 201
    assert lacking(await world.ask("li", "GET", f"/v1/records/{RECORD}")) == []
    assert "awaiting_evidence" not in await flags(world)
    assert (await world.ask("zhao", "GET", f"/v1/evidence/{name(TWO)}")).status_code == 200
    again = await world.ask("wang", "PUT", path, record_naming(ONE, TWO))
    assert (again.status_code, again.json()["state"]) == (200, "complete")
    other = await world.ask("wang", "PUT", path, record_naming(ONE))
    assert problem(other) == (409, "content-differs")
    assert (await log.verify(world.ctx)).faults == []


async def test_a_file_of_the_office_that_never_comes_is_shown_and_given_up(world: World):
    await world.plan(area="城东")
    entry = said("11:00", "nobody_home", by="office", evidence=[{"kind": "photo", "sha256": name(ONE)}])
    await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", {"entries": [entry]})
    seen = (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()
    (awaited,) = seen["awaited"]
    assert (awaited["writer"], awaited["missing_evidence"], awaited["lost"]) == ("zhao", [name(ONE)], [])
    assert (await world.ask("li", "GET", f"/v1/visits/{VISIT}")).json()["awaited"] == []
    path = f"/v1/records/{awaited['batch']}/lost/{name(ONE)}"
    assert problem(await world.ask("li", "PUT", path, {"reason": "x"})) == (403, "not-allowed")
    assert problem(await world.ask("qian", "PUT", path, {"reason": "x"})) == (404, "not-found")
    unnamed = await world.ask("wang", "PUT", f"/v1/records/{awaited['batch']}/lost/{name(TWO)}", {"reason": "x"})
    assert problem(unnamed) == (404, "not-found")
    given = [await world.ask("zhao", "PUT", path, {"reason": "照片删了"}) for _ in range(2)]
    assert [one.status_code for one in given] == [200, 200]
    assert problem(await world.ask("wang", "PUT", path, {"reason": "另一原因"})) == (409, "content-differs")
    assert "awaiting_evidence" not in await flags(world)
    (awaited,) = (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()["awaited"]
    assert awaited["missing_evidence"] == []
    assert [(one["sha256"], one["reason"], one["by"]) for one in awaited["lost"]] == [(name(ONE), "照片删了", "zhao")]
    assert (await log.verify(world.ctx)).faults == []


async def test_a_supervisor_gives_up_a_file_of_the_office(world: World):
    await world.plan(area="城东")
    entry = said("11:00", "nobody_home", by="office", evidence=[{"kind": "photo", "sha256": name(ONE)}])
    await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", {"entries": [entry]})
    (awaited,) = (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()["awaited"]
    path = f"/v1/records/{awaited['batch']}/lost/{name(ONE)}"
    assert (await world.ask("wang", "PUT", path, {"reason": "照片删了"})).json()["state"] == "complete"


async def test_bytes_of_the_service_itself_are_kept_for_the_visits_sender(town: Town):
    visit = await town.planned()
    sealed = await attach.store_bytes(town.ctx, ONE, bytes.fromhex(name(ONE)))
    sender = f"visit {visit}"
    assert await town.ctx.db.write(lambda tx: attach.record_sender(town.ctx, tx, sealed, sender))
    assert not await town.ctx.db.write(lambda tx: attach.record_sender(town.ctx, tx, sealed, sender))
    assert await town.ctx.db.read(lambda tx: evidence_files.is_received(tx, sealed.digest, sender))


async def test_verify_finds_a_file_that_is_gone_or_changed(town: Town):
    visit = await town.planned()
    await town.submitted(a_record("r", visit, said("09:05", "arrived")))
    for raw in (ONE, TWO):
        sealed = await attach.store_bytes(town.ctx, raw, bytes.fromhex(name(raw)))
        await attach.register_upload(town.ctx, sealed, "li")
    assert (await log.verify(town.ctx)).faults == []
    stored = town.ctx.evidence_storage.data / "evidence"
    (stored / name(ONE)[:2] / name(ONE)[2:]).unlink()
    (stored / name(TWO)[:2] / name(TWO)[2:]).write_bytes(b"changed")
    faults = (await log.verify(town.ctx)).faults
    assert sorted(faults) == sorted(
        [f"file {name(ONE)}: it is gone from the store", f"file {name(TWO)}: the bytes were changed"]
    )


async def test_a_record_without_files_asks_nothing_about_files(town: Town):
    asked: list[str] = []
    visit = await town.planned()
    write = town.ctx.db.write

    def watched(work: Any, **more: Any) -> Any:
        async def seen(tx: Any) -> Any:
            class Watching:
                def __getattr__(self, kind: str) -> Any:
                    def asking(query: Any, /, *rows: Any, **params: Any) -> Any:
                        if kind == "execute_batch":
                            asked.extend(name for name, _ in (query, *rows))
                        else:
                            asked.extend((query,) if isinstance(query, str) else query)
                        return getattr(tx, kind)(query, *rows, **params)

                    return asking

            return await work(Watching())

        return write(seen, **more)

    town.ctx.db.write = watched  # type: ignore[method-assign]
    await town.submitted(a_record("r", visit, said("09:05", "arrived")))
    plain = list(asked)
    assert not {"lock_received_file", "add_file_reference", "files_of_visit"} & set(plain)
    asked.clear()
    piece = [{"kind": "photo", "sha256": name(ONE)}]
    await town.submitted(a_record("r2", visit, said("09:06", "shoe_covers_on", evidence=piece)))
    assert [query for query in asked if query not in plain] == [
        "lock_received_file",
        "add_file_reference",
        "files_of_visit",
    ]


async def test_files_named_before_there_was_a_table_of_them_are_awaited(world: World, address: str):
    """What the migration leaves for the next start."""
    await world.plan()
    await world.submit(record_naming(ONE))
    for sql in (
        "DELETE FROM file_references",
        "UPDATE visit_summaries SET state = '' WHERE flags LIKE '%awaiting_evidence%'",
    ):
        await run_sql(address, sql)
    assert await standing.backfill_summaries(world.ctx) == 1
    await send_evidence(world, ONE)
    assert (await world.ask("li", "GET", f"/v1/records/{RECORD}")).json()["state"] == "complete"
    assert "awaiting_evidence" not in await flags(world)
