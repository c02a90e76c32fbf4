"""A visit as the judge sees it, and as dispatch plans it."""

from datetime import datetime
from typing import Annotated

import msgspec

from .bounds import CodeText, LineText, LongText, check_time
from .entries import AwareDatetime, Entry, check_entry_times

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
KeyText = Annotated[str, msgspec.Meta(max_length=150)]  # an item, or item[thing]
Facts = Annotated[dict[CodeText, bool], msgspec.Meta(max_length=200)]
Dates = Annotated[dict[KeyText, AwareDatetime], msgspec.Meta(max_length=500)]
Crew = Annotated[tuple[Name, ...], msgspec.Meta(max_length=50)]


class Window(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """The agreed time: from when to when."""

    start: Annotated[AwareDatetime, msgspec.Meta(description="When it begins.")]
    end: Annotated[AwareDatetime, msgspec.Meta(description="When it ends.")]


class Rescheduled(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """The window was moved at `at`."""

    at: AwareDatetime
    start: AwareDatetime
    end: AwareDatetime


def check_window(place: str, given: Window | Rescheduled | None) -> None:
    """ValueError when an end of the window is not in the years that are taken."""
    if given is not None:
        check_time(f"{place}.from", given.start)
        check_time(f"{place}.to", given.end)


def check_due_dates(place: str, due: dict[str, datetime]) -> None:
    """ValueError unless all dates of duties are taken."""
    for moment in due.values():
        check_time(place, moment)


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
    now: AwareDatetime

    def __post_init__(self) -> None:
        check_time("now", self.now)
        check_window("visit.window", self.visit.window)
        for number, moved in enumerate(self.visit.rescheduled):
            check_time(f"visit.rescheduled[{number}].at", moved.at)
            check_window(f"visit.rescheduled[{number}]", moved)
        check_due_dates("visit.due", self.visit.due)
        check_entry_times(self.entries)
