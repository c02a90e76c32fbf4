"""Every example beside an item gives exactly the findings it says."""

import pytest

from service.checklists.examples import build_bundle, evaluate_example, item_applies, parse_time
from service.checklists.loader import bundled_checklists_dir, load_checklist
from service.judge.checklist import Example, Item
from service.judge.rules import CompiledChecklist

SOURCE = load_checklist(bundled_checklists_dir())
RULES = CompiledChecklist(SOURCE.checklist)
ALL = [
    pytest.param(item, example, id=f"{item.id}-{number}")
    for item in SOURCE.checklist.items
    for number, example in enumerate(SOURCE.examples[item.id], 1)
]


@pytest.mark.parametrize(("item", "example"), ALL)
def test_an_example_gives_what_it_says(item: Item, example: Example) -> None:
    assert evaluate_example(RULES, item, build_bundle(SOURCE.checklist, item, example)) == list(example.gives), (
        example.shows
    )


@pytest.mark.parametrize("item", SOURCE.checklist.items, ids=lambda item: item.id)
def test_every_item_has_an_example_that_passes_and_one_that_fails(item: Item) -> None:
    examples = SOURCE.examples[item.id]
    passing = [example for example in examples if not example.gives]
    assert any(item_applies(RULES, item, build_bundle(SOURCE.checklist, item, example)) for example in passing)
    assert any(
        not code.split(" ")[1].startswith(("waived.", "open.")) for example in examples for code in example.gives
    )


def test_stories_are_told_once() -> None:
    for item in SOURCE.checklist.items:
        told = [example.shows for example in SOURCE.examples[item.id]]
        assert len(told) == len(set(told)), item.id


def test_every_kind_of_finding_of_an_item_is_shown_by_some_example() -> None:
    shown = {code.split(" ")[1].split(".")[0] for _, example in (each.values for each in ALL) for code in example.gives}
    assert shown == set(SOURCE.checklist.messages) - {"undeclared"}


def test_times_are_read_on_the_day_before_and_after_it() -> None:
    assert parse_time("09:10").isoformat() == "2025-05-14T09:10:00+08:00"
    assert parse_time("-1d 16:00:30").isoformat() == "2025-05-13T16:00:30+08:00"
    assert parse_time("5d 10:00").isoformat() == "2025-05-19T10:00:00+08:00"


@pytest.mark.parametrize("text", ["9:10", "24:00", "09:60", "1d", "tomorrow", ""])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot read the time"):
        parse_time(text)
