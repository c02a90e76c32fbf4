"""Files in a folder: written whole elsewhere, synced, then given their name, and the folder synced."""

import os
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, closing, suppress
from itertools import islice
from pathlib import Path

from .blobs import MANY, Lying, digest_in, name_of
from .disk import lasting_folder, on_disk, sync


class FolderBlobs:
    """See `Blobs`. What comes in lies in `incoming` of the same folder, so that only its name is new here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, digest: bytes, path: Path) -> None:
        """See `Blobs`."""
        await on_disk(self._put, self._folder / name_of(digest), path)

    def _put(self, place: Path, path: Path) -> None:
        sync(path)
        lasting_folder(place.parent)
        try:
            place.hardlink_to(path)  # an upload in parts keeps its own name until the row is written
        except OSError:  # it is there without a row, after a crash; or the disk knows no second names
            path.replace(place)
        sync(place.parent)

    @asynccontextmanager
    async def local(self, digest: bytes) -> AsyncIterator[Path]:
        """See `Blobs`."""
        place = self._folder / name_of(digest)
        if not await on_disk(place.is_file):
            raise FileNotFoundError(place.name)
        yield place

    async def lying(self, shelf: str) -> AsyncIterator[list[Lying]]:
        """See `Blobs`."""
        with closing(self._lying(self._folder / shelf)) as found:
            while page := await on_disk(lambda: list(islice(found, MANY))):
                yield page

    def _lying(self, shelf: Path) -> Generator[Lying]:
        try:
            entries = os.scandir(shelf)
        except FileNotFoundError:
            return
        with entries:
            for entry in entries:
                digest = digest_in(f"{shelf.name}/{entry.name}")
                with suppress(FileNotFoundError):
                    if digest is not None and entry.is_file(follow_symlinks=False):
                        yield Lying(digest, entry.stat(follow_symlinks=False).st_mtime_ns // 1_000_000)

    async def remove(self, digest: bytes) -> None:
        """See `Blobs`."""
        await on_disk((self._folder / name_of(digest)).unlink, missing_ok=True)
