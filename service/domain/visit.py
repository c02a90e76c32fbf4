"""A visit as the judge sees it, and as dispatch plans it."""

from typing import Annotated

import msgspec

from .entry import Entry, Moment

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
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


class Visit(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the judge needs to know of a visit beside its entries."""

    id: str
    type: str
    checklist: str = ""
    window: Window | None = None
    rescheduled: tuple[Rescheduled, ...] = ()
    assigned: dict[str, bool] = {}
    exempt_reason: str | None = None
    policies: dict[str, bool] = {}
    due: dict[str, Moment] = {}
    inspectors: int | None = None


class Bundle(msgspec.Struct, frozen=True):
    """What `doorstep judge` reads: a visit, its entries, and the moment to judge at."""

    visit: Visit
    entries: list[Entry]
    now: Moment


class Customer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom the visit is for. `account` is the number on the bill (户号)."""

    name: Name
    phone: str = ""
    address: str = ""
    account: str = ""
    place: str | None = None
    organisation: str | None = None


class Work(msgspec.Struct, frozen=True, omit_defaults=True):
    """What will be done, and where: two of the things 4.3.1 asks to tell."""

    content: str
    place: str = ""


class Plan(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a dispatcher sends to create a visit. `technician` is a login, `follows` the visit that this one goes on."""

    type: str
    technician: Name
    customer: Customer
    work: Work
    window: Window | None = None
    crew: tuple[Name, ...] = ()
    area: str | None = None
    assigned: dict[str, bool] = {}
    exempt_reason: str | None = None
    policies: dict[str, bool] = {}
    due: dict[str, Moment] = {}
    inspectors: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    external_ref: str | None = None
    follows: str | None = None


Uuid = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uuid"})]
"""With dashes. Whoever reads it looks whether it is one."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone submits: a batch of entries about one visit.

    `device_clock` says what the phone's clocks showed when it sent this: `{at, tick, session}`. It is kept as it came,
    whatever it is: who supervises is told when the clock was ahead.
    """

    id: Uuid
    visit: Uuid
    checklist: str
    entries: tuple[Entry, ...]
    correction: str | None = None
    app: str | None = None
    device_clock: Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema=DEVICE_CLOCK)] | msgspec.UnsetType = (
        msgspec.UNSET
    )


class OfficeEntries(msgspec.Struct, frozen=True):
    """Entries that a dispatcher or supervisor writes."""

    entries: tuple[Entry, ...]
