"""The judge applies a checklist to a visit. It is pure: no clock, no network, no storage.

`judge(rules, visit, entries, now)` returns the verdict and the findings in the order of the checklist. The numbered
steps for an item are in one place, in order, and phones apply the same steps offline.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from .checklist import Severity
from .entries import Entry
from .evidence_rules import has_photo, is_valid_answer, is_valid_refusal, is_valid_waiver
from .findings import Finding, FindingKind, Judgement, verdict
from .rules import CompiledChecklist, CompiledItem
from .statements import render_statement
from .timeline import OccurrenceKey, TimedEntry, Timeline, is_blank, to_microseconds
from .visit import Visit

APPOINTMENT = "appointment_agreed"
# the end of the agreed window, as an entry that order rules can refer to
_WINDOW_END_ENTRY = Entry(id="-", at=datetime.max.replace(tzinfo=UTC), by="office", what="window_end")


def judge(rules: CompiledChecklist, visit: Visit, entries: Sequence[Entry], now: datetime) -> Judgement:
    """Judge a visit by the entries that count at `now`."""
    return Evaluation(rules, visit, entries, to_microseconds(now)).evaluate()


class Evaluation:
    """The state of judging one visit."""

    __slots__ = ("arrived", "due", "facts_by_thing", "findings", "now", "rules", "timeline", "true", "visit", "window")

    def __init__(self, rules: CompiledChecklist, visit: Visit, entries: Sequence[Entry], now: int) -> None:
        self.rules, self.visit, self.now = rules, visit, now
        self.timeline = Timeline(rules, entries, now)
        self.findings: list[Finding] = []
        self.due: dict[str, int] = {}
        self.facts_by_thing: dict[str, set[str]] = {}

    def evaluate(self) -> Judgement:
        """Judge the visit; call it once."""
        self.window, moved = self._window_in_force()
        if not self.timeline.has_begun:
            return Judgement(None, (), self.timeline.next_change)
        self.true = self._true_facts(moved)
        self._check_exemption()
        self._check_undeclared()
        self._check_items()
        findings = tuple(self.findings)
        return Judgement(
            verdict(findings), findings, self.timeline.next_change, frozenset(self.true), self.timeline.labels, self.due
        )

    def _window_in_force(self) -> tuple[tuple[int, int] | None, bool]:
        """The window in force on arrival, and whether the visit was rescheduled."""
        arrived = self.timeline.occurrences.get("arrived")
        self.arrived = arrived[0] if arrived else None
        agreed = self.visit.window
        window = (to_microseconds(agreed.start), to_microseconds(agreed.end)) if agreed else None
        if window:
            self.timeline.occurrences["window_end"] = (window[1], -1, _WINDOW_END_ENTRY)
        moved, last = False, None
        for change in self.visit.rescheduled:
            at = to_microseconds(change.at)
            if at > self.now:
                self.timeline.changes_at(at)
                continue
            moved = True
            if (self.arrived is None or at <= self.arrived) and (last is None or at >= last):
                last, window = at, (to_microseconds(change.start), to_microseconds(change.end))
        return window, moved

    def is_outside_window(self, tolerance: int) -> bool:
        """Whether the arrival is outside the window in force by more than the tolerance (µs)."""
        if self.window is None or self.arrived is None:
            return False
        return self.arrived < self.window[0] - tolerance or self.arrived > self.window[1] + tolerance

    def _true_facts(self, moved: bool) -> set[str]:
        facts, assigned = self.rules.facts, self.rules.assigned
        true = {name for name, holds in self.visit.assigned.items() if holds and name in assigned}
        for key in self.timeline.occurrences:
            if isinstance(key, str) and key in facts and facts[key].type in ("event", "declared"):
                true.add(key)
        true.update(self.timeline.named_things)
        if moved or self.is_outside_window(self.rules.moved_after):
            true.add("time_changed")
        true.add(f"visit_type={self.visit.type}")
        return true

    def _check_exemption(self) -> None:
        if "appointment_exempt" in self.true and APPOINTMENT in self.rules.by_id:
            if is_blank(self.visit.exempt_reason):
                self._add_finding("bad_waiver", APPOINTMENT, "violation")
            else:
                self._add_finding("waived", APPOINTMENT, "info")

    def _check_undeclared(self) -> None:
        kind = self.rules.checklist.visit_types.get(self.visit.type)
        if kind is None:
            return
        facts, declared, named = self.rules.facts, self.timeline.declared_facts, self.timeline.named_things
        undeclared: set[str] = set()
        if "work_started" in self.true:
            undeclared.update(name for name in kind.must_tell if name not in declared)
        for name in kind.incidents:
            fact = facts[name]
            if fact.type == "declared" and fact.must_declare and name not in declared and name not in named:
                undeclared.add(name)
        if undeclared:
            for name in facts:
                if name in undeclared:
                    self._add_finding("undeclared", name, "warning")

    def _check_items(self) -> None:
        true, policies, named = self.true, self.visit.policies, self.timeline.named_things
        holds = [test(true) for test in self.rules.tests]
        for rule in self.rules.rules:
            if rule.policy and not policies.get(rule.id, rule.item.default):
                continue
            if not rule.per_thing:
                if holds[rule.test]:
                    self._check_item(rule, rule.id, None)
            elif rule.things_of in named:
                things = named[rule.things_of]
                for thing in sorted(things, key=things.__getitem__):
                    if self.rules.tests[rule.test](self._true_for_thing(thing)):
                        self._check_item(rule, (rule.id, thing), thing)

    def _true_for_thing(self, thing: str) -> set[str]:
        """The names that are true for a thing: facts with things only if they name it."""
        true = self.facts_by_thing.get(thing)
        if true is None:
            named = self.timeline.named_things
            true = self.facts_by_thing[thing] = self.true.difference(self.rules.thing_facts)
            true.update(fact for fact in named if thing in named[fact])
        return true

    def _add_finding(
        self,
        kind: FindingKind,
        item: str,
        severity: Severity,
        timed_entries: Sequence[TimedEntry] = (),
        thing: str | None = None,
        part: str = "",
    ) -> None:
        entries = tuple(dict.fromkeys(timed[2].id for timed in timed_entries if timed[2] is not _WINDOW_END_ENTRY))
        self.findings.append(Finding(kind, item, severity, entries, thing, part))

    def _check_item(self, rule: CompiledItem, key: OccurrenceKey, thing: str | None) -> None:
        timeline, item = self.timeline, rule.item
        answers = timeline.customer_answers
        if answers:  # 1: the customer's last answer
            answer = answers.get(key) or (answers.get(rule.id) if thing is not None else None)
            if answer is not None and answer[2].says == "no":
                self._add_finding("disputed", rule.id, rule.severity, (answer,), thing)
        if item.kind == "prohibition":  # 2
            return
        if item.kind == "computed":  # 3
            self._check_computed(rule, key)
            return
        act = timeline.occurrences.get(key)  # 4
        if act is None:
            self._check_missing(rule, key, thing)
            return
        if not item.satisfied_by_any:
            if act[2].by not in rule.attested_by:  # 8
                self._add_finding("attest", rule.id, rule.severity, (act,), thing)
                return
            acts = timeline.acts[key]
            if rule.needs:  # 9
                self._check_evidence(rule, acts, thing)
            if rule.fields:  # 10
                self._check_fields(rule, acts, thing)
            if act[2].claimed_at is not None:  # 11
                self._check_late_entry(rule, act, acts, thing)
        for order in rule.order:  # 12
            other = self._occurrence(order.than, thing if order.per_thing else None)
            if other is None or (act[0] >= other[0] if order.after else act[0] <= other[0]):
                continue
            if order.only_if is not None and self._is_reversed(*order.only_if):
                continue
            self._add_finding("order", rule.id, order.severity, (act, other), thing, order.part)
        if not item.satisfied_by_any and (rule.limit or self.visit.due):  # 13
            date = self._due_date(rule, thing)
            if date is not None and act[0] > date:
                self._add_finding("late", rule.id, rule.limit.severity if rule.limit else "warning", (act,), thing)

    def _check_missing(self, rule: CompiledItem, key: OccurrenceKey, thing: str | None) -> None:
        timeline, item = self.timeline, rule.item
        if item.refusal is not None:  # 5
            refused = [timed for timed in timeline.refusals.get(key, ()) if is_valid_refusal(timed[2])]
            if refused:
                self._add_finding("open", rule.id, "open", refused, thing)
                return
        waived = timeline.waivers.get(key)
        if waived:  # 6
            valid = [timed for timed in waived if is_valid_waiver(rule, timed[2])]
            if valid:
                self._add_finding("waived", rule.id, item.waiver.result, valid, thing)
            else:
                self._add_finding("bad_waiver", rule.id, "violation", waived, thing)
            return
        if item.may_stay_open:  # 7
            date = self._due_date(rule, thing)
            if date is None and thing is not None:
                date = timeline.named_things[rule.things_of][thing][0] + self.rules.settle
            if date is not None and self.now < date:
                timeline.changes_at(date)
                self._add_finding("open", rule.id, "open", (), thing)
                self.due[self.findings[-1].code] = date
                return
            if date is not None:
                self._add_finding("missing", rule.id, rule.severity, (), thing)
                self.due[self.findings[-1].code] = date
                return
        self._add_finding("missing", rule.id, rule.severity, (), thing)

    def _check_evidence(self, rule: CompiledItem, acts: list[TimedEntry], thing: str | None) -> None:
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

    def _check_fields(self, rule: CompiledItem, acts: list[TimedEntry], thing: str | None) -> None:
        """Check the last answer to each field: it replaces earlier ones."""
        for name, field in rule.fields.items():
            answers = [act for act in acts if name in act[2].fields]
            if answers and not is_valid_answer(field, max(answers)[2].fields[name]):
                self._add_finding("value", rule.id, "warning", (max(answers),), thing, name)

    def _check_late_entry(self, rule: CompiledItem, act: TimedEntry, acts: list[TimedEntry], thing: str | None) -> None:
        entry = act[2]
        if (
            entry.claimed_at is None
            or to_microseconds(entry.at) - to_microseconds(entry.claimed_at) <= self.rules.late_entry
        ):
            return
        if not any(has_photo(timed[2]) for timed in acts):
            self._add_finding("late_entry", rule.id, "warning", (act,), thing)

    def _occurrence(self, name: str, thing: str | None) -> TimedEntry | None:
        """The occurrence of an item or fact: for the thing, else without a thing."""
        occurrences = self.timeline.occurrences
        timed = occurrences.get((name, thing)) if thing is not None else None
        return timed or occurrences.get(name)

    def _is_reversed(self, first: str, second: str) -> bool:
        earlier, later = self.timeline.occurrences.get(first), self.timeline.occurrences.get(second)
        return earlier is not None and later is not None and earlier[0] > later[0]

    def _due_date(self, rule: CompiledItem, thing: str | None) -> int | None:
        """The visit's own date for the item, else the end of its time limit."""
        due = self.visit.due
        if due:
            date = due.get(f"{rule.id}[{thing}]") if thing is not None else None
            date = date or due.get(rule.id)
            if date:
                return to_microseconds(date)
        start = self._occurrence(rule.limit.start, thing) if rule.limit else None
        return start[0] + rule.limit.length if rule.limit and start else None

    def _check_computed(self, rule: CompiledItem, key: OccurrenceKey) -> None:
        result = COMPUTED[rule.id](self, rule)
        if result is None:
            return
        kind, timed_entries = result
        valid = [timed for timed in self.timeline.waivers.get(key, ()) if is_valid_waiver(rule, timed[2])]
        if valid:
            self._add_finding("waived", rule.id, rule.item.waiver.result, valid)
        else:
            self._add_finding(kind, rule.id, rule.severity, timed_entries)


