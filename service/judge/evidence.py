"""Files that entries name: who has to send them, which are still missing, and which will never come.

A file is missing for a batch until somebody who stands behind the batch has sent its bytes. That the bytes are known
from elsewhere does not count: a digest alone opens nothing. Where the writer's phone is lost a supervisor may stand in,
who then is asked for the files that are missing beside those who wrote.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from .entries import Entry

FileDigests = tuple[str, ...]
"""The files that a batch names: SHA-256 in hex, once each, in order."""


class EvidenceFiles(msgspec.Struct, frozen=True):
    """What is known of a visit's files: `sent` as (file, sender), `lost` as (batch, file) that was given up.

    `stood_in`: files that came from somebody who was asked for them, and wrote nothing that names them.
    """

    sent: frozenset[tuple[str, str]] = frozenset()
    lost: frozenset[tuple[str, str]] = frozenset()
    stood_in: frozenset[str] = frozenset()

    def held(self, batches: Iterable[tuple[FileDigests, Sequence[str]]]) -> "EvidenceFiles":
        """The same with what others sent than those behind the batches, given as what each names and its senders."""
        own = {(name, sender) for named, senders in batches for name in named for sender in senders}
        return msgspec.structs.replace(self, stood_in=frozenset(name for name, _ in self.sent - own))


def customer_sender(visit: str) -> str:
    """The sender of what comes by the visit's link. A login has no blank."""
    return f"visit {visit}"


def allowed_senders(kind: str, visit: str, writer: str, taken_in_by: str | None) -> tuple[str, ...]:
    """Who may send the files of a batch: who wrote it, and who took it in from a file."""
    if kind in ("link", "scan"):
        return (customer_sender(visit),)
    return (writer,) if taken_in_by is None else (writer, taken_in_by)


def missing_files(files: EvidenceFiles, batch: str, named: FileDigests, senders: Sequence[str]) -> FileDigests:
    """Named files that have not come yet and were not given up."""
    return tuple(name for name in named if not _is_received(files, name, senders) and (batch, name) not in files.lost)


def given_up_files(files: EvidenceFiles, batch: str, named: FileDigests, senders: Sequence[str]) -> frozenset[str]:
    """Named files that were given up and did not come after all."""
    if not files.lost:
        return frozenset()
    return frozenset(name for name in named if (batch, name) in files.lost and not _is_received(files, name, senders))


def _is_received(files: EvidenceFiles, name: str, senders: Sequence[str]) -> bool:
    return name in files.stood_in or any((name, sender) in files.sent for sender in senders)


def mark_lost_evidence(entries: list[Entry], batches: Iterable[tuple[Sequence[Entry], frozenset[str]]]) -> list[Entry]:
    """The entries as they are judged: evidence whose file is gone is marked as lost and proves nothing.

    It stays where it is, because a statement that was signed names it; an entry without proof stays an entry.
    `batches` are all batches with their gone files; `entries` are some of the very entries in them.
    """
    poorer: Mapping[int, Entry] = {
        id(entry): _marked(entry, files)
        for written, files in batches
        if files
        for entry in written
        if any(piece.sha256 in files for piece in entry.evidence)
    }
    return [poorer.get(id(entry), entry) for entry in entries] if poorer else entries


def _marked(entry: Entry, files: frozenset[str]) -> Entry:
    pieces = tuple(
        msgspec.structs.replace(piece, lost=True) if piece.sha256 in files else piece for piece in entry.evidence
    )
    return msgspec.structs.replace(entry, evidence=pieces)
