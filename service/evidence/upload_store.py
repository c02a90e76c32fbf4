"""Uploads in parts: what is known of each lies beside its bytes, in a folder for each sender, on the disk."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import msgspec

from service.durable_files import fsync_path, make_durable_dir, write_durably


class Upload(msgspec.Struct, frozen=True):
    """An upload: of which file (SHA-256 in hex), how long, until when it may go on (ms UTC), and whether it is kept."""

    id: UUID
    sha256: str
    length: int
    expires_at: int
    kept: bool = False


_decoder = msgspec.json.Decoder(Upload)


def upload_dir(incoming: Path, sender: str) -> Path:
    """Where somebody's uploads are; nobody else's can be found there."""
    return incoming / sha256(sender.encode()).hexdigest()[:32]


def part_path(folder: Path, id: UUID) -> Path:
    """Where the bytes are until they are kept."""
    return folder / f"{id}.part"


def create(folder: Path, upload: Upload, most: int) -> bool:
    """Begin an upload; it outlasts a power cut when this returns. False when the sender has so many unfinished ones.

    Counting and beginning are one step, for all requests of all processes.
    """
    make_durable_dir(folder)
    with _exclusive(folder):
        if len(list(folder.glob("*.part"))) >= most:
            return False
        part_path(folder, upload.id).touch(0o600, exist_ok=False)
    _write(folder, upload)
    fsync_path(folder)
    return True


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Nobody else begins an upload there meanwhile."""
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def _write(folder: Path, upload: Upload) -> None:
    new = folder / f"{upload.id}.tmp"
    write_durably(new, msgspec.json.encode(upload))
    new.replace(_metadata_path(folder, upload.id))  # whole or not at all


def _metadata_path(folder: Path, id: UUID) -> Path:
    return folder / f"{id}.json"


def find(folder: Path, id: UUID) -> tuple[Upload, int] | None:
    """An upload and how many bytes have come; None when there is none."""
    try:
        upload = _decoder.decode(_metadata_path(folder, id).read_bytes())
        return upload, upload.length if upload.kept else part_path(folder, id).stat().st_size
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def keep(folder: Path, upload: Upload) -> None:
    """Its file is kept. It can still be asked how far it is: the last answer may have got lost."""
    _write(folder, msgspec.structs.replace(upload, kept=True))
    part_path(folder, upload.id).unlink(missing_ok=True)


def remove(folder: Path, id: UUID) -> None:
    """End an upload. First what is known of it, so that nobody goes on with it."""
    _metadata_path(folder, id).unlink(missing_ok=True)
    part_path(folder, id).unlink(missing_ok=True)


def delete_expired_files(incoming: Path, now: int, orphan: int) -> int:
    """Remove uploads that have expired or lost a half, and what else was written `orphan` ms ago; how many files."""
    gone = 0
    for path in (*incoming.glob("*"), *incoming.glob("*/*")):
        if not path.is_file():
            continue
        with suppress(FileNotFoundError):
            old = path.stat().st_mtime * 1000 < now - orphan
            ended = path.suffix in (".part", ".json") and _ended(path, now)
            if (old and path.suffix not in (".part", ".json")) or (ended and old):
                path.unlink()
                gone += 1
    return gone


def _ended(path: Path, now: int) -> bool:
    try:
        found = find(path.parent, UUID(path.stem))
    except ValueError:
        return True
    return found is None or found[0].expires_at <= now
