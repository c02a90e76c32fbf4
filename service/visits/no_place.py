"""Positions that are none: a phone without a fix says 0/0, or numbers that no place has. They are kept, and shown."""

from collections.abc import Iterable, Iterator

from service.judge.entries import Entry

NEAR_NULL = 0.001  # degrees, 100 m: nobody works in the sea off Ghana


def is_no_place(lat: float | None, lon: float | None) -> bool:
    """Whether a position is on no map, is 0/0, or lacks one of its two numbers."""
    if lat is None or lon is None:
        return (lat is None) != (lon is None)
    return abs(lat) > 90 or abs(lon) > 180 or (abs(lat) < NEAR_NULL and abs(lon) < NEAR_NULL)


def without_place(entry: Entry) -> Iterator[tuple[object, ...]]:
    """Where an entry has a position that is none: paths within it."""
    if entry.place is not None and is_no_place(entry.place.lat, entry.place.lon):
        yield ("place",)
    for number, piece in enumerate(entry.evidence):
        if is_no_place(piece.lat, piece.lon):
            yield "evidence", number


def has_no_place(entries: Iterable[Entry]) -> bool:
    """Whether any of the entries has a position that is none."""
    return any(True for entry in entries if entry.place is not None or entry.evidence for _ in without_place(entry))
