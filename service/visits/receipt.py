"""The receipt of a record."""

from datetime import datetime
from typing import Literal

import msgspec

from service.judge.batches import IgnoredEntry
from service.judge.findings import FindingView, Verdict


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a record. It never says complete while a named file is missing."""

    record: str
    visit: str
    received_at: datetime
    sha256: str
    state: Literal["complete", "awaiting_evidence"]
    missing_evidence: tuple[str, ...]
    verdict: Verdict | None
    findings: tuple[FindingView, ...]
    ignored: tuple[IgnoredEntry, ...]
    replayed: bool
    signature: Literal["verified", "wrong", "none"] = "none"
    taken_in_by: str | None = None
