"""`doorstep lint` holds a checklist to the norm: nothing removed, weakened or invented. Each test breaks a copy."""

from pathlib import Path

import pytest

from service.checklists.lint import lint
from tests.support.checklist_copy import BORROWING, ENTRY, METER, THANKED, change, copied, said


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copied(tmp_path)


def test_an_item_without_clause_is_refused(copy: Path) -> None:
    change(copy, BORROWING, 'clause = "4.3.4"\n', "", THANKED)
    assert said(copy, "item borrow_thanked", "missing required field `clause`").zh == "缺少“clause”"


def test_an_item_with_a_blank_clause_is_refused(copy: Path) -> None:
    change(copy, "policies.toml", 'clause = "', 'clause = " " # "')
    said(copy, "item p_absent_slip", "has no clause")


def test_a_clause_that_the_norm_does_not_have_is_refused(copy: Path) -> None:
    change(copy, "context.toml", 'clause = "2.1.2"', 'clause = "2.9.9"')
    said(copy, "item badge_worn", "no other section of the norm has 2.9.9")


def test_a_policy_may_not_pass_for_the_norm(copy: Path) -> None:
    change(copy, "policies.toml", 'clause = "', 'clause = "4.3.1" # "')
    said(copy, "item p_absent_slip", "a policy is not in the norm")


def test_a_derived_item_that_no_phrase_names_is_refused(copy: Path) -> None:
    change(copy, "policies.toml", 'class = "policy"', 'class = "derived"')
    change(copy, "policies.toml", 'clause = "', 'clause = "4.3.1" # "')
    said(copy, "item p_absent_slip", "no phrase of a clause names it")


def test_an_invented_core_item_is_refused(copy: Path) -> None:
    change(copy, "policies.toml", 'class = "policy"', 'class = "core"')
    said(copy, "item p_absent_slip", "is not in the norm")


def test_a_core_item_may_not_be_removed(copy: Path) -> None:
    path = copy / BORROWING
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text[: text.index("# ── 借用致谢")]
        .replace(', "borrow_thanked"', "")
        .replace('"borrow_thanked"', '"borrow_returned"')
    )
    assert said(copy, "item borrow_thanked", "may not be removed").where.startswith(BORROWING)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('class = "core"', 'class = "policy"', "has to be core"),
        ('kind = "act"', 'kind = "prohibition"', "kind has to be act"),
        ('when = "entered"', 'when = "entered and work_started"', "when has to be 'entered'"),
        ('if_missing = "violation"', 'if_missing = "warning"', "if_missing is below violation"),
        ('"entered", sev = "violation"', '"entered", sev = "info"', "order before.entered is below violation"),
        ('  { rel = "before", than = "entered", sev = "violation" },\n', "", "the order before.entered is missing"),
        ('min = ["confirm"]', "min = []", "evidence.min lacks confirm"),
        ('by = ["customer"]', 'by = ["customer", "technician"]', "technician may not waive it"),
        ('result = "warning"', 'result = "info"', "waiver.result is below warning"),
        ('attested_by = ["technician"', 'attested_by = ["office", "technician"', "office may not attest it"),
        ("customer_asked = true", "customer_asked = true\nmay_stay_open = true", "no such exception"),
        ("customer_asked = true", 'customer_asked = true\ncounts = "last"', "counts has to be first"),
        ('when = "entered"', 'when = "entered"\nsatisfied_by_any = ["badge_worn"]', "satisfied_by_any has to be ()"),
        (
            'than = "entered", sev = "violation"',
            'than = "entered", sev = "violation", only_if = ["met_customer", "before", "entered"]',
            "the order before.entered is missing",
        ),
    ],
)
def test_a_core_item_may_not_be_weakened(copy: Path, old: str, new: str, words: str) -> None:
    change(copy, ENTRY, old, new, 'id = "shoe_covers_on"')
    said(copy, "item shoe_covers_on", words)


