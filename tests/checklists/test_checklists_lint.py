"""`doorstep lint` refuses a broken checklist with file, key and a sentence. Each test breaks a copy."""

from pathlib import Path

import pytest

from service.checklists.lint import lint
from service.checklists.loader import bundled_checklists_dir
from tests.support.checklist_copy import BORROWING, ENTRY, METER, THANKED, change, copied, said


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copied(tmp_path)


def test_the_shipped_checklist_has_nothing_wrong() -> None:
    assert lint(bundled_checklists_dir()) == []


def test_a_sound_copy_of_the_next_version_has_nothing_wrong(copy: Path) -> None:
    assert lint(copy) == []


def test_a_message_names_file_line_key_and_says_it_in_two_languages(copy: Path) -> None:
    change(copy, BORROWING, 'when = "borrowed"', 'when = "borowed"', THANKED)
    message = said(copy, "item borrow_thanked", "borowed")
    line = (copy / BORROWING).read_text(encoding="utf-8").split(THANKED)[0].count("\n")
    assert str(message) == (
        f"{BORROWING}:{line}: item borrow_thanked: when：没有这个事实“borowed” / when: there is no fact 'borowed'"
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "after", "key", "words"),
    [
        (
            BORROWING,
            'than = "left"',
            'than = "gone"',
            THANKED,
            "item borrow_thanked",
            "order: there is no item or fact 'gone'",
        ),
        (
            BORROWING,
            'of = "borrowed"',
            'of = "left"',
            THANKED,
            "item borrow_thanked",
            "things_of: there is no fact with things",
        ),
        (BORROWING, 'items = ["borrow_consent"]', 'items = ["lent"]', "", "clause 4.3.4", "there is no item 'lent'"),
        (
            ENTRY,
            '["id_shown",',
            '["id_seen",',
            "satisfied_by_any",
            "item door_identified",
            "there is no item 'id_seen'",
        ),
        (METER, 'covers = ["meter', 'covers = ["water', "", "item signed_content_fixed", "covers: there is no item"),
        (
            METER,
            'signs = "meter',
            'signs = "water',
            'id = "signer_is',
            "item signer_is_customer",
            "signs: there is no item",
        ),
        (
            METER,
            '["photo"]',
            '["film"]',
            'id = "meter_damage_photo"',
            "item meter_damage_photo",
            "kind of evidence 'film'",
        ),
        (
            ENTRY,
            '"technician", "customer"]',
            '"techie", "customer"]',
            "attested_by",
            "item door_signal",
            "writer 'techie'",
        ),
        ("questions.toml", '["arrival_in_window"', '["in_time"', "", "question q_time", "there is no item 'in_time'"),
        (
            "visit-types.toml",
            '"nobody_home"',
            '"no_one"',
            "",
            "visit_type meter_reading",
            "incidents: there is no fact",
        ),
        (
            "visit-types.toml",
            '["met_customer"]',
            '["met"]',
            "",
            "visit_type meter_reading",
            "must_tell: there is no fact",
        ),
        (
            "facts.toml",
            'things_of = "borrowed"',
            'things_of = "left"',
            "",
            "fact borrow_used",
            "fact with things 'left'",
        ),
        ("4.3.2-identity.toml", '["met_customer", "before"', '["met", "before"', "", "item id_shown", "only_if"),
        ("4.3.2-identity.toml", 'from = "met_customer"', 'from = "met"', "", "item id_shown", "time_limit.from"),
        ("4.3.2-identity.toml", '"meeting_minutes"', '"settle_days"', "", "item id_shown", "setting in minutes"),
        (
            "checklist.toml",
            "「{label}」超出时限",
            "「{lable}」超出时限",
            "",
            "messages late",
            "there is no word 'lable'",
        ),
        ("checklist.toml", "[messages.value]", "[messages.worth]", "", "messages value", "there is no sentence"),
        ("checklist.toml", "other = ", "others = ", "evidence_gap", "defaults.evidence_gap", "`other` is missing"),
    ],
)
def test_an_unknown_name_is_refused(
    copy: Path, file: str, old: str, new: str, after: str, key: str, words: str
) -> None:
    change(copy, file, old, new, after)
    said(copy, key, words)


