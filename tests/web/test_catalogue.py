"""Whatever a page says in Chinese it can say in English."""

import re
from typing import Any

import pytest
from babel.messages.catalog import Catalog

from scripts.page_catalogue import catalogue, faults, texts


def test_every_text_has_its_english_and_no_english_is_left_over() -> None:
    assert list(faults(catalogue(), texts())) == [], "run scripts/catalogue, and write the English"


def of(*messages: tuple[str, str]) -> Catalog:
    found = Catalog(locale="en")
    for chinese, english in messages:
        found.add(chinese, english)
    return found


@pytest.mark.parametrize(
    ("english", "fault"),
    [
        (of(), "missing: 您好 %(name)s"),
        (of(("您好 %(name)s", "")), "empty: 您好 %(name)s"),
        (of(("您好 %(name)s", "Hello")), "other placeholders: 您好 %(name)s"),
        (of(("您好 %(name)s", "Hello %(nane)s")), "other placeholders: 您好 %(name)s"),
        (of(("您好 %(name)s", "Hello %(name)s"), ("再见", "Goodbye")), "unused: 再见"),
    ],
)
def test_a_catalogue_that_does_not_fit_is_found(english: Catalog, fault: str) -> None:
    assert list(faults(english, of(("您好 %(name)s", "")))) == [fault]


def test_a_text_that_somebody_has_to_look_at_again_is_found() -> None:
    english = of(("您好", "Hello"))
    english["您好"].flags.add("fuzzy")
    assert list(faults(english, of(("您好", "")))) == ["to be looked at: 您好"]


def test_texts_are_found_in_templates_and_in_code() -> None:
    found = {message.id for message in texts()}
    assert {"拨打热线 %(hotline)s", "没有找到这个页面"} <= found


def test_no_english_text_repeats_itself() -> None:
    repeated = re.compile(r"(.{9,}?)\1+", re.DOTALL)
    strings = [one for message in catalogue() for one in strings_of(message.string)]
    assert len(strings) > 100
    assert [one for one in strings if repeated.fullmatch(one)] == []
    assert repeated.fullmatch("Your name. Your name. ")


def strings_of(value: Any) -> tuple[str, ...]:
    """A text, or the singular and the plural."""
    return (value,) if isinstance(value, str) else tuple(value)
