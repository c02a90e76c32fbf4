"""Conditions are read once into a tree; what cannot be read is refused with a sentence."""

import pytest

from service.judge.condition import parse


@pytest.mark.parametrize(
    ("text", "true", "expected"),
    [
        ("always", set(), True),
        ("a", {"a"}, True),
        ("a and not b", {"a"}, True),
        ("a and not b", {"a", "b"}, False),
        ("a or b and c", {"a"}, True),
        ("(a or b) and c", {"a"}, False),
        ("not (a or b)", set(), True),
        ("visit_type == 'x'", {"visit_type=x"}, True),
        ("visit_type in ('x','y')", {"visit_type=y"}, True),
        ("visit_type in ('x','y')", {"visit_type=z"}, False),
        ("a and b and c", {"a", "b"}, False),
        ("a or b or c", {"c"}, True),
    ],
)
def test_a_condition_reads_as_it_is_written(text: str, true: set[str], expected: bool) -> None:
    assert parse(text).compiled()(true) is expected


def test_the_names_of_a_condition_are_known() -> None:
    assert sorted(parse("a and not (b or visit_type == 'x')").names()) == ["a", "b", "visit_type=x"]


@pytest.mark.parametrize(
    "text", ["", "and", "a b", "a and", "(a", "a)", "not", "a == b", "a; import os", "a in ('x'", "__import__('os')"]
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="condition"):
        parse(text)
