"""tus 1.0: parts, checksums, ends and expiry; what came stays. (The real client is in test_uploads_client.)"""

import asyncio
import os
import threading
import time
from base64 import b64encode
from hashlib import sha1, sha256
from typing import Any
from uuid import UUID

import msgspec
import pytest

from service import errors
from service.accounts.authentication import token_digest as token_of
from service.blobs import folder_store, incoming
from service.evidence import upload_store, uploads
from service.lifecycle import current_millis
from tests.support.api_client import RECORD, World, problem
from tests.support.evidence import record_naming
from tests.support.pictures import name, picture
from tests.support.uploads import PHOTO, create_upload, send_part, upload_state


async def test_a_file_comes_in_parts_and_the_record_is_complete(world: World):
    await world.plan()
    await world.submit(record_naming(PHOTO))
    made = await create_upload(world)
    assert made.status_code == 201
    assert made.headers["tus-resumable"] == "1.0.0"
    path = made.headers["location"]
    assert "upload-expires" in made.headers
    for start in range(0, len(PHOTO), 10_000):
        assert (await upload_state(world, path)).headers["upload-offset"] == str(start)
        sent = await send_part(world, path, start, PHOTO[start : start + 10_000])
        assert sent.status_code == 204, sent.text
    assert sent.headers["upload-offset"] == str(len(PHOTO))
    receipt = (await world.ask("li", "GET", f"/v1/records/{RECORD}")).json()
    assert receipt["state"] == "complete"
    after = await upload_state(world, path)  # the last answer may have got lost
    assert (after.status_code, after.headers["upload-offset"]) == (200, str(len(PHOTO)))
    assert after.headers["cache-control"] == "no-store"
    assert (await world.ask("li", "GET", f"/v1/evidence/{name(PHOTO)}")).status_code == 200
    assert not [one for one in world.ctx.evidence_storage.incoming.rglob("*") if one.suffix == ".part"]


async def test_the_server_says_what_it_knows(small_world: World):
    told = await small_world.ask(None, "OPTIONS", "/v1/uploads")
    assert told.status_code == 204
    assert told.headers["tus-version"] == "1.0.0"
    assert told.headers["tus-extension"] == "creation,checksum,termination,expiration"
    assert told.headers["tus-checksum-algorithm"] == "sha1,sha256"
    assert told.headers["tus-max-size"] == str(8 * 2**20)


async def test_what_is_wrong_is_told(small_world: World):
    world = small_world
    other = await create_upload(world, tus_resumable="0.2.2")
    assert problem(other) == (412, "tus-version")
    assert (other.headers["tus-version"], other.headers["tus-resumable"]) == ("1.0.0", "1.0.0")
    assert problem(await create_upload(world, upload_length=str(9 * 2**20))) == (413, "file-too-large")
    assert problem(await create_upload(world, upload_length="0")) == (400, "invalid-header")
    assert problem(await create_upload(world, upload_length="x")) == (400, "invalid-header")
    for wrong in ("", "sha256 !", f"sha256 {b64encode(b'x').decode()}", "filename YQ=="):
        assert problem(await create_upload(world, upload_metadata=wrong)) == (400, "invalid-header")
    assert problem(await create_upload(world, who="admin")) == (403, "not-allowed")
    path = (await create_upload(world)).headers["location"]
    assert problem(await send_part(world, path, 5, PHOTO[5:])) == (409, "offset-differs")
    assert problem(await send_part(world, path, 0, PHOTO, content_type="image/jpeg")) == (415, "wrong-media-type")
    assert problem(await send_part(world, path, 0, PHOTO + b"more")) == (413, "body-too-large")
    assert (await upload_state(world, path)).headers["upload-offset"] == "0"
    for wrong in ("md5 YQ==", "sha1 YQ==", "sha1", "sha256 %"):
        assert problem(await send_part(world, path, 0, PHOTO, upload_checksum=wrong)) == (400, "invalid-header")


async def test_a_part_that_was_damaged_is_not_kept(small_world: World):
    path = (await create_upload(small_world)).headers["location"]
    for kind, make in (("sha1", sha1), ("sha256", sha256)):
        right = f"{kind} {b64encode(make(PHOTO[:1000]).digest()).decode()}"
        damaged = PHOTO[:500] + b"\0" + PHOTO[501:1000]
        assert problem(await send_part(small_world, path, 0, damaged, upload_checksum=right)) == (
            460,
            "checksum-differs",
        )
        assert (await upload_state(small_world, path)).headers["upload-offset"] == "0"
    assert (await send_part(small_world, path, 0, PHOTO[:1000], upload_checksum=right)).status_code == 204
    assert (await upload_state(small_world, path)).headers["upload-offset"] == "1000"


