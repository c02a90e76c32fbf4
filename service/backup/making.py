"""`doorstep backup`: copies the database while servers write to it, then the photos it names, then verifies the copy.

The database comes first: each photo is stored before its row is, so a copy names no photo that is not there yet.
"""

import fcntl
import os
import shutil
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from errno import ENOSPC
from importlib.metadata import version
from pathlib import Path

import msgspec

from service.blobs.evidence_storage import EvidenceStorage
from service.blobs.folder_store import FolderBlobStore
from service.config.settings import Settings
from service.context import AppContext
from service.db.copies import copied
from service.db.migrate import OlderDatabase, migrations
from service.durable_files import fsync_path, make_durable_dir, run_in_disk_thread, write_durably
from service.errors import StorageFull
from service.lifecycle import open_read_only
from service.monitoring.last_backup import LAST_BACKUP, LastBackup
from service.verify import log

from .log_position import log_position
from .manifest import (
    DATABASE_FILES,
    KEYS,
    MANIFEST,
    MAX_FAULTS,
    PHOTO_LIST,
    PHOTOS,
    BackedUpFile,
    BackupError,
    Manifest,
    PhotoCount,
    describe_file,
    finished_backups,
    read_manifest,
    read_photo_list,
)
from .photo_copies import copy_photo, has_photo, photos_of, remove_unnamed

UNFINISHED = ".unfinished"


class BackupReport(msgspec.Struct, frozen=True):
    """The folder of a backup, what it contains, what was wrong, and which older ones were removed."""

    backup: str
    leaves: int
    root: str
    rows: dict[str, int]
    photos: PhotoCount
    new_photos: int
    verified: bool
    fault_count: int
    faults: tuple[str, ...]
    removed: tuple[str, ...]
    same_disk: bool


async def make_backup(
    settings: Settings, target: Path, *, keep: int = 0, verify: bool = True, keys: bool = False, bucket: bool = False
) -> BackupReport:
    """Back everything up into a new folder in `target`, and keep the last `keep` (0: all).

    `bucket`: copy photos that are in a bucket, too. Nothing that exists is changed, and until it is complete the new
    folder has another name. A backup with faults is kept: of a damaged system it may be all there is.
    """
    _require_outside(settings, target)
    await run_in_disk_thread(_make_private_dir, target)
    with _locked(target):
        began = _now()
        finished = target / f"{began.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        unfinished = await run_in_disk_thread(_begin, finished)
        try:
            manifest, new_photos = await _fill(settings, unfinished, began, verify=verify, keys=keys, bucket=bucket)
            await run_in_disk_thread(_publish, unfinished, finished, manifest)
        except BaseException as failure:
            shutil.rmtree(unfinished, ignore_errors=True)
            if isinstance(failure, StorageFull) or (isinstance(failure, OSError) and failure.errno == ENOSPC):
                raise BackupError(
                    f"{target}: 备份的磁盘已满：请用 df -h 看看，腾出空间再备份 / the disk of the backups is full: "
                    "look with df -h, make room and back up again"
                ) from failure
            raise
        last = LastBackup(str(finished), manifest.ended_at, not manifest.fault_count)
        await run_in_disk_thread(_note_last, settings, last)  # first: older ones may be damaged
        removed = await run_in_disk_thread(remove_old_backups, target, keep) if keep else []
    return BackupReport(
        backup=str(finished),
        leaves=manifest.leaves,
        root=manifest.root,
        rows=manifest.rows,
        photos=manifest.photos,
        new_photos=new_photos,
        verified=manifest.verified,
        fault_count=manifest.fault_count,
        faults=manifest.faults,
        removed=tuple(path.name for path in removed),
        same_disk=_on_same_disk(settings.data, target),
    )


def _require_outside(settings: Settings, target: Path) -> None:
    """BackupError if the backup would be inside what is backed up."""
    data, place = settings.data.resolve(), target.resolve()
    if place == data or data in place.parents:
        raise BackupError(
            f"备份不能放在数据文件夹里 / a backup must not be inside the data folder: {target} ({settings.data})"
        )


def _begin(finished: Path) -> Path:
    """Make the folder that a backup has while it is made, and remove what interrupted ones have left."""
    if finished.exists():
        raise BackupError(f"{finished} 已存在 / exists")
    for old in finished.parent.glob(f"{UNFINISHED}*"):
        shutil.rmtree(old)
    unfinished = finished.with_name(f"{UNFINISHED}-{finished.name}")
    _make_private_dir(unfinished)
    return unfinished


def _on_same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


def _make_private_dir(path: Path) -> None:
    created = not path.exists()
    make_durable_dir(path)
    if created:
        path.chmod(0o700)


