"""The customer's wish for another time, for those who arrange it."""

from collections.abc import Container, Iterable
from datetime import datetime

import msgspec

from service.confirmation.reschedule_wish import split_wish
from service.judge.entries import Entry
from service.judge.visit import Window
from service.visits.appointment import AGREED, wished_window
from service.visits.status import Flag
from service.web.language import AnyText, TextPair


class Wish(msgspec.Struct, frozen=True):
    """When the customer asked, and what for: a time, a choice of the page, their own words, or several of these."""

    at: datetime
    words: tuple[AnyText, ...]
    window: Window | None = None


def open_wish(flags: Container[Flag], entries: Iterable[Entry]) -> Wish | None:
    """The wish that still waits for an answer. `entries` are those of the visit, in the order of arrival."""
    if "asked_time" not in flags:
        return None
    asked = [one for one in entries if one.what == AGREED and one.by == "customer" and one.refused]
    if not asked:
        return None
    last = asked[-1]
    window = wished_window(last)
    return Wish(last.at, wish_words(last.refused.reason or "" if last.refused else "", window), window)


def wish_words(wish: str, window: Window | None = None) -> tuple[AnyText, ...]:
    """A stored wish in words, apart from its time."""
    option, own = split_wish(wish, window)
    return tuple(filter(None, (option, TextPair(own, own) if own else None)))