def _arrival_in_window(evaluation: Evaluation, _: CompiledItem) -> tuple[FindingKind, list[TimedEntry]] | None:
    return (
        ("late", [evaluation.timeline.occurrences["arrived"]])
        if evaluation.is_outside_window(evaluation.rules.grace)
        else None
    )


def _signer_is_customer(evaluation: Evaluation, rule: CompiledItem) -> tuple[FindingKind, list[TimedEntry]] | None:
    act = evaluation.timeline.occurrences.get(rule.item.signs or "")
    if act is None:
        return None
    signers = [piece.relation for piece in act[2].evidence if piece.kind == "signature"]
    return ("signer", [act]) if any(relation not in rule.item.allowed_signers for relation in signers) else None


def _signed_content_fixed(evaluation: Evaluation, rule: CompiledItem) -> tuple[FindingKind, list[TimedEntry]] | None:
    act = evaluation.timeline.occurrences.get(rule.item.signs or "")
    if act is None:
        return None
    later = [
        timed for item in rule.item.covers for timed in evaluation.timeline.acts.get(item, ()) if timed[0] > act[0]
    ]
    if not later and _is_valid_signature(evaluation, act):
        return None
    return "changed_after_signature", [act, *later]


def _is_valid_signature(evaluation: Evaluation, act: TimedEntry) -> bool:
    """Whether the digests that a signature names are those of statements as of its time."""
    named = {piece.statement_sha256 for piece in act[2].evidence if piece.kind == "signature"} - {None}
    tables = [table for table in evaluation.rules.checklist.statements if table.signs == act[2].what] if named else []
    made = {
        render_statement(evaluation.rules, table, evaluation.visit.id, evaluation.timeline, until=act[0]).sha256
        for table in tables
    }
    return not tables or named <= made


def _two_inspectors(evaluation: Evaluation, _: CompiledItem) -> tuple[FindingKind, list[TimedEntry]] | None:
    count = evaluation.visit.inspectors
    if count is None:
        count = 1 if "inspector_on_site" in evaluation.true else 0
    return ("missing", []) if count < 2 else None


COMPUTED: dict[str, Callable[[Evaluation, CompiledItem], tuple[FindingKind, list[TimedEntry]] | None]] = {
    "arrival_in_window": _arrival_in_window,
    "signer_is_customer": _signer_is_customer,
    "signed_content_fixed": _signed_content_fixed,
    "p_two_inspectors": _two_inspectors,
}
"""The functions of computed items, by id: each returns a finding, or None."""
