"""What a statement said when an entry came is the same, however it is worked out."""

from random import Random
from typing import Any

import msgspec
import pytest

from service.judge.entries import Entry
from service.judge.past import History, StatementHistory
from service.judge.statements import render_statement
from service.judge.timeline import Timeline, to_microseconds
from service.judge.visit import Visit
from tests.support.example_visits import clock
from tests.support.vectors import rules

READY = rules()
NOW = to_microseconds(msgspec.convert({"id": "-", "at": clock("12:00"), "by": "office", "what": "left"}, Entry).at)
WHATS = ("meter_damage_photo", "meter_cause_analysed", "meter_order_signed", "rectification_left", "damage_made_good")


def entry(chance: Random, number: int, *, slips: bool, clocks: bool) -> Entry:
    """An entry at any time, that says anything; maybe the same id again, a withdrawal, or on a session's clock."""
    pieces = [
        {"kind": "text", "text": f"t{chance.randrange(5)}"},
        {"kind": "photo", "sha256": f"{chance.randrange(5):064x}"},
        {"kind": "notice", "number": f"{chance.randrange(3)}"},
    ]
    given: dict[str, Any] = {
        "id": f"e{number if chance.random() < 0.95 else chance.randrange(number + 1)}",
        "at": clock(f"09:{chance.randrange(60):02d}"),
        "by": chance.choice(["technician", "customer"]),
        "what": (what := chance.choice(WHATS)),
        "evidence": chance.sample(pieces, chance.randrange(3)),
        "fields": {name: f"{chance.randrange(4)}" for name in ("cause", "number", "how") if chance.random() < 0.3},
    }
    if what == "damage_made_good":
        given["thing"] = chance.choice(["a", "b", None])
    if slips and chance.random() < 0.2:
        given |= {"withdraws": f"e{chance.randrange(number + 3)}", "reason": "x"}
    if clocks and chance.random() < 0.7:
        given |= {"session": chance.choice("st"), "tick": chance.randrange(3_600_000)}
    return msgspec.convert(given, Entry)


@pytest.mark.parametrize("slips", [False, True])
@pytest.mark.parametrize("clocks", [False, True])
def test_each_moment_is_as_if_it_were_read_anew(slips: bool, clocks: bool):
    chance, visit, different = Random(4), Visit(id="v", type="repair_leak"), 0
    for _ in range(50):
        entries = [entry(chance, n, slips=slips, clocks=clocks) for n in range(chance.randrange(3, 25))]
        read = Timeline(READY, entries, NOW)
        past = History(READY, entries, read)
        for table in READY.checklist.statements:
            for thing in (None, "a"):
                sheet = StatementHistory(past, visit, render_statement(READY, table, "v", read, thing))
                for mark in (mark for marks in read.acts.values() for mark in marks):
                    then = render_statement(READY, table, "v", read, thing, mark[0]).sha256
                    early = Timeline(READY, entries[: mark[1] + 1], NOW)
                    came = render_statement(READY, table, "v", early, thing, mark[0]).sha256
                    assert (sheet.at_moment(mark[0]), sheet.on_arrival(mark)) == (then, came)
                    different += then != came
    assert different > 150  # else nothing would have been tried
