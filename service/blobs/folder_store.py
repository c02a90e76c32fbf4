"""Blobs in a folder: a synced file gets its name here, then the folder is synced."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from service.durable_files import fsync_path, make_durable_dir, run_in_disk_thread

from .store import blob_path


class FolderBlobStore:
    """See `BlobStore`. Incoming files are on the same disk, in `incoming`, so that they are only linked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, digest: bytes, path: Path) -> None:
        await run_in_disk_thread(self._put, self._folder / blob_path(digest), path)

    def _put(self, place: Path, path: Path) -> None:
        fsync_path(path)
        make_durable_dir(place.parent)
        try:
            place.hardlink_to(path)  # an upload in parts keeps its name until the row is written
        except OSError:  # it exists without a row, after a crash; or the disk has no hard links
            path.replace(place)
        fsync_path(place.parent)

    @asynccontextmanager
    async def open_local(self, digest: bytes) -> AsyncGenerator[Path]:
        place = self._folder / blob_path(digest)
        if not await run_in_disk_thread(place.is_file):
            raise FileNotFoundError(place.name)
        yield place

    async def remove(self, digest: bytes) -> None:
        await run_in_disk_thread(self._remove, self._folder / blob_path(digest))

    def _remove(self, place: Path) -> None:
        with suppress(FileNotFoundError):
            place.unlink()
            fsync_path(place.parent)  # a power cut must not bring it back: it would never be deleted
