"""Files in an S3-compatible store, with obstore. Keys come from the usual AWS variables (`AWS_ACCESS_KEY_ID` …).

A store that cannot be reached is Busy: the client keeps the file and comes again. Nothing else depends on it.
"""

from asyncio import Semaphore
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
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

MAX_CONCURRENT = 8  # each has some MiB in memory
TIMEOUT = timedelta(seconds=20)


class S3BlobStore:
    """See `Blobs`. What is read is copied into `scratch` for as long as it is needed."""

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
        self._scratch, self._turns = scratch, Semaphore(MAX_CONCURRENT)

    async def put(self, digest: bytes, path: Path) -> None:
        """See `Blobs`."""
        async with self._turns:
            try:
                await obstore.put_async(self._store, blob_path(digest), path)
            except BaseError as error:
                raise ServiceUnavailable("the store of files cannot be reached") from error

    @asynccontextmanager
    async def open_local(self, digest: bytes) -> AsyncGenerator[Path]:
        """See `Blobs`."""
        await run_in_disk_thread(make_durable_dir, self._scratch)
        path = self._scratch / f"{uuid4()}.tmp"
        try:
            async with self._turns:
                await self._fetch(blob_path(digest), path)
            yield path
        finally:
            await run_in_disk_thread(path.unlink, missing_ok=True)

    async def _fetch(self, name: str, path: Path) -> None:
        try:
            found = await obstore.get_async(self._store, name)
            with path.open("wb") as file:
                async for part in found.stream():
                    await run_in_disk_thread(file.write, part)
        except FileNotFoundError:
            raise
        except BaseError as error:
            raise ServiceUnavailable("the store of files cannot be reached") from error

    async def remove(self, digest: bytes) -> None:
        """See `Blobs`."""
        async with self._turns:
            try:
                await obstore.delete_async(self._store, blob_path(digest))
            except FileNotFoundError:
                return
            except BaseError as error:
                raise ServiceUnavailable("the store of files cannot be reached") from error
