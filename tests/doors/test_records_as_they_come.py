"""A record with a byte order mark or half of a character counts: its bytes stay, and all who read it read the same."""

import json
from hashlib import sha256
from uuid import UUID

import pytest

from service.judge.statements import plain_text
from service.readable_json import readable
from tests.support import example_visits as stories
from tests.support.api_client import RECORD, VISIT, World, record
from tests.support.factories import a_plan, encode, said
from tests.support.javascript_judge import judge_in_javascript, judge_in_python

HALF = {
    b'"\\ud83d"': "\ufffd",
    b'"a\\uDE00b"': "a\ufffdb",
    b'"\\ud83d\\ud83d\\ude00"': "\ufffd\U0001f600",
    b'"\\ud83d\\ude00"': "\U0001f600",
    b'"\\\\ud83d"': "\\ud83d",
    b'"\\\\\\ud83d"': "\\\ufffd",
    b'"\\ud83d\\n"': "\ufffd\n",
    b'"\\ude00\\ud83d"': "\ufffd\ufffd",
    b'"\\"\\ud83d"': '"\ufffd',
}


@pytest.mark.parametrize(("written", "read"), HALF.items())
def test_half_a_character_is_read_as_one_that_is_unknown(written: bytes, read: str) -> None:
    assert json.loads(readable(written)) == read
    assert json.loads(readable(b"\xef\xbb\xbf" + written)) == read


def test_other_json_stays_as_it_is() -> None:
    for raw in (b"", b"{}", b'{"a": "\\u4e2d\\ud83d\\ude00"}', "水表".encode(), b"\xff\\u0041"):
        assert readable(raw) == raw


RECORDS = {
    "a byte order mark": b"\xef\xbb\xbf" + encode(record()),
    "half a character": encode(record(entries=[said("09:05", "arrived", label="L")])).replace(
        b'"L"', b'"\\u6c34\\ud83d"'
    ),
    "half in what nobody knows": encode(record(later="L")).replace(b'"L"', b'"\\udc00"'),
    "both": b"\xef\xbb\xbf" + encode(record(app="L")).replace(b'"L"', b'"\\ud83d"'),
}


@pytest.mark.parametrize("name", RECORDS)
async def test_such_a_record_counts_and_its_bytes_stay(world: World, name: str) -> None:
    raw = RECORDS[name]
    await world.plan()
    receipt = await world.submit(raw)
    assert receipt.status_code == 201, receipt.text
    assert receipt.json()["sha256"] == sha256(raw).hexdigest()
    assert (await world.submit(raw)).json()["replayed"]
    assert (await world.ask("li", "GET", f"/v1/records/{RECORD}/body")).content == raw
    entries = (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()["entries"]
    assert "arrived" in [entry["what"] for entry in entries]
    assert (await world.ask("li", "GET", "/v1/agenda")).json()["unreadable"] == []


async def test_it_is_taken_out_of_quarantine_too(world: World) -> None:
    raw = RECORDS["both"]
    kept = UUID((await world.submit(raw)).json()["quarantine"])  # there is no visit yet
    await world.plan()
    taken = await world.ask(
        "wang", "PUT", f"/v1/quarantine/{kept}/decision", {"decision": "take", "reason": "任务已补建"}
    )
    assert taken.status_code == 200, taken.text
    assert (await world.ask("li", "GET", f"/v1/records/{RECORD}/body")).content == raw


async def test_bodies_of_the_office_may_begin_with_the_mark(world: World) -> None:

    raw = b"\xef\xbb\xbf" + encode(a_plan(external_ref="L")).replace(b'"L"', b'"GD-1\\ud83d"')
    for status in (201, 200):
        answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", raw)
        assert answer.status_code == status, answer.text
    moved = {"from": "2026-03-02T14:00:00+08:00", "to": "2026-03-02T15:00:00+08:00", "reason": "改"}
    answer = await world.ask(
        "zhao", "PUT", f"/v1/visits/{VISIT}/window", b"\xef\xbb\xbf" + encode(moved), if_match='"0"'
    )
    assert answer.status_code == 200
    assert (await world.ask("zhao", "GET", "/v1/visits?q=GD-1")).json()["items"]


def test_both_judges_read_the_same() -> None:
    bundle = json.loads((stories.FOLDER / "S04.json").read_bytes())
    texts = 0
    for entry in bundle["entries"]:
        entry["label"] = "水表\ud83d"
        for piece in entry.get("evidence", ()):
            if "text" in piece:
                piece["text"] += "\udc00"
                texts += 1
        for key, value in entry.get("fields", {}).items():
            entry["fields"][key] = f"{value}\ud800" if isinstance(value, str) else value
    assert texts
    raw = json.dumps({name: bundle[name] for name in ("visit", "entries", "now")}).encode()
    assert b"\\ud83d" in raw
    (judged,) = judge_in_javascript([raw])
    assert judged == judge_in_python(readable(raw))
    assert plain_text("\ufffd").encode() in judged
