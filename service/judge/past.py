"""The digests of a statement at earlier moments, and as of the arrival of an entry.

Each signature is compared with both. A visit may have many signatures, so timelines and digests are cached: they only
differ where something changed between two signatures.
"""

from bisect import bisect_right
from collections.abc import Sequence

from .entries import Entry
from .rules import CompiledChecklist
from .statements import Document, RenderedStatement, Sources, make_from, sources
from .timeline import TimedEntry, Timeline
from .visit import Visit


class History:
    """Timelines of a visit as of the arrival of its entries."""

    def __init__(self, rules: CompiledChecklist, entries: Sequence[Entry], timeline: Timeline) -> None:
        self.rules, self.timeline = rules, timeline
        self._entries = entries
        self._turning_points: list[int] | None = None
        self._timelines: dict[int, Timeline] = {}

    def timeline_at(self, position: int) -> Timeline:
        """A timeline in which the entries up to a position are as they were when that entry arrived.

        It may contain later entries that do not affect those.
        """
        if self._turning_points is None:
            self._turning_points = turning_points(self._entries)
        number = bisect_right(self._turning_points, position)
        if number == len(self._turning_points):
            return self.timeline
        if number not in self._timelines:
            entries = self._entries[: self._turning_points[number]]
            self._timelines[number] = Timeline(self.rules, entries, self.timeline.now)
        return self._timelines[number]


def turning_points(entries: Sequence[Entry]) -> list[int]:
    """The positions of entries that may affect earlier ones: withdrawals, and possible new starts of a session."""
    found: list[int] = []
    highest: dict[str, int] = {}
    has_withdrawals = False
    for position, entry in enumerate(entries):
        turns = entry.withdraws is not None
        has_withdrawals = has_withdrawals or turns
        if entry.session is not None and entry.tick is not None:
            before = highest.get(entry.session)
            # after a withdrawal, any entry may be the session's first
            turns = turns or (before is not None and (has_withdrawals or entry.tick < before))
            highest[entry.session] = entry.tick if before is None else max(before, entry.tick)
        if turns:
            found.append(position)
    return found


class StatementHistory:
    """The digests of one statement (of one thing) over time."""

    def __init__(self, past: History, visit: Visit, made: RenderedStatement) -> None:
        self.past, self._visit, self._made = past, visit, made
        self._acts: dict[int, _Acts] = {}
        self._made_from: dict[tuple[object, ...], RenderedStatement] = {}

    def at_moment(self, until: int) -> str:
        """The digest of the statement from all acts up to a moment (µs UTC), as known now."""
        acts = self._acts_of(self.past.timeline)
        return self._make(acts, acts.counts(until), None).sha256

    def on_arrival(self, signature: TimedEntry) -> str:
        """The same, as known when the signature arrived: without what was added later and dated back."""
        return self._as_arrived(signature).sha256

    def document_at(self, answer: TimedEntry) -> Document:
        """What an answer was given to: the text that it names, else the one that was there when it arrived."""
        named = next((piece.statement_sha256 for piece in answer[2].evidence if piece.kind == "signature"), None)
        acts = self._acts_of(self.past.timeline)
        then = self._make(acts, acts.counts(answer[0]), None)
        return then.document if then.sha256 == named else self._as_arrived(answer).document

    def _as_arrived(self, answer: TimedEntry) -> RenderedStatement:
        time, position, _ = answer
        acts = self._acts_of(self.past.timeline_at(position))
        counts = acts.counts(time)
        return self._make(acts, counts, position if acts.any_after(counts, position) else None)

    def _acts_of(self, timeline: Timeline) -> "_Acts":
        known = self._acts.get(id(timeline))
        if known is None:
            known = _Acts(sources(self.past.rules, self._made.table, timeline, self._made.thing))
            self._acts[id(timeline)] = known
        return known

    def _make(self, acts: "_Acts", counts: tuple[int, ...], position: int | None) -> RenderedStatement:
        """The statement from the first `counts` acts of each line, and of these only what arrived up to a position."""
        key = (id(acts), counts, None if position is None else acts.arrived(position))
        known = self._made_from.get(key)
        if known is None:
            found = tuple(
                (line, rule, [act for act in line_acts[:count] if position is None or act[1] <= position])
                for (line, rule, line_acts), count in zip(acts.sources, counts, strict=True)
            )
            known = make_from(self.past.rules, self._made.table, self._visit.id, found, self._made.thing)
            self._made_from[key] = known
        return known


class _Acts:
    """The acts behind the lines of a statement, indexed by time and by position."""

    def __init__(self, found: Sources) -> None:
        self.sources = found
        self._times = [[act[0] for act in acts] for _, _, acts in found]
        self._last: list[list[int]] = []  # of each line: the last position among its first acts, by time
        for _, _, acts in found:
            positions: list[int] = []
            for act in acts:
                positions.append(max(act[1], positions[-1]) if positions else act[1])
            self._last.append(positions)
        self._positions = sorted(act[1] for _, _, acts in found for act in acts)

    def counts(self, until: int) -> tuple[int, ...]:
        """The number of acts of each line up to a time."""
        return tuple(bisect_right(times, until) for times in self._times)

    def any_after(self, counts: tuple[int, ...], position: int) -> bool:
        """Whether any of the first `counts` acts of each line arrived after a position."""
        return any(count and last[count - 1] > position for last, count in zip(self._last, counts, strict=True))

    def arrived(self, position: int) -> int:
        """The number of acts that arrived up to a position."""
        return bisect_right(self._positions, position)
