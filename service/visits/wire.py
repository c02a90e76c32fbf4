"""Bodies of requests that write about a visit: records, and entries of the office."""

from typing import Annotated

import msgspec
from msgspec import Meta

from service.judge.bounds import CodeText, ShortText
from service.judge.entries import Entry, check_entry_times, fold_digests

DEVICE_CLOCK = {
    "description": "The wall clock, the monotonic clock in ms, and the session that began it, as in an entry.",
    "type": ["object", "null"],
    "properties": {
        "at": {"type": "string", "format": "date-time"},
        "tick": {"type": "integer"},
        "session": {"type": "string"},
    },
}


UuidText = Annotated[str, Meta(max_length=100, extra_json_schema={"format": "uuid"})]
"""A UUID with dashes, not validated here."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone submits: a batch of entries about one visit.

    `device_clock` is what the phone's clocks showed when it sent this: `{at, tick, session}`. Any value is kept as
    received; supervisors see by how much the clock was ahead.
    """

    id: Annotated[UuidText, Meta(description="The id in the address.")]
    visit: Annotated[UuidText, Meta(description="The visit's id.")]
    checklist: Annotated[
        CodeText, Meta(description="The checklist and version that the phone showed, such as onsite@1.")
    ]
    entries: Annotated[tuple[Entry, ...], Meta(description="What was done, in the order in which it was written.")]
    correction: Annotated[ShortText | None, Meta(description="The correction that it answers.")] = None
    app: Annotated[ShortText | None, Meta(description="The app and its version.")] = None
    device_clock: Annotated[msgspec.Raw, Meta(extra_json_schema=DEVICE_CLOCK)] | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        check_entry_times(self.entries)
        fold_digests(self.entries)


class OfficeEntries(msgspec.Struct, frozen=True):
    """Entries that a dispatcher or supervisor writes."""

    entries: Annotated[tuple[Entry, ...], Meta(description="The entries; either all are accepted or none.")]

    def __post_init__(self) -> None:
        check_entry_times(self.entries)
        fold_digests(self.entries)