async def test_an_upload_is_its_creators_alone_and_ends_when_he_says(small_world: World):
    world = small_world
    path = (await create_upload(world)).headers["location"]
    assert (await upload_state(world, path, "sun")).status_code == 404
    assert problem(await send_part(world, path, 0, PHOTO, "sun")) == (404, "not-found")
    assert problem(await world.ask("sun", "DELETE", path, tus_resumable="1.0.0")) == (404, "not-found")
    assert (await world.ask("li", "DELETE", path, tus_resumable="1.0.0")).status_code == 204
    assert (await upload_state(world, path)).status_code == 404
    assert problem(await send_part(world, path, 0, PHOTO)) == (404, "not-found")


async def test_what_turns_out_to_be_something_else_ends(small_world: World):
    world = small_world
    for raw, told in ((b"GIF89a" + bytes(100), (415, "not-photo")), (PHOTO, (422, "digest-differs"))):
        path = (await create_upload(world, raw)).headers["location"]
        data = raw if raw is not PHOTO else PHOTO[:-1] + b"\0"
        assert problem(await send_part(world, path, 0, data)) == told
        assert (await upload_state(world, path)).status_code == 404


async def test_at_most_so_many_at_a_time(small_world: World, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_UPLOADS", 3)
    made = [await create_upload(small_world) for _ in range(4)]
    assert [one.status_code for one in made] == [201, 201, 201, 429]
    assert (await create_upload(small_world, who="sun")).status_code == 201
    await send_part(small_world, made[0].headers["location"], 0, PHOTO)
    assert (await create_upload(small_world)).status_code == 201


async def test_many_that_begin_at_once_are_counted_too(small_world: World):
    made = await asyncio.gather(*(create_upload(small_world) for _ in range(300)))
    assert sorted(one.status_code for one in made) == [201] * uploads.MAX_UPLOADS + [429] * (300 - uploads.MAX_UPLOADS)
    folder = upload_store.upload_dir(small_world.ctx.evidence_storage.incoming, "li")
    assert len(list(folder.glob("*.part"))) == uploads.MAX_UPLOADS


async def test_a_request_that_ends_while_the_file_is_being_opened_keeps_no_lock(small_world: World, monkeypatch):
    path = (await create_upload(small_world)).headers["location"]
    opening, go_on = threading.Event(), threading.Event()
    open_ = incoming._open

    def slowly(*given: Any) -> Any:
        opening.set()
        assert go_on.wait(60)
        return open_(*given)

    with monkeypatch.context() as patched:
        patched.setattr(incoming, "_open", slowly)
        task = asyncio.create_task(append(small_world, path, 0, Broken(PHOTO[:100])))
        await asyncio.to_thread(opening.wait, 60)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0.01)
        go_on.set()
        assert await asyncio.gather(task, return_exceptions=True) != [None]
    assert (await send_part(small_world, path, 0, PHOTO)).status_code == 204


