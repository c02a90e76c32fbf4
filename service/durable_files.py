"""Files that survive a power cut, and threads that wait for the disk so that the event loop does not."""

import asyncio
import errno
import fcntl
import os
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

from service.errors import StorageFull

T = TypeVar("T")
P = ParamSpec("P")
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_threads = ThreadPoolExecutor(4, thread_name_prefix="disk")
_durable_dirs: set[Path] = set()


async def run_in_disk_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that waits for the disk on a thread. A cancelled caller waits for its end first."""

    def run() -> T:
        with disk_full_as_problem():
            return function(*args, **kwargs)

    future = asyncio.get_running_loop().run_in_executor(_threads, run)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            with suppress(asyncio.CancelledError):  # the caller may be cancelled more than once
                await asyncio.wait([future])
        raise


@contextmanager
def disk_full_as_problem() -> Generator[None]:
    """Turns a full disk into StorageFull (507)."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull from error
        raise


def fsync_path(path: Path) -> None:
    """Sync a file's content, or the names in a folder, to the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_all(fd: int, data: bytes) -> None:
    """Write all of it to an open file."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def write_durably(path: Path, data: bytes) -> None:
    """Write a file that only we may read and sync its content; its name is durable when its folder is synced."""
    _write_synced(path, data, os.O_TRUNC)


def append_durably(path: Path, data: bytes) -> None:
    """Append to a file that only we may read, which is created if necessary."""
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    _write_synced(path, data, os.O_APPEND)


def _write_synced(path: Path, data: bytes, flags: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o600)
    try:
        if flags & os.O_APPEND:
            fcntl.flock(fd, fcntl.LOCK_EX)  # lines may just be taken out of it
        write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)


def make_durable_dir(path: Path) -> None:
    """Make a folder and its parents, with durable names.

    An existing folder may just be being made by another process, so each process syncs it once.
    """
    if path in _durable_dirs and path.is_dir():
        return
    if path.parent != path:
        make_durable_dir(path.parent)
    with suppress(FileExistsError):
        os.mkdir(path, 0o700)  # noqa: PTH102 - one step at a time
    with suppress(PermissionError):  # above the data folder there may be folders that we must not open
        fsync_path(path.parent)
    _durable_dirs.add(path)
