"""What the board marks although no list of flags has it: visits that clash, and those that nobody began in time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from service.judge.visit import Window
from service.visits.status import State
from service.web.language import PageText

Mark = Literal["clash", "missed"]
MARKS: dict[Mark, PageText] = {"clash": PageText("时间冲突"), "missed": PageText("过时未开始")}
OVER: frozenset[State] = frozenset({"closed", "cancelled"})
"""States of visits that take nobody's time any more."""


def overlap(one: Window, other: Window) -> bool:
    """Whether two windows share any time; one that ends when the other begins does not."""
    if one.start == other.start:
        return True
    return one.start < other.end and other.start < one.end


def clashing(visits: Iterable[tuple[UUID, Window, tuple[str, ...]]]) -> frozenset[UUID]:
    """The ids of the visits at whose time one of their people has another. Each: id, window and logins."""
    by_person: dict[str, list[tuple[Window, UUID]]] = {}
    for visit, window, people in visits:
        for login in dict.fromkeys(people):
            by_person.setdefault(login, []).append((window, visit))
    found: set[UUID] = set()
    for booked in by_person.values():
        booked.sort(key=lambda pair: (pair[0].start, pair[0].end))
        for number, (window, visit) in enumerate(booked):
            for later, other in booked[number + 1 :]:
                if later.start != window.start and later.start >= window.end:
                    break
                if overlap(window, later):
                    found |= {visit, other}
    return frozenset(found)


def is_missed(state: State, window: Window | None, now: datetime) -> bool:
    """Whether the time of a visit is over although nothing was recorded."""
    return state == "planned" and window is not None and window.end <= now
