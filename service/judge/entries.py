"""An entry: what a phone, the office or the customer wrote about one act or fact of a visit.

Unknown fields are ignored and stay in the stored bytes, so that newer phones work with older servers.
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
AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]  # RFC 3339 with an offset
# in Python `$` alone also matches before a final line feed; other regex engines do not know `\\Z`
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$(?!\n)")]
SubjectId = Annotated[str, msgspec.Meta(pattern="^[a-z0-9_-]{1,40}$(?!\n)")]
FieldValue = LongText | ExactInt | ExactFloat | bool | None  # flat: nested values are refused
# a UUID on the wire, checked where entries are accepted; examples in checklists use short ids
EntryId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, extra_json_schema={"format": "uuid"})]
Degrees = Annotated[float, msgspec.Meta(ge=-360, le=360)]
Metres = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]  # negative when the phone does not know


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an entry was written."""

    lat: Annotated[Degrees, msgspec.Meta(description="Latitude in degrees (WGS 84).")]
    lon: Annotated[Degrees, msgspec.Meta(description="Longitude in degrees (WGS 84).")]
    accuracy_m: Annotated[
        Metres | None, msgspec.Meta(description="Accuracy in metres; below 0 where the phone does not know.")
    ] = None
    mock: Annotated[bool | None, msgspec.Meta(description="Whether the phone says that the position is a mock.")] = None


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One piece of evidence. It counts when it has the field in `NEEDS` and its file is not `lost`.

    The server sets `lost` for files that were given up; a client that sets it only weakens its own evidence.
    """

    kind: Annotated[
        CodeText,
        msgspec.Meta(description="photo, signature, text, gps, notice, number, message_log or customer_confirm."),
    ]
    sha256: Annotated[
        Sha256 | None, msgspec.Meta(description="SHA-256 in hex of the file of a photo or signature.")
    ] = None
    taken_at: Annotated[AwareDatetime | None, msgspec.Meta(description="When it was taken.")] = None
    text: Annotated[PassageText | None, msgspec.Meta(description="The text.")] = None
    number: Annotated[
        LineText | None, msgspec.Meta(description="The number, such as that of a notice left with the customer.")
    ] = None
    channel: Annotated[CodeText | None, msgspec.Meta(description="How a message was sent, such as sms or phone.")] = (
        None
    )
    signer: Annotated[LineText | None, msgspec.Meta(description="Who signed.")] = None
    relation: Annotated[LineText | None, msgspec.Meta(description="The signer's relation to the customer.")] = None
    statement_sha256: Annotated[Sha256 | None, msgspec.Meta(description="SHA-256 of the document that was signed.")] = (
        None
    )
    lat: Annotated[Degrees | None, msgspec.Meta(description="Latitude in degrees (WGS 84).")] = None
    lon: Annotated[Degrees | None, msgspec.Meta(description="Longitude in degrees (WGS 84).")] = None
    accuracy_m: Annotated[
        Metres | None, msgspec.Meta(description="Accuracy in metres; below 0 where the phone does not know.")
    ] = None
    mock: Annotated[bool | None, msgspec.Meta(description="Whether the phone says that the position is a mock.")] = None
    lost: Annotated[
        bool | None, msgspec.Meta(description="Whether the file was given up; if so, the evidence proves nothing.")
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
"""The field that each kind of evidence requires."""


class Waived(msgspec.Struct, frozen=True):
    """The act was not done, and somebody waived it."""

    by: Annotated[LineText, msgspec.Meta(description="Who waived it.")]
    reason: Annotated[LongText | None, msgspec.Meta(description="Why.")] = None


class Refused(msgspec.Struct, frozen=True, omit_defaults=True):
    """The customer would not or could not take part."""

    reason: Annotated[LongText | None, msgspec.Meta(description="Why.")] = None
    outcome: Annotated[
        Literal["refused", "absent", "unable", "partly"] | None,
        msgspec.Meta(description="Whether the customer refused, was absent, was unable, or did so in part."),
    ] = None


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One act or fact of a visit. Entries are only ever added.

    The server sets `via` and `received_at` and overwrites what a client sends there.
    """

    id: Annotated[
        EntryId, msgspec.Meta(description="A UUID made by the client; sending the same entry again changes nothing.")
    ]
    at: Annotated[AwareDatetime, msgspec.Meta(description="When it happened.")]
    by: Annotated[Author, msgspec.Meta(description="Who acted or made the statement.")]
    what: Annotated[CodeText, msgspec.Meta(description="An item or fact of the checklist.")] = ""
    thing: Annotated[
        SubjectId | None, msgspec.Meta(description="The thing that it is about, where the item has things.")
    ] = None
    label: Annotated[LineText | None, msgspec.Meta(description="The name of the thing, for people.")] = None
    holds: Annotated[bool | None, msgspec.Meta(description="For a fact: whether it is so; true by default.")] = None
    says: Annotated[
        Literal["yes", "no"] | None, msgspec.Meta(description="For an item: the customer's answer whether it was done.")
    ] = None
    evidence: Annotated[tuple[Evidence, ...], msgspec.Meta(max_length=200, description="Its evidence.")] = ()
    fields: Annotated[
        dict[CodeText, FieldValue], msgspec.Meta(max_length=100, description="Values of the item's typed fields.")
    ] = {}
    waived: Annotated[Waived | None, msgspec.Meta(description="It was not done, and somebody waived it.")] = None
    refused: Annotated[Refused | None, msgspec.Meta(description="The customer would not or could not take part.")] = (
        None
    )
    via: Annotated[Origin | None, msgspec.Meta(description="How it arrived; set by the server.")] = None
    claimed_at: Annotated[
        AwareDatetime | None,
        msgspec.Meta(description="When it happened, where it was written down later."),
    ] = None
    tick: Annotated[ExactInt | None, msgspec.Meta(description="The phone's monotonic clock at that time, in ms.")] = (
        None
    )
    session: Annotated[ShortText | None, msgspec.Meta(description="The session of the phone's monotonic clock.")] = None
    place: Annotated[Place | None, msgspec.Meta(description="Where the phone was.")] = None
    withdraws: Annotated[
        ShortText | None, msgspec.Meta(description="The id of an entry written by mistake, which then does not count.")
    ] = None
    reason: Annotated[LongText | None, msgspec.Meta(description="Why it is withdrawn.")] = None
    received_at: Annotated[AwareDatetime | None, msgspec.Meta(description="When it arrived; set by the server.")] = None

    def __post_init__(self) -> None:
        if not self.what and self.withdraws is None:
            raise ValueError("an entry needs `what`, or `withdraws`")


def check_entry_times(entries: tuple[Entry, ...] | list[Entry]) -> None:
    """Check all times (see `check_time`). One loop is cheaper than a `__post_init__` of each entry."""
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
    """The distinct SHA-256 of the files that the entries name, in order."""
    return list(dict.fromkeys(e.sha256 for entry in entries for e in entry.evidence if e.sha256 is not None))
