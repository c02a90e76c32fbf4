"""The entries of a visit at a moment: which count, when each happened, and which things they name."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

from .entries import Entry
from .rules import CompiledChecklist, CompiledItem

TimedEntry = tuple[int, int, Entry]  # the time (µs UTC), the position in the list, the entry
OccurrenceKey = str | tuple[str, str]  # an item or fact, or one of a thing

ECMASCRIPT_WHITESPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""The characters that `String.prototype.trim` removes."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCHS: dict[tzinfo | None, datetime] = {}


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC."""
    # subtraction is five times as fast when both have the same tzinfo, so keep the epoch in each offset
    epoch = _EPOCHS.get(moment.tzinfo)
    if epoch is None:
        epoch = _EPOCHS[moment.tzinfo] = _EPOCH.astimezone(moment.tzinfo)
    since = moment - epoch
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def is_blank(text: str | None) -> bool:
    """Whether nothing is left after ECMAScript's trim, so that phones and server agree."""
    return text is None or not text.strip(ECMASCRIPT_WHITESPACE)


def withdrawn_ids(entries: Iterable[Entry]) -> set[str]:
    """The ids of the entries that were withdrawn by their own authors.

    A withdrawal has a reason and names an earlier entry by the same author: earlier by `received_at`, then by position;
    where either has no `received_at`, not later by `at` (uncorrected). A withdrawal cannot be withdrawn.
    """
    entries = list(entries)
    withdrawals = [(n, one) for n, one in enumerate(entries) if one.withdraws is not None and not is_blank(one.reason)]
    if not withdrawals:
        return set()
    others: dict[str, tuple[int, Entry]] = {}
    for position, entry in enumerate(entries):
        if entry.withdraws is None:
            others.setdefault(entry.id.lower(), (position, entry))
    withdrawn: set[str] = set()
    for position, withdrawal in withdrawals:
        target_position, target = others.get((withdrawal.withdraws or "").lower(), (0, None))
        if target is None or target.by != withdrawal.by:
            continue
        if target.received_at is not None and withdrawal.received_at is not None:
            if (target.received_at, target_position) < (withdrawal.received_at, position):
                withdrawn.add(target.id)
        elif target.at <= withdrawal.at:
            withdrawn.add(target.id)
    return withdrawn


