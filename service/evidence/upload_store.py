"""Resumable uploads on the disk: a folder for each sender, and beside the bytes of each upload its metadata."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import msgspec

from service.durable_files import fsync_path, make_durable_dir, write_durably


class Upload(msgspec.Struct, frozen=True):
    """An upload of the file with this SHA-256 (hex) and length, and when it expires (ms UTC). `kept`: it is stored."""

    id: UUID
    sha256: str
    length: int
    expires_at: int
    kept: bool = False


_decoder = msgspec.json.Decoder(Upload)


def upload_dir(incoming: Path, sender: str) -> Path:
    """The folder of one sender's uploads."""
    return incoming / sha256(sender.encode()).hexdigest()[:32]


def part_path(folder: Path, id: UUID) -> Path:
    """Where the bytes are until the file is stored."""
    return folder / f"{id}.part"


def create(folder: Path, upload: Upload, limit: int) -> bool:
    """Begin an upload, durably. False when the sender has `limit` unfinished ones, counted across all processes."""
    make_durable_dir(folder)
    with _exclusive(folder):
        if len(list(folder.glob("*.part"))) >= limit:
            return False
        part_path(folder, upload.id).touch(0o600, exist_ok=False)
    _write_metadata(folder, upload)
    fsync_path(folder)
    return True


@contextmanager
def _exclusive(folder: Path) -> Generator[None]:
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def _write_metadata(folder: Path, upload: Upload) -> None:
    new = folder / f"{upload.id}.tmp"
    write_durably(new, msgspec.json.encode(upload))
    new.replace(_metadata_path(folder, upload.id))


def _metadata_path(folder: Path, id: UUID) -> Path:
    return folder / f"{id}.json"


def find(folder: Path, id: UUID) -> tuple[Upload, int] | None:
    """An upload and the number of bytes received; None when there is none."""
    try:
        upload = _decoder.decode(_metadata_path(folder, id).read_bytes())
        return upload, upload.length if upload.kept else part_path(folder, id).stat().st_size
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def mark_stored(folder: Path, upload: Upload) -> None:
    """The file is stored. The metadata stays, for a client that lost the last response and asks for the offset."""
    _write_metadata(folder, msgspec.structs.replace(upload, kept=True))
    part_path(folder, upload.id).unlink(missing_ok=True)


def remove(folder: Path, id: UUID) -> None:
    """Delete an upload: the metadata first, so that nobody continues it."""
    _metadata_path(folder, id).unlink(missing_ok=True)
    part_path(folder, id).unlink(missing_ok=True)


def delete_expired_files(incoming: Path, now: int, max_age: int) -> int:
    """Delete files older than `max_age` ms, of uploads only those that expired or lack a half; returns how many."""
    deleted = 0
    for path in (*incoming.glob("*"), *incoming.glob("*/*")):
        with suppress(FileNotFoundError):
            if not path.is_file() or path.stat().st_mtime * 1000 >= now - max_age:
                continue
            if path.suffix not in (".part", ".json") or _has_ended(path, now):
                path.unlink()
                deleted += 1
    return deleted


def _has_ended(path: Path, now: int) -> bool:
    try:
        found = find(path.parent, UUID(path.stem))
    except ValueError:
        return True
    return found is None or found[0].expires_at <= now
