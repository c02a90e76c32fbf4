"""`doorstep restore`: puts a backup into an empty place, and verifies what it has put there."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from service.audit_log import checkpoints
from service.blobs.folder_store import FolderBlobStore
from service.config.settings import Settings
from service.db.connect import open_database
from service.db.migrate import DatabaseTooNew, NoDatabase, OlderDatabase, migrations
from service.durable_files import fsync_path, make_durable_dir, run_in_disk_thread, write_durably
from service.lifecycle import RESTORING, build_context, open_read_only
from service.verify import log
from service.visits import status

from .log_position import LogPosition, log_position, read_checkpoint
from .manifest import (
    KEYS,
    MAX_FAULTS,
    PHOTOS,
    BackedUpFile,
    BackupError,
    Manifest,
    describe_file,
    read_manifest,
    read_photo_list,
)
from .photo_copies import copy_photo, name_photos, require_room

MAY_EXIST = {KEYS, "lost+found"}
"""What may be in the data folder already: keys are kept apart from backups."""

NEW_LOG_NEEDED = (
    "这份备份之后日志可能还签过名：请运行 doorstep keys new-log --name 主机/log/日期，否则不再签名 / "
    "more of the log may have been signed after this backup: run doorstep keys new-log --name HOST/log/DATE; "
    "nothing is signed until then"
)


class RestoreReport(msgspec.Struct, frozen=True):
    """What was restored, and from when it is. `missing_leaves`: so many were in the log at the checkpoint, and are not
    in the backup. `damaged_photos`: they were left out. `log_continues`: the checkpoint shows that nothing was signed
    after the backup; otherwise nothing is signed before `doorstep keys new-log`."""

    restored: str
    backup: str
    made_at: datetime
    rows: dict[str, int]
    leaves: int
    root: str
    fault_count: int
    faults: tuple[str, ...]
    log_continues: bool
    missing_leaves: int | None = None
    damaged_photos: tuple[str, ...] = ()


async def restore_backup(
    settings: Settings, source: Path, *, checkpoint: Path | None = None, skip_damaged: bool = False
) -> RestoreReport:
    """Restore a backup into the empty data folder and database of the settings.

    BackupError, and nothing is left there, when a digest is wrong. `checkpoint`: a file with checkpoints that was kept
    elsewhere; `skip_damaged`: photos that are damaged or missing are left out.
    """
    manifest = read_manifest(source)
    kept = None if checkpoint is None else read_checkpoint(checkpoint)
    await _require_suitable(settings, manifest)
    for file in (manifest.database, manifest.photo_list, *manifest.keys):
        await run_in_disk_thread(_require_intact, source, file)
    async with _undone_on_failure(settings):
        await run_in_disk_thread(_mark_begun, settings)
        damaged = await _restore_photos(settings, source, manifest, skip_damaged=skip_damaged)
        await run_in_disk_thread(_restore_keys, settings, source, manifest)
        await _restore_database(settings, source, manifest)
    continues = kept == LogPosition(manifest.leaves, manifest.root)
    await _bring_up_to_date(settings, continues=continues)
    await run_in_disk_thread((settings.data / RESTORING).unlink)
    async with open_read_only(settings) as ctx:
        report = await log.verify(ctx)
        position = await log_position(ctx, manifest.leaves)
        faults = list(report.faults)
        if position != LogPosition(manifest.leaves, manifest.root):
            faults.append("the log is not the one that was backed up")
        if kept is not None and kept.leaves <= report.leaves and await log_position(ctx, kept.leaves) != kept:
            faults.append("the log is not the one of the checkpoint")
    return RestoreReport(
        restored=report.database,
        backup=str(source),
        made_at=manifest.began_at,
        rows=report.rows,
        leaves=report.leaves,
        root=report.root,
        fault_count=len(faults),
        faults=tuple(faults[:MAX_FAULTS]),
        log_continues=continues,
        missing_leaves=None if kept is None else max(0, kept.leaves - manifest.leaves),
        damaged_photos=tuple(damaged),
    )


async def _require_suitable(settings: Settings, manifest: Manifest) -> None:
    """BackupError unless the settings name an empty place of the right kind."""
    engine = open_database(settings.database_address, only_read=True).engine
    if engine != manifest.engine:
        raise BackupError(
            f"备份来自 {manifest.engine}，DOORSTEP_DATABASE 是 {engine} / the backup is of {manifest.engine}, and "
            f"DOORSTEP_DATABASE is {engine}"
        )
    if manifest.step > migrations(engine)[-1].number:
        raise DatabaseTooNew(
            f"备份来自更新的版本 {manifest.program}，请用该版本恢复 / the backup was made by a newer version, "
            f"{manifest.program}: restore it with that version"
        )
    if settings.data.exists() and (there := {path.name for path in settings.data.iterdir()} - MAY_EXIST):
        raise BackupError(
            f"数据文件夹不是空的 / the data folder is not empty: {settings.data} ({', '.join(sorted(there)[:5])})"
        )
    db = open_database(settings.database_address, only_read=True)
    try:
        await db.start()
    except NoDatabase as error:
        if error.fresh or (engine == "sqlite" and not _sqlite_path(settings).exists()):
            return
        raise BackupError(str(error)) from error
    except (OlderDatabase, DatabaseTooNew):
        pass
    finally:
        await db.close()
    raise BackupError(f"已有数据库，不会覆盖 / there is a database, which is never overwritten: {db.name}")


def _sqlite_path(settings: Settings) -> Path:
    return Path(settings.database_address.partition("://")[2][1:])


def _require_intact(source: Path, file: BackedUpFile) -> None:
    """BackupError if a file of a backup is not what the manifest says."""
    try:
        intact = describe_file(source, file.path) == file
    except OSError as error:
        raise BackupError(f"{source / file.path}: {type(error).__name__}") from error
    if not intact:
        raise BackupError(f"{source / file.path} 已损坏，不能恢复 / is damaged and cannot be restored")


@asynccontextmanager
async def _undone_on_failure(settings: Settings) -> AsyncGenerator[None]:
    """On failure remove what was put into the data folder, which was empty."""
    keys_were_there = (settings.data / KEYS).exists()
    try:
        yield
    except BaseException:
        (settings.data / RESTORING).unlink(missing_ok=True)
        if settings.data.exists():
            for path in settings.data.iterdir():
                if path.is_dir() and path.name not in MAY_EXIST:
                    shutil.rmtree(path)
        if not keys_were_there:
            shutil.rmtree(settings.data / KEYS, ignore_errors=True)
        raise


def _mark_begun(settings: Settings) -> None:
    """Until the restored database says whether its log may be signed, nothing opens it."""
    make_durable_dir(settings.data)
    settings.data.chmod(0o700)
    write_durably(settings.data / RESTORING, b"")
    fsync_path(settings.data)


async def _restore_photos(settings: Settings, source: Path, manifest: Manifest, *, skip_damaged: bool) -> list[str]:
    """Put the photos into the store; which are damaged."""
    photos = 0 if settings.blobs else manifest.photos.size
    database = manifest.database.size if manifest.engine == "sqlite" else 0
    require_room(settings.data, photos + database)
    if manifest.photos.bucket:
        return []
    storage, pool = build_context(settings).evidence_storage, FolderBlobStore(source.parent / PHOTOS)
    damaged: list[str] = []
    for digest, _ in read_photo_list(source):
        if wrong := await copy_photo(pool, storage.blobs, storage.incoming, digest):
            damaged.append(f"{digest.hex()} {wrong}")
    if damaged and not skip_damaged:
        raise BackupError(
            f"备份里的照片已损坏或缺失；要去掉它们恢复其余内容，请加 --skip-damaged / photos of the backup are damaged "
            f"or missing; add --skip-damaged to restore without them: {name_photos(damaged)}"
        )
    return damaged


def _restore_keys(settings: Settings, source: Path, manifest: Manifest) -> None:
    for file in manifest.keys:
        place = settings.data / file.path
        if place.exists():
            continue
        make_durable_dir(place.parent)
        place.parent.chmod(0o700)
        write_durably(place, (source / file.path).read_bytes())
        fsync_path(place.parent)


async def _restore_database(settings: Settings, source: Path, manifest: Manifest) -> None:
    if manifest.engine == "sqlite":
        await run_in_disk_thread(_restore_sqlite, _sqlite_path(settings), source, manifest.database)
        return
    from service.db import postgres_tools  # noqa: PLC0415 - only the engine in use is imported

    schema = await postgres_tools.current_schema(settings.database_address)
    if schema != manifest.schema:
        raise BackupError(
            f"备份的模式是 {manifest.schema}，数据库的是 {schema} / the backup is of schema {manifest.schema}, and the "
            f"database has {schema} (search_path)"
        )
    await postgres_tools.restore_dump(settings.database_address, source / manifest.database.path, schema)


def _restore_sqlite(place: Path, source: Path, file: BackedUpFile) -> None:
    """Copy the database beside its place, and give it its name when it is complete."""
    make_durable_dir(place.absolute().parent)
    copy = place.with_name(f"{place.name}.restoring")
    copy.touch(0o600)
    try:
        shutil.copyfile(source / file.path, copy)
        fsync_path(copy)
        if describe_file(copy.parent, copy.name).sha256 != file.sha256:
            raise BackupError(f"{copy} 写入有误 / was not written correctly")
        copy.rename(place)
        fsync_path(place.absolute().parent)
    finally:
        copy.unlink(missing_ok=True)


async def _bring_up_to_date(settings: Settings, *, continues: bool) -> None:
    """Bring tables of an older version up to date, and let every phone fetch its agenda again: its cursor may be ahead.

    Unless the log `continues`, nothing more is signed with its key.

    Nothing is added to the log, and no keys are needed: a server makes a new key of cursors when it needs one.
    """
    ctx = build_context(settings)
    await ctx.db.start()
    try:
        await ctx.db.write(lambda tx: tx.execute("forget_cursor_key"))
        if not continues:
            await ctx.db.write(checkpoints.forbid_to_sign)
        await status.backfill_summaries(ctx)
    finally:
        await ctx.db.close()
