"""Lint, part 1: every name in a checklist is known, and the order of the items has no cycles."""

import re
from collections.abc import Iterable, Iterator
from string import Formatter
from typing import get_args

from service.judge.checklist import Item
from service.judge.entries import NEEDS, Author
from service.judge.findings import FindingKind
from service.judge.judge import COMPUTED
from service.judge.rules import EARLIEST_KINDS

from .source import ChecklistSource, LintMessage

_WORDS = {"label", "other", "rel", "kind", "fact", "clause", "supervisor", "field"}


def names(source: ChecklistSource) -> Iterator[LintMessage]:
    """Unknown or repeated names anywhere, and conditions that cannot be read."""
    checklist = source.checklist
    items, facts = {item.id for item in checklist.items}, set(checklist.facts)
    yield from _find_duplicates(source, "item", [item.id for item in checklist.items])
    yield from _find_duplicates(source, "clause", [clause.number for clause in checklist.clauses])
    yield from _find_duplicates(source, "statement", [statement.id for statement in checklist.statements])
    yield from _find_duplicates(source, "question", [question.id for question in checklist.questions])
    for name in sorted(items & facts):
        yield source.message(f"item {name}", f"“{name}”既是义务又是事实", f"{name!r} is both an item and a fact")
    for item in checklist.items:
        yield from _item(source, item, items, facts)
    for name, fact in checklist.facts.items():
        if fact.things_of is not None and not _has_things(source, fact.things_of):
            yield _unknown(source, f"fact {name}", "things_of", fact.things_of, "fact with things")
    for name, kind in checklist.visit_types.items():
        for key, used in (("incidents", kind.incidents), ("must_tell", kind.must_tell)):
            yield from _known(source, f"visit_type {name}", key, used, facts, "fact")
    for question in checklist.questions:
        yield from _known(source, f"question {question.id}", "items", question.items, items, "item")
    yield from _statements(source, items)
    for clause in checklist.clauses:
        for phrase in clause.phrases:
            yield from _known(source, f"clause {clause.number}", "phrases", phrase.items, items, "item")
    yield from _messages(source)


def _item(source: ChecklistSource, item: Item, items: set[str], facts: set[str]) -> Iterator[LintMessage]:
    key, checklist = f"item {item.id}", source.checklist
    yield from _condition(source, item, facts)
    for edge in item.order:
        yield from _known(source, key, "order", [edge.than], items | facts | {"window_end"}, "item or fact")
        if edge.only_if:
            yield from _known(
                source, key, "order.only_if", [edge.only_if[0], edge.only_if[2]], items | facts, "item or fact"
            )
    if item.per == "thing" and not _has_things(source, item.things_of):
        yield _unknown(source, key, "things_of", item.things_of or "", "fact with things")
    yield from _known(source, key, "satisfied_by_any", item.satisfied_by_any, items, "item")
    yield from _known(source, key, "covers", item.covers, items, "item")
    yield from _known(source, key, "signs", [item.signs] if item.signs else [], items, "item")
    needs_of_refusal = item.refusal.needs if item.refusal else ()
    kinds = (*item.evidence.min, *item.evidence.strong, *needs_of_refusal)
    known_kinds = set(checklist.evidence_kinds) & (set(NEEDS) | EARLIEST_KINDS)
    yield from _known(source, key, "evidence", kinds, known_kinds, "kind of evidence")
    yield from _known(source, key, "attested_by", item.attested_by, {*get_args(Author), "system"}, "writer")
    if item.time_limit:
        yield from _known(source, key, "time_limit.from", [item.time_limit.start], facts, "fact")
        if item.time_limit.setting:
            settings = {name for name in checklist.defaults.__struct_fields__ if name.endswith("_minutes")}
            yield from _known(
                source, key, "time_limit.setting", [item.time_limit.setting], settings, "setting in minutes"
            )
    for name, field in item.fields.items():
        if field.type == "choice" and not field.choices:
            yield source.message(key, f"fields.{name} 没有可选项", f"fields.{name} has no choices")
    if item.kind == "computed" and item.id not in COMPUTED:
        yield source.message(key, "系统不会推算这一项", "is computed, and the judge does not know how")


