"""Files in the store that no row names are swept after a week, from both stores; what is just coming is not."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from service.app import clock
from service.domain import errors
from service.flows import attach, orphans
from service.flows.house import House, vault
from service.flows.verify import verify
from service.storage import evidence
from service.storage.blobs import name_of, open_blobs
from service.storage.postgres import Postgres

from .pictures import name, picture
from .test_blobs import Bucket, blobs, bucket, written  # noqa: F401 - fixtures
from .town import Town

ORPHAN, KEPT = picture(1), picture(2)
ORPHAN_DIGEST, KEPT_DIGEST = bytes.fromhex(name(ORPHAN)), bytes.fromhex(name(KEPT))


@pytest.fixture(params=["folder", "s3"])
def house(request: pytest.FixtureRequest, town: Town, tmp_path: Path) -> House:
    """A house with either store, whose clock a test may set on (`later`)."""
    address = "" if request.param == "folder" else request.getfixturevalue("bucket").address
    town.house.vault = vault(tmp_path / "files", address)
    town.house.clock = clock
    return town.house


def later(house: House, days: float) -> None:
    house.clock = lambda: clock() + int(days * 86_400_000)


async def left(house: House, raw: bytes, folder: Path) -> bytes:
    """A file in the store without a row."""
    digest = bytes.fromhex(name(raw))
    path = folder / "crashed.tmp"
    path.write_bytes(raw)
    await house.vault.blobs.put(digest, path)
    path.unlink(missing_ok=True)
    return digest


async def lies(house: House, digest: bytes) -> bool:
    try:
        async with house.vault.blobs.local(digest):
            return True
    except FileNotFoundError:
        return False


async def test_what_nobody_named_for_a_week_is_swept_and_nothing_else(house: House, tmp_path: Path) -> None:
    await left(house, ORPHAN, tmp_path)
    await attach.arrived(house, await attach.keep_bytes(house, KEPT, KEPT_DIGEST), "li")
    later(house, 6.9)
    assert await orphans.sweep(house) == 0
    assert await lies(house, ORPHAN_DIGEST)
    later(house, 7.1)
    assert await orphans.sweep(house) == 1
    assert (await lies(house, ORPHAN_DIGEST), await lies(house, KEPT_DIGEST)) == (False, True)
    assert await orphans.sweep(house) == 0
    assert (await verify(house)).faults == []


async def test_what_comes_again_just_then_is_not_swept(house: House, tmp_path: Path) -> None:
    await left(house, ORPHAN, tmp_path)
    later(house, 8)
    sealed = await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST)  # in the store, and its row not yet written
    assert await orphans.sweep(house) == 0
    assert await attach.arrived(house, sealed, "li")
    later(house, 30)  # what was announced is forgotten, and the row is there
    assert await orphans.sweep(house) == 0
    assert await lies(house, ORPHAN_DIGEST)
    assert (await verify(house)).faults == []


async def test_what_was_announced_and_never_came_is_swept_in_the_end(house: House) -> None:
    await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST)
    later(house, 8)
    assert await orphans.sweep(house) == 1
    assert not await lies(house, ORPHAN_DIGEST)


async def test_what_comes_while_it_is_taken_out_comes_again(house: House, tmp_path: Path, monkeypatch: Any) -> None:
    """Whoever puts a file into the store in the moment in which it is removed would lose it."""
    await left(house, ORPHAN, tmp_path)
    later(house, 8)
    store = type(house.vault.blobs)
    remove, told = store.remove, []

    async def slowly(self: Any, digest: bytes) -> None:
        with pytest.raises(errors.Busy):
            await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST)
        told.append(digest)
        await remove(self, digest)

    monkeypatch.setattr(store, "remove", slowly)
    assert await orphans.sweep(house) == 1
    assert told == [ORPHAN_DIGEST]
    assert await attach.arrived(house, await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST), "li")
    assert await lies(house, ORPHAN_DIGEST)


async def test_a_sweep_that_was_cut_keeps_nobody_out_for_long(town: Town, tmp_path: Path) -> None:
    house = town.house
    house.clock = clock
    await house.db.write(lambda tx: evidence.condemn(tx, ORPHAN_DIGEST, clock()))
    with pytest.raises(errors.Busy):
        await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST)
    later(house, 2 / 24)
    await orphans.sweep(house)
    assert await attach.arrived(house, await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST), "li")


async def test_who_announces_and_who_condemns_wait_for_one_another(postgres_database: Postgres) -> None:
    db, digest = postgres_database, ORPHAN_DIGEST
    done, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Any) -> bool:
        announced = await evidence.announce(tx, digest, 1)
        done.set()
        await go_on.wait()
        return announced

    announcing = asyncio.create_task(db.write(slow))
    await done.wait()
    condemning = asyncio.create_task(db.write(lambda tx: evidence.condemn(tx, digest, 2)))
    await asyncio.sleep(0.3)
    assert not condemning.done()
    go_on.set()
    assert (await announcing, await condemning) == (True, False)


async def test_a_store_that_is_away_is_swept_the_next_time(town: Town, tmp_path: Path, bucket: Bucket) -> None:  # noqa: F811
    town.house.vault = vault(tmp_path / "files", bucket.address)
    town.house.clock = clock
    await left(town.house, ORPHAN, tmp_path)
    later(town.house, 8)
    bucket.stop()
    assert await orphans.sweep(town.house) == 0
    bucket.start()
    assert await orphans.sweep(town.house) == 1


async def test_a_shelf_is_read_in_pages_and_other_things_stay(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("service.storage.blob_folder.MANY", 2)
    store = open_blobs("", tmp_path)
    digests = {bytes([7, *bytes(30), number]) for number in range(5)}
    for digest in digests:
        path = tmp_path / name_of(digest)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "07" / "notes.txt").write_bytes(b"x")
    (tmp_path / "07" / ("f" * 62)).symlink_to(tmp_path)
    pages = [page async for page in store.lying("07")]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert {one.digest for page in pages for one in page} == digests
    assert [page async for page in store.lying("08")] == []
