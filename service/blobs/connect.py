"""Opens the store that an address names."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from .store import BlobStore


def open_blobs(address: str, folder: Path, scratch: Path | None = None) -> BlobStore:
    """The store of an address: empty for `folder`, else `s3://bucket/prefix?endpoint=…&region=…`.

    What is fetched from a bucket lies in `scratch` as long as it is read, in `folder` where none is given.
    """
    if not address:
        from .folder_store import FolderBlobStore  # noqa: PLC0415 - only the store in use: less memory, a faster start

        return FolderBlobStore(folder)
    bucket, prefix, options = s3_parts(address)
    from .s3_store import S3BlobStore  # noqa: PLC0415

    return S3BlobStore(bucket, prefix, options, scratch or folder / "incoming")


def s3_parts(address: str) -> tuple[str, str, dict[str, str]]:
    """Bucket, prefix and options of an address; ValueError when it is none."""
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    if parts.scheme != "s3" or not parts.hostname or parts.fragment or not options.keys() <= {"endpoint", "region"}:
        raise ValueError("it must look like s3://BUCKET/PREFIX?endpoint=URL&region=NAME")
    if urlsplit(options.get("endpoint", "https://")).scheme not in ("http", "https"):
        raise ValueError("its endpoint must begin with http:// or https://")
    return parts.netloc, parts.path.strip("/"), options
