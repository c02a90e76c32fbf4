"""The judge gives exactly what the contract expects of its six example bundles."""

import pytest

from service.judge.judge import judge
from tests.support import example_visits as stories


@pytest.mark.parametrize("name", stories.NAMES)
def test_an_example_gives_exactly_the_expected_findings(name: str) -> None:
    bundle, expected = stories.story(name)
    judgement = judge(stories.RULES, bundle.visit, bundle.entries, bundle.now)
    assert judgement.verdict == expected["verdict"]
    assert sorted(f"{f.severity} {f.code}" for f in judgement.findings) == expected["findings"]


def test_all_six_examples_are_here() -> None:
    assert stories.NAMES == ["S01", "S04", "S04R", "S05", "S07", "S08"]


@pytest.mark.parametrize("name", stories.NAMES)
def test_every_finding_has_a_sentence_in_both_languages_and_names_entries_that_exist(name: str) -> None:
    bundle, _ = stories.story(name)
    judgement = judge(stories.RULES, bundle.visit, bundle.entries, bundle.now)
    ids = {entry.id for entry in bundle.entries}
    for shown in stories.RULES.speaker.format(judgement.findings, {}):
        assert shown.message.zh
        assert shown.message.en
        assert "{" not in shown.message.zh + shown.message.en
        assert set(shown.entries) <= ids


def test_covers_before_consent_is_not_told_as_no_covers() -> None:
    bundle, _ = stories.story("S07")
    judgement = judge(stories.RULES, bundle.visit, bundle.entries, bundle.now)
    shown = {s.code: s for s in stories.RULES.speaker.format(judgement.findings, {})}
    assert (
        shown["order.shoe_covers_on.after.entry_consent"].message.zh
        == "顺序不对：「穿鞋套」应在「征得入内同意」之后（4.3.5）"
    )


def test_a_thing_is_called_by_its_label() -> None:
    bundle, _ = stories.story("S08")
    judgement = judge(stories.RULES, bundle.visit, bundle.entries, bundle.now)
    shown = {s.code: s for s in stories.RULES.speaker.format(judgement.findings, {"basin": "水盆"})}
    assert shown["missing.borrow_thanked[basin]"].message.zh == "借用后未向客户致谢（4.3.4）（水盆）"
