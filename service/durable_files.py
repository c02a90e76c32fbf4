"""Files that outlast a power cut, and the threads that wait for the disk so that the event loop does not."""

import asyncio
import errno
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
    """Run something that waits for the disk, on a thread. Who is cancelled waits for its end first."""
    future = asyncio.get_running_loop().run_in_executor(
        _threads, lambda: _call_with_disk_errors(function, *args, **kwargs)
    )
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            with suppress(asyncio.CancelledError):  # also who is cancelled twice
                await asyncio.wait([future])
        raise


def _call_with_disk_errors(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    with disk_full_as_problem():
        return function(*args, **kwargs)


@contextmanager
def disk_full_as_problem() -> Generator[None]:
    """A full disk is a problem (507), not a defect."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull from error
        raise


def fsync_path(path: Path) -> None:
    """What was written to a file, or which names a folder has, is on the disk afterwards."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def write_all(number: int, data: bytes) -> None:
    """Write all of it to an open file."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(number, rest) :]


def write_durably(path: Path, data: bytes) -> None:
    """A file with this content; its bytes are on the disk afterwards, its name when its folder is synced."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        write_all(number, data)
        os.fsync(number)
    finally:
        os.close(number)


def append_durably(path: Path, data: bytes) -> None:
    """Add to a file that only we may read, and make it and its folder where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        write_all(number, data)
        os.fsync(number)
    finally:
        os.close(number)


def make_durable_dir(path: Path) -> None:
    """Make a folder that outlasts a power cut: its name is on the disk, and those of the folders above it.

    That it exists says nothing: somebody else may just be making it. So each process looks after it once.
    """
    if path in _durable_dirs and path.is_dir():
        return
    if path.parent != path:
        make_durable_dir(path.parent)
    with suppress(FileExistsError):
        os.mkdir(path)  # noqa: PTH102 - one step at a time
    with suppress(PermissionError):  # above the data folder there may be what is not ours to open
        fsync_path(path.parent)
    _durable_dirs.add(path)
