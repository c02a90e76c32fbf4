"""Copies photos by their digest, each once: into the folder that all backups share, and back into a store."""

import shutil
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from service.blobs.store import BlobStore, blob_path
from service.context import AppContext
from service.durable_files import make_durable_dir, run_in_disk_thread

from .manifest import PIECE, BackupError

PAGE = 1000


async def photos_of(ctx: AppContext) -> AsyncIterator[tuple[bytes, int]]:
    """Digest and size of each stored photo, in order."""
    after = b""
    while page := await ctx.db.read(lambda tx, after=after: tx.fetch_all("photos_after", after=after, size=PAGE)):
        for digest, size in page:
            yield bytes(digest), size
        after = page[-1][0]


async def copy_photo(source: BlobStore, store: BlobStore, scratch: Path, digest: bytes) -> str:
    """Copy a photo; what is wrong with it, or ''. A damaged one is not stored."""
    await run_in_disk_thread(make_durable_dir, scratch)
    copy = scratch / f"{uuid4()}.tmp"
    try:
        async with source.open_local(digest) as path:
            found = await run_in_disk_thread(_copy, path, copy)
        if found != digest:
            return "damaged"
        await store.put(digest, copy)
    except FileNotFoundError:
        return "missing"
    finally:
        await run_in_disk_thread(copy.unlink, missing_ok=True)
    return ""


def _copy(source: Path, to: Path) -> bytes:
    """Copy the bytes, never as a link: damage to one must not reach the other. Their SHA-256."""
    digest = sha256()
    with source.open("rb") as read, to.open("xb") as write:
        to.chmod(0o600)
        while piece := read.read(PIECE):
            digest.update(piece)
            write.write(piece)
    return digest.digest()


def has_photo(folder: Path, digest: bytes, size: int) -> bool:
    """Whether a folder has a photo, by name and size."""
    try:
        return (folder / blob_path(digest)).stat().st_size == size
    except OSError:
        return False


def remove_unnamed(folder: Path, named: set[bytes]) -> int:
    """Delete the photos in a folder that no backup names any more; returns how many."""
    count = 0
    for path in folder.glob("[0-9a-f][0-9a-f]/*"):
        try:
            digest = bytes.fromhex(path.parent.name + path.name)
        except ValueError:
            continue
        if digest not in named:
            path.unlink()
            count += 1
    return count


def require_room(folder: Path, needed: int) -> None:
    """BackupError when a disk has less free space than what is to be written."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BackupError(
            f"{folder} 空间不足：需要 {needed >> 20} MB，剩余 {free >> 20} MB / "
            f"not enough space: {needed >> 20} MB needed, {free >> 20} MB free"
        )


def name_photos(wrong: Sequence[str], shown: int = 20) -> str:
    """A text that names what is wrong with photos, of many only the first."""
    return ", ".join(wrong[:shown]) + (f" … ({len(wrong)})" if len(wrong) > shown else "")
