"""Where evidence is stored."""

from pathlib import Path

import msgspec

from .connect import open_blobs
from .store import BlobStore


class EvidenceStorage(msgspec.Struct, frozen=True):
    """The store of blobs, and in the data folder incoming files and thumbnails."""

    blobs: BlobStore
    data: Path
    max_file: int = 8 * 2**20

    @property
    def incoming(self) -> Path:
        """The folder of incoming files."""
        return self.data / "evidence" / "incoming"

    @property
    def copies(self) -> Path:
        """The folder of thumbnails, which can be deleted at any time."""
        return self.data / "copies"


def open_evidence_storage(
    data: Path, address: str = "", max_file: int = 8 * 2**20, scratch: Path | None = None
) -> EvidenceStorage:
    """The storage at an address, by default in the data folder."""
    data = data.absolute()  # thumbnails are made in a process with another working directory
    return EvidenceStorage(open_blobs(address, data / "evidence", scratch), data, max_file)