def test_a_condition_that_cannot_be_read_is_refused(copy: Path) -> None:
    change(copy, ENTRY, 'when = "met_customer and work_started"', 'when = "met_customer and"')
    said(copy, "item thanked_at_end", "something is missing in condition")


def test_an_order_that_goes_round_in_a_circle_is_refused(copy: Path) -> None:
    change(copy, ENTRY, 'rel = "after", than = "arrived"', 'rel = "after", than = "left"', 'id = "door_signal"')
    change(
        copy, ENTRY, 'rel = "after", than = "work_finished"', 'rel = "after", than = "entered"', 'id = "site_cleared"'
    )
    (message,) = [message for message in lint(copy) if "circle" in message.en]
    ring = message.en.rsplit(": ", 1)[1].split(" → ")
    assert ring[0] == ring[-1]
    assert {"door_signal", "entered", "site_cleared", "left"} <= set(ring)
    assert message.where.startswith(ENTRY)


def test_a_computed_item_that_the_judge_does_not_know_is_refused(copy: Path) -> None:
    change(copy, "policies.toml", 'kind = "act"', 'kind = "computed"', 'id = "p_absent_slip"')
    said(copy, "item p_absent_slip", "the judge does not know how")


def drop_examples(folder: Path, file: str, item: str, gives_nothing: bool) -> None:
    """Take away the item's examples that give nothing, or those that give something."""
    path = folder / file
    before, start, rest = path.read_text(encoding="utf-8").partition(f'id = "{item}"')
    here, mark, after = rest.partition("# ──")
    head, *examples = here.split("[[item.examples]]\n")
    kept = [example for example in examples if ("gives = []" in example) != gives_nothing]
    path.write_text(before + start + "[[item.examples]]\n".join([head, *kept]) + mark + after, encoding="utf-8")


def test_an_item_without_a_passing_example_is_refused(copy: Path) -> None:
    drop_examples(copy, BORROWING, "borrow_thanked", gives_nothing=True)
    said(copy, "item borrow_thanked", "has no example that passes")


def test_an_item_without_a_failing_example_is_refused(copy: Path) -> None:
    drop_examples(copy, BORROWING, "borrow_thanked", gives_nothing=False)
    said(copy, "item borrow_thanked", "has no example that fails")


def test_an_example_where_the_item_does_not_apply_is_no_passing_example(copy: Path) -> None:
    change(copy, "4.3.3-respect.toml", 'what = "met_customer"', 'what = "arrived"', 'id = "customs_respected"')
    said(copy, "item customs_respected", "has no example that passes")


def test_an_example_whose_findings_differ_is_refused(copy: Path) -> None:
    change(copy, BORROWING, '"warning missing.borrow_thanked[basin]"', '"violation missing.borrow_thanked[basin]"')
    message = said(copy, "example borrow_thanked 2", "the judge warning missing.borrow_thanked[basin]")
    assert message.where.startswith(f"{BORROWING}:")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('at = "09:41"', 'at = "9.41"', "cannot read the time"),
        ('at = "09:41"', "at = 09:41:00", "cannot be read"),
        ('at = "09:41"', 'at = "09:41", evidence = ["film"]', "there is no kind of evidence 'film'"),
        ('at = "09:41"', 'at = "09:41", wht = 1', "an entry has no key 'wht'"),
        ('at = "09:41"', 'at = "09:41", by = "neighbour"', "Invalid enum value"),
        ('what = "left"', 'what = "gone"', "there is no item or fact 'gone'"),
        ("gives = []", 'visit = { colour = "red" }\ngives = []', "visit of an example has no key"),
        ("gives = []", 'visit = { type = "picnic" }\ngives = []', "there is no item or fact 'picnic'"),
    ],
)
def test_an_example_that_cannot_be_read_is_refused(copy: Path, old: str, new: str, words: str) -> None:
    change(copy, BORROWING, old, new, THANKED)
    said(copy, "example borrow_thanked 1", words)


