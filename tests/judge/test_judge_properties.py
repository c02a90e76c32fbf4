"""What holds for the judge whatever is written: laws, tried with random visits."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from service.judge.entries import Entry
from service.judge.findings import Judgement
from service.judge.judge import judge
from service.judge.visit import Visit
from tests.support.example_visits import RULES, clock, visit

START = datetime.fromisoformat(clock("08:00"))
NOW = START + timedelta(hours=10)
ITEMS, FACTS = sorted(RULES.by_id), sorted(RULES.facts)
KINDS = ["photo", "text", "gps", "signature", "notice", "number", "message_log", "customer_confirm", "hologram"]


def evidence() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"kind": st.sampled_from(KINDS)},
        optional={
            "sha256": st.sampled_from(["a" * 64, "b" * 64]),
            "text": st.text(max_size=3),
            "number": st.just("N1"),
            "channel": st.just("sms"),
            "relation": st.sampled_from(["tenant", "neighbour"]),
        },
    )


def bodies(seconds: st.SearchStrategy[int]) -> st.SearchStrategy[dict[str, Any]]:
    reason = st.sampled_from([None, "", " ", "有原因"])
    people = st.sampled_from(["technician", "technician", "customer", "dispatcher", "supervisor", "office"])
    return st.fixed_dictionaries(
        {
            "at": seconds.map(lambda s: (START + timedelta(seconds=s)).isoformat()),
            "by": people,
            "what": st.sampled_from([*ITEMS, *FACTS, "unknown_item"]),
        },
        optional={
            "thing": st.sampled_from(["a", "b"]),
            "holds": st.booleans(),
            "says": st.sampled_from(["yes", "no"]),
            "evidence": st.lists(evidence(), max_size=2),
            "fields": st.dictionaries(
                st.sampled_from(["old_reading", "cause"]), st.sampled_from([1, -1, "x", None, 1e15]), max_size=1
            ),
            "waived": st.fixed_dictionaries({"by": people, "reason": reason}),
            "refused": st.fixed_dictionaries({"reason": reason}),
            "via": st.sampled_from(["record", "link"]),
            "claimed_at": st.just(clock("08:00")),
            "tick": st.integers(-(2**53), 2**53) | st.integers(0, 10_000),
            "session": st.sampled_from(["s1", "s2"]),
            "withdraws": st.sampled_from(["e0", "e1", "e2", "e3"]),
            "reason": reason,
        },
    )


@st.composite
def histories(draw: st.DrawFn, distinct: bool = False) -> list[Entry]:
    """Entries with ids e0, e1, …; `distinct`: no two at the same time, and no clocks."""
    seconds = st.integers(0, 36_000)
    drawn = draw(st.lists(bodies(seconds), max_size=14, unique_by=(lambda b: b["at"]) if distinct else None))
    if distinct:
        for body in drawn:
            body.pop("session", None)
    return [msgspec.convert({**body, "id": f"e{number}"}, Entry) for number, body in enumerate(drawn)]


def visits() -> st.SearchStrategy[Visit]:
    types = sorted(RULES.checklist.visit_types)
    flags = ["appointment_exempt", "inspector_on_site", "meter_exchanged", "disconnection"]
    moved = [{"at": clock("08:30"), "from": clock("12:00"), "to": clock("13:00")}]
    return st.builds(
        visit,
        st.sampled_from(types),
        assigned=st.dictionaries(st.sampled_from(flags), st.booleans()),
        policies=st.dictionaries(st.sampled_from([i for i in ITEMS if i.startswith("p_")]), st.booleans()),
        rescheduled=st.sampled_from([[], moved]),
        due=st.dictionaries(st.sampled_from(["damage_made_good", "damage_made_good[a]"]), st.just(clock("12:00"))),
        exempt_reason=st.sampled_from([None, "有原因"]),
    )


def codes(judgement: Judgement) -> list[str]:
    return sorted(f"{f.severity} {f.code}" for f in judgement.findings)


@given(visits(), histories(distinct=True), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_entries_in_the_list_does_not_matter(visit: Visit, entries: list[Entry], random: Any) -> None:
    shuffled = entries[:]
    random.shuffle(shuffled)
    assert judge(RULES, visit, shuffled, NOW) == judge(RULES, visit, entries, NOW)


@given(visits(), histories(), bodies(st.integers(36_001, 90_000)), st.integers(0, 14))
@settings(max_examples=150, deadline=None)
def test_an_entry_after_now_changes_nothing(
    visit: Visit, entries: list[Entry], body: dict[str, Any], place: int
) -> None:
    late = msgspec.convert({**body, "id": "e1"}, Entry)  # even with the id of another
    before = judge(RULES, visit, entries, NOW)
    after = judge(RULES, visit, [*entries[:place], late, *entries[place:]], NOW)
    assert (after.verdict, after.findings) == (before.verdict, before.findings)


@given(visits(), histories(), bodies(st.integers(0, 36_000)))
@settings(max_examples=300, deadline=None)
def test_withdrawing_what_was_added_restores_the_findings(
    visit: Visit, entries: list[Entry], body: dict[str, Any]
) -> None:
    body.pop("withdraws", None)  # a withdrawal cannot be withdrawn
    body.pop("session", None)
    added = msgspec.convert({**body, "id": "added"}, Entry)
    slip = msgspec.structs.replace(added, id="slip", withdraws="added", reason="点错了")
    before = judge(RULES, visit, entries, NOW)
    after = judge(RULES, visit, [*entries, added, slip], NOW)
    assert (after.verdict, after.findings) == (before.verdict, before.findings)


@given(visits(), histories(), st.integers(-100_000, 100_000))
@settings(max_examples=400, deadline=None)
def test_the_judge_never_raises_and_every_finding_can_be_shown(visit: Visit, entries: list[Entry], shift: int) -> None:
    judgement = judge(RULES, visit, entries, NOW + timedelta(seconds=shift))
    shown = RULES.speaker.format(judgement.findings, {})
    ids = {entry.id for entry in entries}
    assert all(finding.message.zh and set(finding.entries) <= ids for finding in shown)
    order = {rule.id: number for number, rule in enumerate(RULES.rules)}
    places = [
        order.get(finding.item, -1) for finding in shown if finding.kind not in ("undeclared", "waived", "bad_waiver")
    ]
    assert places == sorted(places)


@given(visits(), histories())
@settings(max_examples=150, deadline=None)
def test_nothing_changes_until_the_moment_the_judge_names(visit: Visit, entries: list[Entry]) -> None:
    now = START + timedelta(hours=2)
    judgement = judge(RULES, visit, entries, now)
    if judgement.until is None:
        later = now + timedelta(days=30)
    else:
        later = datetime.fromtimestamp(judgement.until // 1_000_000, START.tzinfo) - timedelta(seconds=1)
    assert codes(judge(RULES, visit, entries, max(later, now))) == codes(judgement)


@given(visits(), histories(distinct=True))
@settings(max_examples=150, deadline=None)
def test_things_may_be_called_anything(visit: Visit, entries: list[Entry]) -> None:
    names = {"a": "zz", "b": "0"}
    renamed = [msgspec.structs.replace(e, thing=names.get(e.thing or "", e.thing)) for e in entries]
    due = {key.replace("[a]", "[zz]"): at for key, at in visit.due.items()}
    before = [code.replace("[a]", "[zz]").replace("[b]", "[0]") for code in codes(judge(RULES, visit, entries, NOW))]
    after = codes(judge(RULES, msgspec.structs.replace(visit, due=due), renamed, NOW))
    assert sorted(before) == after
