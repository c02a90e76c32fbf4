"""Lint, part 2: the norm. Its wording is covered; its duties are present and no weaker than in the norm."""

import re
from collections.abc import Iterator

import msgspec

from service.judge.checklist import FaultSeverity, Item, SeverityOverride
from service.judge.condition import parse

from .source import BaselineDuty, ChecklistSource, LintMessage, NormBaseline

_RANK: dict[FaultSeverity, int] = {"info": 0, "warning": 1, "violation": 2}
_EVIDENCE_SEVERITIES: dict[str, FaultSeverity] = {"signature": "violation", "notice": "violation", "other": "warning"}
"""The least severity when a document that the norm names, or any other evidence, is missing."""
_BEYOND = re.compile(r"4[.、]3[.、](?:1[2-9]|[2-9]\d|\d{3,})(?!\d)")


def norm(source: ChecklistSource, baseline: NormBaseline) -> Iterator[LintMessage]:
    """Clauses and phrases are complete, without gaps, and each is covered by items."""
    checklist = source.checklist
    numbers = [clause.number for clause in checklist.clauses]
    for number in baseline.clauses:
        if number not in numbers:
            yield source.message(f"clause {number}", "缺少这一条", "this clause is missing")
    for clause in checklist.clauses:
        key = f"clause {clause.number}"
        if clause.number not in baseline.clauses:
            yield source.message(key, "规范没有这一条", "the norm has no such clause")
        for part, whole in (("source", clause.source), ("zh", clause.zh)):
            if "".join(getattr(phrase, part) for phrase in clause.phrases) != whole:
                yield source.message(
                    key, f"各短语的 {part} 连起来与全文不符", f"the phrases' {part} joined is not the clause's {part}"
                )
        for phrase in clause.phrases:
            if not phrase.items:
                yield source.message(
                    key, f"没有义务对应“{phrase.source}”", f"no item covers the phrase {phrase.source!r}"
                )
    for name, kind in checklist.visit_types.items():
        for number in kind.clauses:
            if number.removesuffix("*") not in baseline.clauses:
                yield source.message(f"visit_type {name}", f"规范没有 {number}", f"the norm has no clause {number}")
    yield from _beyond_norm(source)


def _beyond_norm(source: ChecklistSource) -> Iterator[LintMessage]:
    """Nothing refers to 4.3.12 or later: the source ends before."""
    checklist = source.checklist
    parts: list[tuple[str, object]] = [(f"item {item.id}", item) for item in checklist.items]
    parts += [(f"clause {clause.number}", clause) for clause in checklist.clauses]
    parts += [(f"fact {name}", fact) for name, fact in checklist.facts.items()]
    parts += [(f"visit_type {name}", kind) for name, kind in checklist.visit_types.items()]
    parts += [(f"question {question.id}", question) for question in checklist.questions]
    parts += [(f"messages {name}", text) for name, text in checklist.messages.items()]
    for key, part in parts:
        if claimed := _BEYOND.search(msgspec.json.encode(part).decode()):
            yield source.message(
                key,
                f"引用了 {claimed.group()}：规范来源到 4.3.11 为止",
                f"claims {claimed.group()}: the source of the norm ends after 4.3.11",
            )


def duties(source: ChecklistSource, baseline: NormBaseline) -> Iterator[LintMessage]:
    """Core items are neither removed nor weakened without a `lowered` note; every item has a clause."""
    items = {item.id: item for item in source.checklist.items}
    for name, duty in baseline.core.items():
        if name not in items:
            yield source.message(
                f"item {name}",
                "规范原文的义务，不得取消",
                "is in the norm and may not be removed",
                f"clause {duty.clause}",
            )
        else:
            yield from _weakened_rules(source, items[name], duty)
    gap = source.checklist.defaults.evidence_gap
    for kind, least in _EVIDENCE_SEVERITIES.items():
        if _RANK[gap.get(kind, gap.get("other", "info"))] < _RANK[least]:
            key = "defaults.evidence_gap"
            yield source.message(key, f"{kind} 不得低于 {least}", f"{kind} may not be below {least}")
    for item in items.values():
        yield from _clause(source, item, baseline)
        yield from _lowered(source, item, "if_missing", item.if_missing, item.lowered)
        for edge in item.order:
            yield from _lowered(source, item, f"order {edge.rel} {edge.than}", edge.sev, edge.lowered)