def test_a_slip_in_the_toml_is_told_with_its_line(copy: Path) -> None:
    change(copy, BORROWING, "customer_asked = false", "customer_asked = ", THANKED)
    assert "line " in said(copy, "TOML", "写法不对").en


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "words"),
    [
        (BORROWING, "customer_asked = true", "customer_askd = true", "item borrow_consent", "no key 'customer_askd'"),
        (BORROWING, 'sev = "violation"', 'sev = "violation", why = "x"', "item borrow_consent", "no key 'order.why'"),
        (BORROWING, 'kind = "act"', 'kind = "deed"', "item borrow_consent", "Invalid enum value 'deed'"),
        ("questions.toml", "[[question]]", "[question.first]", "TOML", "写法不对"),
        (BORROWING, "[clause]", "[clauze]", "clauze", "there is no such key"),
        ("facts.toml", "[fact.left]", "[fact.arrived2]\nzh = 1\n[fact.left]", "fact arrived2", "Expected `str`"),
        ("checklist.toml", 'id = "onsite"', "", "checklist", "missing required field `id`"),
        (
            "policies.toml",
            "[[item]]",
            '[fact.left]\nzh = "离开"\nen = "left"\ntype = "event"\n\n[[item]]',
            "fact left",
            "twice",
        ),
    ],
)
def test_files_are_read_strictly(copy: Path, file: str, old: str, new: str, key: str, words: str) -> None:
    change(copy, file, old, new)
    assert [message for message in lint(copy) if message.key == key and words in str(message)]


def test_an_id_is_written_once(copy: Path) -> None:
    change(copy, BORROWING, 'id = "borrow_thanked"', 'id = "borrow_returned"')
    said(copy, "item borrow_returned", "is written twice")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    (message,) = lint(tmp_path / "nowhere")
    assert "there is no such folder" in message.en


def test_a_new_item_and_its_fact_stand_in_one_file(copy: Path) -> None:
    text = (copy / "policies.toml").read_text(encoding="utf-8")
    (copy / "policies.toml").write_text(
        text
        + """
[fact.dog_seen]
zh = "有狗"
en = "a dog is there"
type = "declared"
must_declare = false

[[item]]
id = "p_dog_tied"
label = { zh = "请客户拴好狗", en = "dog tied up" }
screen = { zh = "已请客户拴好狗", en = "Asked to tie up the dog" }
supervisor = { zh = "没有请客户拴狗", en = "Dog not tied up" }
class = "policy"
clause = "本单位安全规定"
stage = "door"
kind = "act"
who = "technician"
when = "dog_seen"
attested_by = ["technician"]
if_missing = "info"

[[item.examples]]
shows = "请客户先拴好狗"
entries = [
  { what = "dog_seen", at = "09:01" },
  { what = "p_dog_tied", at = "09:02" },
]
gives = []

[[item.examples]]
shows = "没有管狗就进院子"
entries = [
  { what = "dog_seen", at = "09:01" },
]
gives = ["info missing.p_dog_tied"]
""",
        encoding="utf-8",
    )
    assert lint(copy) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('field = "seal_number"', 'field = "sael_number"', "lines.field: there is no typed answer 'sael_number'"),
        ('field = "seal_number"', 'field = "seal_number", evidence = "text"', "meter_damage_photo: field or evidence"),
        ('item = "meter_damage_photo"', 'item = "meter_photo"', "lines.item: there is no item 'meter_photo'"),
        ('signs = "meter', 'signs = "water', "signs: there is no item"),
        ('item = "meter_damage_photo", field = "diameter"', 'item = "id_shown", evidence = "text"', "is not covered"),
        (
            'item = "meter_damage_photo", field = "diameter"',
            'item = "borrow_thanked", evidence = "text"',
            "borrow_thanked is judged for each thing",
        ),
    ],
)
def test_a_statement_is_made_of_what_there_is_and_of_what_its_signature_covers(
    copy: Path, old: str, new: str, words: str
) -> None:
    change(copy, METER, old, new, '[[statement]]\nid = "meter_damage"')
    said(copy, "statement meter_damage", words)
