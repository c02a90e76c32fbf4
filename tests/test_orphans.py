"""What was announced and got no row is taken out of the store after a week, and nothing else ever is."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from service import errors
from service.app import clock
from service.blobs import announcements
from service.blobs.vault import vault
from service.context import House
from service.db.connect import open_database
from service.db.database import Tx
from service.db.postgres import Postgres
from service.evidence import attach, sweeper
from service.verify.log import verify
from service.visits import evidence_files
from service.visits.evidence_files import BlobRow
from service.web import access_log

from .pictures import name, picture
from .test_blobs import Bucket, bucket  # noqa: F401 - fixtures
from .town import Town

ORPHAN, KEPT, MINE = picture(1), picture(2), picture(3)
ORPHAN_DIGEST, KEPT_DIGEST = bytes.fromhex(name(ORPHAN)), bytes.fromhex(name(KEPT))
WEEK_LATER = 7 * 86_400_000


@pytest.fixture(params=["folder", "s3"])
def house(request: pytest.FixtureRequest, town: Town, tmp_path: Path) -> House:
    """A house with either store, whose clock a test may set on (`later`)."""
    address = "" if request.param == "folder" else request.getfixturevalue("bucket").address
    town.house.vault = vault(tmp_path / "files", address)
    town.house.clock = clock
    return town.house


def later(house: House, days: float) -> None:
    house.clock = lambda: clock() + int(days * 86_400_000)


async def left(house: House, raw: bytes) -> bytes:
    """A file that came into the store and got no row: its sender crashed in between."""
    digest = bytes.fromhex(name(raw))
    await attach.keep_bytes(house, raw, digest)
    return digest


async def lies(house: House, digest: bytes) -> bool:
    try:
        async with house.vault.blobs.local(digest):
            return True
    except FileNotFoundError:
        return False


async def announced(house: House) -> int:
    """How many files are announced and have not landed, or are being taken out."""
    late = 2**62
    return len(await house.db.read(lambda tx: announcements.waiting(tx, late, late, b"", 1000)))


async def test_what_was_announced_and_never_came_is_swept_after_a_week_and_nothing_else(house: House) -> None:
    await left(house, ORPHAN)
    await attach.arrived(house, await attach.keep_bytes(house, KEPT, KEPT_DIGEST), "li")
    later(house, 6.9)
    assert await sweeper.sweep(house) == 0
    assert await lies(house, ORPHAN_DIGEST)
    later(house, 7.1)
    assert await sweeper.sweep(house) == 1
    assert (await lies(house, ORPHAN_DIGEST), await lies(house, KEPT_DIGEST)) == (False, True)
    assert await sweeper.sweep(house) == 0
    assert (await verify(house)).faults == []


async def test_what_another_database_keeps_in_the_same_store_stays(house: House, tmp_path: Path) -> None:
    """A wrong address, a new database: one that knows nothing of the files takes none of them away."""
    await attach.arrived(house, await attach.keep_bytes(house, KEPT, KEPT_DIGEST), "li")
    await left(house, ORPHAN)
    async with other(house, f"sqlite:///{tmp_path / 'other.db'}") as stranger:
        later(stranger, 30)
        mine = await left(stranger, MINE)
        later(stranger, 60)
        assert await sweeper.sweep(stranger) == 1  # what it announced itself
        assert not await lies(house, mine)
    assert (await lies(house, KEPT_DIGEST), await lies(house, ORPHAN_DIGEST)) == (True, True)
    assert (await verify(house)).faults == []


@asynccontextmanager
async def other(house: House, address: str) -> AsyncIterator[House]:
    """Another database on the same store."""
    database = open_database(address)
    await database.start()
    town = await Town(database).open()
    town.house.vault, town.house.clock = house.vault, clock
    yield town.house
    await database.close()


async def test_an_announcement_ends_when_the_file_lands(house: House) -> None:
    sealed = await attach.keep_bytes(house, KEPT, KEPT_DIGEST)
    assert await announced(house) == 1
    assert await attach.arrived(house, sealed, "li")
    assert await announced(house) == 0
    await attach.arrived(house, await attach.keep_bytes(house, KEPT, KEPT_DIGEST), "sun")  # it is there already
    assert await announced(house) == 0


async def test_of_two_who_send_the_same_file_both_land_it(house: House) -> None:
    one, two = [await attach.keep_bytes(house, KEPT, KEPT_DIGEST) for _ in range(2)]
    assert await asyncio.gather(attach.arrived(house, one, "li"), attach.arrived(house, two, "sun")) == [True, True]
    later(house, 30)
    assert await sweeper.sweep(house) == 0
    assert await lies(house, KEPT_DIGEST)


async def test_what_landed_by_another_announcement_is_not_taken_out(house: House) -> None:
    """Somebody announced it again just when the other one's row came, and crashed."""
    await attach.arrived(house, await attach.keep_bytes(house, KEPT, KEPT_DIGEST), "li")
    await house.db.write(lambda tx: announcements.announce(tx, KEPT_DIGEST, house.clock()))
    later(house, 8)
    assert await sweeper.sweep(house) == 0
    assert (await lies(house, KEPT_DIGEST), await announced(house)) == (True, 0)


