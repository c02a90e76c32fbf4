"""Stores of files: a folder and an S3 API keep the same promise; a store that is away costs nobody anything."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.store import S3Store

from service import errors
from service.blobs.connect import open_blobs, s3_parts
from service.blobs.evidence_storage import open_evidence_storage
from service.blobs.store import BlobStore, blob_path
from service.verify.log import verify
from tests.support.api_client import RECORD, World, problem
from tests.support.bucket import Bucket
from tests.support.evidence import record_naming, send_evidence
from tests.support.pictures import name, picture
from tests.support.uploads import create_upload, send_part, upload_state

RAW = picture(7)
DIGEST = bytes.fromhex(name(RAW))


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """Both stores."""
    address = "" if request.param == "folder" else request.getfixturevalue("bucket").address
    return open_blobs(address, tmp_path / "evidence")


@asynccontextmanager
async def written(folder: Path, raw: bytes) -> AsyncIterator[Path]:
    path = folder / "incoming.tmp"
    path.write_bytes(raw)
    yield path
    path.unlink(missing_ok=True)


async def test_what_was_put_is_there(blobs: BlobStore, tmp_path: Path) -> None:
    for _ in range(2):  # again is no harm
        async with written(tmp_path, RAW) as path:
            await blobs.put(DIGEST, path)
        async with blobs.open_local(DIGEST) as path:
            assert path.read_bytes() == RAW


async def test_what_was_not_put_is_not_there(blobs: BlobStore) -> None:
    with pytest.raises(FileNotFoundError):
        async with blobs.open_local(DIGEST):
            pass


async def test_a_file_that_is_there_broken_is_made_good(tmp_path: Path) -> None:
    """Without a row it was never acknowledged: what a crash left of it does not stay."""
    blobs = open_blobs("", tmp_path)
    place = tmp_path / blob_path(DIGEST)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"broken")
    async with written(tmp_path, RAW) as path:
        await blobs.put(DIGEST, path)
    assert place.read_bytes() == RAW


@pytest.fixture
async def far_world(world: World, bucket: Bucket, tmp_path: Path) -> World:
    """The town whose photos are in the bucket."""
    world.ctx.evidence_storage = open_evidence_storage(tmp_path / "here", bucket.address)
    return world


async def test_photos_in_a_bucket_are_taken_shown_and_verified(far_world: World, bucket: Bucket) -> None:
    await far_world.plan()
    await far_world.submit(record_naming(RAW))
    assert (await send_evidence(far_world, RAW)).status_code == 201
    store: Any = S3Store("photos", endpoint=bucket.endpoint, region="us-east-1", client_options={"allow_http": True})
    assert bytes(obstore.get(store, f"east/{blob_path(DIGEST)}").bytes()) == RAW
    assert (await far_world.ask("li", "GET", f"/v1/evidence/{name(RAW)}")).headers["content-type"] == "image/jpeg"
    assert (await verify(far_world.ctx)).faults == []
    obstore.delete(store, f"east/{blob_path(DIGEST)}")
    assert (await verify(far_world.ctx)).faults == [f"file {name(RAW)}: it is gone from the store"]
    left = [path for path in far_world.ctx.evidence_storage.data.rglob("*") if path.is_file() and path.suffix != ".jpg"]
    assert left == []


async def test_while_the_bucket_is_away_everything_else_goes_on(far_world: World, bucket: Bucket) -> None:
    world = far_world
    await world.plan()
    path = (await create_upload(world, RAW)).headers["location"]
    bucket.stop()
    begun = time.perf_counter()
    answer = await send_evidence(world, RAW)
    assert problem(answer) == (503, "busy")
    assert int(answer.headers["retry-after"]) > 0
    assert time.perf_counter() - begun < 30
    assert problem(await send_part(world, path, 0, RAW)) == (503, "busy")
    assert (await upload_state(world, path)).status_code == 503  # all is here, and it says nothing that is not so
    assert (await world.submit(record_naming(RAW))).json()["state"] == "awaiting_evidence"
    bucket.start()
    assert (await upload_state(world, path)).headers["upload-offset"] == str(len(RAW))
    assert (await world.ask("li", "GET", f"/v1/records/{RECORD}")).json()["state"] == "complete"
    assert (await send_evidence(world, RAW)).status_code == 200


def test_an_address_is_read_strictly() -> None:
    assert s3_parts("s3://b/p/q?region=r") == ("b", "p/q", {"region": "r"})
    for wrong in ("s4://b", "s3://", "s3:///p", "s3://b?key=1", "s3://b?endpoint=ftp://x", "s3://b?x", "s3://b#f"):
        with pytest.raises(ValueError, match=r"s3|endpoint|parsing|field"):
            s3_parts(wrong)


async def test_an_unreachable_store_is_busy_and_not_a_defect(tmp_path: Path, bucket: Bucket) -> None:
    blobs = open_blobs(bucket.address, tmp_path)
    bucket.stop()
    with pytest.raises(errors.ServiceUnavailable):
        async with blobs.open_local(DIGEST):
            pass
    bucket.start()
