"""What a statement said at an earlier moment, and what it said when an entry came.

Each signature asks for both. A visit may have thousands, so nothing is read or made twice: what does not lie between
two of them is the same for both.
"""

from bisect import bisect_right
from collections.abc import Sequence

from .entries import Entry
from .rules import CompiledChecklist
from .statements import RenderedStatement, Sources, make_from, sources
from .timeline import TimedEntry, Timeline
from .visit import Visit


class History:
    """Earlier states of a visit: what its first entries were read as, before the others came."""

    def __init__(self, rules: CompiledChecklist, entries: Sequence[Entry], read: Timeline) -> None:
        self.rules, self.read = rules, read
        self._entries = entries
        self._turns: list[int] | None = None
        self._readings: dict[int, Timeline] = {}

    def timeline_at(self, place: int) -> Timeline:
        """A reading in which the entries up to a place are read as they were when the last of them came.

        Entries after the place may be in it as well, as far as none of them changes how one before it is read.
        """
        if self._turns is None:
            self._turns = turning_points(self._entries)
        number = bisect_right(self._turns, place)
        if number == len(self._turns):
            return self.read
        known = self._readings.get(number)
        if known is None:
            known = self._readings[number] = Timeline(self.rules, self._entries[: self._turns[number]], self.read.now)
        return known


def turning_points(entries: Sequence[Entry]) -> list[int]:
    """The places of the entries that may change how those before them are read: withdrawals, and what may be the new
    beginning of a session's clock."""
    found: list[int] = []
    highest: dict[str, int] = {}
    withdrawals = False
    for place, entry in enumerate(entries):
        turn = entry.withdraws is not None
        withdrawals = withdrawals or turn
        if entry.session is not None and entry.tick is not None:
            before = highest.get(entry.session)
            # where something was withdrawn, the clock's beginning may be any entry
            turn = turn or (before is not None and (withdrawals or entry.tick < before))
            highest[entry.session] = entry.tick if before is None else max(before, entry.tick)
        if turn:
            found.append(place)
    return found


class StatementHistory:
    """One statement (of one thing) through time, by its digests."""

    def __init__(self, past: History, visit: Visit, made: RenderedStatement) -> None:
        self.past, self._visit, self._made = past, visit, made
        self._acts: dict[int, _Acts] = {}
        self._digests: dict[Sources | tuple[object, ...], str] = {}

    def at_moment(self, until: int) -> str:
        """The digest of the statement made from all that is known now of what was done until a moment (µs UTC)."""
        acts = self._of(self.past.read)
        return self._digest(acts, acts.counts(until), None)

    def on_arrival(self, mark: TimedEntry) -> str:
        """The same as it was when an entry came: what is dated back came later."""
        acts = self._of(self.past.timeline_at(mark[1]))
        counts = acts.counts(mark[0])
        return self._digest(acts, counts, mark[1] if acts.later(counts, mark[1]) else None)

    def _of(self, read: Timeline) -> "_Acts":
        known = self._acts.get(id(read))
        if known is None:
            found = sources(self.past.rules, self._made.table, read, self._made.thing)
            known = self._acts[id(read)] = _Acts(found)
        return known

    def _digest(self, acts: "_Acts", counts: tuple[int, ...], place: int | None) -> str:
        """The digest over so many acts of each line, in the order of time; of those that came up to a place."""
        key = (id(acts), counts, None if place is None else acts.came(place))
        known = self._digests.get(key)
        if known is None:
            found = tuple(
                (line, rule, [mark for mark in marks[:count] if place is None or mark[1] <= place])
                for (line, rule, marks), count in zip(acts.found, counts, strict=True)
            )
            made = make_from(self.past.rules, self._made.table, self._visit.id, found, self._made.thing)
            known = self._digests[key] = made.sha256
        return known


class _Acts:
    """The acts behind the lines of a statement, ready to be asked about a time and a place."""

    def __init__(self, found: Sources) -> None:
        self.found = found
        self._times = [[mark[0] for mark in marks] for _, _, marks in found]
        self._last: list[list[int]] = []  # of each line: the last place among its first acts, by time
        for _, _, marks in found:
            places: list[int] = []
            for mark in marks:
                places.append(max(mark[1], places[-1]) if places else mark[1])
            self._last.append(places)
        self._places = sorted(mark[1] for _, _, marks in found for mark in marks)

    def counts(self, until: int) -> tuple[int, ...]:
        """How many acts of each line there are until a time."""
        return tuple(bisect_right(times, until) for times in self._times)

    def later(self, counts: tuple[int, ...], place: int) -> bool:
        """Whether any of so many acts of each line came after a place."""
        return any(count and last[count - 1] > place for last, count in zip(self._last, counts, strict=True))

    def came(self, place: int) -> int:
        """How many acts came up to a place."""
        return bisect_right(self._places, place)