def _statements(source: ChecklistSource, items: set[str]) -> Iterator[LintMessage]:
    """The lines of statements exist, and the signature covers them, so that none can change unnoticed."""
    known = {item.id: item for item in source.checklist.items}
    covers = {item.signs: item.covers for item in source.checklist.items if item.signs and item.covers}
    for statement in source.checklist.statements:
        key = f"statement {statement.id}"
        yield from _known(source, key, "signs", [statement.signs] if statement.signs else [], items, "item")
        signed = known.get(statement.signs or "")
        for line in statement.lines:
            item = known.get(line.item)
            if item is None:
                yield _unknown(source, key, "lines.item", line.item, "item")
            elif (line.field is None) == (line.evidence is None):
                yield source.message(key, f"{line.item}：field 和 evidence 写一个", f"{line.item}: field or evidence")
            elif line.field is not None and line.field not in item.fields:
                yield _unknown(source, key, "lines.field", line.field, "typed answer")
            elif item.things_of and (signed is None or signed.things_of != item.things_of):
                yield source.message(key, f"{line.item} 是逐件的", f"{line.item} is judged for each thing")
            elif statement.signs in covers and line.item not in covers[statement.signs]:
                yield source.message(key, f"{line.item} 不在 covers 中", f"{line.item} is not covered by the signature")


def _condition(source: ChecklistSource, item: Item, facts: set[str]) -> Iterator[LintMessage]:
    try:
        used = list(item.condition().names())
    except ValueError as error:
        yield source.message(f"item {item.id}", f"when 读不懂：{item.when}", f"when: {error}")
        return
    types = {f"visit_type={name}" for name in source.checklist.visit_types}
    yield from _known(source, f"item {item.id}", "when", used, facts | types, "fact")


def cycles(source: ChecklistSource) -> Iterator[LintMessage]:
    """Orders with a cycle: a comes before b, b before a."""
    later: dict[str, list[str]] = {}  # what comes before -> what comes after it
    for item in source.checklist.items:
        for edge in item.order:
            first, second = (item.id, edge.than) if edge.rel == "before" else (edge.than, item.id)
            later.setdefault(first, []).append(second)
    done: set[str] = set()
    for start in later:
        cycle = _find_cycle(start, later, [], done)
        if cycle:
            item = next((name for name in cycle if f"item {name}" in source.where), cycle[0])
            way = " → ".join(cycle)
            yield source.message(f"item {item}", f"顺序成环：{way}", f"the order goes round in a circle: {way}")
            return


def _find_cycle(name: str, later: dict[str, list[str]], path: list[str], done: set[str]) -> list[str]:
    if name in path:
        return [*path[path.index(name) :], name]
    if name in done:
        return []
    for other in later.get(name, ()):
        if cycle := _find_cycle(other, later, [*path, name], done):
            return cycle
    done.add(name)
    return []


def _messages(source: ChecklistSource) -> Iterator[LintMessage]:
    """Every kind of finding has a sentence, with placeholders that the judge can fill in."""
    checklist = source.checklist
    for kind in get_args(FindingKind):
        if kind not in checklist.messages:
            yield source.message(
                f"messages {kind}", "没有这种结论的说法", "there is no sentence for this kind of finding"
            )
    for kind, text in checklist.messages.items():
        for sentence in (text.zh, text.en):
            try:
                used = [name for _, name, _, _ in Formatter().parse(sentence) if name is not None]
            except ValueError:
                used = [sentence]
            yield from _known(source, f"messages {kind}", "{ }", used, _WORDS, "word")
    if "other" not in checklist.defaults.evidence_gap:
        yield source.message("defaults.evidence_gap", "缺少 other", "`other` is missing")


def _find_duplicates(source: ChecklistSource, what: str, written: list[str]) -> Iterator[LintMessage]:
    for name in sorted({name for name in written if written.count(name) > 1}):
        yield source.message(f"{what} {name}", "写了两次", "is written twice")


def _has_things(source: ChecklistSource, fact: str | None) -> bool:
    known = source.checklist.facts.get(fact or "")
    return known is not None and known.per_thing


def _known(
    source: ChecklistSource, key: str, part: str, used: Iterable[str], known: set[str], what: str
) -> Iterator[LintMessage]:
    for name in used:
        if name not in known:
            yield _unknown(source, key, part, name, what)


_CHINESE = {
    "fact": "事实",
    "item": "义务",
    "item or fact": "义务或事实",
    "fact with things": "逐件记录的事实",
    "kind of evidence": "证据种类",
    "writer": "填写人",
    "setting in minutes": "以分钟计的设置",
    "word": "词",
    "typed answer": "填写项",
}


def _unknown(source: ChecklistSource, key: str, part: str, name: str, what: str) -> LintMessage:
    name = re.sub(r"\s+", " ", name)
    return source.message(key, f"{part}：没有这个{_CHINESE[what]}“{name}”", f"{part}: there is no {what} {name!r}")
