"""Where evidence is stored: the store, what is being received, and copies."""

from pathlib import Path

import msgspec

from .connect import open_blobs
from .store import BlobStore


class EvidenceStorage(msgspec.Struct, frozen=True):
    """Where files are: the store, and in the data folder what is coming in and copies that can be made anew."""

    blobs: BlobStore
    data: Path
    max_file: int = 8 * 2**20

    @property
    def incoming(self) -> Path:
        """Files that are being received."""
        return self.data / "evidence" / "incoming"

    @property
    def copies(self) -> Path:
        """Copies that are served; whoever deletes the folder loses nothing."""
        return self.data / "copies"


def open_evidence_storage(
    data: Path, address: str = "", max_file: int = 8 * 2**20, scratch: Path | None = None
) -> EvidenceStorage:
    """Files in the data folder, or in the store of an address."""
    data = data.absolute()  # the copier runs elsewhere
    return EvidenceStorage(open_blobs(address, data / "evidence", scratch), data, max_file)
