"""Statements by two implementations: in Python, and in JavaScript for phones."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from service.judge.statements import canonical_bytes
from tests.support import vectors
from tests.support.example_visits import RULES
from tests.support.javascript_judge import CHECKLIST as PUBLISHED
from tests.support.javascript_judge import MODULES, changed_modules, run_node
from tests.support.nodejs import HERE

CHECKLIST = msgspec.to_builtins(RULES.checklist)
TABLES = {table["id"]: table for table in CHECKLIST["statements"]}
ITEMS = {item["id"]: item for item in CHECKLIST["items"]}
THINGS = {table: ITEMS.get(one.get("signs"), {}).get("per") == "thing" for table, one in TABLES.items()}
VISIT = {"id": "0190f5c2-0000-7000-8000-00000000000a", "type": "repair_leak", "checklist": RULES.checklist.name}
AT = [f"2026-03-02T09:0{minute}:00+08:00" for minute in range(6)]
AT += [
    "2026-03-02T01:02:00Z",
    "2026-03-01T21:32:00-03:30",
    "2026-03-02T09:02:00.000001+08:00",
    "2026-03-02T01:02:00.5z",
]
TICKS = [0, 1, 60_000, 60_000, 120_000, 240_000, -60_000, 2**53, -(2**53), None]
REASONS = ["抄错了", "错", "错", "\u200b", "", " ", "\u3000\t", None]
ODD = [{}] * 20 + ["withdrawal"] * 3 + ["bare withdrawal"] * 3
ODD += [{"what": "work_started"}, {"what": "own_damage"}, {"what": "unknown"}, {"what": "site_cleared"}, {"id": "e0"}]
ODD += [{"thing": "door"}, {"thing": None}, {"by": "customer"}, {"by": "office"}, {"session": "s1"}, {"tick": 5}]
ODD += [{"holds": False}, {"holds": True}, {"says": "yes"}, {"says": "no", "by": "customer"}, {"says": None}]
ODD += [{"waived": {"by": "customer", "reason": "不用"}}, {"refused": {"reason": ""}}, {"refused": None}]
CHARACTERS = (
    "aé표가\u0301\u0316\u1100\u1161\u11a8\u212b\u2126\u0344\u0958\ufb2c\U0001d15e\uf900\u00b3"  # NFC changes them
    " \t\n\v\f\r\u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\ufeff"  # trimmed
    "\x1c\x1f\x85\u180e\u200b\u2060\0"  # not trimmed, whatever other languages do
    '"\\/\b\x7f<&\ud7ff\uffff\ue000\U0001f600\U00020bb7\U0010ffff'  # written in some way of its own
)


def in_javascript(cases: list[dict[str, Any]], modules: Path = MODULES) -> list[dict[str, Any]]:
    """The document, canonical text and digest of every case."""
    given = json.dumps({"cases": cases}).encode()
    done = run_node(HERE / "phone" / "statement.mjs", modules, PUBLISHED, given=given)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def by_node(cases: list[dict[str, Any]], modules: Path = MODULES) -> list[str]:
    """The canonical text of every case, by the implementation in JavaScript."""
    return [made["canonical"] for made in in_javascript(cases, modules)]


def texts() -> st.SearchStrategy[str]:
    """Not what this Python's Unicode lacks (Cn): what has no composition yet may have one in Node's."""
    return st.text(st.sampled_from(CHARACTERS), max_size=6) | st.text(
        st.characters(exclude_categories=["Cn", "Cs"]), max_size=100
    )


def times() -> st.SearchStrategy[str]:
    """Texts like times, and almost."""
    written = st.sampled_from(
        ["2026-03-16T18:00:00+08:00", "2026-03-06T08:05Z", "0001-12-31T23:59", "2026-13-32T99:99", "2026-03-16"]
    )
    near = st.sampled_from(
        [" 2026-03-16T18:00", "2026-03-16_18:00", "2026-03-16T18.00", "２０２６-03-16T18:00", "2026-٠٣-16T18:00"]
    )
    return written | near | st.builds("".join, st.tuples(written, texts()))


def answers() -> st.SearchStrategy[str | int | float | bool | None]:
    numbers = st.floats(-(2.0**53), 2.0**53) | st.integers(-(2**53), 2**53)
    edges = st.sampled_from([-0.0, 0, 5e-324, 1e-7, 1e-6, 1e15, 123456789012345.6, 2.0**53, 2**53, 2**53 - 1, 0.1])
    choices = st.sampled_from(["glass", "frost", "agrees", "charged", "restore", "glass ", "Glass", ""])
    return numbers | edges | choices | texts() | times() | st.booleans() | st.none()


def pieces() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"kind": st.sampled_from(["photo", "photo", "text", "text", "notice", "number", "signature"])},
        optional={
            "sha256": st.sampled_from(["a" * 64, "b" * 64, "c" * 64]),
            "text": texts(),
            "number": texts() | st.just("TZ-0001"),
            "lost": st.booleans(),
        },
    )


@st.composite
def bodies(draw: st.DrawFn, number: int, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """An entry, mostly an act of an item of the statement; what seldom happens is one choice of many."""
    item = draw(st.sampled_from(lines))["item"]
    asked = [line["field"] for line in lines if line["item"] == item and "field" in line] or ["other"]
    at = draw(st.sampled_from(AT))
    body: dict[str, Any] = {"id": f"e{number}", "what": item, "by": "technician", "thing": "tile", "at": at}
    body["fields"] = {name: draw(answers()) for name in draw(st.lists(st.sampled_from(asked), max_size=3))}
    body["evidence"] = draw(st.lists(pieces(), max_size=3))
    if draw(st.booleans()):
        body |= {"session": draw(st.sampled_from(["s1", "s1", "s2", ""])), "tick": draw(st.sampled_from(TICKS))}
    if draw(st.booleans()):
        body["received_at"] = draw(st.sampled_from(AT))
    match draw(st.sampled_from(ODD)):
        case "withdrawal":
            body |= {"withdraws": f"e{draw(st.integers(0, number + 1))}", "reason": draw(st.sampled_from(REASONS))}
        case "bare withdrawal":
            body |= {"withdraws": f"e{draw(st.integers(0, number + 1))}", "reason": "抄错了"}
            del body["what"]
        case odd:
            body |= odd
    return body


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    table = draw(st.sampled_from(list(TABLES.values())))
    count = draw(st.integers(1, 7))
    history = [draw(bodies(number, table["lines"])) for number in range(count)]
    case = {"statement": table["id"], "visit": VISIT, "entries": history}
    if THINGS[table["id"]]:
        case["thing"] = "tile"
    if draw(st.booleans()):
        case["until"] = draw(st.sampled_from(AT))
    return case


def case(statement: str, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A case by hand: an entry each minute."""
    full = [{"id": f"e{n}", "by": "technician", "at": AT[n], **entry} for n, entry in enumerate(entries)]
    return {"statement": statement, "visit": VISIT, "entries": full, **more}


