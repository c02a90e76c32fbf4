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
from service.blobs import announcements
from service.blobs.evidence_storage import open_evidence_storage
from service.context import AppContext
from service.db.connect import open_database
from service.db.database import Transaction
from service.db.postgres import Postgres
from service.evidence import attach, sweeper
from service.lifecycle import current_millis
from service.verify.log import verify
from service.visits import evidence_files
from service.visits.evidence_files import BlobRow
from service.web import access_log
from tests.support.bucket import Bucket
from tests.support.factories import Town
from tests.support.pictures import name, picture

ORPHAN, KEPT, MINE = picture(1), picture(2), picture(3)
ORPHAN_DIGEST, KEPT_DIGEST = bytes.fromhex(name(ORPHAN)), bytes.fromhex(name(KEPT))
WEEK_LATER = 7 * 86_400_000


@pytest.fixture(params=["folder", "s3"])
def ctx(request: pytest.FixtureRequest, town: Town, tmp_path: Path) -> AppContext:
    """A context with either store, whose clock a test may set on (`later`)."""
    address = "" if request.param == "folder" else request.getfixturevalue("bucket").address
    town.ctx.evidence_storage = open_evidence_storage(tmp_path / "files", address)
    town.ctx.clock = current_millis
    return town.ctx


def later(ctx: AppContext, days: float) -> None:
    ctx.clock = lambda: current_millis() + int(days * 86_400_000)


async def left(ctx: AppContext, raw: bytes) -> bytes:
    """A file that came into the store and got no row: its sender crashed in between."""
    digest = bytes.fromhex(name(raw))
    await attach.store_bytes(ctx, raw, digest)
    return digest


async def lies(ctx: AppContext, digest: bytes) -> bool:
    try:
        async with ctx.evidence_storage.blobs.open_local(digest):
            return True
    except FileNotFoundError:
        return False


async def announced(ctx: AppContext) -> int:
    """How many files are announced and have not landed, or are being taken out."""
    late = 2**62
    return len(await ctx.db.read(lambda tx: announcements.list_expired(tx, late, late, b"", 1000)))


async def test_what_was_announced_and_never_came_is_swept_after_a_week_and_nothing_else(ctx: AppContext) -> None:
    await left(ctx, ORPHAN)
    await attach.register_upload(ctx, await attach.store_bytes(ctx, KEPT, KEPT_DIGEST), "li")
    later(ctx, 6.9)
    assert await sweeper.delete_unreferenced(ctx) == 0
    assert await lies(ctx, ORPHAN_DIGEST)
    later(ctx, 7.1)
    assert await sweeper.delete_unreferenced(ctx) == 1
    assert (await lies(ctx, ORPHAN_DIGEST), await lies(ctx, KEPT_DIGEST)) == (False, True)
    assert await sweeper.delete_unreferenced(ctx) == 0
    assert (await verify(ctx)).faults == []


async def test_what_another_database_keeps_in_the_same_store_stays(ctx: AppContext, tmp_path: Path) -> None:
    """A wrong address, a new database: one that knows nothing of the files takes none of them away."""
    await attach.register_upload(ctx, await attach.store_bytes(ctx, KEPT, KEPT_DIGEST), "li")
    await left(ctx, ORPHAN)
    async with other(ctx, f"sqlite:///{tmp_path / 'other.db'}") as stranger:
        later(stranger, 30)
        mine = await left(stranger, MINE)
        later(stranger, 60)
        assert await sweeper.delete_unreferenced(stranger) == 1  # what it announced itself
        assert not await lies(ctx, mine)
    assert (await lies(ctx, KEPT_DIGEST), await lies(ctx, ORPHAN_DIGEST)) == (True, True)
    assert (await verify(ctx)).faults == []


@asynccontextmanager
async def other(ctx: AppContext, address: str) -> AsyncIterator[AppContext]:
    """Another database on the same store."""
    database = open_database(address)
    await database.start()
    town = await Town(database).open()
    town.ctx.evidence_storage, town.ctx.clock = ctx.evidence_storage, current_millis
    yield town.ctx
    await database.close()


async def test_an_announcement_ends_when_the_file_lands(ctx: AppContext) -> None:
    sealed = await attach.store_bytes(ctx, KEPT, KEPT_DIGEST)
    assert await announced(ctx) == 1
    assert await attach.register_upload(ctx, sealed, "li")
    assert await announced(ctx) == 0
    await attach.register_upload(ctx, await attach.store_bytes(ctx, KEPT, KEPT_DIGEST), "sun")  # it is there already
    assert await announced(ctx) == 0


async def test_of_two_who_send_the_same_file_both_land_it(ctx: AppContext) -> None:
    one, two = [await attach.store_bytes(ctx, KEPT, KEPT_DIGEST) for _ in range(2)]
    assert await asyncio.gather(attach.register_upload(ctx, one, "li"), attach.register_upload(ctx, two, "sun")) == [
        True,
        True,
    ]
    later(ctx, 30)
    assert await sweeper.delete_unreferenced(ctx) == 0
    assert await lies(ctx, KEPT_DIGEST)