async def test_what_comes_again_just_then_is_not_swept(house: House) -> None:
    await left(house, ORPHAN)
    later(house, 8)
    sealed = await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST)  # in the store, and its row not yet written
    assert await sweeper.sweep(house) == 0
    assert await attach.arrived(house, sealed, "li")
    later(house, 30)
    assert await sweeper.sweep(house) == 0
    assert await lies(house, ORPHAN_DIGEST)
    assert (await verify(house)).faults == []


async def test_who_slept_between_the_bytes_and_the_row_is_told_that_they_are_gone(house: House) -> None:
    """His receipt would speak of a file that the sweep took out meanwhile."""
    sealed = await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST)
    later(house, 8)
    assert await sweeper.sweep(house) == 1
    with pytest.raises(errors.Busy):
        await attach.arrived(house, sealed, "li")
    assert await attach.arrived(house, await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST), "li")
    assert (await verify(house)).faults == []


async def test_what_comes_while_it_is_taken_out_comes_again(house: House, monkeypatch: Any) -> None:
    """Whoever puts a file into the store in the moment in which it is removed would lose it."""
    sealed = await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST)
    later(house, 8)
    store = type(house.vault.blobs)
    remove, told = store.remove, []

    async def slowly(self: Any, digest: bytes) -> None:
        with pytest.raises(errors.Busy):
            await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST)
        with pytest.raises(errors.Busy):
            await attach.arrived(house, sealed, "li")
        assert await sweeper.sweep(house) == 0  # of another process
        told.append(digest)
        await remove(self, digest)

    monkeypatch.setattr(store, "remove", slowly)
    assert await sweeper.sweep(house) == 1
    assert told == [ORPHAN_DIGEST]
    assert await attach.arrived(house, await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST), "li")
    assert await lies(house, ORPHAN_DIGEST)


@pytest.mark.parametrize("awake", [True, False])
async def test_a_removal_that_failed_keeps_nobody_out_for_long(house: House, monkeypatch: Any, awake: bool) -> None:
    """The store was away, or the process was ended just then."""
    await left(house, ORPHAN)
    later(house, 8)

    async def away(*_: Any) -> None:
        raise errors.Busy if awake else asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(type(house.vault.blobs), "remove", away)
        if awake:
            assert await sweeper.sweep(house) == 0
        else:
            with pytest.raises(asyncio.CancelledError):
                await sweeper.sweep(house)
    for hours in (0, 0.9):
        later(house, 8 + hours / 24)
        with pytest.raises(errors.Busy):
            await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST)
        assert await sweeper.sweep(house) == 0
    later(house, 8 + 1.1 / 24)
    assert await attach.arrived(house, await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST), "li")
    assert await sweeper.sweep(house) == 0
    assert await lies(house, ORPHAN_DIGEST)


async def test_what_could_not_be_taken_out_is_taken_out_the_next_time(house: House, monkeypatch: Any) -> None:
    await left(house, ORPHAN)
    later(house, 8)

    async def away(*_: Any) -> None:
        raise errors.Busy

    with monkeypatch.context() as patched:
        patched.setattr(type(house.vault.blobs), "remove", away)
        assert await sweeper.sweep(house) == 0
    later(house, 9)
    assert await sweeper.sweep(house) == 1
    assert (await lies(house, ORPHAN_DIGEST), await announced(house)) == (False, 0)


