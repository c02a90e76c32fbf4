"""`scripts/judge.mjs` prints what `doorstep judge` prints, and refuses what it refuses."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.example_visits import FOLDER, NAMES
from tests.support.javascript_judge import CHECKLIST, run_node
from tests.support.nodejs import HERE

PROGRAM = HERE.parent / "scripts" / "judge.mjs"
VECTORS = json.loads((CHECKLIST.parent / "judgement-vectors.json").read_bytes())["cases"]
Printed = tuple[int, bytes, str]


def printed(done: subprocess.CompletedProcess[bytes]) -> Printed:
    return done.returncode, done.stdout, done.stderr.decode()


def by_doorstep(*arguments: str | Path, given: bytes = b"") -> Printed:
    command = [sys.executable, "-m", "service", "judge", *map(str, arguments)]
    return printed(subprocess.run(command, input=given, capture_output=True, check=False))


def by_node(*arguments: str | Path, given: bytes = b"") -> Printed:
    return printed(run_node(PROGRAM, *arguments, given=given))


def test_files_are_judged_alike() -> None:
    files = [FOLDER / f"{name}.json" for name in NAMES]
    ours = by_doorstep(*files)
    assert ours[0] == 0
    assert by_node(*files) == ours


def test_lines_of_standard_input_are_judged_alike() -> None:
    lines = [json.dumps({key: case[key] for key in ("visit", "entries", "now")}).encode() for case in VECTORS]
    ours = by_doorstep("-", given=b"\n\n".join(lines))
    assert ours[1].count(b"\n") == len(VECTORS)
    assert by_node("-", given=b"\n\n".join(lines)) == ours


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    story = FOLDER / "S08.json"
    code, out, error = by_node(tmp_path / "none.json", story)
    assert (code, out) == by_doorstep(tmp_path / "none.json", story)[:2] == (2, by_doorstep(story)[1])
    assert error.startswith(f"{tmp_path / 'none.json'}: cannot be read: ")


def test_another_checklist_may_be_given(tmp_path: Path) -> None:
    content = json.loads(CHECKLIST.read_bytes()) | {"version": 2}
    content["items"] = [item for item in content["items"] if item["id"] != "borrow_cleaned"]
    (tmp_path / "other.json").write_text(json.dumps(content), "utf-8")
    bundle = json.loads((FOLDER / "S08.json").read_bytes())
    bundle["visit"]["checklist"] = "onsite@2"
    code, out, _ = by_node("--checklist", tmp_path / "other.json", "-", given=json.dumps(bundle).encode())
    assert code == 0
    known = json.loads(by_doorstep(FOLDER / "S08.json")[1])
    kept = [finding for finding in known["findings"] if finding["item"] != "borrow_cleaned"]
    assert json.loads(out)["findings"] == kept != known["findings"]


def test_without_a_file_it_says_how_it_is_used() -> None:
    code, out, error = by_node()
    assert (code, out) == (2, b"")
    assert error.startswith("usage: ")


PLAIN: dict[str, Any] = {
    "visit": {"id": "v", "type": "repair_leak"},
    "entries": [{"id": "e", "at": "2026-03-02T09:00:00Z", "by": "technician", "what": "arrived"}],
    "now": "2026-03-02T12:00:00Z",
}


def changed(path: str, value: Any) -> bytes:
    """The plain bundle with one value replaced, or removed if it is `...`."""
    bundle = json.loads(json.dumps(PLAIN))
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("/"))
    place = bundle
    for step in steps:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(bundle).encode()


ACCEPTED = {
    "unknown fields": changed("visit/unknown", [{"x": 2**80}]),
    "nulls": changed("entries/0/fields", {"a": None, "constructor": 1.0, "__proto__": True, "b": -0.0, "c": 2**53}),
    "an unknown item": changed("entries/0/what", "constructor"),
    "characters beyond the BMP": changed("entries/0/id", "😀" * 64),
    "a shifted year": changed("now", "2100-12-31T23:59:59-12:00"),
    "no offset's colon": changed("now", "2026-03-02t12:00:00.5+0800"),
    "a negative tick": changed("entries/0/tick", -(2**53)),
    "many inspectors": changed("visit/inspectors", 10**40),
    "a withdrawal of nothing": changed("entries/0", {"id": "e", "at": PLAIN["now"], "by": "office", "withdraws": ""}),
    "the checklist": changed("visit/checklist", "onsite@1"),
    "a byte order mark": b"\xef\xbb\xbf" + changed("now", PLAIN["now"]),
    "half a pair": changed("entries/0/label", "水表旁\ud83d"),
    "half a pair in an id": changed("visit/id", "\udc00v\ud800"),
    "half a pair in a name": changed("entries/0/fields", {"\ud800": 1}),
}
REFUSED = {
    "nothing": b"{}",
    "a list": b"[]",
    "not JSON": b"{",
    "not UTF-8": b'{"visit": "\xff"}',
    "U+0000": changed("entries/0/label", "\0"),
    "a number out of range": changed("now", 1).replace(b'"now": 1', b'"now": 1e400'),
    "not a number": changed("visit/inspectors", float("nan")),
    "another checklist": changed("visit/checklist", "onsite@2"),
    "another type": changed("visit/type", "constructor"),
    "no type": changed("visit/type", ...),
    "no now": changed("now", ...),
    "now without an offset": changed("now", "2026-03-02T12:00:00"),
    "a year before 2000": changed("now", "1999-12-31T23:59:59Z"),
    "a year after 2100": changed("entries/0/at", "2101-01-01T00:00:00Z"),
    "rounded into 2101": changed("entries/0/at", "2100-12-31T23:59:59.9999995Z"),
    "a late claim": changed("entries/0/claimed_at", "2200-01-01T00:00:00Z"),
    "an early photo": changed("entries/0/evidence", [{"kind": "photo", "taken_at": "1970-01-01T00:00:00Z"}]),
    "a late date": changed("visit/due", {"left": "9999-01-01T00:00:00Z"}),
    "no id": changed("entries/0/id", ...),
    "an empty id": changed("entries/0/id", ""),
    "a long id": changed("entries/0/id", "😀" * 65),
    "an unknown author": changed("entries/0/by", "system"),
    "about nothing": changed("entries/0/what", ""),
    "null for a text": changed("entries/0/what", None),
    "null for a list": changed("entries/0/evidence", None),
    "null for fields": changed("entries/0/fields", None),
    "a capital thing": changed("entries/0/thing", "Chair"),
    "a thing and a line feed": changed("entries/0/thing", "chair\n"),
    "a truth as text": changed("entries/0/holds", "true"),
    "perhaps": changed("entries/0/says", "perhaps"),
    "a tick with a fraction": changed("entries/0/tick", 1.0),
    "an inexact tick": changed("entries/0/tick", 2**53 + 1),
    "an inexact answer": changed("entries/0/fields", {"a": 2**53 + 1}),
    "a great answer": changed("entries/0/fields", {"a": 1e16}),
    "a nested answer": changed("entries/0/fields", {"a": [1]}),
    "a long answer": changed("entries/0/fields", {"a": "x" * 2001}),
    "a long name": changed("entries/0/fields", {"x" * 101: 1}),
    "many answers": changed("entries/0/fields", dict.fromkeys(map(str, range(101)))),
    "much evidence": changed("entries/0/evidence", [{"kind": "photo"}] * 201),
    "evidence of no kind": changed("entries/0/evidence", [{}]),
    "a wrong digest": changed("entries/0/evidence", [{"kind": "photo", "sha256": "g" * 64}]),
    "beyond the pole": changed("entries/0/place", {"lat": 1e10, "lon": 0}),
    "nowhere": changed("entries/0/place", {"lat": 1}),
    "waived by nobody": changed("entries/0/waived", {"reason": "x"}),
    "an unknown outcome": changed("entries/0/refused", {"outcome": "gone"}),
    "half a window": changed("visit/window", {"from": PLAIN["now"]}),
    "moved to nowhere": changed("visit/rescheduled", [{"at": PLAIN["now"]}]),
    "perhaps exempt": changed("visit/assigned", {"appointment_exempt": 1}),
    "one and a half": changed("visit/inspectors", 1.5),
}


@pytest.fixture(scope="module")
def both() -> tuple[Printed, Printed]:
    given = b"\n".join([*ACCEPTED.values(), *REFUSED.values()])
    return by_doorstep("-", given=given), by_node("-", given=given)


def test_the_same_bundles_are_refused_at_the_same_places(both: tuple[Printed, Printed]) -> None:
    (code, out, error), theirs = both
    assert (code, out.count(b"\n")) == (2, len(ACCEPTED))
    assert theirs[:2] == (code, out)
    places = [[line.split(": ")[:3] for line in text.splitlines()] for text in (error, theirs[2])]
    assert len(places[0]) == len(REFUSED)
    for name, ours, other in zip(REFUSED, *places, strict=True):
        assert ours[:2] == other[:2], name
        assert ours[2][:1] != "/" or ours[2] == other[2], name
