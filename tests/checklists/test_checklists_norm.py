"""The shipped checklist is the norm: every character of 4.3 to 4.3.11, every duty, and nothing more."""

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from service.checklists.loader import bundled_checklists_dir, load_checklist

SOURCE = load_checklist(bundled_checklists_dir())
CHECKLIST = SOURCE.checklist
ITEMS = {item.id: item for item in CHECKLIST.items}
COPY = [
    line.split("\t")
    for line in (Path(__file__).parents[1] / "norm-4.3.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
NUMBERS = ["4.3", *(f"4.3.{number}" for number in range(1, 12))]


def test_the_copy_of_the_norm_has_the_heading_and_eleven_clauses() -> None:
    assert [number for number, _, _ in COPY] == NUMBERS


def test_the_clauses_are_those_of_the_norm_in_its_order() -> None:
    assert [clause.number for clause in CHECKLIST.clauses] == NUMBERS


@pytest.mark.parametrize(("number", "source", "zh"), COPY, ids=NUMBERS)
def test_every_character_of_a_clause_is_covered_by_items(number: str, source: str, zh: str) -> None:
    (clause,) = [clause for clause in CHECKLIST.clauses if clause.number == number]
    assert clause.source == source
    assert clause.zh == zh
    assert "".join(phrase.source for phrase in clause.phrases) == source
    assert "".join(phrase.zh for phrase in clause.phrases) == zh
    for phrase in clause.phrases:
        assert phrase.source.strip()
        assert phrase.items, f"nothing covers {phrase.source!r}"
        assert set(phrase.items) <= set(ITEMS)
        assert {ITEMS[name].class_ for name in phrase.items} <= {"core", "derived"}


def test_every_duty_of_the_norm_is_named_by_a_phrase() -> None:
    named = {name for clause in CHECKLIST.clauses for phrase in clause.phrases for name in phrase.items}
    assert named == {item.id for item in CHECKLIST.items if item.class_ in ("core", "derived")}


def test_nothing_claims_a_clause_after_the_eleventh() -> None:
    texts = [
        msgspec.json.encode(CHECKLIST).decode(),
        *(path.read_text() for path in bundled_checklists_dir().glob("*.toml")),
    ]
    for text in texts:
        assert not re.search(r"4[.、]3[.、](1[2-9]|[2-9]\d)", text)


def test_swapped_words_of_the_source_are_shown_to_nobody() -> None:
    shown = [
        text for item in CHECKLIST.items for text in (item.label, item.screen, item.customer, item.supervisor) if text
    ]
    sentences = [clause.zh for clause in CHECKLIST.clauses] + [text.zh for text in shown]
    for swapped in ("安好", "合意", "得志", "崇敬", "致激", "轻小扣门", "非正值", "整改观法", "察觉"):
        assert not [sentence for sentence in sentences if swapped in sentence]


def test_the_counts_are_those_of_the_list_of_obligations() -> None:
    assert Counter(item.class_ for item in CHECKLIST.items) == {"core": 37, "derived": 8, "context": 16, "policy": 11}
    assert len(CHECKLIST.items) == 72
    assert len(CHECKLIST.facts) == 31
    assert len(CHECKLIST.visit_types) == 11
    assert len(CHECKLIST.questions) == 9
    assert len(CHECKLIST.messages) == 14
    assert len(CHECKLIST.evidence_kinds) == 11


def test_only_two_policies_are_on_by_themselves() -> None:
    on = {item.id for item in CHECKLIST.items if item.class_ == "policy" and item.default}
    assert on == {"p_meter_readings_witnessed", "p_paper_notice_for_stop"}


def test_time_limits_are_five_and_ten_days_or_settings_of_the_utility() -> None:
    limits = {item.id: item.time_limit for item in CHECKLIST.items if item.time_limit}
    assert {name: limit.days or limit.setting for name, limit in limits.items()} == {
        "id_shown": "meeting_minutes",
        "self_introduced": "meeting_minutes",
        "hostile_reported": "hostile_report_minutes",
        "complaint_answered_5d": 5,
        "report_answered_10d": 10,
    }


def test_only_the_customer_says_fully_satisfied_and_nobody_waives_a_must() -> None:
    assert ITEMS["damage_customer_satisfied"].attested_by == ("customer",)
    assert not [item.id for item in CHECKLIST.items if item.clause == "4.3.10" and item.waiver.by]


def test_the_signature_covers_photo_cause_and_confirmation() -> None:
    locked = ITEMS["signed_content_fixed"]
    assert locked.covers == ("meter_damage_photo", "meter_cause_analysed", "meter_cause_confirmed")
    assert locked.signs == ITEMS["signer_is_customer"].signs == "meter_order_signed"


def test_a_clause_file_shows_its_derived_items_after_its_core_items() -> None:
    for number in NUMBERS:
        classes = [item.class_ for item in CHECKLIST.items if item.clause == number]
        assert classes == sorted(classes, key=["core", "derived"].index)


def test_files_are_read_in_the_order_of_the_norm() -> None:
    clauses = list(dict.fromkeys(item.clause for item in CHECKLIST.items if item.class_ in ("core", "derived")))
    assert clauses == NUMBERS[1:]
    classes = list(dict.fromkeys(item.class_ for item in CHECKLIST.items if item.class_ in ("context", "policy")))
    assert classes == ["context", "policy"]


def test_the_document_survives_its_wire_form() -> None:
    raw = msgspec.json.encode(CHECKLIST)
    assert msgspec.json.encode(msgspec.json.decode(raw, type=type(CHECKLIST))) == raw