def _clause(source: ChecklistSource, item: Item, baseline: NormBaseline) -> Iterator[LintMessage]:
    key, number = f"item {item.id}", item.clause.strip()
    if not number:
        yield source.message(key, "没有写条款 clause", "has no clause")
    elif item.class_ in ("core", "derived") and number not in baseline.clauses:
        yield source.message(key, f"规范 4.3 没有 {number}", f"4.3 has no clause {number}")
    elif item.class_ == "context" and number not in baseline.other_sections:
        yield source.message(key, f"规范其他章节没有 {number}", f"no other section of the norm has {number}")
    elif item.class_ == "policy" and number in (*baseline.clauses, *baseline.other_sections):
        yield source.message(
            key, "policy 不在规范之内，clause 应写出处", "a policy is not in the norm; clause names its source"
        )
    if item.class_ == "core" and item.id not in baseline.core:
        yield source.message(key, "不是规范原文的义务，不能写 core", "is not in the norm; its class is not core")
    phrases = [phrase for clause in source.checklist.clauses for phrase in clause.phrases]
    if item.class_ in ("core", "derived") and not any(item.id in phrase.items for phrase in phrases):
        yield source.message(key, "条文的短语没有提到它", "no phrase of a clause names it", f"clause {number}")


def _lowered(
    source: ChecklistSource, item: Item, part: str, severity: FaultSeverity, lowered: SeverityOverride | None
) -> Iterator[LintMessage]:
    if lowered is None:
        return
    key = f"item {item.id}"
    if _RANK[lowered.to] >= _RANK[severity]:
        yield source.message(key, f"{part}：lowered 没有放宽什么", f"{part}: `lowered` does not lower anything")
    for name in ("reason", "decided_by"):
        if not getattr(lowered, name).strip():
            yield source.message(key, f"{part}：lowered 缺少 {name}", f"{part}: `lowered` has no {name}")


def _weakened_rules(source: ChecklistSource, item: Item, duty: BaselineDuty) -> Iterator[LintMessage]:
    for zh, en in (*_changed(item, duty), *_is_less_severe(item, duty), *_opened(item, duty)):
        yield source.message(f"item {item.id}", zh, en)


def _changed(item: Item, duty: BaselineDuty) -> Iterator[tuple[str, str]]:
    """Properties that must be equal to the norm's."""
    if item.class_ != "core" or item.clause != duty.clause:
        yield f"应为 core，条款 {duty.clause}", f"has to be core, of clause {duty.clause}"
    for name in ("kind", "things_of", "satisfied_by_any", "counts"):
        given, least = getattr(item, name), getattr(duty, name)
        if given != least:
            yield f"{name} 应为 {least}", f"{name} has to be {least}"
    if (item.per == "thing") != (duty.things_of is not None):
        yield "per 与规范不符", "per is not as in the norm"
    if not _same_condition(item.when, duty.when):
        yield f"when 应为 {duty.when[0]}", f"when has to be {duty.when[0]!r}"
    if duty.time_limit and (item.time_limit is None or item.time_limit.start != duty.time_limit):
        yield f"缺少自 {duty.time_limit} 起的时限", f"lacks its time limit from {duty.time_limit}"


def _is_less_severe(item: Item, duty: BaselineDuty) -> Iterator[tuple[str, str]]:
    """Properties that may be stricter than the norm, but not weaker."""
    if _RANK[item.if_missing] < _RANK[duty.if_missing]:
        least = duty.if_missing
        yield (
            f"if_missing 低于规范的 {least}；放宽请写 lowered",
            f"if_missing is below {least}; write `lowered` instead",
        )
    for name, severity in duty.order.items():
        edges = [edge for edge in item.order if f"{edge.rel}.{edge.than}" == name]
        if name not in duty.only_if:
            edges = [edge for edge in edges if edge.only_if is None]
        if not edges:
            yield f"缺少顺序 {name}", f"the order {name} is missing"
        elif max(_RANK[edge.sev] for edge in edges) < _RANK[severity]:
            yield f"顺序 {name} 低于 {severity}；放宽请写 lowered", f"order {name} is below {severity}; write `lowered`"
    for kind in duty.evidence:
        if kind not in item.evidence.min:
            yield f"evidence.min 缺少 {kind}", f"evidence.min lacks {kind}"


def _opened(item: Item, duty: BaselineDuty) -> Iterator[tuple[str, str]]:
    """Exceptions that the norm does not have."""
    for writer in item.waiver.by:
        if writer not in duty.waiver_by:
            yield f"waiver.by 不得有 {writer}", f"{writer} may not waive it"
    if duty.waiver_by and _RANK[item.waiver.result] < _RANK[duty.waiver_result]:
        yield f"waiver.result 低于 {duty.waiver_result}", f"waiver.result is below {duty.waiver_result}"
    for writer in item.attested_by:
        if writer not in duty.attested_by:
            yield f"attested_by 不得有 {writer}", f"{writer} may not attest it"
    if (item.refusal is not None and not duty.refusal) or (item.may_stay_open and not duty.may_stay_open):
        yield "规范没有这种例外（refusal、may_stay_open）", "the norm has no such exception (refusal, may_stay_open)"


def _same_condition(when: str, allowed: tuple[str, ...]) -> bool:
    try:
        condition = parse(when)
    except ValueError:
        return True  # `lint_names` reports it
    return any(condition == parse(other) for other in allowed)
