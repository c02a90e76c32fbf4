"""A backup is made while the service writes, is complete, and is restored as it was; a damaged one is refused."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from service.agenda import agenda
from service.audit_log import checkpoints
from service.backup import making, restoring
from service.backup.log_position import log_position
from service.backup.making import make_backup
from service.backup.manifest import BackupError, read_manifest
from service.backup.restoring import restore_backup
from service.blobs.store import blob_path
from service.config.settings import Settings
from service.db.connect import open_database
from service.db.database import Transaction
from service.db.migrate import DatabaseTooNew
from service.db.postgres_tools import ToolFailed
from service.errors import StorageFull
from service.lifecycle import RestoreUnfinished, build_context, open_context
from service.monitoring.last_backup import read_last_backup
from service.visits import batches
from tests.support.api_client import RECORD, VISIT, World, record
from tests.support.backups import empty_place, settings_of, use_programs_of_server, utility
from tests.support.evidence import record_naming, send_evidence
from tests.support.factories import TOKENS, uid
from tests.support.log_growth import grow
from tests.support.pictures import name, picture
from tests.support.sql import run_sql
from tests.support.tampering import tampered

if TYPE_CHECKING:
    from tests.support.bucket import Bucket

PHOTO, LATE = picture(), uid("late record")


@pytest.fixture
def server(engine: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """'' for SQLite, or the address of the PostgreSQL server."""
    if engine == "sqlite":
        return ""
    use_programs_of_server(monkeypatch)
    return request.getfixturevalue("postgres")


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each backup be made some minutes after the one before: they are named by the second."""
    now = datetime(2026, 3, 2, tzinfo=UTC)

    def later() -> datetime:
        nonlocal now
        now += timedelta(minutes=1)
        return now

    monkeypatch.setattr(making, "_now", later)


async def worked(world: World) -> str:
    """A visit with a record, its photo, and a phone that has fetched it; the phone's cursor."""
    assert (await world.plan()).status_code == 201
    assert (await world.submit(record_naming(PHOTO))).status_code == 201
    assert (await send_evidence(world, PHOTO)).status_code == 201
    await checkpoints.settle(world.ctx)
    return (await agenda.changes_since(world.ctx, TOKENS["li"], None)).cursor


async def records_in(settings: Settings) -> list[bytes]:
    """The bytes of the records that are there."""

    async def find(tx: Transaction) -> list[bytes]:
        rows = [await batches.get_batch(tx, one) for one in (RECORD, LATE)]
        return [row.body for row in rows if row is not None]

    db = open_database(settings.database_address)
    await db.start()
    try:
        return await db.read(find)
    finally:
        await db.close()


async def test_all_that_was_there_is_restored_elsewhere_and_phones_start_over(tmp_path: Path, server: str):
    async with utility(tmp_path / "data", server) as (world, settings):
        cursor = await worked(world)
        made = await make_backup(settings, tmp_path / "backups")
        assert (made.faults, made.verified, made.photos.count, made.new_photos) == ((), True, 1, 1)
        assert (await world.submit(record(LATE), LATE)).status_code == 201
        folder = Path(made.backup)
        assert modes(folder) == {0o700, 0o600}
        async with empty_place(tmp_path / "restored", server) as place:
            report = await restore_backup(place, folder)
            assert (report.faults, report.rows["records"], report.rows["files"]) == ((), 1, 1)
            assert len(await records_in(settings)) == 2
            assert await records_in(place) == (await records_in(settings))[:1]
            assert (tmp_path / "restored" / "evidence" / blob_path(bytes.fromhex(name(PHOTO)))).read_bytes() == PHOTO
            ctx = msgspec.structs.replace(build_context(place), keys=world.ctx.keys)
            await ctx.db.start()
            again = await agenda.changes_since(ctx, TOKENS["li"], cursor)
            await ctx.db.close()
            assert again.full
            assert [str(visit.id) for visit in again.visits] == [str(VISIT)]
            with pytest.raises(BackupError, match="not empty"):
                await restore_backup(place, folder)
            with pytest.raises(BackupError, match="never overwritten"):
                await restore_backup(settings_of(tmp_path / "other", place.database_address), folder)


def modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in (folder.parent, folder, *folder.iterdir())}


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


