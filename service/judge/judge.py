"""The judge: what section 4.3 makes of a visit at a moment. Pure: no clock, no network, no storage.

`judge(rules, visit, entries, now)` gives the verdict and the findings in the order of the checklist.
The numbers in the comments are the steps of the contract's page on judging. (Over 300 lines: the steps stand in
one place, in the contract's order, so that the two can be read side by side.)
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from .checklist import FaultSeverity
from .entries import Entry
from .evidence_rules import has_photo, is_valid_answer, is_valid_refusal, is_valid_waiver
from .findings import Finding, FindingKind, Judgement, verdict
from .rules import CompiledChecklist, CompiledItem, CompiledLimit
from .statements import render_statement
from .timeline import OccurrenceKey, TimedEntry, Timeline, is_blank, to_microseconds
from .visit import Visit

APPOINTMENT = "appointment_agreed"
_WINDOW_END_ENTRY = Entry(
    id="-", at=datetime.max.replace(tzinfo=UTC), by="office", what="window_end"
)  # stands for the plan


def judge(rules: CompiledChecklist, visit: Visit, entries: Sequence[Entry], now: datetime) -> Judgement:
    """Judge a visit by its entries as they stand at `now`."""
    return Evaluation(rules, visit, entries, to_microseconds(now)).evaluate()


class Evaluation:
    """One visit before the judge."""

    __slots__ = ("arrived", "findings", "now", "of_things", "read", "rules", "true", "visit", "window")

    def __init__(self, rules: CompiledChecklist, visit: Visit, entries: Sequence[Entry], now: int) -> None:
        self.rules, self.visit, self.now = rules, visit, now
        self.read = Timeline(rules, entries, now)
        self.findings: list[Finding] = []
        self.of_things: dict[str, set[str]] = {}

    def evaluate(self) -> Judgement:
        """The judgement, with the moment at which it may change by itself."""
        self.window, moved = self._window()
        if not self.read.begun:
            return Judgement(None, (), self.read.later)
        self.true = self._true_facts(moved)
        self._exemption()
        self._check_undeclared()
        self._items()
        findings = tuple(self.findings)
        return Judgement(verdict(findings), findings, self.read.later, frozenset(self.true), self.read.labels)

    def _window(self) -> tuple[tuple[int, int] | None, bool]:
        """The window in force, and whether the visit was moved as far as seen."""
        arrived = self.read.moments.get("arrived")
        self.arrived = arrived[0] if arrived else None
        agreed = self.visit.window
        window = (to_microseconds(agreed.start), to_microseconds(agreed.end)) if agreed else None
        if window:  # the end of the agreed window is the other side of an edge, as if it were a fact
            self.read.moments["window_end"] = (window[1], -1, _WINDOW_END_ENTRY)
        moved, last = False, None
        for change in self.visit.rescheduled:
            at = to_microseconds(change.at)
            if at > self.now:
                self.read.next_change_at(at)
                continue
            moved = True
            if (self.arrived is None or at <= self.arrived) and (last is None or at >= last):
                last, window = at, (to_microseconds(change.start), to_microseconds(change.end))
        return window, moved

    def is_outside_window(self, tolerance: int) -> bool:
        """The arrival lies outside the window in force by more than the tolerance (µs)."""
        if self.window is None or self.arrived is None:
            return False
        return self.arrived < self.window[0] - tolerance or self.arrived > self.window[1] + tolerance

    def _true_facts(self, moved: bool) -> set[str]:
        facts, assigned = self.rules.facts, self.rules.assigned
        true = {name for name, holds in self.visit.assigned.items() if holds and name in assigned}
        for key in self.read.moments:
            if isinstance(key, str) and key in facts and facts[key].type in ("event", "declared"):
                true.add(key)
        true.update(self.read.named)
        if moved or self.is_outside_window(self.rules.moved_after):
            true.add("time_changed")
        true.add(f"visit_type={self.visit.type}")
        return true

    def _exemption(self) -> None:
        if "appointment_exempt" in self.true and APPOINTMENT in self.rules.by_id:
            if is_blank(self.visit.exempt_reason):
                self._add_finding("bad_waiver", APPOINTMENT, "violation")
            else:
                self._add_finding("waived", APPOINTMENT, "info")

    def _check_undeclared(self) -> None:
        kind = self.rules.checklist.visit_types.get(self.visit.type)
        if kind is None:
            return
        facts, declared, named = self.rules.facts, self.read.declared, self.read.named
        silent = (
            {name for name in kind.must_tell if name not in declared} if "work_started" in self.true else set[str]()
        )
        for name in kind.incidents:
            fact = facts[name]
            if fact.type == "declared" and fact.must_declare and name not in declared and name not in named:
                silent.add(name)
        if silent:
            for name in facts:
                if name in silent:
                    self._add_finding("undeclared", name, "warning")

    def _items(self) -> None:
        true, policies, named = self.true, self.visit.policies, self.read.named
        holds = [test(true) for test in self.rules.tests]
        for rule in self.rules.rules:
            if rule.policy and not policies.get(rule.id, rule.item.default):
                continue
            if not rule.per_thing:
                if holds[rule.test]:
                    self._item(rule, rule.id, None)
            elif rule.things_of in named:
                self._things(rule, named[rule.things_of])

    def _things(self, rule: CompiledItem, things: dict[str, tuple[int, int]]) -> None:
        """An item of things, once for each in the order of naming; its condition is read for that thing."""
        test = self.rules.tests[rule.test]
        for thing in sorted(things, key=things.__getitem__):
            if test(self._subject_facts(thing)):
                self._item(rule, (rule.id, thing), thing)

    def _subject_facts(self, thing: str) -> set[str]:
        """What is true for one thing: facts with things only where they name it."""
        true = self.of_things.get(thing)
        if true is None:
            named = self.read.named
            true = self.of_things[thing] = self.true.difference(self.rules.thing_facts)
            true.update(fact for fact in named if thing in named[fact])
        return true

    def _add_finding(
        self,
        kind: FindingKind,
        item: str,
        severity: FaultSeverity | str,
        marks: Sequence[TimedEntry] = (),
        thing: str | None = None,
        part: str = "",
    ) -> None:
        entries = tuple(dict.fromkeys(mark[2].id for mark in marks if mark[2] is not _WINDOW_END_ENTRY))
        self.findings.append(Finding(kind, item, severity, entries, thing, part))  # type: ignore[arg-type]

    def _item(self, rule: CompiledItem, key: OccurrenceKey, thing: str | None) -> None:
        read, item = self.read, rule.item
        if read.says:  # 1: the customer's last word
            word = read.says.get(key) or (read.says.get(rule.id) if thing is not None else None)
            if word is not None and word[2].says == "no":
                self._add_finding("disputed", rule.id, rule.severity, (word,), thing)
        if item.kind == "prohibition":  # 2
            return
        if item.kind == "computed":  # 3
            self._computed(rule, key)
            return
        act = read.moments.get(key)  # 4
        if act is None:
            self._check_missing(rule, key, thing)
            return
        if not item.satisfied_by_any:
            if act[2].by not in rule.attested_by:  # 8
                self._add_finding("attest", rule.id, rule.severity, (act,), thing)
                return
            acts = read.acts[key]
            if rule.needs:  # 9
                self._evidence(rule, acts, thing)
            if rule.fields:  # 10
                self._fields(rule, acts, thing)
            if act[2].claimed_at is not None:  # 11
                self._late_entry(rule, act, acts, thing)
        for edge in rule.order:  # 12
            other = self._other(edge.than, thing if edge.per_thing else None)
            if other is None or (act[0] >= other[0] if edge.after else act[0] <= other[0]):
                continue
            if edge.only_if is not None and self._reversed(*edge.only_if):
                continue
            self._add_finding("order", rule.id, edge.severity, (act, other), thing, edge.part)
        if not item.satisfied_by_any:  # 13
            date = self._due(rule, thing) if self.visit.due else None
            if date is None and rule.limit is not None:
                date = self._limit(rule.limit, thing)
            if date is not None and act[0] > date:
                self._add_finding("late", rule.id, rule.limit.severity if rule.limit else "warning", (act,), thing)

    def _check_missing(self, rule: CompiledItem, key: OccurrenceKey, thing: str | None) -> None:
        """No act is recorded."""
        read, item = self.read, rule.item
        if item.refusal is not None:  # 5
            refused = [mark for mark in read.refused.get(key, ()) if is_valid_refusal(mark[2])]
            if refused:
                self._add_finding("open", rule.id, "open", refused, thing)
                return
        waived = read.waived.get(key)
        if waived:  # 6
            valid = [mark for mark in waived if is_valid_waiver(rule, mark[2])]
            if valid:
                self._add_finding("waived", rule.id, item.waiver.result, valid, thing)
            else:
                self._add_finding("bad_waiver", rule.id, "violation", waived, thing)
            return
        if item.may_stay_open:  # 7
            date = self._due(rule, thing)
            if date is None and rule.limit is not None:
                date = self._limit(rule.limit, thing)
            if date is None and thing is not None:
                date = read.named[rule.things_of][thing][0] + self.rules.settle
            if date is not None and self.now < date:
                read.next_change_at(date)
                self._add_finding("open", rule.id, "open", (), thing)
                return
        self._add_finding("missing", rule.id, rule.severity, (), thing)

    def _evidence(self, rule: CompiledItem, acts: list[TimedEntry], thing: str | None) -> None:
        for kind, needed, severity in rule.needs:
            for _, _, entry in acts:
                if kind == "text" and entry.fields:
                    break
                if kind == "customer_confirm" and entry.via == "record":
                    continue
                if any(
                    piece.kind == kind and getattr(piece, needed) is not None and not piece.lost
                    for piece in entry.evidence
                ):
                    break
            else:
                self._add_finding("evidence", rule.id, severity, acts, thing, kind)

    def _fields(self, rule: CompiledItem, acts: list[TimedEntry], thing: str | None) -> None:
        """The last answer to each field counts: a reading is corrected by writing it again."""
        for name, field in rule.fields.items():
            given = [mark for mark in acts if name in mark[2].fields]
            if given and not is_valid_answer(field, max(given)[2].fields[name]):
                self._add_finding("value", rule.id, "warning", (max(given),), thing, name)

    def _late_entry(self, rule: CompiledItem, act: TimedEntry, acts: list[TimedEntry], thing: str | None) -> None:
        entry = act[2]
        if (
            entry.claimed_at is None
            or to_microseconds(entry.at) - to_microseconds(entry.claimed_at) <= self.rules.late_entry
        ):
            return
        if not any(has_photo(mark[2]) for mark in acts):
            self._add_finding("late_entry", rule.id, "warning", (act,), thing)

    def _other(self, than: str, thing: str | None) -> TimedEntry | None:
        """The other side of an edge: for the same thing, else without a thing."""
        moments = self.read.moments
        mark = moments.get((than, thing)) if thing is not None else None
        return mark or moments.get(than)

    def _reversed(self, first: str, second: str) -> bool:
        one, two = self._other(first, None), self._other(second, None)
        return one is not None and two is not None and one[0] > two[0]

    def _due(self, rule: CompiledItem, thing: str | None) -> int | None:
        due = self.visit.due
        date = due.get(f"{rule.id}[{thing}]") if thing is not None else None
        date = date or due.get(rule.id)
        return to_microseconds(date) if date else None

    def _limit(self, limit: CompiledLimit, thing: str | None) -> int | None:
        start = self._other(limit.start, thing)
        return None if start is None else start[0] + limit.length

    def _computed(self, rule: CompiledItem, key: OccurrenceKey) -> None:
        broken = COMPUTED[rule.id](self, rule)
        if broken is None:
            return
        kind, marks = broken
        valid = [mark for mark in self.read.waived.get(key, ()) if is_valid_waiver(rule, mark[2])]
        if valid:
            self._add_finding("waived", rule.id, rule.item.waiver.result, valid)
        else:
            self._add_finding(kind, rule.id, rule.severity, marks)


def _arrival_in_window(case: Evaluation, _: CompiledItem) -> tuple[FindingKind, list[TimedEntry]] | None:
    return ("late", [case.read.moments["arrived"]]) if case.is_outside_window(case.rules.grace) else None


def _signer_is_customer(case: Evaluation, rule: CompiledItem) -> tuple[FindingKind, list[TimedEntry]] | None:
    act = case.read.moments.get(rule.item.signs or "")
    if act is None:
        return None
    signers = [piece.relation for piece in act[2].evidence if piece.kind == "signature"]
    return ("signer", [act]) if any(relation not in rule.item.allowed_signers for relation in signers) else None


def _signed_content_fixed(case: Evaluation, rule: CompiledItem) -> tuple[FindingKind, list[TimedEntry]] | None:
    act = case.read.moments.get(rule.item.signs or "")
    if act is None:
        return None
    later = [mark for item in rule.item.covers for mark in case.read.acts.get(item, ()) if mark[0] > act[0]]
    if not later and _holds(case, act):
        return None
    return "changed_after_signature", [act, *later]


def _holds(case: Evaluation, act: TimedEntry) -> bool:
    """A signature that names a digest names that of the statement made from what was there when it was given."""
    named = {piece.statement_sha256 for piece in act[2].evidence if piece.kind == "signature"} - {None}
    tables = [one for one in case.rules.checklist.statements if one.signs == act[2].what] if named else []
    made = {render_statement(case.rules, one, case.visit.id, case.read, until=act[0]).sha256 for one in tables}
    return not tables or named <= made


def _two_inspectors(case: Evaluation, _: CompiledItem) -> tuple[FindingKind, list[TimedEntry]] | None:
    count = case.visit.inspectors
    if count is None:
        count = 1 if "inspector_on_site" in case.true else 0
    return ("missing", []) if count < 2 else None


COMPUTED: dict[str, Callable[[Evaluation, CompiledItem], tuple[FindingKind, list[TimedEntry]] | None]] = {
    "arrival_in_window": _arrival_in_window,
    "signer_is_customer": _signer_is_customer,
    "signed_content_fixed": _signed_content_fixed,
    "p_two_inspectors": _two_inspectors,
}
"""The computed items, by id: what each finds, or None."""
