"""An entry: one statement about a visit, as a phone, the office or the customer wrote it.

Source: the wire contract of records. Unknown fields are ignored here and stay in the stored bytes,
so that newer phones can talk to older servers.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from .bounds import (
    FIRST_YEAR,
    LAST_YEAR,
    CodeText,
    ExactFloat,
    ExactInt,
    LineText,
    LongText,
    PassageText,
    ShortText,
    check_time,
)

Author = Literal["technician", "dispatcher", "supervisor", "office", "customer"]
Origin = Literal["record", "office", "link", "scan", "callback"]
AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]  # RFC 3339, an offset is required
# `$` alone would let a line feed pass at the end in Python, and `\\Z` means nothing to other readers of the document
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$(?!\n)")]
SubjectId = Annotated[str, msgspec.Meta(pattern="^[a-z0-9_-]{1,40}$(?!\n)")]
FieldValue = (
    LongText | ExactInt | ExactFloat | bool | None
)  # to a typed field; flat, so that nothing deep is ever kept decoded
# on the wire a UUID with dashes, which whoever takes entries looks at; examples of a checklist have short ones
EntryId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, extra_json_schema={"format": "uuid"})]
MonotonicMillis = ExactInt  # milliseconds
Degrees = Annotated[float, msgspec.Meta(ge=-360, le=360)]
Metres = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]  # below 0, a phone says that it does not know


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an entry was written: degrees (WGS 84), accuracy in metres."""

    lat: Degrees
    lon: Degrees
    accuracy_m: Metres | None = None
    mock: bool | None = None


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One piece of evidence. It counts when it has what its kind needs (see `NEEDS`) and its file is not `lost`.

    The server says `lost` of what was given up; a writer who says it himself only makes less of his own evidence.
    """

    kind: CodeText
    sha256: Sha256 | None = None
    taken_at: AwareDatetime | None = None
    text: PassageText | None = None
    number: LineText | None = None
    channel: CodeText | None = None
    signer: LineText | None = None
    relation: LineText | None = None
    statement_sha256: Sha256 | None = None
    lat: Degrees | None = None
    lon: Degrees | None = None
    accuracy_m: Metres | None = None
    mock: bool | None = None
    lost: bool | None = None


NEEDS = {
    "photo": "sha256",
    "signature": "sha256",
    "text": "text",
    "gps": "lat",
    "notice": "number",
    "number": "number",
    "message_log": "channel",
    "customer_confirm": "kind",
}
"""Per kind of evidence, the field without which it proves nothing."""


class Waived(msgspec.Struct, frozen=True):
    """Not done, and who let it pass."""

    by: LineText
    reason: LongText | None = None


class Refused(msgspec.Struct, frozen=True, omit_defaults=True):
    """The customer would not or could not."""

    reason: LongText | None = None
    outcome: Literal["refused", "absent", "unable", "partly"] | None = None


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One statement about the visit. Entries are only ever added.

    `via` and `received_at` are the server's: how and when the entry came. What a writer puts there is overwritten.
    """

    id: EntryId
    at: AwareDatetime
    by: Author
    what: CodeText = ""
    thing: SubjectId | None = None
    label: LineText | None = None
    holds: bool | None = None
    says: Literal["yes", "no"] | None = None
    evidence: Annotated[tuple[Evidence, ...], msgspec.Meta(max_length=200)] = ()
    fields: Annotated[dict[CodeText, FieldValue], msgspec.Meta(max_length=100)] = {}
    waived: Waived | None = None
    refused: Refused | None = None
    via: Origin | None = None
    claimed_at: AwareDatetime | None = None
    tick: MonotonicMillis | None = None
    session: ShortText | None = None
    place: Place | None = None
    withdraws: ShortText | None = None
    reason: LongText | None = None
    received_at: AwareDatetime | None = None

    def __post_init__(self) -> None:
        if not self.what and self.withdraws is None:
            raise ValueError("an entry needs `what`, or `withdraws`")


def check_entry_times(entries: tuple[Entry, ...] | list[Entry]) -> None:
    """ValueError unless all their times are taken. One loop over all costs less than a look within each."""
    for number, entry in enumerate(entries):
        if not FIRST_YEAR <= entry.at.year <= LAST_YEAR:
            check_time(f"entries[{number}].at", entry.at)
        if entry.claimed_at is not None:
            check_time(f"entries[{number}].claimed_at", entry.claimed_at)
        if entry.evidence:
            for piece in entry.evidence:
                if piece.taken_at is not None and not FIRST_YEAR <= piece.taken_at.year <= LAST_YEAR:
                    check_time(f"entries[{number}].evidence[{entry.evidence.index(piece)}].taken_at", piece.taken_at)


def named_files(entries: tuple[Entry, ...] | list[Entry]) -> list[str]:
    """SHA-256 of every file that the entries name, once each, in order."""
    return list(dict.fromkeys(e.sha256 for entry in entries for e in entry.evidence if e.sha256 is not None))