@pytest.mark.parametrize("clocks", ["both", "the wall's", "the steady one", "none"])
async def test_a_sweep_that_was_asleep_leaves_what_somebody_sent_meanwhile(
    house: House, monkeypatch: Any, clocks: str
) -> None:
    """Stopped for two hours between its mark and the removal. When no clock tells it takes the file away."""
    await left(house, ORPHAN)
    later(house, 8)
    write, slept = house.db.write, 0.0

    async def marked(work: Any) -> Any:
        nonlocal slept
        done = await write(work)
        if done is not True or slept:
            return done
        slept = 7200.0
        later(house, 8 + 2 / 24)
        assert await attach.arrived(house, await attach.keep_bytes(house, ORPHAN, ORPHAN_DIGEST), "li")
        if clocks in ("the steady one", "none"):
            later(house, 8)
        return done

    monkeypatch.setattr(house.db, "write", marked)
    monkeypatch.setattr(sweeper, "steady", lambda: slept if clocks in ("both", "the steady one") else 0.0)
    assert await sweeper.sweep(house) == (clocks == "none")
    assert slept
    assert await lies(house, ORPHAN_DIGEST) == (clocks != "none")
    later(house, 30)
    assert await sweeper.sweep(house) == 0


async def test_a_removal_is_logged(town: Town) -> None:
    house = town.house
    house.clock = clock
    await left(house, ORPHAN)
    later(house, 8)
    stream = BytesIO()
    access_log.configure("json", "info", stream)
    assert await sweeper.sweep(house) == 1
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["sha256"] == name(ORPHAN)


@pytest.mark.parametrize("first", ["announce", "land"])
async def test_who_sends_a_file_and_who_condemns_it_wait_for_one_another(
    postgres_database: Postgres, first: str
) -> None:
    db, digest = postgres_database, ORPHAN_DIGEST
    await db.write(lambda tx: announcements.announce(tx, digest, 1))
    done, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Tx) -> None:
        if first == "announce":
            assert await announcements.announce(tx, digest, WEEK_LATER)
        else:
            assert await evidence_files.send(tx, BlobRow(digest, 9, "image/jpeg", 1, 1, WEEK_LATER), "li")
        done.set()
        await go_on.wait()

    sending = asyncio.create_task(db.write(slow))
    await done.wait()
    condemning = asyncio.create_task(db.write(lambda tx: announcements.condemn(tx, digest, WEEK_LATER, 2)))
    await asyncio.sleep(0.3)
    assert not condemning.done()
    go_on.set()
    await sending
    assert not await condemning


async def test_who_lands_a_file_that_is_just_being_condemned_waits_and_is_told(postgres_database: Postgres) -> None:
    db, digest = postgres_database, ORPHAN_DIGEST
    await db.write(lambda tx: announcements.announce(tx, digest, 1))
    done, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Tx) -> bool:
        condemned = await announcements.condemn(tx, digest, WEEK_LATER, 2)
        done.set()
        await go_on.wait()
        return condemned

    condemning = asyncio.create_task(db.write(slow))
    await done.wait()
    row = BlobRow(digest, 9, "image/jpeg", 1, 1, WEEK_LATER)
    landing = asyncio.create_task(db.write(lambda tx: evidence_files.send(tx, row, "li")))
    await asyncio.sleep(0.3)
    assert not landing.done()
    go_on.set()
    assert (await condemning, await landing) == (True, False)


async def test_a_store_that_is_away_is_swept_the_next_time(town: Town, tmp_path: Path, bucket: Bucket) -> None:  # noqa: F811
    town.house.vault = vault(tmp_path / "files", bucket.address)
    town.house.clock = clock
    await left(town.house, ORPHAN)
    later(town.house, 8)
    bucket.stop()
    assert await sweeper.sweep(town.house) == 0
    bucket.start()
    later(town.house, 9)
    assert await sweeper.sweep(town.house) == 1


async def test_many_are_swept_in_pages(town: Town, monkeypatch: Any) -> None:
    monkeypatch.setattr(sweeper, "MANY", 2)
    town.house.clock = clock
    digests = [await left(town.house, picture(number)) for number in range(10, 60, 10)]
    later(town.house, 8)
    assert await sweeper.sweep(town.house) == 5
    assert not any([await lies(town.house, digest) for digest in digests])
