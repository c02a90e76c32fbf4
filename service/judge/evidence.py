"""Files named by entries: who may send them, which are missing, and which were given up.

A file is missing from a batch until an allowed sender has uploaded its bytes; the same bytes from anyone else do not
count, because knowing a digest grants nothing. When the author's phone is lost, a supervisor may be asked for the
missing files instead.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from .entries import Entry

FileDigests = tuple[str, ...]
"""The distinct files that a batch names, in order: SHA-256 in hex."""


class EvidenceFiles(msgspec.Struct, frozen=True):
    """The state of a visit's files: `sent` as (file, sender), and those given up, `lost`, as (batch, file).

    `substituted`: files sent by somebody who was asked for them and is no author of a batch that names them.
    """

    sent: frozenset[tuple[str, str]] = frozenset()
    lost: frozenset[tuple[str, str]] = frozenset()
    substituted: frozenset[str] = frozenset()

    def with_substitutes(self, batches: Iterable[tuple[FileDigests, Sequence[str]]]) -> "EvidenceFiles":
        """Fill in `substituted`, from the files and allowed senders of each batch."""
        own = {(name, sender) for named, senders in batches for name in named for sender in senders}
        return msgspec.structs.replace(self, substituted=frozenset(name for name, _ in self.sent - own))


def customer_sender(visit: str) -> str:
    """The sender of files uploaded via the customer's link. It contains a space, so no login equals it."""
    return f"visit {visit}"


def allowed_senders(kind: str, visit: str, writer: str, taken_in_by: str | None) -> tuple[str, ...]:
    """Who may send the files of a batch: its author, and who imported it."""
    if kind in ("link", "scan"):
        return (customer_sender(visit),)
    return (writer,) if taken_in_by is None else (writer, taken_in_by)


def missing_files(files: EvidenceFiles, batch: str, named: FileDigests, senders: Sequence[str]) -> FileDigests:
    """Files that were neither received nor given up."""
    return tuple(name for name in named if not _is_received(files, name, senders) and (batch, name) not in files.lost)


def given_up_files(files: EvidenceFiles, batch: str, named: FileDigests, senders: Sequence[str]) -> frozenset[str]:
    """Files that were given up and not received since."""
    if not files.lost:
        return frozenset()
    return frozenset(name for name in named if (batch, name) in files.lost and not _is_received(files, name, senders))


def _is_received(files: EvidenceFiles, name: str, senders: Sequence[str]) -> bool:
    return name in files.substituted or any((name, sender) in files.sent for sender in senders)


def mark_lost_evidence(entries: list[Entry], batches: Iterable[tuple[Sequence[Entry], frozenset[str]]]) -> list[Entry]:
    """Mark evidence as lost where its file was given up.

    It is marked, not removed, because signed statements name it. `batches`: the entries of each batch and its files
    that were given up; `entries` are some of the same objects.
    """
    marked: Mapping[int, Entry] = {
        id(entry): _mark_lost(entry, files)
        for batch_entries, files in batches
        if files
        for entry in batch_entries
        if any(piece.sha256 in files for piece in entry.evidence)
    }
    return [marked.get(id(entry), entry) for entry in entries] if marked else entries


def _mark_lost(entry: Entry, files: frozenset[str]) -> Entry:
    pieces = tuple(
        msgspec.structs.replace(piece, lost=True) if piece.sha256 in files else piece for piece in entry.evidence
    )
    return msgspec.structs.replace(entry, evidence=pieces)
