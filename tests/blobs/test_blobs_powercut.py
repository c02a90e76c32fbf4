"""The power fails at every moment, and no acknowledged photo and no acknowledged part of one is lost.

The service takes photos whole and in parts while everything that it does to files is noted. Then moments are rebuilt
with what could be left. Three controls leave out one step each, and must lose some: else this would see nothing.
"""

import asyncio
import os
import random
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from service import durable_files
from service.blobs import announcements
from service.blobs.evidence_storage import open_evidence_storage
from service.blobs.incoming import PartialFile
from service.blobs.store import blob_path
from service.db.sqlite import Sqlite
from service.evidence import attach, uploads
from service.evidence.upload_store import part_path, upload_dir
from tests.support.factories import TOKENS, Town
from tests.support.pictures import picture
from tests.support.recording_folder import Event, Folders, Recorder

PHOTOS, PARTS, IMAGES = 60, 12, int(os.environ.get("IMAGES", "600"))
IMAGES_OF_CONTROL = 800
WAYS = ("nothing", "all", "first", "some")


def raw(number: int) -> bytes:
    """The bytes of a photo."""
    return picture(number) + random.Random(number).randbytes(number * 37 % 3000)


NUMBERED = [raw(number) for number in range(PHOTOS)]
SENT = {sha256(data).digest(): data for data in NUMBERED}


class Noting(Sqlite):
    """Notes which photos have a row that lasts, at the moment when it does."""

    def __init__(self, path: Path, recorder: Recorder) -> None:
        super().__init__(path)
        self.recorder = recorder

    def commit(self, connection: Any) -> None:
        super().commit(connection)
        rows = connection.execute("SELECT sha256 FROM blobs").fetchall()
        self.recorder.note("rows", other=frozenset(row[0] for row in rows))


async def take(folder: Path, recorder: Recorder) -> None:
    """Several clients send photos, whole and in parts."""
    database = Noting(folder.parent / "doorstep.db", recorder)
    await database.start()
    town = await Town(database).open()
    ctx, token = town.ctx, TOKENS["li"]
    ctx.evidence_storage = open_evidence_storage(folder)
    numbers = iter(range(PHOTOS))

    async def whole(data: bytes):
        yield data[:100]
        yield data[100:]

    async def client() -> None:
        for number in numbers:
            data = raw(number)
            if number % 5:
                await attach.attach_file(ctx, token, sha256(data).digest(), whole(data))
                continue
            upload = await uploads.create(ctx, token, sha256(data).digest(), len(data))
            step = len(data) // PARTS + 1
            recorder.note("part", upload.id, (number, 0))
            for start in range(0, len(data), step):
                _, size = await uploads.append_chunk(
                    ctx, token, upload.id, start, whole(data[start : start + step]), None
                )
                recorder.note("part", upload.id, (number, size))

    with recorder.watching():
        await asyncio.gather(*(client() for _ in range(4)))
    await database.close()


def cut(folder: Path, events: list[Event], images: int) -> dict[str, int]:
    """Cut the power at many moments; how often all was well, and how often what was wrong."""
    rng, folders, seen = random.Random(4304), Folders(folder), dict[str, int]()
    telling = [number for number, event in enumerate(events) if event.kind in ("rows", "part")]
    chosen: dict[int, list[str]] = {number: ["nothing", "some"] for number in telling}
    while sum(map(len, chosen.values())) < images:
        chosen.setdefault(rng.randrange(len(events)), []).append(rng.choice(WAYS))
    rows: frozenset[bytes] = frozenset()
    parts: dict[str, tuple[int, int]] = {}
    for number, event in enumerate(events):
        folders.play(number, event)
        if event.kind == "rows":
            rows = event.other
        elif event.kind == "part":
            parts[event.path] = event.other
        for way in chosen.get(number, ()):
            found = _look(folder, folders.image(way, rng), rows, parts)
            seen[found] = seen.get(found, 0) + 1
    assert len(rows) == PHOTOS
    return seen


def _look(folder: Path, left: dict[str, bytes], rows: frozenset[bytes], parts: dict[str, tuple[int, int]]) -> str:
    for digest in rows:
        content = left.get(str(folder / "evidence" / blob_path(digest)))
        if content is None:
            return "a photo is lost"
        if content != SENT[digest]:
            return "a photo is broken"
    uploading = upload_dir(folder / "evidence" / "incoming", "li")
    for upload, (number, size) in parts.items():
        data = NUMBERED[number]
        if sha256(data).digest() in rows:
            continue
        part = left.get(str(part_path(uploading, upload)))  # type: ignore[arg-type]
        if part is None or str(uploading / f"{upload}.json") not in left:
            return "an upload is lost"
        if part[:size] != data[:size]:
            return "a part is broken"
    return ""


def record(tmp_path: Path, deaf: Callable[[Path], bool] = lambda _: False) -> tuple[Path, list[Event]]:
    """Run the service on a recorded folder."""
    durable_files._durable_dirs.clear()
    folder = tmp_path / "data"
    recorder = Recorder(folder, deaf)
    asyncio.run(take(folder, recorder))
    return folder, recorder.events


def test_no_acknowledged_photo_or_part_is_lost_when_the_power_fails(tmp_path: Path) -> None:
    folder, events = record(tmp_path)
    assert cut(folder, events, IMAGES) == {"": IMAGES}


async def row_before_file(ctx: Any, file: PartialFile, digest: bytes, said: Any = None, sender: Any = None) -> Any:
    """What `seal` must not do."""
    looked = await file.inspect()
    assert looked.photo is not None
    sealed = attach.StoredFile(digest, looked.size, looked.photo)
    await ctx.db.write(lambda tx: announcements.announce_blob(tx, digest, ctx.clock()))
    await attach.register_upload(ctx, sealed, "li")
    await ctx.evidence_storage.blobs.put(digest, file.path)
    return sealed


@pytest.mark.parametrize("left_out", ["sync of folders", "sync of files", "file before row"])
def test_the_control_without_one_step_loses_some(
    tmp_path: Path, left_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf: dict[str, Callable[[Path], bool]] = {"sync of folders": Path.is_dir, "sync of files": Path.is_file}
    if left_out == "file before row":
        for flow in (attach, uploads):
            monkeypatch.setattr(flow, "store_file", row_before_file)
    folder, events = record(tmp_path, deaf.get(left_out, lambda _: False))
    seen = cut(folder, events, IMAGES_OF_CONTROL)
    assert sum(count for wrong, count in seen.items() if wrong) > IMAGES_OF_CONTROL / 50, seen
