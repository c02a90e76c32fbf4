"""A visit as the judge sees it, and as dispatch plans it."""

from datetime import datetime
from typing import Annotated

import msgspec

from .bounds import CodeText, LineText, LongText, timely
from .entries import Entry, Moment, entries_timely

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
KeyText = Annotated[str, msgspec.Meta(max_length=150)]  # an item, or item[thing]
Facts = Annotated[dict[CodeText, bool], msgspec.Meta(max_length=200)]
Dates = Annotated[dict[KeyText, Moment], msgspec.Meta(max_length=500)]
Crew = Annotated[tuple[Name, ...], msgspec.Meta(max_length=50)]


class Window(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """The agreed time: from when to when."""

    start: Moment
    end: Moment


class Rescheduled(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """The window was moved at `at`."""

    at: Moment
    start: Moment
    end: Moment


def window_timely(place: str, given: Window | Rescheduled | None) -> None:
    """ValueError when an end of the window is not in the years that are taken."""
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
        window_timely("visit.window", self.visit.window)
        for number, moved in enumerate(self.visit.rescheduled):
            timely(f"visit.rescheduled[{number}].at", moved.at)
            window_timely(f"visit.rescheduled[{number}]", moved)
        due_timely("visit.due", self.visit.due)
        entries_timely(self.entries)