@contextmanager
def _locked(target: Path) -> Generator[None]:
    """BackupError while another process makes a backup in the same folder."""
    number = os.open(target, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(number)
        raise BackupError(f"{target} 正在备份 / another backup is being made in it") from error
    try:
        yield
    finally:
        os.close(number)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncGenerator[AppContext]:
    """What is backed up. BackupError if a former version wrote it: to start this one would upgrade it."""
    async with AsyncExitStack() as stack:
        try:
            ctx = await stack.enter_async_context(open_read_only(settings))
        except OlderDatabase as error:
            raise BackupError(
                "数据库还没有升级，请用正在运行的旧版本备份，再启动新版本 / "
                "the database was not upgraded yet: back it up with the version that runs, before you start this one"
            ) from error
        yield ctx


async def _fill(
    settings: Settings, folder: Path, began: datetime, *, verify: bool, keys: bool, bucket: bool
) -> tuple[Manifest, int]:
    """Put everything into the folder; the manifest, and how many photos had to be copied."""
    pool = folder.parent / PHOTOS
    async with _opened(settings) as live:
        engine = live.db.engine
        file = DATABASE_FILES[engine]
        async with copied(settings.database_address, folder / file) as copy:
            ctx = msgspec.structs.replace(live, db=copy)
            faults, new, photos = await _copy_photos(ctx, folder, pool, "" if bucket else settings.blobs)
            if not photos.bucket:
                ctx.evidence_storage = EvidenceStorage(FolderBlobStore(pool), folder, live.evidence_storage.max_file)
            if verify:
                report = await log.verify(ctx)
                leaves, root, rows = report.leaves, report.root, report.rows
                faults = list(dict.fromkeys([*faults, *report.faults]))
            else:
                position = await log_position(ctx)
                leaves, root = position.leaves, position.root
                rows = dict(await ctx.db.read(lambda tx: tx.fetch_all("rows_of_kinds")))
        schema = await _schema(settings) if engine == "postgres" else ""
    return (
        Manifest(
            program=version("doorstep"),
            engine=engine,
            step=migrations(engine)[-1].number,
            schema=schema,
            began_at=began,
            ended_at=_now(),
            database=await run_in_disk_thread(describe_file, folder, file),
            photo_list=await run_in_disk_thread(describe_file, folder, PHOTO_LIST),
            photos=photos,
            keys=await run_in_disk_thread(_copy_keys, settings.data / KEYS, folder) if keys else (),
            rows=rows,
            leaves=leaves,
            root=root,
            verified=verify,
            fault_count=len(faults),
            faults=tuple(faults[:MAX_FAULTS]),
        ),
        new,
    )


async def _schema(settings: Settings) -> str:
    from service.db import postgres_tools  # noqa: PLC0415 - only the engine in use is imported

    return await postgres_tools.current_schema(settings.database_address)


async def _copy_photos(ctx: AppContext, folder: Path, pool: Path, bucket: str) -> tuple[list[str], int, PhotoCount]:
    """List the photos of the database and copy those that the pool lacks: faults, how many are new, and the count.

    With `bucket` they are only listed.
    """
    store, faults = FolderBlobStore(pool), list[str]()
    count = total = new = 0
    listed = folder / PHOTO_LIST
    with listed.open("x", encoding="ascii") as lines:
        listed.chmod(0o600)
        async for digest, size in photos_of(ctx):
            lines.write(f"{digest.hex()} {size}\n")
            count, total = count + 1, total + size
            if bucket or has_photo(pool, digest, size):
                continue
            if wrong := await copy_photo(ctx.evidence_storage.blobs, store, folder / "copying", digest):
                faults.append(
                    f"file {digest.hex()}: it is {'gone from' if wrong == 'missing' else wrong + ' in'} the store"
                )
            else:
                new += 1
    fsync_path(listed)
    shutil.rmtree(folder / "copying", ignore_errors=True)
    return faults, new, PhotoCount(count, total, bucket)


def _copy_keys(keys: Path, folder: Path) -> tuple[BackedUpFile, ...]:
    """Copy the files of keys."""
    if not keys.is_dir():
        return ()
    _make_private_dir(folder / KEYS)
    names = sorted(path.name for path in keys.iterdir() if path.is_file())
    for name in names:
        write_durably(folder / KEYS / name, (keys / name).read_bytes())
    fsync_path(folder / KEYS)
    return tuple(describe_file(folder, f"{KEYS}/{name}") for name in names)


def _publish(unfinished: Path, finished: Path, manifest: Manifest) -> None:
    """Complete a folder with its manifest, and give it its name, durably."""
    write_durably(unfinished / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    fsync_path(unfinished)
    unfinished.rename(finished)
    fsync_path(finished.parent)


def remove_old_backups(target: Path, keep: int) -> list[Path]:
    """Remove all but the last `keep` backups, except the last one without faults, and photos that no other names.

    What was erased from the service is gone from its backups with the last of them that was made before.
    """
    backups = finished_backups(target)
    sound = [path for path in backups if not read_manifest(path).fault_count]
    kept = {*backups[-keep:], *sound[-1:]}
    removed = [path for path in backups if path not in kept]
    if not removed:
        return []
    for path in removed:
        leaving = path.with_name(f"{UNFINISHED}-{path.name}")  # never half a backup under its own name
        path.rename(leaving)
        shutil.rmtree(leaving)
    named = {digest for path in finished_backups(target) for digest, _ in read_photo_list(path)}
    remove_unnamed(target / PHOTOS, named)
    fsync_path(target)
    return removed


def _note_last(settings: Settings, last: LastBackup) -> None:
    """Leave a note for `doorstep check` and monitors."""
    path = settings.data / LAST_BACKUP
    make_durable_dir(settings.data)
    new = path.with_suffix(".tmp")
    write_durably(new, msgspec.json.encode(last))
    new.replace(path)


def _now() -> datetime:
    return datetime.now().astimezone()
