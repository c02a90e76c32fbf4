"""Copies of data outside of the database: pictures, uploads in progress, and the file of messages."""

import fcntl
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from service.blobs.evidence_storage import EvidenceStorage
from service.evidence import upload_store
from service.evidence.thumbnails import find_renditions, remove_renditions

OUTBOX = "outbox.jsonl"


class _Line(msgspec.Struct):
    id: str = ""


_line = msgspec.json.Decoder(_Line)


def count(storage: EvidenceStorage, files: Sequence[bytes], messages: Sequence[UUID]) -> Counter[str]:
    """How many there are, by kind."""
    found = Counter[str]()
    found["copies"] = sum(len(find_renditions(storage, file)) for file in files)
    found["uploads"] = sum(1 for _ in _uploads(storage, files))
    found[OUTBOX] = len(_kept_lines(storage.data / OUTBOX, messages)[1])
    return found


def remove(storage: EvidenceStorage, files: Sequence[bytes], messages: Sequence[UUID]) -> None:
    """Delete them all. What is being uploaded just now cannot be continued."""
    for file in files:
        remove_renditions(storage, file)
    for folder, upload in list(_uploads(storage, files)):
        upload_store.remove(folder, upload)
    _remove_lines(storage.data / OUTBOX, messages)


def _uploads(storage: EvidenceStorage, files: Sequence[bytes]) -> Iterator[tuple[Path, UUID]]:
    names = {file.hex() for file in files}
    for path in storage.incoming.glob("*/*.json") if names else ():
        found = upload_store.find(path.parent, UUID(path.stem))
        if found is not None and found[0].sha256 in names:
            yield path.parent, found[0].id


def _kept_lines(path: Path, messages: Sequence[UUID]) -> tuple[list[bytes], list[bytes]]:
    """The lines of the file that stay, and those of the messages."""
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return [], []
    ids = set(map(str, messages))
    kept: list[bytes] = []
    gone: list[bytes] = []
    for line in lines:
        (gone if _id_of(line) in ids else kept).append(line)
    return kept, gone


def _id_of(line: bytes) -> str:
    try:
        return _line.decode(line).id
    except msgspec.DecodeError:
        return ""


def _remove_lines(path: Path, messages: Sequence[UUID]) -> None:
    """Rewrite the file in place: who appends to it, in any process, waits for the lock."""
    if not messages or not path.exists():
        return
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        kept, gone = _kept_lines(path, messages)
        if gone:
            file.write(b"".join(kept))
            file.truncate()
            file.flush()