def read(value: Any, **more: Any) -> dict[str, Any]:
    return {"what": "meter_damage_photo", "fields": {"reading": value}, **more}


def promised(deadline: str) -> dict[str, Any]:
    return case("rectification", {"what": "rectification_left", "fields": {"deadline": deadline}})


def slip(of: str, reason: str = "错", **more: Any) -> dict[str, Any]:
    return {"withdraws": of, "reason": reason, **more}


def said(*texts: str) -> dict[str, Any]:
    return {"what": "meter_cause_analysed", "evidence": [{"kind": "text", "text": text} for text in texts]}


HARD = [  # what chance finds seldom, and the file of vectors has not
    case("meter_damage", read(1), slip("e0")),
    case("meter_damage", read(1), slip("e0", by="office")),
    case("meter_damage", read(1), slip("e0", at=AT[0])),
    case("meter_damage", slip("e1", at=AT[0]), read(1)),
    case("meter_damage", read(1), read(None)),
    case("meter_damage", read(1, session="s", tick=120_000), read(2, session="s", tick=0)),
    # once the start of a session's clock is withdrawn, the clock starts elsewhere, and a slip may be too early
    case(
        "meter_damage",
        read(1, session="s", tick=0),
        read(2, session="s", tick=60_000, at=AT[5]),
        slip("e0"),
        slip("e1", at=AT[3]),
    ),
    # an unknown entry takes the id; an own entry of a fact that names no thing starts no clock, another does
    case("meter_damage", {"what": "unknown"}, read(1, id="e0")),
    case("meter_damage", {"what": "own_damage", "session": "s", "tick": 0}, read(1, session="s", tick=60_000), read(2)),
    case("meter_damage", {"what": "left", "session": "s", "tick": 0}, read(1, session="s", tick=180_000), read(2)),
    case("meter_damage", said("A\u030a", "\u212b", " \u00c5")),
    case("own_damage", {"what": "own_damage_recorded", "fields": {"what": "无名"}}, thing="tile"),
]


