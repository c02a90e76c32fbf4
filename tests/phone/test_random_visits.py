"""The judges in Python and JavaScript give the same, byte for byte, for 20,000 random and mutated visits."""

import json
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from service.judge.checklist import Checklist
from service.judge.rules import CompiledChecklist
from tests.support.javascript_judge import judge_in_javascript, judge_in_python
from tests.support.random_visits import CHECKLIST, RULES, VisitGenerator

BATCH = 2000
SEEDS = range(9)


def draw(seed: int) -> list[bytes]:
    generator = VisitGenerator(seed)
    return [json.dumps(generator.bundle()).encode() for _ in range(BATCH)]


def compare(bundles: list[bytes], rules: CompiledChecklist = RULES, **more: Any) -> None:
    for bundle, judged in zip(bundles, judge_in_javascript(bundles, **more), strict=True):
        assert judged == judge_in_python(bundle, rules), bundle.decode()


@pytest.mark.parametrize("seed", SEEDS)
def test_both_judges_find_the_same(seed: int) -> None:
    compare(draw(seed))


def next_version(seed: int) -> dict[str, Any]:
    """A version of the checklist in which rules have changed: other severities, orders, limits, bounds and texts."""
    random = Random(seed)
    checklist: dict[str, Any] = json.loads(msgspec.json.encode(CHECKLIST))
    items = checklist["items"]
    names = [item["id"] for item in items if item["kind"] == "act" and item.get("per") != "thing"]
    severities = ("violation", "warning", "info")
    decided = {"reason": "试行", "decided_by": "王", "on": "2026-03-01"}
    for item in items:
        item["if_missing"] = random.choice(severities)
        if random.random() < 0.3:
            item["lowered"] = {"to": random.choice(severities), **decided}
        if item["kind"] == "act":
            than, first, second = random.sample(names, 3)
            edge = {"rel": random.choice(("before", "after")), "than": than, "sev": random.choice(severities)}
            if random.random() < 0.5:
                edge["only_if"] = [first, "before", second]
            if random.random() < 0.5:
                edge["lowered"] = {"to": "info", **decided}
            item["order"] = [*item.get("order", ()), edge]
            item["counts"] = random.choice(("first", "last"))
            item["may_stay_open"] = random.random() < 0.4
            if random.random() < 0.4:
                item["time_limit"] = {"from": "arrived", **random.choice(({"days": 1}, {"setting": "meeting_minutes"}))}
        if item["class"] == "policy":
            item["default"] = random.random() < 0.5
        if random.random() < 0.2:
            item["when"] = random.choice(
                (
                    "not (entered or borrowed) and arrived",
                    "visit_type in ('repair_leak', 'disconnection',)",
                    item["when"],
                )
            )
        for field in item.get("fields", {}).values():
            field.update({"min": 1, "max": 15} if field["type"] == "number" else {})
    random.shuffle(items)
    checklist["defaults"] |= {"arrival_grace_minutes": 1, "late_entry_minutes": 60, "settle_days": 1}
    checklist["messages"]["missing"] = {"zh": "{{缺}}{label}{clause}", "en": "{clause}: {{{label}}} {supervisor}"}
    checklist["version"] = seed + 2
    return checklist


def test_a_new_version_of_the_norm_needs_no_new_code(tmp_path: Path) -> None:
    content = json.dumps(next_version(0))
    path = tmp_path / "checklist.json"
    path.write_text(content, "utf-8")
    rules = CompiledChecklist(msgspec.json.decode(content, type=Checklist))
    bundles = draw(len(SEEDS))
    compare(bundles, rules, checklist=path)
    before = [judge_in_python(bundle) for bundle in bundles]
    assert sum(judge_in_python(bundle, rules) != judged for bundle, judged in zip(bundles, before, strict=True)) > 1000
