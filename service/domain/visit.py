"""A visit as the judge sees it, and as dispatch plans it."""

from datetime import datetime
from typing import Annotated

import msgspec

from .bounds import AddressText, CodeText, LineText, LongText, ShortText, timely
from .entry import Entry, Moment, entries_timely

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
KeyText = Annotated[str, msgspec.Meta(max_length=150)]  # an item, or item[thing]
Facts = Annotated[dict[CodeText, bool], msgspec.Meta(max_length=200)]
Dates = Annotated[dict[KeyText, Moment], msgspec.Meta(max_length=500)]
Crew = Annotated[tuple[Name, ...], msgspec.Meta(max_length=50)]
DEVICE_CLOCK = {
    "description": "The wall clock, the monotonic clock in ms, and the session that began it, as in an entry.",
    "type": ["object", "null"],
    "properties": {
        "at": {"type": "string", "format": "date-time"},
        "tick": {"type": "integer"},
        "session": {"type": "string"},
    },
}


class Window(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """The agreed time: from when to when."""

    start: Moment
    end: Moment


class Rescheduled(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """The window was moved at `at`."""

    at: Moment
    start: Moment
    end: Moment


def _window_timely(place: str, given: Window | Rescheduled | None) -> None:
    if given is not None:
        timely(f"{place}.from", given.start)
        timely(f"{place}.to", given.end)


def due_timely(place: str, due: dict[str, datetime]) -> None:
    """ValueError unless all dates of duties are taken."""
    for moment in due.values():
        timely(place, moment)


class Visit(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the judge needs to know of a visit beside its entries."""

    id: LineText
    type: CodeText
    checklist: CodeText = ""
    window: Window | None = None
    rescheduled: tuple[Rescheduled, ...] = ()
    assigned: Facts = {}
    exempt_reason: LongText | None = None
    policies: Facts = {}
    due: Dates = {}
    inspectors: int | None = None


class Bundle(msgspec.Struct, frozen=True):
    """What `doorstep judge` reads: a visit, its entries, and the moment to judge at."""

    visit: Visit
    entries: list[Entry]
    now: Moment

    def __post_init__(self) -> None:
        timely("now", self.now)
        _window_timely("visit.window", self.visit.window)
        for number, moved in enumerate(self.visit.rescheduled):
            timely(f"visit.rescheduled[{number}].at", moved.at)
            _window_timely(f"visit.rescheduled[{number}]", moved)
        due_timely("visit.due", self.visit.due)
        entries_timely(self.entries)


class Customer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom the visit is for. `account` is the number on the bill (户号)."""

    name: Name
    phone: ShortText = ""
    address: AddressText = ""
    account: ShortText = ""
    place: AddressText | None = None
    organisation: LineText | None = None


class Work(msgspec.Struct, frozen=True, omit_defaults=True):
    """What will be done, and where: two of the things 4.3.1 asks to tell."""

    content: LongText
    place: AddressText = ""


class Plan(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a dispatcher sends to create a visit. `technician` is a login, `follows` the visit that this one goes on."""

    type: CodeText
    technician: Name
    customer: Customer
    work: Work
    window: Window | None = None
    crew: Crew = ()
    area: LineText | None = None
    assigned: Facts = {}
    exempt_reason: LongText | None = None
    policies: Facts = {}
    due: Dates = {}
    inspectors: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    external_ref: ShortText | None = None
    follows: ShortText | None = None

    def __post_init__(self) -> None:
        _window_timely("window", self.window)
        due_timely("due", self.due)


Uuid = Annotated[str, msgspec.Meta(max_length=100, extra_json_schema={"format": "uuid"})]
"""With dashes. Whoever reads it looks whether it is one."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone submits: a batch of entries about one visit.

    `device_clock` says what the phone's clocks showed when it sent this: `{at, tick, session}`. It is kept as it came,
    whatever it is: who supervises is told when the clock was ahead.
    """

    id: Uuid
    visit: Uuid
    checklist: CodeText
    entries: tuple[Entry, ...]
    correction: ShortText | None = None
    app: ShortText | None = None
    device_clock: Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema=DEVICE_CLOCK)] | msgspec.UnsetType = (
        msgspec.UNSET
    )

    def __post_init__(self) -> None:
        entries_timely(self.entries)


class OfficeEntries(msgspec.Struct, frozen=True):
    """Entries that a dispatcher or supervisor writes."""

    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        entries_timely(self.entries)
