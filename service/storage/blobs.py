"""Where files are kept for good, by the SHA-256 of their bytes: one interface, a folder or an S3-compatible store.

A file is announced in the database, then put there, then the database says that it is there. What was announced and
got no row is swept after a week (`flows/orphans`); nobody ever asks the store what it has.
"""

from contextlib import AbstractAsyncContextManager
from hashlib import file_digest
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit


class Blobs(Protocol):
    """A store of bytes. All raise `errors.Busy` when the store cannot be reached, `errors.StorageFull` when full."""

    async def put(self, digest: bytes, path: Path) -> None:
        """Keep the bytes of a file; it lasts when this returns. The file may be gone afterwards."""
        ...

    def local(self, digest: bytes) -> AbstractAsyncContextManager[Path]:
        """The bytes as a file to read, for as long as the context lasts. FileNotFoundError when there are none."""
        ...

    async def remove(self, digest: bytes) -> None:
        """Take a file out; no change when there is none."""
        ...


def open_blobs(address: str, folder: Path, scratch: Path | None = None) -> Blobs:
    """The store of an address: empty for `folder`, else `s3://bucket/prefix?endpoint=…&region=…`.

    What is fetched from a bucket lies in `scratch` as long as it is read, in `folder` where none is given.
    """
    if not address:
        from .blob_folder import FolderBlobs  # noqa: PLC0415 - only the store in use: less memory, a faster start

        return FolderBlobs(folder)
    bucket, prefix, options = s3_parts(address)
    from .blob_store import StoredBlobs  # noqa: PLC0415

    return StoredBlobs(bucket, prefix, options, scratch or folder / "incoming")


def s3_parts(address: str) -> tuple[str, str, dict[str, str]]:
    """Bucket, prefix and options of an address; ValueError when it is none."""
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    if parts.scheme != "s3" or not parts.hostname or parts.fragment or not options.keys() <= {"endpoint", "region"}:
        raise ValueError("it must look like s3://BUCKET/PREFIX?endpoint=URL&region=NAME")
    if urlsplit(options.get("endpoint", "https://")).scheme not in ("http", "https"):
        raise ValueError("its endpoint must begin with http:// or https://")
    return parts.netloc, parts.path.strip("/"), options


def name_of(digest: bytes) -> str:
    """Where a file is: two digits for the folder, the rest for the file."""
    text = digest.hex()
    return f"{text[:2]}/{text[2:]}"


def digest_of(path: Path) -> bytes:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()
