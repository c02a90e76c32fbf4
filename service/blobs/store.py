"""The interface of a store of blobs, by the SHA-256 of their bytes: a folder or an S3-compatible store.

A blob is announced in the database, then put into the store, then gets its row in the database. Without a row it is
deleted after a week (`evidence/sweeper`); the store is never listed.
"""

from contextlib import AbstractAsyncContextManager
from hashlib import file_digest
from pathlib import Path
from typing import Protocol


class BlobStore(Protocol):
    """A store of bytes. All methods raise ServiceUnavailable when it cannot be reached, StorageFull when it is full."""

    async def put(self, digest: bytes, path: Path) -> None:
        """Store a file durably. The file itself may be moved."""
        ...

    def open_local(self, digest: bytes) -> AbstractAsyncContextManager[Path]:
        """A local file with the bytes, for as long as the context lasts. FileNotFoundError."""
        ...

    async def remove(self, digest: bytes) -> None:
        """Delete a blob, if it exists."""
        ...


def blob_path(digest: bytes) -> str:
    """The path of a blob: two digits for the folder, the rest for the file."""
    text = digest.hex()
    return f"{text[:2]}/{text[2:]}"


def digest_of(path: Path) -> bytes:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()
