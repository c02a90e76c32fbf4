"""What a backup is: a folder named by its time, with a manifest that names everything in it by its digest.

TARGET/20260302T001500Z/manifest.json
                        doorstep.sqlite or doorstep.dump
                        photos.txt              a line for each photo: SHA-256 and size
                        keys/…                  only if asked for
TARGET/photos/ab/cdef…                          shared by all backups in TARGET
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

FORMAT = 1
MANIFEST, PHOTO_LIST, PHOTOS, KEYS = "manifest.json", "photos.txt", "photos", "keys"
DATABASE_FILES = {"sqlite": "doorstep.sqlite", "postgres": "doorstep.dump"}
PIECE = 1 << 20
MAX_FAULTS = 200
"""So many are listed: of a damaged database there may be millions."""


class BackupError(Exception):
    """A backup cannot be made, read or restored; the message says why, in Chinese and English."""


class BackedUpFile(msgspec.Struct, frozen=True):
    """A file of a backup, by its path in the folder."""

    path: str
    size: int
    sha256: str


class PhotoCount(msgspec.Struct, frozen=True):
    """How many photos belong to a backup, and their bytes. `bucket`: they were left there, not copied."""

    count: int
    size: int
    bucket: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of a backup. `step` is the last migration of its database; `leaves` and `root` are its place in the
    log. `faults` are what `doorstep verify` found in the copy if it was `verified`: of `fault_count` the first."""

    format: Annotated[int, Meta(ge=1)] = FORMAT
    program: str
    engine: str
    step: int
    schema: str = ""
    began_at: datetime
    ended_at: datetime
    database: BackedUpFile
    photo_list: BackedUpFile
    photos: PhotoCount
    keys: tuple[BackedUpFile, ...] = ()
    rows: dict[str, int]
    leaves: int
    root: str
    verified: bool
    fault_count: int = 0
    faults: tuple[str, ...] = ()


def describe_file(folder: Path, path: str) -> BackedUpFile:
    """A file of a backup as it is now."""
    digest, size = sha256(), 0
    with (folder / path).open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            size += len(piece)
    return BackedUpFile(path, size, digest.hexdigest())


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup. BackupError when it is none, or of a newer version."""
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError as error:
        others = ", ".join(path.name for path in finished_backups(folder)) if folder.is_dir() else ""
        hint = f"；其中的备份 / backups in it: {others}" if others else ""
        raise BackupError(f"{folder} 不是备份 / is no backup ({type(error).__name__}){hint}") from error
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupError(f"{folder / MANIFEST} 已损坏 / is damaged: {error}") from error
    if manifest.format > FORMAT:
        raise BackupError(f"{folder} 由更新的程序备份，请用新版本 / was made by a newer program: {manifest.program}")
    return manifest


def read_photo_list(folder: Path) -> Iterator[tuple[bytes, int]]:
    """Digest and size of each photo of a backup."""
    with (folder / PHOTO_LIST).open(encoding="ascii") as file:
        for line in file:
            digest, _, size = line.partition(" ")
            yield bytes.fromhex(digest), int(size)


def finished_backups(target: Path) -> list[Path]:
    """The finished backups in a folder, oldest first."""
    return sorted(path.parent for path in target.glob(f"[0-9]*Z/{MANIFEST}"))