class Timeline:
    """The entries of a visit that count at `now`, by subject.

    `occurrences`: the act of each item that counts, and the earliest entry of each fact. `named_things`: per fact, when
    each thing was first named. `next_change`: the next moment at which an entry starts to count.
    """

    __slots__ = (
        "acts",
        "customer_answers",
        "declared_facts",
        "has_begun",
        "labels",
        "named_things",
        "next_change",
        "now",
        "occurrences",
        "refusals",
        "waivers",
    )

    def __init__(self, rules: CompiledChecklist, entries: Sequence[Entry], now: int) -> None:
        self.now = now
        self.next_change: int | None = None
        self.has_begun = False
        self.acts: dict[OccurrenceKey, list[TimedEntry]] = {}
        self.customer_answers: dict[OccurrenceKey, TimedEntry] = {}
        self.waivers: dict[OccurrenceKey, list[TimedEntry]] = {}
        self.refusals: dict[OccurrenceKey, list[TimedEntry]] = {}
        self.occurrences: dict[OccurrenceKey, TimedEntry] = {}
        self.declared_facts: set[str] = set()
        self.named_things: dict[str, dict[str, tuple[int, int]]] = {}
        self.labels: dict[str, str] = {}
        self._index_entries(rules, self._select_entries(rules, entries))
        self._resolve_alternatives(rules)

    def changes_at(self, moment: int) -> None:
        """Note that the judgement may change at this moment."""
        if self.next_change is None or moment < self.next_change:
            self.next_change = moment

    def _select_entries(self, rules: CompiledChecklist, entries: Sequence[Entry]) -> list[TimedEntry]:
        now, facts, things, items = self.now, rules.facts, rules.thing_facts, rules.by_id
        selected: list[TimedEntry] = []
        ids: set[str] = set()
        has_withdrawals = has_sessions = False
        for position, entry in enumerate(entries):
            at = to_microseconds(entry.at)
            if at > now:
                # an entry counts once it has arrived, even if the phone's clock was ahead
                counts_from = at if entry.received_at is None else min(at, to_microseconds(entry.received_at))
                if counts_from > now:
                    self.changes_at(counts_from)
                    continue
            entry_id = entry.id.lower()
            if entry_id in ids:
                continue
            ids.add(entry_id)
            what = entry.what
            if entry.withdraws is not None:  # its other fields are ignored
                has_withdrawals = True
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
                has_sessions = True
            selected.append((at, position, entry))
        if has_withdrawals:
            withdrawn = withdrawn_ids(timed[2] for timed in selected)
            selected = [timed for timed in selected if timed[2].withdraws is None and timed[2].id not in withdrawn]
        return _apply_monotonic_clocks(selected) if has_sessions else selected

    def _index_entries(self, rules: CompiledChecklist, timed_entries: list[TimedEntry]) -> None:
        items, facts, occurrences, acts = rules.by_id, rules.facts, self.occurrences, self.acts
        for timed in timed_entries:
            entry = timed[2]
            what = entry.what
            if entry.by == "technician":
                self.has_begun = True
            rule = items.get(what)
            if rule is not None:
                self._index_item(rule, timed)
                continue
            self.declared_facts.add(what)
            if entry.holds is False:
                continue
            fact = facts[what]
            key: OccurrenceKey = what
            thing = entry.thing
            if fact.per_thing and thing is not None:
                key = (what, thing)
                self._name(what, thing, timed)
                if fact.things_of is not None:
                    self._name(fact.things_of, thing, timed)
            first = occurrences.get(key)
            if first is None or timed < first:
                occurrences[key] = timed
        for key, key_acts in acts.items():
            rule = items[key if isinstance(key, str) else key[0]]
            occurrences[key] = key_acts[0] if len(key_acts) == 1 else _choose_act(rule, key_acts)

    def _index_item(self, rule: CompiledItem, timed: TimedEntry) -> None:
        entry = timed[2]
        key: OccurrenceKey = rule.id
        thing = entry.thing if rule.per_thing else None
        if rule.per_thing:
            if thing is not None:
                key = (rule.id, thing)
            elif entry.says is None:
                return
        is_act = True
        if entry.says is not None:
            is_act = False
            last = self.customer_answers.get(key)
            if last is None or timed > last:
                self.customer_answers[key] = timed
        if entry.waived is not None:
            is_act = False
            self.waivers.setdefault(key, []).append(timed)
        if entry.refused is not None:
            is_act = False
            self.refusals.setdefault(key, []).append(timed)
        if is_act:
            acts = self.acts.get(key)
            if acts is None:
                self.acts[key] = [timed]
            else:
                acts.append(timed)
            if thing is not None:
                for fact in rule.names:
                    self._name(fact, thing, timed)

    def _name(self, fact: str, thing: str, timed: TimedEntry) -> None:
        label = timed[2].label
        if label:
            self.labels.setdefault(thing, label)
        things = self.named_things.setdefault(fact, {})
        first = things.get(thing)
        if first is None or timed[:2] < first:
            things[thing] = timed[:2]

    def _resolve_alternatives(self, rules: CompiledChecklist) -> None:
        """An item with `satisfied_by_any` has the acts of those items, and none of its own."""
        for rule, others in rules.any_of.items():
            acts = [act for other in others for act in self.acts.get(other, ())]
            if acts:
                self.occurrences[rule] = min(acts)
                self.acts[rule] = acts
            elif rule in self.acts:
                del self.occurrences[rule], self.acts[rule]


def _choose_act(rule: CompiledItem, acts: list[TimedEntry]) -> TimedEntry:
    """The act that counts: the earliest (or latest) by somebody who may attest the item, else of all."""
    attested = [act for act in acts if act[2].by in rule.attested_by] or acts
    if rule.item.counts == "last":
        return max(attested, key=lambda act: (act[0], -act[1]))
    return min(attested)


def _apply_monotonic_clocks(timed_entries: list[TimedEntry]) -> list[TimedEntry]:
    """Correct times by monotonic clock: each is the `at` of its session's first entry plus the difference in ticks."""
    anchors: dict[str, tuple[int, int, int]] = {}
    for at, position, entry in timed_entries:
        if entry.session is not None and entry.tick is not None:
            anchor = (entry.tick, position, at)
            if entry.session not in anchors or anchor < anchors[entry.session]:
                anchors[entry.session] = anchor
    corrected: list[TimedEntry] = []
    for at, position, entry in timed_entries:
        anchor = anchors.get(entry.session) if entry.session is not None and entry.tick is not None else None
        time = at if anchor is None or entry.tick is None else anchor[2] + (entry.tick - anchor[0]) * 1000
        corrected.append((time, position, entry))
    return corrected
