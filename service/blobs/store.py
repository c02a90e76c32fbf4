"""Where files are kept for good, by the SHA-256 of their bytes: one interface, a folder or an S3-compatible store.

A file is announced in the database, then put there, then the database says that it is there. What was announced and
got no row is swept after a week (`evidence/sweeper`); nobody ever asks the store what it has.
"""

from contextlib import AbstractAsyncContextManager
from hashlib import file_digest
from pathlib import Path
from typing import Protocol


class BlobStore(Protocol):
    """A store of bytes. All raise `errors.Busy` when the store cannot be reached, `errors.StorageFull` when full."""

    async def put(self, digest: bytes, path: Path) -> None:
        """Keep the bytes of a file; it lasts when this returns. The file may be gone afterwards."""
        ...

    def open_local(self, digest: bytes) -> AbstractAsyncContextManager[Path]:
        """The bytes as a file to read, for as long as the context lasts. FileNotFoundError when there are none."""
        ...

    async def remove(self, digest: bytes) -> None:
        """Take a file out; no change when there is none."""
        ...


def blob_path(digest: bytes) -> str:
    """Where a file is: two digits for the folder, the rest for the file."""
    text = digest.hex()
    return f"{text[:2]}/{text[2:]}"


def digest_of(path: Path) -> bytes:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()