PHOTO_PATH = Path("photos") / blob_path(bytes.fromhex(name(PHOTO)))
DAMAGE: dict[str, Callable[[Path], None]] = {
    "a bit of the database": lambda folder: flip(folder / "doorstep.sqlite"),
    "the end of the database": lambda folder: (folder / "doorstep.sqlite").write_bytes(
        (folder / "doorstep.sqlite").read_bytes()[:-4096]
    ),
    "the list of photos": lambda folder: (folder / "photos.txt").write_bytes(b""),
    "a bit of a photo": lambda folder: flip(folder.parent / PHOTO_PATH),
    "a photo": lambda folder: (folder.parent / PHOTO_PATH).unlink(),
    "a key": lambda folder: flip(folder / "keys" / "other"),
    "the manifest": lambda folder: (folder / "manifest.json").write_bytes(b"{"),
    "a backup without manifest": lambda folder: (folder / "manifest.json").unlink(),
}


@pytest.fixture
async def made(tmp_path: Path) -> Path:
    """A backup on SQLite, with keys."""
    async with utility(tmp_path / "data") as (world, settings):
        await worked(world)
        (tmp_path / "data" / "keys").mkdir()
        (tmp_path / "data" / "keys" / "other").write_text("secret", "utf-8")
        return Path((await make_backup(settings, tmp_path / "backups", keys=True)).backup)


@pytest.mark.parametrize("what", [*DAMAGE, "nothing"])
async def test_a_damaged_backup_is_refused_and_leaves_nothing(tmp_path: Path, made: Path, what: str):
    place = settings_of(tmp_path / "restored")
    if what == "nothing":  # the control
        assert (await restore_backup(place, made)).faults == ()
        assert (tmp_path / "restored" / "keys" / "other").read_text("utf-8") == "secret"
        return
    DAMAGE[what](made)
    with pytest.raises(BackupError):
        await restore_backup(place, made)
    assert not (tmp_path / "restored").exists() or list((tmp_path / "restored").iterdir()) == []
    if what in ("a photo", "a bit of a photo"):
        report = await restore_backup(place, made, skip_damaged=True)
        assert len(report.damaged_photos) == 1
        assert report.faults == (f"file {name(PHOTO)}: it is gone from the store",)


@pytest.mark.parametrize("listed", [200, 0])
async def test_what_was_wrong_before_is_counted_and_listed_in_the_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: int
):
    monkeypatch.setattr(making, "MAX_FAULTS", listed)
    async with utility(tmp_path / "data") as (world, settings):
        await worked(world)
        flip(tmp_path / "data" / "evidence" / blob_path(bytes.fromhex(name(PHOTO))))
        damaged = await make_backup(settings, tmp_path / "backups")
    manifest = read_manifest(Path(damaged.backup))
    assert damaged.fault_count == manifest.fault_count > 0
    assert damaged.faults == manifest.faults
    assert any(name(PHOTO) in fault for fault in manifest.faults) == (listed > 0)
    last = msgspec.json.decode((tmp_path / "data" / "last-backup.json").read_bytes())
    assert last["sound"] is False


@pytest.mark.usefixtures("times")
async def test_old_backups_leave_with_their_photos_but_never_the_last_sound_one(tmp_path: Path):
    target = tmp_path / "backups"
    async with utility(tmp_path / "data") as (world, settings):
        await worked(world)
        await make_backup(settings, target)
        await tampered(settings.database_address, "UPDATE visits SET created_by = 'somebody'")
        broken = [await make_backup(settings, target, keep=1) for _ in range(2)]
        assert [(bool(one.faults), len(one.removed)) for one in broken] == [(True, 0), (True, 1)]
        assert (target / PHOTO_PATH).exists()
        await tampered(settings.database_address, "UPDATE visits SET created_by = 'zhao'")
        unnamed = target / "photos" / blob_path(bytes(32))
        unnamed.parent.mkdir()
        unnamed.touch()
        (target / ".unfinished-20260302T000000Z").mkdir()  # of a backup that was interrupted
        sound = await make_backup(settings, target, keep=1)
        assert (sound.faults, len(sound.removed)) == ((), 2)
        assert not unnamed.exists()
        assert (target / PHOTO_PATH).exists()
        assert sorted(path.name for path in target.iterdir()) == [Path(sound.backup).name, "photos"]


