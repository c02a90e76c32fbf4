"""Blobs in an S3-compatible store, with obstore. Keys come from the usual AWS variables (`AWS_ACCESS_KEY_ID` …).

ServiceUnavailable when the store cannot be reached: the client keeps the file and tries again.
"""

from asyncio import Semaphore
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from service.durable_files import make_durable_dir, run_in_disk_thread
from service.errors import ServiceUnavailable

from .store import blob_path

MAX_CONCURRENT = 8  # each needs some MiB of memory
TIMEOUT = timedelta(seconds=20)


class S3BlobStore:
    """See `BlobStore`. A blob is copied into `scratch` while it is read."""

    def __init__(self, bucket: str, prefix: str, options: dict[str, str], scratch: Path) -> None:
        given: dict[str, Any] = dict(options)
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            client_options={
                "allow_http": given.get("endpoint", "").startswith("http://"),
                "connect_timeout": timedelta(seconds=3),
                "timeout": TIMEOUT,
            },
            retry_config={"max_retries": 2, "retry_timeout": TIMEOUT},
            **given,
        )
        self._scratch, self._slots = scratch, Semaphore(MAX_CONCURRENT)

    async def put(self, digest: bytes, path: Path) -> None:
        async with self._slots:
            with _unreachable_as_problem():
                await obstore.put_async(self._store, blob_path(digest), path)

    @asynccontextmanager
    async def open_local(self, digest: bytes) -> AsyncGenerator[Path]:
        await run_in_disk_thread(make_durable_dir, self._scratch)
        path = self._scratch / f"{uuid4()}.tmp"
        try:
            async with self._slots:
                with _unreachable_as_problem():
                    found = await obstore.get_async(self._store, blob_path(digest))
                    with path.open("wb") as file:
                        async for part in found.stream():
                            await run_in_disk_thread(file.write, part)
            yield path
        finally:
            await run_in_disk_thread(path.unlink, missing_ok=True)

    async def remove(self, digest: bytes) -> None:
        async with self._slots:
            with _unreachable_as_problem(), suppress(FileNotFoundError):
                await obstore.delete_async(self._store, blob_path(digest))


@contextmanager
def _unreachable_as_problem() -> Generator[None]:
    try:
        yield
    except FileNotFoundError:  # also a BaseError
        raise
    except BaseError as error:
        raise ServiceUnavailable("the store of files cannot be reached") from error
