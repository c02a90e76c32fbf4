"""Files that are coming in, in the folder `incoming`: of one request (`.tmp`), or of an upload in parts (`.part`)."""

import fcntl
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from hashlib import file_digest
from pathlib import Path
from uuid import UUID

import msgspec

from service.durable_files import make_durable_dir, run_in_disk_thread, write_all
from service.errors import ServiceUnavailable

from .image_header import Photo, photo_of

FLUSH_BYTES = 128 * 1024  # bytes gathered before a thread writes them


class FileInfo(msgspec.Struct, frozen=True):
    """What a file is: its digest, size in bytes, and the picture its header tells of."""

    digest: bytes
    size: int
    photo: Photo | None


class PartialFile:
    """An open file that grows at its end. `size` counts what was handed over, written or not."""

    def __init__(self, number: int, path: Path, size: int) -> None:
        self.path, self.size = path, size
        self._number, self._waiting, self._bytes = number, list[bytes](), 0

    async def add(self, data: bytes) -> None:
        """Take some bytes."""
        self._waiting.append(data)
        self._bytes += len(data)
        self.size += len(data)
        if self._bytes >= FLUSH_BYTES:
            await self._write()

    async def _write(self) -> None:
        data, self._waiting, self._bytes = b"".join(self._waiting), [], 0
        if data:
            await run_in_disk_thread(write_all, self._number, data)

    async def flush(self) -> None:
        """What was taken is on the disk afterwards."""
        await self._write()
        await run_in_disk_thread(os.fsync, self._number)

    async def truncate(self, size: int) -> None:
        """Only the first bytes stay."""
        self._waiting, self._bytes, self.size = [], 0, size
        await run_in_disk_thread(os.ftruncate, self._number, size)
        await run_in_disk_thread(os.fsync, self._number)

    async def digest(self, name: str, start: int) -> bytes:
        """The digest (`sha1`, `sha256`) of what was written from a place on."""
        await self._write()
        return await run_in_disk_thread(_digest, self.path, name, start)

    async def inspect(self) -> FileInfo:
        """What the whole file is; it is on the disk afterwards."""
        await self.flush()
        return await run_in_disk_thread(_look, self.path)


def _digest(path: Path, name: str, start: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file_digest(file, name).digest()


def _look(path: Path) -> FileInfo:
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").digest()
        number = file.fileno()
        size = os.fstat(number).st_size
        photo = photo_of(lambda at, count: os.pread(number, count, at), size)
        return FileInfo(digest, size, photo)


@asynccontextmanager
async def open_partial(path: Path, *, new: bool) -> AsyncGenerator[PartialFile]:
    """A file in the folder of what comes in, to be added to by nobody else meanwhile (Busy).

    Once it exists its name lasts. FileNotFoundError when it is not `new` and does not exist.
    """
    opened: list[int] = []  # a request that ends while its file is being opened leaves it open for nobody
    try:
        await run_in_disk_thread(_open, path, new, opened)
        yield PartialFile(opened[0], path, os.fstat(opened[0]).st_size)
    finally:
        for number in opened:
            await run_in_disk_thread(os.close, number)


def _open(path: Path, new: bool, opened: list[int]) -> None:
    if new:
        make_durable_dir(path.parent)
    number = os.open(path, os.O_WRONLY | os.O_APPEND | (os.O_CREAT | os.O_EXCL if new else 0), 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(number)
        raise ServiceUnavailable("somebody else is sending this file") from error
    opened.append(number)


@asynccontextmanager
async def temporary_upload(folder: Path, id: UUID) -> AsyncGenerator[PartialFile]:
    """A new file for one request; whatever is left of it goes."""
    path = folder / f"{id}.tmp"
    try:
        async with open_partial(path, new=True) as file:
            yield file
    finally:
        await run_in_disk_thread(path.unlink, missing_ok=True)