@pytest.mark.usefixtures("times")
async def test_a_backup_is_known_of_even_if_an_older_one_is_damaged(tmp_path: Path):
    async with utility(tmp_path / "data") as (_, settings):
        older = Path((await make_backup(settings, tmp_path / "backups")).backup)
        (older / "manifest.json").write_text("{")
        with pytest.raises(BackupError, match="damaged"):
            await make_backup(settings, tmp_path / "backups", keep=1)
        newer = max((tmp_path / "backups").glob("2*Z"))
        assert newer != older
        last = read_last_backup(tmp_path / "data")
        assert last is not None
        assert (last.backup, last.sound) == (str(newer), True)


async def test_a_backup_that_fails_leaves_nothing_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with utility(tmp_path / "data") as (_, settings):

        async def fail(*_: Any) -> None:
            raise OSError("the disk is gone")

        monkeypatch.setattr(making.log, "verify", fail)
        with pytest.raises(OSError, match="the disk is gone"):
            await make_backup(settings, tmp_path / "backups")

        async def fill_up(*_: Any) -> None:
            raise StorageFull

        monkeypatch.setattr(making.log, "verify", fill_up)
        with pytest.raises(BackupError, match="the disk of the backups is full"):
            await make_backup(settings, tmp_path / "backups")
        assert list((tmp_path / "backups").iterdir()) == []
        assert not (tmp_path / "data" / "last-backup.json").exists()
        for inside in (tmp_path / "data", tmp_path / "data" / "deeper" / "backups"):
            with pytest.raises(BackupError, match="inside the data folder"):
                await make_backup(settings, inside)
        (tmp_path / "link").symlink_to(tmp_path / "data")
        with pytest.raises(BackupError, match="inside the data folder"):
            await make_backup(settings, tmp_path / "link" / "backups")


async def test_the_place_in_the_log_is_the_same_by_tiles_and_by_leaves(tmp_path: Path):
    async with utility(tmp_path / "live") as (world, settings):
        await grow(world.ctx, 600)
        sizes = (None, 0, 1, 255, 256, 257, 512, 600, 10_000)
        by_tiles = [await log_position(world.ctx, size) for size in sizes]
        await run_sql(settings.database_address, "DROP TRIGGER log_tiles_no_delete")
        await run_sql(settings.database_address, "DELETE FROM log_tiles WHERE level = 0 AND number > 0")
        assert [await log_position(world.ctx, size) for size in sizes] == by_tiles
        await run_sql(settings.database_address, "DELETE FROM log_tiles")
        assert [await log_position(world.ctx, size) for size in sizes] == by_tiles
        assert by_tiles[0].leaves >= 600 > by_tiles[4].leaves == 256


async def test_a_database_that_was_not_upgraded_yet_is_left_to_the_version_that_wrote_it(tmp_path: Path):
    async with utility(tmp_path / "live", "") as (_, settings):
        pass
    await run_sql(
        settings.database_address, "DELETE FROM migrations WHERE number = (SELECT max(number) FROM migrations)"
    )
    with pytest.raises(BackupError, match="旧版本备份"):
        await make_backup(settings, tmp_path / "backups")
    assert not list((tmp_path / "backups").iterdir())


async def test_a_backup_of_another_engine_or_a_newer_program_is_refused(tmp_path: Path, made: Path):
    with pytest.raises(BackupError, match="sqlite"):
        await restore_backup(settings_of(tmp_path / "restored", "postgresql://postgres@/postgres"), made)
    manifest = msgspec.json.decode((made / "manifest.json").read_bytes())
    (made / "manifest.json").write_bytes(msgspec.json.encode(manifest | {"step": 9999}))
    with pytest.raises(DatabaseTooNew, match="newer version"):
        await restore_backup(settings_of(tmp_path / "restored"), made)
    (made / "manifest.json").write_bytes(msgspec.json.encode(manifest | {"format": 2}))
    with pytest.raises(BackupError, match="newer program"):
        await restore_backup(settings_of(tmp_path / "restored"), made)


