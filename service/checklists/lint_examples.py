"""Lint, part 3: the examples of the items agree with the judge, and show both outcomes of every duty."""

from collections.abc import Iterator

from service.judge.checklist import Example, Item
from service.judge.rules import CompiledChecklist

from .examples import build_bundle, evaluate_example, item_applies
from .source import ChecklistSource, LintMessage


def examples(source: ChecklistSource) -> Iterator[LintMessage]:
    """Every example gives the findings that it lists; every item has one that passes and one that fails."""
    rules = CompiledChecklist(source.checklist)
    for item in source.checklist.items:
        passes = fails = False
        for place, example in enumerate(source.examples.get(item.id, ()), 1):
            key = f"example {item.id} {place}"
            try:
                unknown = _unknown_names(source, example)
                given = build_bundle(source.checklist, item, example)
            except (ValueError, TypeError, AttributeError) as error:
                yield source.message(
                    key, f"示例“{example.shows}”读不懂", f"the example cannot be read: {error}", f"item {item.id}"
                )
                continue
            for name in unknown:
                yield source.message(
                    key, f"没有这个义务或事实“{name}”", f"there is no item or fact {name!r}", f"item {item.id}"
                )
            gives = evaluate_example(rules, item, given)
            if gives != list(example.gives):
                yield _differs(source, key, example, gives, item)
            fails = fails or any(not code.split(" ", 1)[1].startswith(("waived.", "open.")) for code in gives)
            passes = passes or (not gives and item_applies(rules, item, given))
        if not passes:
            yield source.message(f"item {item.id}", "缺少一个合格的示例", "has no example that passes")
        if not fails:
            yield source.message(f"item {item.id}", "缺少一个不合格的示例", "has no example that fails")


def _differs(source: ChecklistSource, key: str, example: Example, gives: list[str], item: Item) -> LintMessage:
    listed, judged = ", ".join(example.gives) or "—", ", ".join(gives) or "—"
    return source.message(
        key,
        f"示例“{example.shows}”写的是 {listed}，判得的是 {judged}",
        f"the example says {listed}, the judge {judged}",
        f"item {item.id}",
    )


def _unknown_names(source: ChecklistSource, example: Example) -> list[str]:
    checklist = source.checklist
    known = {item.id for item in checklist.items} | set(checklist.facts)
    used = [str(entry["what"]) for entry in example.entries if "what" in entry]
    used += [name for key in ("assigned", "policies") for name in example.visit.get(key, {})]
    unknown = [name for name in used if name not in known]
    kind = example.visit.get("type", "repair_leak")
    return unknown if kind in checklist.visit_types else [*unknown, str(kind)]
