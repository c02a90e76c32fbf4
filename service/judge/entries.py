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

    lat: Annotated[Degrees, msgspec.Meta(description="Latitude in degrees (WGS 84).")]
    lon: Annotated[Degrees, msgspec.Meta(description="Longitude in degrees (WGS 84).")]
    accuracy_m: Annotated[
        Metres | None, msgspec.Meta(description="Accuracy in metres; below 0 where the phone does not know.")
    ] = None
    mock: Annotated[bool | None, msgspec.Meta(description="Whether the phone says that the position is a mock.")] = None


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One piece of evidence. It counts when it has what its kind needs (see `NEEDS`) and its file is not `lost`.

    The server says `lost` of what was given up; a writer who says it himself only makes less of his own evidence.
    """

    kind: Annotated[
        CodeText,
        msgspec.Meta(
            description="What it is: photo, signature, text, gps, notice, number, message_log or customer_confirm."
        ),
    ]
    sha256: Annotated[
        Sha256 | None, msgspec.Meta(description="Of the file of a photo or signature: SHA-256 in hex.")
    ] = None
    taken_at: Annotated[AwareDatetime | None, msgspec.Meta(description="When it was taken.")] = None
    text: Annotated[PassageText | None, msgspec.Meta(description="The text.")] = None
    number: Annotated[LineText | None, msgspec.Meta(description="The number, such as of a notice that was left.")] = (
        None
    )
    channel: Annotated[CodeText | None, msgspec.Meta(description="How a message went, such as sms or phone.")] = None
    signer: Annotated[LineText | None, msgspec.Meta(description="Who signed.")] = None
    relation: Annotated[LineText | None, msgspec.Meta(description="What the signer is to the customer.")] = None
    statement_sha256: Annotated[
        Sha256 | None, msgspec.Meta(description="The statement that was signed: SHA-256 of its document.")
    ] = None
    lat: Annotated[Degrees | None, msgspec.Meta(description="Latitude in degrees (WGS 84).")] = None
    lon: Annotated[Degrees | None, msgspec.Meta(description="Longitude in degrees (WGS 84).")] = None
    accuracy_m: Annotated[
        Metres | None, msgspec.Meta(description="Accuracy in metres; below 0 where the phone does not know.")
    ] = None
    mock: Annotated[bool | None, msgspec.Meta(description="Whether the phone says that the position is a mock.")] = None
    lost: Annotated[
        bool | None, msgspec.Meta(description="True: the file was given up, and the evidence proves nothing.")
    ] = None


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

    by: Annotated[LineText, msgspec.Meta(description="Who let it pass.")]
    reason: Annotated[LongText | None, msgspec.Meta(description="Why.")] = None


class Refused(msgspec.Struct, frozen=True, omit_defaults=True):
    """The customer would not or could not."""

    reason: Annotated[LongText | None, msgspec.Meta(description="Why, in words.")] = None
    outcome: Annotated[
        Literal["refused", "absent", "unable", "partly"] | None,
        msgspec.Meta(description="Whether the customer refused, was absent, was unable, or did so in part."),
    ] = None


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One statement about the visit. Entries are only ever added.

    `via` and `received_at` are the server's: how and when the entry came. What a writer puts there is overwritten.
    """

    id: Annotated[
        EntryId, msgspec.Meta(description="A UUID that the writer makes; again with the same content it is no change.")
    ]
    at: Annotated[AwareDatetime, msgspec.Meta(description="When it happened.")]
    by: Annotated[Author, msgspec.Meta(description="Whose act or statement it is.")]
    what: Annotated[CodeText, msgspec.Meta(description="An item or fact of the checklist.")] = ""
    thing: Annotated[
        SubjectId | None, msgspec.Meta(description="Which thing it is about, where the item has things.")
    ] = None
    label: Annotated[LineText | None, msgspec.Meta(description="What the thing is called on screens.")] = None
    holds: Annotated[bool | None, msgspec.Meta(description="Of a fact: whether it holds; without it, it does.")] = None
    says: Annotated[
        Literal["yes", "no"] | None, msgspec.Meta(description="Of an item: whether the writer says that it was so.")
    ] = None
    evidence: Annotated[tuple[Evidence, ...], msgspec.Meta(max_length=200, description="What proves it.")] = ()
    fields: Annotated[
        dict[CodeText, FieldValue], msgspec.Meta(max_length=100, description="Values of the item's typed fields.")
    ] = {}
    waived: Annotated[Waived | None, msgspec.Meta(description="It was not done, and somebody let it pass.")] = None
    refused: Annotated[Refused | None, msgspec.Meta(description="The customer would not or could not.")] = None
    via: Annotated[Origin | None, msgspec.Meta(description="How it came; the server writes it.")] = None
    claimed_at: Annotated[
        AwareDatetime | None,
        msgspec.Meta(description="When the writer says that it happened, where that is not `at`."),
    ] = None
    tick: Annotated[
        MonotonicMillis | None, msgspec.Meta(description="The phone's monotonic clock at the time, in ms.")
    ] = None
    session: Annotated[ShortText | None, msgspec.Meta(description="The session of the phone's monotonic clock.")] = None
    place: Annotated[Place | None, msgspec.Meta(description="Where the phone was.")] = None
    withdraws: Annotated[
        ShortText | None, msgspec.Meta(description="The id of an entry that was a slip and does not count.")
    ] = None
    reason: Annotated[LongText | None, msgspec.Meta(description="Why it is withdrawn.")] = None
    received_at: Annotated[AwareDatetime | None, msgspec.Meta(description="When it came; the server writes it.")] = None

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