async def test_what_landed_by_another_announcement_is_not_taken_out(ctx: AppContext) -> None:
    """Somebody announced it again just when the other one's row came, and crashed."""
    await attach.register_upload(ctx, await attach.store_bytes(ctx, KEPT, KEPT_DIGEST), "li")
    await ctx.db.write(lambda tx: announcements.announce_blob(tx, KEPT_DIGEST, ctx.clock()))
    later(ctx, 8)
    assert await sweeper.delete_unreferenced(ctx) == 0
    assert (await lies(ctx, KEPT_DIGEST), await announced(ctx)) == (True, 0)


async def test_what_comes_again_just_then_is_not_swept(ctx: AppContext) -> None:
    await left(ctx, ORPHAN)
    later(ctx, 8)
    sealed = await attach.store_bytes(ctx, ORPHAN, ORPHAN_DIGEST)  # in the store, and its row not yet written
    assert await sweeper.delete_unreferenced(ctx) == 0
    assert await attach.register_upload(ctx, sealed, "li")
    later(ctx, 30)
    assert await sweeper.delete_unreferenced(ctx) == 0
    assert await lies(ctx, ORPHAN_DIGEST)
    assert (await verify(ctx)).faults == []


async def test_who_slept_between_the_bytes_and_the_row_is_told_that_they_are_gone(ctx: AppContext) -> None:
    """His receipt would speak of a file that the sweep took out meanwhile."""
    sealed = await attach.store_bytes(ctx, ORPHAN, ORPHAN_DIGEST)
    later(ctx, 8)
    assert await sweeper.delete_unreferenced(ctx) == 1
    with pytest.raises(errors.ServiceUnavailable):
        await attach.register_upload(ctx, sealed, "li")
    assert await attach.register_upload(ctx, await attach.store_bytes(ctx, ORPHAN, ORPHAN_DIGEST), "li")
    assert (await verify(ctx)).faults == []


async def test_what_comes_while_it_is_taken_out_comes_again(ctx: AppContext, monkeypatch: Any) -> None:
    """Whoever puts a file into the store in the moment in which it is removed would lose it."""
    sealed = await attach.store_bytes(ctx, ORPHAN, ORPHAN_DIGEST)
    later(ctx, 8)
    store = type(ctx.evidence_storage.blobs)
    remove, told = store.remove, []

    async def slowly(self: Any, digest: bytes) -> None:
        with pytest.raises(errors.ServiceUnavailable):
            await attach.store_bytes(ctx, ORPHAN, ORPHAN_DIGEST)
        with pytest.raises(errors.ServiceUnavailable):
            await attach.register_upload(ctx, sealed, "li")
        assert await sweeper.delete_unreferenced(ctx) == 0  # of another process
        told.append(digest)
        await remove(self, digest)

    monkeypatch.setattr(store, "remove", slowly)
    assert await sweeper.delete_unreferenced(ctx) == 1
    assert told == [ORPHAN_DIGEST]
    assert await attach.register_upload(ctx, await attach.store_bytes(ctx, ORPHAN, ORPHAN_DIGEST), "li")
    assert await lies(ctx, ORPHAN_DIGEST)


@pytest.mark.parametrize("awake", [True, False])
async def test_a_removal_that_failed_keeps_nobody_out_for_long(ctx: AppContext, monkeypatch: Any, awake: bool) -> None:
    """The store was away, or the process was ended just then."""
    await left(ctx, ORPHAN)
    later(ctx, 8)

    async def away(*_: Any) -> None:
        raise errors.ServiceUnavailable if awake else asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(type(ctx.evidence_storage.blobs), "remove", away)
        if awake:
            assert await sweeper.delete_unreferenced(ctx) == 0
        else:
            with pytest.raises(asyncio.CancelledError):
                await sweeper.delete_unreferenced(ctx)
    for hours in (0, 0.9):
        later(ctx, 8 + hours / 24)
        with pytest.raises(errors.ServiceUnavailable):
            await attach.store_bytes(ctx, ORPHAN, ORPHAN_DIGEST)
        assert await sweeper.delete_unreferenced(ctx) == 0
    later(ctx, 8 + 1.1 / 24)
    assert await attach.register_upload(ctx, await attach.store_bytes(ctx, ORPHAN, ORPHAN_DIGEST), "li")
    assert await sweeper.delete_unreferenced(ctx) == 0
    assert await lies(ctx, ORPHAN_DIGEST)


async def test_what_could_not_be_taken_out_is_taken_out_the_next_time(ctx: AppContext, monkeypatch: Any) -> None:
    await left(ctx, ORPHAN)
    later(ctx, 8)

    async def away(*_: Any) -> None:
        raise errors.ServiceUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(type(ctx.evidence_storage.blobs), "remove", away)
        assert await sweeper.delete_unreferenced(ctx) == 0
    later(ctx, 9)
    assert await sweeper.delete_unreferenced(ctx) == 1
    assert (await lies(ctx, ORPHAN_DIGEST), await announced(ctx)) == (False, 0)