def draw(count: int) -> list[dict[str, Any]]:
    """Cases in one batch, so that Node starts once for all of them."""
    batch: list[dict[str, Any]] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(cases())
    def keep(case: dict[str, Any]) -> None:
        batch.append(case)

    keep()
    return batch


@pytest.fixture(scope="module")
def batch() -> list[dict[str, Any]]:
    return [*HARD, *draw(150)]


def ours(case: dict[str, Any]) -> str:
    return canonical_bytes(vectors.made(RULES, case).document).decode()


def test_our_code_makes_what_the_vectors_say() -> None:
    given = vectors.PATH.read_bytes()
    assert vectors.updated_vectors(given) == given


def test_the_other_implementation_makes_what_the_vectors_say() -> None:
    known = json.loads(vectors.PATH.read_bytes())["cases"]
    expected = [{part: case[part] for part in ("document", "canonical", "sha256")} for case in known]
    assert in_javascript(known) == expected


def test_both_make_the_same_bytes_of_any_entries(batch: list[dict[str, Any]]) -> None:
    for case, other in zip(batch, by_node(batch), strict=True):
        assert ours(case) == other, json.dumps(case)


def test_our_bytes_are_those_of_a_library_for_rfc_8785(batch: list[dict[str, Any]]) -> None:
    for case in batch:
        document = vectors.made(RULES, case).document
        assert canonical_bytes(document) == rfc8785.dumps(msgspec.to_builtins(document)), json.dumps(case)


EASILY_APART = {
    "a small t": promised("2026-03-16t18:00"),
    "a blank for T": promised("2026-03-16 18:00"),
    "zeros only": promised("2026-00-00T00:00"),
    "a reason of U+FEFF": case("meter_damage", read(1), slip("e0", "\ufeff")),
    "a reason of U+001C": case("meter_damage", read(1), slip("e0", "\x1c")),
    "a reason of U+0085": case("meter_damage", read(1), slip("e0", "\x85")),
}


@pytest.mark.parametrize("name", EASILY_APART)
def test_where_languages_easily_differ_both_say_the_same(name: str) -> None:
    assert by_node([EASILY_APART[name]]) == [ours(EASILY_APART[name])]


CHANGED = {
    "nothing is composed": (".normalize('NFC')", ""),
    "nothing is trimmed": (".normalize('NFC').trim()", ".normalize('NFC')"),
    "what comes with the signature is too late": ("act.time <= until", "act.time < until"),
    "the list's order goes before the time": (".sort(compare);", ";"),
    "the first answer counts": ("answers[answers.length - 1][name]", "answers[0][name]"),
    "evidence is repeated": ("[...new Set(texts)]", "texts"),
    "other things count too": ("ofThing = rule.perThing ? thing : null", "ofThing = rule.perThing ? 'tile' : null"),
    "nothing can be withdrawn": ("withdrawn.add(target)", "withdrawn.add(null)"),
    "a refusal is an act": ("waived != null || refused != null) return;", "waived != null) return;"),
    "choices stay as they are": ("choices.find(choice => choice.id === value)?.zh ?? value", "value"),
    "zeros stay before months": ("Number(time[2])", "time[2]"),
    "numbers have two places": ("`${value} ${unit}`", "`${value.toFixed(2)} ${unit}`"),
    "null leaves the answer before": ("fields => hasOwn(fields, name)", "fields => fields[name] != null"),
    "a session's ticks are nothing": ("(BigInt(tick) - BigInt(anchor.tick)) * 1000n", "0n"),
    "keys are not sorted": (".sort(([a], [b]) => (a < b ? -1 : 1))", ""),
}


@pytest.mark.parametrize("rule", CHANGED)
def test_a_changed_rule_is_noticed(rule: str, tmp_path: Path) -> None:
    known = [*json.loads(vectors.PATH.read_bytes())["cases"], *HARD]
    assert by_node(known, changed_modules(tmp_path, *CHANGED[rule])) != [ours(case) for case in known]
