"""What is seen of a visit at a moment: which entries count, when each happened, and what they name."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

from .entries import Entry
from .rules import CompiledChecklist, CompiledItem

TimedEntry = tuple[int, int, Entry]  # time of the entry (µs UTC), its place in the list, the entry
OccurrenceKey = str | tuple[str, str]  # an item or fact, or one with a thing


ECMASCRIPT_WHITESPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""White space as `String.prototype.trim` has it."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCHS: dict[tzinfo | None, datetime] = {}


def to_microseconds(moment: datetime) -> int:
    """A moment with offset in whole microseconds since 1970 UTC."""
    # Python subtracts five times as fast when both have the same tzinfo: keep the epoch in each offset met
    epoch = _EPOCHS.get(moment.tzinfo)
    if epoch is None:
        epoch = _EPOCHS[moment.tzinfo] = _EPOCH.astimezone(moment.tzinfo)
    since = moment - epoch
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def is_blank(text: str | None) -> bool:
    """A reason is a text that is not blank: trimmed as ECMAScript does, so that a phone says the same."""
    return text is None or not text.strip(ECMASCRIPT_WHITESPACE)


def withdrawn_ids(entries: Iterable[Entry]) -> set[str]:
    """The ids of the entries that their own writers took back.

    A withdrawal has a reason and names an entry by the same writer, written before it: by `received_at`, within one
    batch by their order in the list; where either lacks it, not later by `at`. Times corrected by ticks play no part.
    A withdrawal cannot itself be withdrawn.
    """
    withdrawals: list[tuple[int, Entry]] = []
    slips: dict[str, tuple[int, Entry]] = {}
    for place, entry in enumerate(entries):
        if entry.withdraws is None:
            slips.setdefault(entry.id.lower(), (place, entry))
        elif not is_blank(entry.reason):
            withdrawals.append((place, entry))
    found: set[str] = set()
    for place, entry in withdrawals:
        then, slip = slips.get((entry.withdraws or "").lower(), (0, None))
        if slip is not None and slip.by == entry.by and _written_before(slip, then, entry, place):
            found.add(slip.id)
    return found


def _written_before(slip: Entry, then: int, entry: Entry, place: int) -> bool:
    if slip.received_at is not None and entry.received_at is not None:
        return (slip.received_at, then) < (entry.received_at, place)
    return slip.at <= entry.at


class Timeline:
    """The entries of a visit, sorted by what they are about.

    `moments`: the act of an item, or the earliest entry of a fact, per key. `named`: per fact the things
    and when each was first named. `later` is the first moment after `now` at which more will be seen.
    """

    __slots__ = ("acts", "begun", "declared", "labels", "later", "moments", "named", "now", "refused", "says", "waived")

    def __init__(self, rules: CompiledChecklist, entries: Sequence[Entry], now: int) -> None:
        self.now = now
        self.later: int | None = None
        self.begun = False
        self.acts: dict[OccurrenceKey, list[TimedEntry]] = {}
        self.says: dict[OccurrenceKey, TimedEntry] = {}
        self.waived: dict[OccurrenceKey, list[TimedEntry]] = {}
        self.refused: dict[OccurrenceKey, list[TimedEntry]] = {}
        self.moments: dict[OccurrenceKey, TimedEntry] = {}
        self.declared: set[str] = set()
        self.named: dict[str, dict[str, tuple[int, int]]] = {}
        self.labels: dict[str, str] = {}
        self._index_entries(rules, self._select_entries(rules, entries))
        self._resolve_alternatives(rules)

    def next_change_at(self, moment: int) -> None:
        """The answer can change at this moment."""
        if self.later is None or moment < self.later:
            self.later = moment

    def _select_entries(self, rules: CompiledChecklist, entries: Sequence[Entry]) -> list[TimedEntry]:
        """The entries that count, with their times."""
        now, facts, things, items = self.now, rules.facts, rules.thing_facts, rules.by_id
        marks: list[TimedEntry] = []
        ids: set[str] = set()
        withdrawals = sessions = False
        for place, entry in enumerate(entries):
            at = to_microseconds(entry.at)
            if at > now:
                # what has arrived has been written, however wrong its clock
                seen = at if entry.received_at is None else min(at, to_microseconds(entry.received_at))
                if seen > now:
                    self.next_change_at(seen)
                    continue
            name = entry.id.lower()
            if name in ids:
                continue
            ids.add(name)
            what = entry.what
            if entry.withdraws is not None:  # whatever else it carries
                withdrawals = True
            elif what in items:
                if entry.holds is False or (entry.says is not None and entry.by != "customer"):
                    continue
            elif what in facts:
                if entry.says is not None or entry.waived is not None or entry.refused is not None:
                    continue
                if entry.thing is None and what in things and entry.holds is not False:
                    continue
            else:
                continue
            if entry.session is not None:
                sessions = True
            marks.append((at, place, entry))
        if withdrawals:
            slips = withdrawn_ids(mark[2] for mark in marks)
            marks = [mark for mark in marks if mark[2].withdraws is None and mark[2].id not in slips]
        return _apply_monotonic_clocks(marks) if sessions else marks

    def _index_entries(self, rules: CompiledChecklist, marks: list[TimedEntry]) -> None:
        items, facts, moments, acts = rules.by_id, rules.facts, self.moments, self.acts
        for mark in marks:
            entry = mark[2]
            what = entry.what
            if entry.by == "technician":
                self.begun = True
            rule = items.get(what)
            if rule is not None:
                self._sort_item(rule, mark)
                continue
            self.declared.add(what)
            if entry.holds is False:
                continue
            fact = facts[what]
            key: OccurrenceKey = what
            thing = entry.thing
            if fact.per_thing and thing is not None:
                key = (what, thing)
                self._name(what, thing, mark)
                if fact.things_of is not None:
                    self._name(fact.things_of, thing, mark)
            first = moments.get(key)
            if first is None or mark < first:
                moments[key] = mark
        for key, done in acts.items():
            rule = items[key if isinstance(key, str) else key[0]]
            moments[key] = done[0] if len(done) == 1 else _choose_act(rule, done)

    def _sort_item(self, rule: CompiledItem, mark: TimedEntry) -> None:
        entry = mark[2]
        key: OccurrenceKey = rule.id
        thing = entry.thing if rule.per_thing else None
        if rule.per_thing:
            if thing is not None:
                key = (rule.id, thing)
            elif entry.says is None:
                return
        act = True
        if entry.says is not None:
            act = False
            last = self.says.get(key)
            if last is None or mark > last:
                self.says[key] = mark
        if entry.waived is not None:
            act = False
            self.waived.setdefault(key, []).append(mark)
        if entry.refused is not None:
            act = False
            self.refused.setdefault(key, []).append(mark)
        if act:
            done = self.acts.get(key)
            if done is None:
                self.acts[key] = [mark]
            else:
                done.append(mark)
            if thing is not None:
                for fact in rule.names:
                    self._name(fact, thing, mark)

    def _name(self, fact: str, thing: str, mark: TimedEntry) -> None:
        label = mark[2].label
        if label:
            self.labels.setdefault(thing, label)
        things = self.named.setdefault(fact, {})
        first = things.get(thing)
        if first is None or mark[:2] < first:
            things[thing] = mark[:2]

    def _resolve_alternatives(self, rules: CompiledChecklist) -> None:
        """Items that others satisfy take the earliest of all acts of those; their own entries are no acts."""
        for rule, others in rules.any_of.items():
            done = [mark for other in others for mark in self.acts.get(other, ())]
            if done:
                self.moments[rule] = min(done)
                self.acts[rule] = done
            elif rule in self.acts:
                del self.moments[rule], self.acts[rule]


def _choose_act(rule: CompiledItem, done: list[TimedEntry]) -> TimedEntry:
    """The act of an item: among those who may attest it, else among all, the earliest (or the latest)."""
    able = [mark for mark in done if mark[2].by in rule.attested_by] or done
    if rule.item.counts == "last":
        return max(able, key=lambda mark: (mark[0], -mark[1]))
    return min(able)


def _apply_monotonic_clocks(marks: list[TimedEntry]) -> list[TimedEntry]:
    """Times by monotonic clock: a session's first entry that counts has its `at`, the others their ticks from it."""
    anchors: dict[str, tuple[int, int, int]] = {}
    for at, place, entry in marks:
        if entry.session is not None and entry.tick is not None:
            anchor = (entry.tick, place, at)
            if entry.session not in anchors or anchor < anchors[entry.session]:
                anchors[entry.session] = anchor
    timed: list[TimedEntry] = []
    for at, place, entry in marks:
        anchor = anchors.get(entry.session) if entry.session is not None and entry.tick is not None else None
        time = at if anchor is None or entry.tick is None else anchor[2] + (entry.tick - anchor[0]) * 1000
        timed.append((time, place, entry))
    return timed