async def test_a_kept_checkpoint_tells_what_is_missing_and_whether_it_is_the_same_log(tmp_path: Path, made: Path):
    manifest = read_manifest(made)
    file = tmp_path / "checkpoints"

    def keep(leaves: int, root: bytes) -> None:
        file.write_text(
            f"doorstep.example\n{leaves}\n{b64encode(root).decode()}\n\n— doorstep.example AAAAAAA=\n", "utf-8"
        )

    for number, (leaves, root, missing, faults) in enumerate(
        (
            (manifest.leaves, bytes.fromhex(manifest.root), 0, ()),
            (manifest.leaves + 7, bytes(32), 7, ()),
            (manifest.leaves, bytes(32), 0, ("the log is not the one of the checkpoint",)),
        )
    ):
        keep(leaves, root)
        report = await restore_backup(settings_of(tmp_path / f"restored {number}"), made, checkpoint=file)
        assert (report.missing_leaves, report.faults) == (missing, faults)
    file.write_text("nothing", "utf-8")
    with pytest.raises(BackupError, match="no checkpoint"):
        await restore_backup(settings_of(tmp_path / "other"), made, checkpoint=file)


@pytest.mark.parametrize("signed_since", [0, 1])
async def test_a_restored_log_is_signed_only_if_nothing_was_signed_since(
    tmp_path: Path, server: str, signed_since: int
):
    async with utility(tmp_path / "data", server) as (world, settings):
        key = checkpoints.verifier_key(world.ctx)
        await world.ctx.db.write(lambda tx: tx.execute("add_known_key", purpose="log", id=key, at=1))
        await worked(world)
        made = Path((await make_backup(settings, tmp_path / "backups")).backup)
        await grow(world.ctx, signed_since)
        async with empty_place(tmp_path / "restored", server) as place:
            report = await restore_backup(place, made, checkpoint=checkpoints.file_of(world.ctx))
            ctx = msgspec.structs.replace(build_context(place), keys=world.ctx.keys)
            await ctx.db.start()
            await grow(ctx, 1)
            newest = await ctx.db.read(checkpoints.latest)
            await ctx.db.close()
        assert (report.log_continues, report.missing_leaves) == (not signed_since, signed_since)
        assert newest is not None
        assert newest.size == read_manifest(made).leaves + (0 if signed_since else 1)
        assert ("keys new-log" in ctx.log_health.refused) == bool(signed_since)


async def test_nothing_opens_what_an_interrupted_restore_left(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
):
    """The database is in its place, and does not know yet that its log must not be signed."""
    async with utility(tmp_path / "data", server) as (_, settings):
        made = Path((await make_backup(settings, tmp_path / "backups")).backup)
    async with empty_place(tmp_path / "restored", server) as place:

        async def killed(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(restoring, "_bring_up_to_date", killed)
        with pytest.raises(KeyboardInterrupt):
            await restore_backup(place, made)
        with pytest.raises(RestoreUnfinished):
            async with open_context(build_context(place)):
                pass


async def test_photos_in_a_bucket_are_named_or_copied(tmp_path: Path, bucket: "Bucket"):
    async with utility(tmp_path / "data", blobs=bucket.address) as (world, settings):
        await worked(world)
        named = await make_backup(settings, tmp_path / "named")
        copied = await make_backup(settings, tmp_path / "copied", bucket=True)
    assert (named.photos.bucket, named.faults, copied.photos.bucket, copied.new_photos) == (bucket.address, (), "", 1)
    assert not (tmp_path / "named" / "photos").exists()
    again = await restore_backup(settings_of(tmp_path / "again", blobs=bucket.address), Path(named.backup))
    here = await restore_backup(settings_of(tmp_path / "here"), Path(copied.backup))
    assert (again.faults, here.faults) == ((), ())
    assert (tmp_path / "here" / "evidence" / blob_path(bytes.fromhex(name(PHOTO)))).read_bytes() == PHOTO
    gone = await restore_backup(settings_of(tmp_path / "gone"), Path(named.backup))
    assert gone.faults == (f"file {name(PHOTO)}: it is gone from the store",)


@pytest.mark.parametrize("output", ["", "pg_dump (PostgreSQL) 9.6.24"])
async def test_a_missing_or_old_client_of_postgresql_is_a_plain_message(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch, output: str
):
    if output:
        (tmp_path / "pg_dump").write_text(f"#!/bin/sh\necho '{output}'\n", "utf-8")
        (tmp_path / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    async with utility(tmp_path / "data", postgres) as (_, settings):
        with pytest.raises(ToolFailed, match="postgresql-client"):
            await make_backup(settings, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []
