"""Opens the store of blobs at an address. Only the store in use is imported: less memory and a faster start."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from .store import BlobStore


def open_blobs(address: str, folder: Path, scratch: Path | None = None) -> BlobStore:
    """The store at `s3://bucket/prefix?endpoint=…&region=…`, or in `folder` for an empty address.

    What is fetched from a bucket is in `scratch` while it is read, by default in `folder`.
    """
    if not address:
        from .folder_store import FolderBlobStore  # noqa: PLC0415

        return FolderBlobStore(folder)
    bucket, prefix, options = s3_parts(address)
    from .s3_store import S3BlobStore  # noqa: PLC0415

    return S3BlobStore(bucket, prefix, options, scratch or folder / "incoming")


def s3_parts(address: str) -> tuple[str, str, dict[str, str]]:
    """Bucket, prefix and options of an address. ValueError when it is invalid."""
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    if parts.scheme != "s3" or not parts.hostname or parts.fragment or not options.keys() <= {"endpoint", "region"}:
        raise ValueError(
            "应像 s3://存储桶/前缀?endpoint=网址&region=区域 / it must look like "
            "s3://BUCKET/PREFIX?endpoint=URL&region=NAME"
        )
    if urlsplit(options.get("endpoint", "https://")).scheme not in ("http", "https"):
        raise ValueError("endpoint 应以 http:// 或 https:// 开头 / its endpoint must begin with http:// or https://")
    return parts.netloc, parts.path.strip("/"), options
