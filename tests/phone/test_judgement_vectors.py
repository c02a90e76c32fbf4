"""`docs/judgement-vectors.json`: made by the judge in Python, held by the one in JavaScript, and complete."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from service.judge.findings import FindingKind, Verdict
from tests.support.example_visits import NAMES, RULES
from tests.support.javascript_judge import (
    CHECKLIST,
    MODULES,
    changed_modules,
    judge_in_javascript,
    judge_in_python,
)
from tests.support.judgement_vectors import GENERATED, files
from tests.support.random_visits import CHECKLIST as PUBLISHED
from tests.support.random_visits import SOURCE

PATH = CHECKLIST.parent / "judgement-vectors.json"
CASES: list[dict[str, Any]] = json.loads(PATH.read_bytes())["cases"]
BUNDLES = [json.dumps({key: case[key] for key in ("visit", "entries", "now")}).encode() for case in CASES]


def shown(judged: bytes) -> dict[str, Any]:
    """A judgement as the vectors have it."""
    found = json.loads(judged)
    until = found["until"]
    return {"verdict": found["verdict"], "until": until and int(until), "findings": found["findings"]}


def test_the_files_are_up_to_date() -> None:
    for path, content in files().items():
        assert path.read_bytes() == content, "scripts/judgement-vectors"


def test_the_checklist_is_the_published_one() -> None:
    assert json.loads(CHECKLIST.read_bytes()) == json.loads(msgspec.json.encode(SOURCE.checklist))


def test_the_javascript_judge_finds_what_the_vectors_say() -> None:
    judged = judge_in_javascript(BUNDLES)
    for case, ours in zip(CASES, judged, strict=True):
        assert shown(ours) == {part: case[part] for part in ("verdict", "until", "findings")}, case["name"]


def test_the_vectors_have_all_examples_and_enough_generated_visits() -> None:
    names = [case["name"] for case in CASES]
    examples = [f"{item}{n}" for item, of in SOURCE.examples.items() for n in [f" {i + 1}" for i in range(len(of))]]
    assert set(NAMES + examples) <= set(names)
    assert sum(name.startswith("generated") for name in names) == GENERATED >= 500


def test_the_vectors_show_every_kind_of_finding_every_item_and_every_verdict() -> None:
    findings = [finding for case in CASES for finding in case["findings"]]
    kinds = Counter(finding["kind"] for finding in findings)
    assert set(kinds) == set(get_args(FindingKind))
    assert min(kinds.values()) >= 5
    about = {finding["item"] for finding in findings}
    assert about >= {rule.id for rule in RULES.rules}
    # what holds makes no finding, so every item is also recorded, or computed
    recorded = {entry.get("what") for case in CASES for entry in case["entries"]}
    assert recorded >= {rule.id for rule in RULES.rules}
    assert {case["verdict"] for case in CASES} == {*get_args(Verdict), None}
    assert {finding["severity"] for finding in findings} == {"violation", "warning", "info", "open"}


def test_the_vectors_show_all_that_a_visit_and_an_entry_may_say() -> None:
    facts = RULES.facts
    known = [facts[entry["what"]].type for case in CASES for entry in case["entries"] if entry.get("what") in facts]
    assigned = [name for case in CASES for name, holds in (case["visit"].get("assigned") or {}).items() if holds]
    assert set(known) == {"event", "declared", "assigned", "computed"}
    assert {facts[name].type for name in assigned if name in facts} >= {"assigned"}
    entry_fields = Counter(key for case in CASES for entry in case["entries"] for key in entry)
    visit_fields = Counter(key for case in CASES for key, value in case["visit"].items() if value)
    for (
        field
    ) in "thing label holds says evidence fields waived refused via claimed_at tick session withdraws reason".split():
        assert entry_fields[field] >= 10, field
    assert entry_fields["received_at"] >= 10
    for field in "window rescheduled assigned exempt_reason policies due inspectors".split():
        assert visit_fields[field] >= 10, field
    assert sum(case["until"] is not None for case in CASES) >= 50
    assert sum(" late." in f" {finding['code']}" for case in CASES for finding in case["findings"]) >= 10


CHANGED = {
    "nobody has to be allowed to attest": ("attested.length ? attested : acts", "acts"),
    "the first act always counts": ("item.counts === 'last'", "item.counts === 'never'"),
    "what came early is seen late": ("received < time ? received : time", "time"),
    "now is too early": ("countsFrom > this.now", "countsFrom >= this.now"),
    "ids differ by case": ("const id = entry.id.toLowerCase()", "const id = entry.id"),
    "anybody withdraws": ("target.entry.by === by && ", ""),
    "a batch has no order": ("came === later && target.position < withdrawal.position", "came === later"),
    "a withdrawal needs no reason": ("|| isBlank(reason)) continue", ") continue"),
    "the largest tick is the first": ("tick < anchor.tick", "tick > anchor.tick"),
    "the first answer counts": ("compare(timed, last) > 0", "compare(timed, last) < 0"),
    "things are in order of the list": ("named.sort(([, a], [, b]) => compare(a, b))", "named"),
    "a label is replaced": ("label && !this.labels.has(thing)", "label"),
    "an act does not say what it implies": ("part.op === 'name' && this.thingFacts.has(part.name)", "false"),
    "equal times break the order": ("act.time >= other.time : act.time <=", "act.time > other.time : act.time <"),
    "no order is excused": ("if (onlyIf && this.#isReversed(...onlyIf)) continue;", ""),
    "what is done when it is due is late": ("act.time > date", "act.time >= date"),
    "a duty is open when it is due": ("timeline.now < date", "timeline.now <= date"),
    "a thing has no date of its own": ("own(this.visit.due, occurrenceKey(id, thing)) ?? ", ""),
    "five minutes are late": ("<= this.rules.lateEntry", "< this.rules.lateEntry"),
    "a photo excuses nothing": ("if (!acts.some(({ entry }) => hasPhoto(entry))) this", "if (true) this"),
    "the first of two moves counts": ("at >= last", "at > last"),
    "a lost photo counts": ("piece.sha256 != null && !piece.lost)", "piece.sha256 != null)"),
    "the greatest number is too great": ("value <= max", "value < max"),
    "a time may be anything": ("type !== 'time' || parseMoment(value) !== null", "true"),
    "a fraction is cut": ("fraction.charAt(6) >= '5'", "false"),
    "no text is blank": ("text.trim() === ''", "text === ''"),
    "any digest is genuine": ("namedDigests(signature).every(", "[].every("),
    "the judge forgets when it changes": ("changesAt(at)", "changesAt(at + 1n)"),
    "entries come in other order": ("severity, [act, other], thing", "severity, [other, act], thing"),
    "one word in English": ("en: 'after'", "en: 'After'"),
}


@pytest.fixture(scope="module")
def expected() -> list[bytes]:
    return [judge_in_python(bundle) for bundle in BUNDLES]


@pytest.mark.parametrize("rule", CHANGED)
def test_a_judge_with_a_changed_rule_fails(rule: str, expected: list[bytes], tmp_path: Path) -> None:
    assert judge_in_javascript(BUNDLES, changed_modules(tmp_path, *CHANGED[rule])) != expected


def test_the_unchanged_judge_does_not_fail(expected: list[bytes]) -> None:
    assert judge_in_javascript(BUNDLES, MODULES) == expected


def test_nothing_depends_on_the_ids_of_this_checklist() -> None:
    """Only computed items and the appointment are known by their ids, as in Python."""
    code = "".join(path.read_text("utf-8") for path in MODULES.glob("*.js"))
    named = {item["id"] for item in PUBLISHED["items"] if f"'{item['id']}'" in code}
    assert named == {"appointment_agreed", *(i["id"] for i in PUBLISHED["items"] if i["kind"] == "computed")}