@pytest.mark.parametrize("clocks", ["both", "the wall's", "the steady one", "none"])
async def test_a_sweep_that_was_asleep_leaves_what_somebody_sent_meanwhile(
    ctx: AppContext, monkeypatch: Any, clocks: str
) -> None:
    """Stopped for two hours between its mark and the removal. When no clock tells it takes the file away."""
    await left(ctx, ORPHAN)
    later(ctx, 8)
    write, slept = ctx.db.write, 0.0

    async def marked(work: Any) -> Any:
        nonlocal slept
        done = await write(work)
        if done is not True or slept:
            return done
        slept = 7200.0
        later(ctx, 8 + 2 / 24)
        assert await attach.register_upload(ctx, await attach.store_bytes(ctx, ORPHAN, ORPHAN_DIGEST), "li")
        if clocks in ("the steady one", "none"):
            later(ctx, 8)
        return done

    monkeypatch.setattr(ctx.db, "write", marked)
    monkeypatch.setattr(sweeper, "monotonic_seconds", lambda: slept if clocks in ("both", "the steady one") else 0.0)
    assert await sweeper.delete_unreferenced(ctx) == (clocks == "none")
    assert slept
    assert await lies(ctx, ORPHAN_DIGEST) == (clocks != "none")
    later(ctx, 30)
    assert await sweeper.delete_unreferenced(ctx) == 0


async def test_a_removal_is_logged(town: Town) -> None:
    ctx = town.ctx
    ctx.clock = current_millis
    await left(ctx, ORPHAN)
    later(ctx, 8)
    stream = BytesIO()
    access_log.configure_logging("json", "info", stream)
    assert await sweeper.delete_unreferenced(ctx) == 1
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["sha256"] == name(ORPHAN)


@pytest.mark.parametrize("first", ["announce", "land"])
async def test_who_sends_a_file_and_who_condemns_it_wait_for_one_another(
    postgres_database: Postgres, first: str
) -> None:
    db, digest = postgres_database, ORPHAN_DIGEST
    await db.write(lambda tx: announcements.announce_blob(tx, digest, 1))
    done, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Transaction) -> None:
        if first == "announce":
            assert await announcements.announce_blob(tx, digest, WEEK_LATER)
        else:
            assert await evidence_files.mark_received(tx, BlobRow(digest, 9, "image/jpeg", 1, 1, WEEK_LATER), "li")
        done.set()
        await go_on.wait()

    sending = asyncio.create_task(db.write(slow))
    await done.wait()
    condemning = asyncio.create_task(db.write(lambda tx: announcements.mark_for_deletion(tx, digest, WEEK_LATER, 2)))
    await asyncio.sleep(0.3)
    assert not condemning.done()
    go_on.set()
    await sending
    assert not await condemning


async def test_who_lands_a_file_that_is_just_being_condemned_waits_and_is_told(postgres_database: Postgres) -> None:
    db, digest = postgres_database, ORPHAN_DIGEST
    await db.write(lambda tx: announcements.announce_blob(tx, digest, 1))
    done, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Transaction) -> bool:
        condemned = await announcements.mark_for_deletion(tx, digest, WEEK_LATER, 2)
        done.set()
        await go_on.wait()
        return condemned

    condemning = asyncio.create_task(db.write(slow))
    await done.wait()
    row = BlobRow(digest, 9, "image/jpeg", 1, 1, WEEK_LATER)
    landing = asyncio.create_task(db.write(lambda tx: evidence_files.mark_received(tx, row, "li")))
    await asyncio.sleep(0.3)
    assert not landing.done()
    go_on.set()
    assert (await condemning, await landing) == (True, False)


async def test_a_store_that_is_away_is_swept_the_next_time(town: Town, tmp_path: Path, bucket: Bucket) -> None:
    town.ctx.evidence_storage = open_evidence_storage(tmp_path / "files", bucket.address)
    town.ctx.clock = current_millis
    await left(town.ctx, ORPHAN)
    later(town.ctx, 8)
    bucket.stop()
    assert await sweeper.delete_unreferenced(town.ctx) == 0
    bucket.start()
    later(town.ctx, 9)
    assert await sweeper.delete_unreferenced(town.ctx) == 1


async def test_many_are_swept_in_pages(town: Town, monkeypatch: Any) -> None:
    monkeypatch.setattr(sweeper, "BATCH_SIZE", 2)
    town.ctx.clock = current_millis
    digests = [await left(town.ctx, picture(number)) for number in range(10, 60, 10)]
    later(town.ctx, 8)
    assert await sweeper.delete_unreferenced(town.ctx) == 5
    assert not any([await lies(town.ctx, digest) for digest in digests])
