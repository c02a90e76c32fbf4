"""A checklist compiled for judging: whatever does not depend on the visit is computed once."""

from datetime import timedelta

import msgspec

from .checklist import Checklist, FaultSeverity, Field, Item, OrderRule
from .condition import Predicate
from .entries import NEEDS
from .findings import FindingFormatter

EARLIEST_KINDS = frozenset({"confirm", "consent", "time"})  # of evidence: the entry itself
_MICRO = timedelta(microseconds=1)


class CompiledOrder(msgspec.Struct, frozen=True):
    """An order rule. `part` is the end of the finding's code; `per_thing` is about the item or fact `than`."""

    after: bool
    than: str
    per_thing: bool
    severity: FaultSeverity
    part: str
    only_if: tuple[str, str] | None


class CompiledLimit(msgspec.Struct, frozen=True):
    """A time limit: `length` in µs after the fact `start`."""

    start: str
    length: int
    severity: FaultSeverity


class CompiledItem(msgspec.Struct, frozen=True):
    """One item. `test` is the index of its condition in `CompiledChecklist.tests`."""

    id: str
    item: Item
    test: int
    policy: bool
    per_thing: bool
    things_of: str
    severity: FaultSeverity
    attested_by: frozenset[str]
    needs: tuple[tuple[str, str, FaultSeverity], ...]  # kind of evidence, its required field, severity if missing
    fields: dict[str, Field]
    order: tuple[CompiledOrder, ...]
    limit: CompiledLimit | None
    names: tuple[str, ...]  # the facts whose things an act of this item names


class CompiledChecklist:
    """All that the judge needs of a checklist."""

    def __init__(self, checklist: Checklist) -> None:
        self.checklist = checklist
        self.speaker = FindingFormatter(checklist)
        self.facts = checklist.facts
        self.thing_facts = frozenset(name for name, fact in checklist.facts.items() if fact.per_thing)
        self.assigned = frozenset(name for name, fact in checklist.facts.items() if fact.type == "assigned")
        self._items = {item.id: item for item in checklist.items}
        self._test_indexes: dict[str, int] = {}
        self.tests: list[Predicate] = []
        self.rules = tuple(self._compile_item(item) for item in checklist.items)
        self.by_id = {rule.id: rule for rule in self.rules}
        self.per_thing = self.thing_facts - self.by_id.keys() | {rule.id for rule in self.rules if rule.per_thing}
        self.any_of = {rule.id: rule.item.satisfied_by_any for rule in self.rules if rule.item.satisfied_by_any}
        settings = checklist.defaults
        self.grace = settings.arrival_grace_minutes * 60_000_000
        self.moved_after = settings.moved_after_minutes * 60_000_000
        self.late_entry = settings.late_entry_minutes * 60_000_000
        self.settle = settings.settle_days * 86_400_000_000

    def _compile_item(self, item: Item) -> CompiledItem:
        limit, gap = item.time_limit, self.checklist.defaults.evidence_gap
        return CompiledItem(
            id=item.id,
            item=item,
            test=self._test_index(item),
            policy=item.class_ == "policy",
            per_thing=item.per == "thing",
            things_of=item.things_of or "",
            severity=item.severity,
            attested_by=frozenset(item.attested_by),
            needs=tuple(
                (kind, NEEDS[kind], gap.get(kind, gap["other"]))
                for kind in item.evidence.min
                if kind not in EARLIEST_KINDS
            ),
            fields=item.fields,
            order=tuple(self._compile_order(edge) for edge in item.order),
            limit=limit and CompiledLimit(limit.start, limit.length(self.checklist.defaults) // _MICRO, limit.sev),
            names=self._named_facts(item),
        )

    def _compile_order(self, edge: OrderRule) -> CompiledOrder:
        other = self._items.get(edge.than)
        per_thing = other.per == "thing" if other else edge.than in self.thing_facts
        return CompiledOrder(
            edge.rel == "after",
            edge.than,
            per_thing,
            edge.lowered.to if edge.lowered else edge.sev,
            f"{edge.rel}.{edge.than}",
            (edge.only_if[0], edge.only_if[2]) if edge.only_if else None,
        )

    def _named_facts(self, item: Item) -> tuple[str, ...]:
        """`things_of`, and the facts that its condition requires: an act implies that they hold for its thing."""
        if item.per != "thing":
            return ()
        condition = item.condition()
        required = (condition,) if condition.op == "name" else condition.parts if condition.op == "and" else ()
        names = {part.name for part in required if part.op == "name" and part.name in self.thing_facts}
        return tuple(sorted(names | ({item.things_of} if item.things_of else set())))

    def _test_index(self, item: Item) -> int:
        if item.when not in self._test_indexes:
            self._test_indexes[item.when] = len(self.tests)
            self.tests.append(item.condition().compiled())
        return self._test_indexes[item.when]
