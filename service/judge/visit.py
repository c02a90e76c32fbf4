"""A visit, as input of the judge."""

import re
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from .bounds import CodeText, LineText, LongText, check_time
from .entries import AwareDatetime, Entry, check_entry_times, fold_digests

_ITEM = re.compile("[a-z0-9_]{1,60}")
Name = Annotated[str, Meta(min_length=1, max_length=200)]
KeyText = Annotated[str, Meta(max_length=150)]  # an item, or item[thing]
Facts = Annotated[dict[CodeText, bool], Meta(max_length=200)]
Dates = Annotated[dict[KeyText, AwareDatetime], Meta(max_length=500)]
Crew = Annotated[tuple[Name, ...], Meta(max_length=50)]


class Window(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """The agreed time."""

    start: Annotated[AwareDatetime, Meta(description="When it begins.")]
    end: Annotated[AwareDatetime, Meta(description="When it ends.")]


class Rescheduled(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """At `at`, the window was moved to this one."""

    at: AwareDatetime
    start: AwareDatetime
    end: AwareDatetime


def check_window(path: str, window: Window | Rescheduled | None) -> None:
    """Check both ends (see `check_time`)."""
    if window is not None:
        check_time(f"{path}.from", window.start)
        check_time(f"{path}.to", window.end)


def check_due_dates(path: str, due: dict[str, datetime]) -> None:
    """Check all dates (see `check_time`)."""
    for name, date in due.items():
        check_time(f"{path}.{name}" if _ITEM.fullmatch(name) else f"{path}[...]", date)


class Visit(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All that the judge needs to know about a visit apart from its entries."""

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
    """The input of `doorstep judge`: a visit, its entries, and the time to judge it at."""

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
        fold_digests(self.entries)
