"""An entry: what a phone, the office or the customer wrote about one act or fact of a visit.

Unknown fields are ignored and stay in the stored bytes, so that newer phones work with older servers.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

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
AwareDatetime = Annotated[datetime, Meta(tz=True)]  # RFC 3339 with an offset
# in Python `$` alone also matches before a final line feed; other regex engines do not know `\\Z`
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$(?!\n)")]
AnyCaseSha256 = Annotated[str, Meta(pattern="^[0-9a-fA-F]{64}$(?!\n)")]
"""As phones may write it; `fold_digests` makes it one."""
SubjectId = Annotated[str, Meta(pattern="^[a-z0-9_-]{1,40}$(?!\n)")]
FieldValue = LongText | ExactInt | ExactFloat | bool | None  # flat: nested values are refused
# a UUID on the wire, checked where entries are accepted; examples in checklists use short ids
EntryId = Annotated[str, Meta(min_length=1, max_length=64, extra_json_schema={"format": "uuid"})]
Degrees = Annotated[float, Meta(ge=-1e9, le=1e9)]  # a phone without a fix may say anything
Metres = Annotated[float, Meta(ge=-1e9, le=1e9)]  # negative when the phone does not know


Accuracy = Annotated[Metres | None, Meta(description="Accuracy in metres; below 0 where the phone does not know.")]
IsMock = Annotated[bool | None, Meta(description="Whether the phone says that the position is a mock.")]


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an entry was written."""

    lat: Annotated[Degrees, Meta(description="Latitude in degrees (WGS 84).")]
    lon: Annotated[Degrees, Meta(description="Longitude in degrees (WGS 84).")]
    accuracy_m: Accuracy = None
    mock: IsMock = None


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


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One piece of evidence. It counts when it has the field in `NEEDS` and its file is not `lost`.

    The server sets `lost` for files that were given up; a client that sets it only weakens its own evidence.
    """

    kind: Annotated[CodeText, Meta(description=f"One of {', '.join(NEEDS)}.")]
    sha256: Annotated[AnyCaseSha256 | None, Meta(description="SHA-256 in hex of the file of a photo or signature.")] = (
        None
    )
    taken_at: Annotated[AwareDatetime | None, Meta(description="When it was taken.")] = None
    text: Annotated[PassageText | None, Meta(description="The text.")] = None
    number: Annotated[LineText | None, Meta(description="The number, such as that of a notice.")] = None
    channel: Annotated[CodeText | None, Meta(description="How a message was sent, such as sms or phone.")] = None
    signer: Annotated[LineText | None, Meta(description="Who signed.")] = None
    relation: Annotated[LineText | None, Meta(description="The signer's relation to the customer.")] = None
    statement_sha256: Annotated[AnyCaseSha256 | None, Meta(description="SHA-256 of the document that was signed.")] = (
        None
    )
    lat: Annotated[Degrees | None, Meta(description="Latitude in degrees (WGS 84).")] = None
    lon: Annotated[Degrees | None, Meta(description="Longitude in degrees (WGS 84).")] = None
    accuracy_m: Accuracy = None
    mock: IsMock = None
    lost: Annotated[bool | None, Meta(description="If the file was given up, the evidence proves nothing.")] = None


RefusalOutcome = Literal["refused", "absent", "unable", "partly"]


class Waived(msgspec.Struct, frozen=True):
    """The act was not done, and somebody waived it."""

    by: Annotated[LineText, Meta(description="Who waived it.")]
    reason: Annotated[LongText | None, Meta(description="Why.")] = None


class Refused(msgspec.Struct, frozen=True, omit_defaults=True):
    """The customer would not or could not take part."""

    reason: Annotated[LongText | None, Meta(description="Why.")] = None
    outcome: Annotated[RefusalOutcome | None, Meta(description="How the customer did not take part.")] = None


MAX_EVIDENCE = 200


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One act or fact of a visit. Entries are only ever added.

    The server sets `via` and `received_at` and overwrites what a client sends there.
    """

    id: Annotated[EntryId, Meta(description="A UUID made by the client; sending the same entry again changes nothing.")]
    at: Annotated[AwareDatetime, Meta(description="When it happened.")]
    by: Annotated[Author, Meta(description="Who acted or made the statement.")]
    what: Annotated[CodeText, Meta(description="An item or fact of the checklist.")] = ""
    thing: Annotated[SubjectId | None, Meta(description="The thing that it is about, where the item has things.")] = (
        None
    )
    label: Annotated[LineText | None, Meta(description="The name of the thing, for people.")] = None
    holds: Annotated[bool | None, Meta(description="For a fact: whether it is so; true by default.")] = None
    says: Annotated[Literal["yes", "no"] | None, Meta(description="Whether the customer says it was done.")] = None
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=MAX_EVIDENCE, description="Its evidence.")] = ()
    fields: Annotated[dict[CodeText, FieldValue], Meta(max_length=100, description="Typed answers of the item.")] = {}
    waived: Annotated[Waived | None, Meta(description="It was not done, and somebody waived it.")] = None
    refused: Annotated[Refused | None, Meta(description="The customer would not or could not take part.")] = None
    via: Annotated[Origin | None, Meta(description="How it arrived; set by the server.")] = None
    claimed_at: Annotated[AwareDatetime | None, Meta(description="When it happened, if written down later.")] = None
    tick: Annotated[ExactInt | None, Meta(description="The phone's monotonic clock at that time, in ms.")] = None
    session: Annotated[ShortText | None, Meta(description="The session of the phone's monotonic clock.")] = None
    place: Annotated[Place | None, Meta(description="Where the phone was.")] = None
    withdraws: Annotated[ShortText | None, Meta(description="The id of an entry that it withdraws.")] = None
    reason: Annotated[LongText | None, Meta(description="Why it is withdrawn.")] = None
    received_at: Annotated[AwareDatetime | None, Meta(description="When it arrived; set by the server.")] = None

    def __post_init__(self) -> None:
        if not self.what and self.withdraws is None:
            raise ValueError("an entry needs `what`, or `withdraws`")

    @property
    def came_at(self) -> datetime:
        """When the service received it; by its author's clock before that."""
        return self.received_at or self.at


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


def fold_digests(entries: tuple[Entry, ...] | list[Entry]) -> None:
    """Bring the digests of all evidence to lower case, in place, before anybody else has the entries."""
    for entry in entries:
        for piece in entry.evidence:
            for name in ("sha256", "statement_sha256"):
                digest = getattr(piece, name)
                if digest is not None and digest != digest.lower():
                    msgspec.structs.force_setattr(piece, name, digest.lower())


def named_files(entries: tuple[Entry, ...] | list[Entry]) -> list[str]:
    """The distinct SHA-256 of the files that the entries name, in order."""
    return list(dict.fromkeys(e.sha256 for entry in entries for e in entry.evidence if e.sha256 is not None))
