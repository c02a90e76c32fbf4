"""What its writer took back counts nowhere: not for the judge, not for the appointment, not for an absence."""

import pytest

from service.judge.timeline import withdrawn_ids
from tests.support.example_visits import entry

SLIP = entry("09:00", "nobody_home", id="slip")


@pytest.mark.parametrize(
    ("more", "gone"),
    [
        ({"reason": "写错"}, {"slip"}),
        ({"reason": " \u3000\ufeff"}, set()),  # blank as a phone sees it
        ({"reason": "\x1c"}, {"slip"}),  # not blank, though Python would strip it
        ({"reason": None}, set()),
        ({"reason": "不对", "by": "dispatcher"}, set()),  # nobody takes back another's word
        ({"reason": "早了", "at": "08:59"}, set()),
    ],
)
def test_an_entry_is_taken_back_by_its_own_writer_with_a_reason(more: dict[str, str], gone: set[str]) -> None:
    at, by, more = more.get("at", "09:01"), more.get("by", "technician"), {n: more[n] for n in more if n == "reason"}
    assert withdrawn_ids([SLIP, entry(at, "", by, id="w", withdraws="slip", **more)]) == gone


def test_without_withdrawals_nothing_is_gone() -> None:
    assert withdrawn_ids([SLIP]) == set()
