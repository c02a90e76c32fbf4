"""An entry: one statement about a visit, as a phone, the office or the customer wrote it.

Source: the wire contract of records. Unknown fields are ignored here and stay in the stored bytes,
so that newer phones can talk to older servers.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

By = Literal["technician", "dispatcher", "supervisor", "office", "customer"]
Via = Literal["record", "office", "link", "scan", "callback"]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]  # RFC 3339, an offset is required
# `$` alone would let a line feed pass at the end in Python, and `\\Z` means nothing to other readers of the document
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$(?!\n)")]
Thing = Annotated[str, msgspec.Meta(pattern="^[a-z0-9_-]{1,40}$(?!\n)")]
Answer = str | int | float | bool | None  # to a typed field; flat, so that nothing deep is ever kept decoded
# on the wire a UUID with dashes, which whoever takes entries looks at; examples of a checklist have short ones
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, extra_json_schema={"format": "uuid"})]
Tick = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]  # milliseconds


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an entry was written: degrees (WGS 84), accuracy in metres."""

    lat: float
    lon: float
    accuracy_m: float | None = None
    mock: bool | None = None


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One piece of evidence. It counts when it has what its kind needs (see `NEEDS`) and its file is not `lost`.

    The server says `lost` of what was given up; a writer who says it himself only makes less of his own evidence.
    """

    kind: str
    sha256: Sha256 | None = None
    taken_at: Moment | None = None
    text: str | None = None
    number: str | None = None
    channel: str | None = None
    signer: str | None = None
    relation: str | None = None
    statement_sha256: Sha256 | None = None
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None
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

    by: str
    reason: str | None = None


class Refused(msgspec.Struct, frozen=True, omit_defaults=True):
    """The customer would not or could not."""

    reason: str | None = None
    outcome: Literal["refused", "absent", "unable", "partly"] | None = None


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One statement about the visit. Entries are only ever added.

    `via` and `received_at` are the server's: how and when the entry came. What a writer puts there is overwritten.
    """

    id: Id
    at: Moment
    by: By
    what: str = ""
    thing: Thing | None = None
    label: str | None = None
    holds: bool | None = None
    says: Literal["yes", "no"] | None = None
    evidence: tuple[Evidence, ...] = ()
    fields: dict[str, Answer] = {}
    waived: Waived | None = None
    refused: Refused | None = None
    via: Via | None = None
    claimed_at: Moment | None = None
    tick: Tick | None = None
    session: str | None = None
    place: Place | None = None
    withdraws: str | None = None
    reason: str | None = None
    received_at: Moment | None = None

    def __post_init__(self) -> None:
        if not self.what and self.withdraws is None:
            raise ValueError("an entry needs `what`, or `withdraws`")


def named_files(entries: tuple[Entry, ...] | list[Entry]) -> list[str]:
    """SHA-256 of every file that the entries name, once each, in order."""
    return list(dict.fromkeys(e.sha256 for entry in entries for e in entry.evidence if e.sha256 is not None))