class Broken:
    """Bytes that come until the connection is cut."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts

    async def __aiter__(self) -> Any:
        for part in self.parts:
            yield part
        raise errors.MalformedJson("the connection ended within the body")


async def append(world: World, path: str, offset: int, parts: Any, checksum: Any = None) -> Any:
    return await uploads.append_chunk(
        world.ctx, token_of("token of li"), UUID(path.rpartition("/")[2]), offset, aiter(parts), checksum
    )


async def test_what_came_of_a_broken_request_stays_unless_it_had_a_checksum(small_world: World):
    path = (await create_upload(small_world)).headers["location"]
    try:
        await append(small_world, path, 0, Broken(PHOTO[:700], PHOTO[700:900]), ("sha1", bytes(20)))
    except errors.MalformedJson:
        assert (await upload_state(small_world, path)).headers["upload-offset"] == "0"
    try:
        await append(small_world, path, 0, Broken(PHOTO[:700], PHOTO[700:900]))
    except errors.MalformedJson:
        assert (await upload_state(small_world, path)).headers["upload-offset"] == "900"
    assert (await send_part(small_world, path, 900, PHOTO[900:])).status_code == 204


async def test_who_goes_on_ends_a_request_that_hangs(small_world: World):
    path = (await create_upload(small_world)).headers["location"]

    arrived = asyncio.Event()

    class Hanging:
        async def __aiter__(self) -> Any:
            yield PHOTO[:500]
            arrived.set()  # whoever asks for more has taken these
            await asyncio.Event().wait()

    hanging = asyncio.create_task(append(small_world, path, 0, Hanging()))
    await arrived.wait()
    assert (await upload_state(small_world, path)).headers["upload-offset"] == "500"
    assert (await send_part(small_world, path, 500, PHOTO[500:])).status_code == 204
    (outcome,) = await asyncio.gather(hanging, return_exceptions=True)
    assert isinstance(outcome, errors.ServiceUnavailable)


async def test_what_came_whole_and_could_not_be_kept_is_kept_with_the_next_request(world: World, monkeypatch):
    await world.plan()
    await world.submit(record_naming(PHOTO))
    path = (await create_upload(world)).headers["location"]

    async def away(*_: Any) -> None:
        raise errors.ServiceUnavailable

    for broken in ((folder_store.FolderBlobStore, "put"), (uploads, "register_upload")):
        with monkeypatch.context() as patched:
            patched.setattr(*broken, away)
            offset = int((await upload_state(world, path)).headers.get("upload-offset", "-1"))
            if offset == 0:
                assert problem(await send_part(world, path, 0, PHOTO)) == (503, "busy")
            assert (await upload_state(world, path)).status_code == 503  # never: it is all there
    after = await upload_state(world, path)
    assert (after.status_code, after.headers["upload-offset"]) == (200, str(len(PHOTO)))
    assert (await world.ask("li", "GET", f"/v1/records/{RECORD}")).json()["state"] == "complete"


async def test_the_sweep_removes_what_has_expired_and_what_crashes_left(small_world: World):
    world = small_world
    now = [current_millis()]
    world.ctx.clock = lambda: now[0]
    path = (await create_upload(world)).headers["location"]
    kept = (await create_upload(world, picture(3))).headers["location"]
    await send_part(world, kept, 0, picture(3))
    folder = upload_store.upload_dir(world.ctx.evidence_storage.incoming, "li")
    old, young = world.ctx.evidence_storage.incoming / "a.tmp", world.ctx.evidence_storage.incoming / "b.tmp"
    half = folder / "00000000-0000-0000-0000-000000000001.part"
    for one in (old, young, half):
        one.write_bytes(b"x")
    hours_ago = time.time() - 2 * 3600
    for one in (old, half):
        os.utime(one, (hours_ago, hours_ago))
    assert await uploads.delete_expired(world.ctx) == 2
    assert young.exists()
    assert (await upload_state(world, path)).status_code == 200
    now[0] += 8 * 86_400_000
    assert (await upload_state(world, path)).status_code == 404
    assert await uploads.delete_expired(world.ctx) == 4
    assert not [one for one in world.ctx.evidence_storage.incoming.rglob("*") if one.is_file()]


async def test_an_acknowledged_part_is_on_the_disk(small_world: World, monkeypatch):
    """The order is: bytes, sync, answer. (What a power cut leaves of it is in test_blobs_powercut.)"""
    synced: list[int] = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.fstat(number).st_size) or sync(number))
    path = (await create_upload(small_world)).headers["location"]
    synced.clear()
    await send_part(small_world, path, 0, PHOTO[:777])
    assert 777 in synced


async def test_a_full_disk_says_so_and_what_came_before_stays(small_world: World, monkeypatch):
    path = (await create_upload(small_world)).headers["location"]
    await send_part(small_world, path, 0, PHOTO[:100])

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        assert problem(await send_part(small_world, path, 100, PHOTO[100:])) == (507, "storage-full")
    assert (await upload_state(small_world, path)).headers["upload-offset"] == "100"
    assert (await send_part(small_world, path, 100, PHOTO[100:])).status_code == 204


async def test_the_limit_of_a_file_holds_for_uploads_too(small_world: World):
    vault = small_world.ctx.evidence_storage
    small_world.ctx.evidence_storage = msgspec.structs.replace(vault, max_file=100)
    assert problem(await create_upload(small_world)) == (413, "file-too-large")


CAPITALS = {
    "the media type": {"content_type": "Application/Offset+Octet-Stream"},
    "the algorithm": {"upload_checksum": f"SHA256 {b64encode(sha256(PHOTO).digest()).decode()}"},
    "a parameter": {"content_type": "application/offset+octet-stream; charset=binary"},
}


@pytest.mark.parametrize("case", CAPITALS)
async def test_headers_are_read_in_capitals_too(sqlite_world: World, case: str):
    world, digest = sqlite_world, sha256(PHOTO).hexdigest()
    await world.plan()
    await world.submit(record_naming(PHOTO))
    capitals = f"sha256 {b64encode(digest.upper().encode()).decode()}"
    path = (await create_upload(world, upload_metadata=capitals)).headers["location"]
    assert (await send_part(world, path, 0, PHOTO, **CAPITALS[case])).status_code == 204
    assert (await world.ask("li", "GET", f"/v1/evidence/{digest}")).status_code == 200