def test_a_lacking_signature_may_not_weigh_less(copy: Path) -> None:
    change(copy, "checklist.toml", 'signature = "violation"', 'signature = "info"')
    said(copy, "defaults.evidence_gap", "signature may not be below violation")


def test_a_core_item_keeps_its_time_limit(copy: Path) -> None:
    change(copy, "4.3.6-breach.toml", "time_limit = ", "# ")
    said(copy, "item hostile_reported", "lacks its time limit from customer_hostile")


def test_a_core_item_stays_judged_for_each_thing(copy: Path) -> None:
    change(copy, BORROWING, 'per = "thing"\nthings_of = "borrowed"\n', "", THANKED)
    said(copy, "item borrow_thanked", "things_of has to be borrowed")


def test_a_core_item_may_be_stricter(copy: Path) -> None:
    change(copy, BORROWING, 'sev = "warning"', 'sev = "violation"', THANKED)
    change(copy, BORROWING, '["warning order', '["violation order', THANKED)
    assert lint(copy) == []


def test_the_narrow_reading_of_cleaning_up_is_allowed(copy: Path) -> None:
    change(copy, ENTRY, 'when = "work_started"', 'when = "work_started and entered"', 'id = "site_cleared"')
    assert not [message for message in lint(copy) if message.key == "item site_cleared" and "when" in message.en]


NOTE = 'lowered = { to = "warning", reason = "试行半年", decided_by = "营业部会议", on = 2026-01-31 }'


def test_a_severity_is_lowered_by_a_note_with_reason_person_and_date(copy: Path) -> None:
    change(copy, METER, 'if_missing = "violation"', f'if_missing = "violation"\n{NOTE}', 'id = "meter_damage_photo"')
    change(copy, METER, '"violation missing.meter_damage_photo"', '"warning missing.meter_damage_photo"')
    assert lint(copy) == []


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (NOTE.replace('"warning"', '"violation"'), "does not lower anything"),
        (NOTE.replace("试行半年", " "), "has no reason"),
        (NOTE.replace("营业部会议", ""), "has no decided_by"),
        (NOTE.replace(", on = 2026-01-31", ""), "missing required field `on`"),
        (NOTE.replace('reason = "试行半年", ', ""), "missing required field `reason`"),
    ],
)
def test_a_lowered_note_that_lacks_something_is_refused(copy: Path, note: str, words: str) -> None:
    change(copy, METER, 'if_missing = "violation"', f'if_missing = "violation"\n{note}', 'id = "meter_damage_photo"')
    said(copy, "item meter_damage_photo", words)


def test_a_published_version_may_not_change_its_content(copy: Path) -> None:
    change(copy, "checklist.toml", "version = 2", "version = 1")
    assert lint(copy) == []
    change(copy, "checklist.toml", "settle_days = 7", "settle_days = 8")
    said(copy, "version onsite@1", "was published with other content")


def test_a_phrase_that_no_item_covers_is_refused(copy: Path) -> None:
    change(copy, BORROWING, 'items = ["borrow_thanked"]', "items = []", '并向客户致谢。", zh')
    said(copy, "clause 4.3.4", "no item covers the phrase")


@pytest.mark.parametrize(("part", "words"), [("source", "phrases' source joined"), ("zh", "phrases' zh joined")])
def test_phrases_that_do_not_join_to_the_clause_are_refused(copy: Path, part: str, words: str) -> None:
    change(copy, BORROWING, f'{part} = "用完后先清洁"', f'{part} = "用完后清洁"')
    said(copy, "clause 4.3.4", words)


def test_a_missing_clause_is_refused(copy: Path) -> None:
    (copy / "4.3-onsite-service.toml").unlink()
    said(copy, "clause 4.3", "this clause is missing")


@pytest.mark.parametrize("claim", ["4.3.12", "4、3、12", "4.3.20"])
def test_nothing_may_claim_a_clause_after_the_eleventh(copy: Path, claim: str) -> None:
    change(copy, BORROWING, "未向客户致谢（4.3.4）", f"未向客户致谢（{claim}）", THANKED)
    said(copy, "item borrow_thanked", f"claims {claim}")
