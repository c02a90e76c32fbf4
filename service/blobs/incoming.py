"""Incoming files: of a single request (`.tmp`), or of an upload in parts (`.part`)."""

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

FLUSH_BYTES = 128 * 1024  # buffered before a thread writes them


class FileInfo(msgspec.Struct, frozen=True):
    """The SHA-256 of a file, its size in bytes, and the picture in it."""

    digest: bytes
    size: int
    photo: Photo | None


class PartialFile:
    """An open file that is appended to. `size` includes what is still buffered."""

    def __init__(self, fd: int, path: Path, size: int) -> None:
        self.path, self.size = path, size
        self._fd, self._buffer, self._buffered = fd, list[bytes](), 0

    async def add(self, data: bytes) -> None:
        """Append some bytes."""
        self._buffer.append(data)
        self._buffered += len(data)
        self.size += len(data)
        if self._buffered >= FLUSH_BYTES:
            await self._write()

    async def _write(self) -> None:
        data, self._buffer, self._buffered = b"".join(self._buffer), [], 0
        if data:
            await run_in_disk_thread(write_all, self._fd, data)

    async def flush(self) -> None:
        """Write and sync all bytes so far."""
        await self._write()
        await run_in_disk_thread(os.fsync, self._fd)

    async def truncate(self, size: int) -> None:
        """Keep only the first `size` bytes."""
        self._buffer, self._buffered, self.size = [], 0, size
        await run_in_disk_thread(os.ftruncate, self._fd, size)
        await run_in_disk_thread(os.fsync, self._fd)

    async def digest(self, name: str, start: int) -> bytes:
        """The digest (`sha1` or `sha256`) of the bytes from an offset on."""
        await self._write()
        return await run_in_disk_thread(_digest, self.path, name, start)

    async def inspect(self) -> FileInfo:
        """Sync the file and describe it."""
        await self.flush()
        return await run_in_disk_thread(_inspect, self.path)


def _digest(path: Path, name: str, start: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file_digest(file, name).digest()


def _inspect(path: Path) -> FileInfo:
    with path.open("rb") as file:
        digest, fd = file_digest(file, "sha256").digest(), file.fileno()
        size = os.fstat(fd).st_size
        return FileInfo(digest, size, photo_of(lambda at, count: os.pread(fd, count, at), size))


@asynccontextmanager
async def open_partial(path: Path, *, new: bool) -> AsyncGenerator[PartialFile]:
    """An incoming file, locked: ServiceUnavailable while another request appends to it.

    Its name is durable. FileNotFoundError when it is not `new` and does not exist.
    """
    opened: list[int] = []  # filled by the thread, so that a request cancelled meanwhile closes the file
    try:
        await run_in_disk_thread(_open, path, new, opened)
        yield PartialFile(opened[0], path, os.fstat(opened[0]).st_size)
    finally:
        for fd in opened:
            await run_in_disk_thread(os.close, fd)


def _open(path: Path, new: bool, opened: list[int]) -> None:
    if new:
        make_durable_dir(path.parent)
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | (os.O_CREAT | os.O_EXCL if new else 0), 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise ServiceUnavailable("somebody else is sending this file") from error
    opened.append(fd)


@asynccontextmanager
async def temporary_upload(folder: Path, id: UUID) -> AsyncGenerator[PartialFile]:
    """A new file for one request, deleted afterwards."""
    path = folder / f"{id}.tmp"
    try:
        async with open_partial(path, new=True) as file:
            yield file
    finally:
        await run_in_disk_thread(path.unlink, missing_ok=True)
