"""The receipt of a record."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from service.audit_log.receipts import LogEntry
from service.judge.batches import IgnoredEntry
from service.judge.findings import FindingView, Verdict

from .notes import Note


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a record. It is never `complete` while a file that the record names is missing."""

    record: Annotated[str, Meta(description="The record's id.")]
    visit: Annotated[str, Meta(description="The visit's id.")]
    received_at: Annotated[datetime, Meta(description="When it was first received.")]
    sha256: Annotated[str, Meta(description="SHA-256 of the exact bytes, in hex.")]
    state: Annotated[
        Literal["complete", "awaiting_evidence"],
        Meta(description="Whether a file that the record names is still missing."),
    ]
    missing_evidence: Annotated[tuple[str, ...], Meta(description="Files that are still missing: SHA-256 in hex.")]
    verdict: Annotated[Verdict | None, Meta(description="The visit's verdict now.")]
    findings: Annotated[tuple[FindingView, ...], Meta(description="The visit's findings now.")]
    ignored: Annotated[tuple[IgnoredEntry, ...], Meta(description="Entries that are kept but have no effect.")]
    notes: Annotated[
        tuple[Note, ...], Meta(description="What was not understood, for developers of clients: all of it is kept.")
    ] = ()
    replayed: Annotated[bool, Meta(description="Whether it had been received before.")]
    signature: Annotated[
        Literal["verified", "wrong", "none"], Meta(description="The status of the device's signature.")
    ] = "none"
    taken_in_by: Annotated[str | None, Meta(description="Login of the person who imported it from a file.")] = None
    log: Annotated[
        LogEntry,
        Meta(description="The record in the log. Keep it: with it anybody can check that the record was not changed."),
    ]
