"""What comes in has its bounds: texts, numbers, times, bodies of strangers. A record beyond them is kept apart."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.support.api_client import VISIT, World, problem, record
from tests.support.factories import said, uid
from tests.support.fake_gateway import stand
from tests.support.openapi_document import JSON, OPERATIONS, operations_taking, resolve_schema

ENTRY = said("09:10", "p_fee_told_first")
WITHOUT_AN_END = {"entries"}  # as many as DOORSTEP_MAX_ENTRIES says
FREE = {"device_clock"}  # kept as it came, whatever it is


def unbounded(schema: dict[str, Any], place: str) -> Iterator[str]:
    """Places of texts and lists to whose length the document sets no end."""
    schema = resolve_schema(schema)
    for one in schema.get("anyOf", ()):
        yield from unbounded(one, place)
    for name, one in schema.get("properties", {}).items():
        if name not in FREE:
            yield from unbounded(one, f"{place}/{name}")
    if schema.get("type") == "string":
        ends = schema.keys() & {"maxLength", "enum", "format", "const"} or "}$" in schema.get("pattern", "")
        yield from () if ends else (place,)
    if schema.get("type") == "array":
        if not schema.keys() & {"maxItems"} and place.rpartition("/")[2] not in WITHOUT_AN_END:
            yield place
        for one in schema.get("prefixItems") or [schema["items"]]:
            yield from unbounded(one, f"{place}/*")
    more = schema.get("additionalProperties")
    if isinstance(more, dict):
        yield from unbounded(more, f"{place}/*")
        if "maxProperties" not in schema or "maxLength" not in schema.get("propertyNames", {}):
            yield place


def test_every_text_list_and_mapping_that_comes_in_has_an_end():
    found = [
        place
        for name in operations_taking(JSON)
        for place in unbounded(OPERATIONS[name][2]["requestBody"]["content"][JSON]["schema"], name)
    ]
    assert found == []
    for name, (_, _, operation) in OPERATIONS.items():
        for one in operation.get("parameters", ()):
            if one["in"] != "header":
                assert list(unbounded(one["schema"], f"{name}?{one['name']}")) == []
    assert list(unbounded({"type": "object", "properties": {"x": {"type": "string"}}}, "")) == ["/x"]


@pytest.mark.parametrize("name", [one for one in operations_taking(JSON) if OPERATIONS[one][2].get("security") == []])
async def test_who_shows_no_token_sends_no_more_than_the_document_says(world: World, name: str):
    path, method, operation = OPERATIONS[name]
    most = int(operation["requestBody"]["description"].split()[2])
    assert most == (800_000 if name == "answer_confirmation" else 8192)
    url = path.replace("{token}", "x").replace("{code}", "x")
    for size, too_much in ((most, False), (most + 1, True)):
        given = await world.ask(None, method, url, b"{}" + b" " * (size - 2))
        assert (given.status_code == 413) == too_much, given.text
    packed = await world.ask(None, method, url, b"{}", content_encoding="gzip")
    assert problem(packed) in ((415, "wrong-media-type"), (404, "not-found"))


def sent(name: str, **more: Any) -> tuple[UUID, dict[str, Any]]:
    """A record with one entry that says more."""
    entry = {**ENTRY, "id": str(uid(name)), **more}
    return uid(f"r {name}"), record(uid(f"r {name}")) | {"entries": [said("09:05", "arrived"), entry]}


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"at": "1999-12-31T23:59:59Z"}, "/entries/1/at"),
        ({"at": "2101-01-01T00:00:00+14:00"}, "/entries/1/at"),
        ({"at": "9999-12-31T23:59:59Z"}, "/entries/1/at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "/entries/1/at"),
        ({"claimed_at": "9999-12-31T23:59:59Z"}, "/entries/1/claimed_at"),
        (
            {"evidence": [{"kind": "x"}, {"kind": "x", "taken_at": "1970-01-01T00:00:00Z"}]},
            "/entries/1/evidence/1/taken_at",
        ),
        ({"fields": {"amount": 2**53 + 1}}, "/entries/1/fields"),
        ({"fields": {"amount": -(10**310)}}, "/entries/1/fields"),
        ({"fields": {"amount": 1e16}}, "/entries/1/fields"),
        ({"fields": {"amount": "x" * 2001}}, "/entries/1/fields"),
        ({"fields": {"x" * 101: 1}}, "/entries/1/fields"),
        ({"fields": {str(n): n for n in range(101)}}, "/entries/1/fields"),
        ({"evidence": [{"kind": "text", "text": "x" * 5001}]}, "/entries/1/evidence/0/text"),
        ({"evidence": [{"kind": "text"}] * 201}, "/entries/1/evidence"),
        ({"place": {"lat": 1e10, "lon": 0}}, "/entries/1/place/lat"),
    ],
    ids=str,
)
async def test_a_record_beyond_its_bounds_is_kept_apart(world: World, more: dict[str, Any], pointer: str):
    await world.plan()
    number, content = sent("beyond", **more)
    raw = json.dumps(content).encode()
    answer = await world.submit(raw, number)
    assert problem(answer) == (422, "invalid-body")
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    kept = await world.ask("wang", "GET", f"/v1/quarantine/{answer.json()['quarantine']}?reason=x")
    assert kept.content == raw
    number, content = sent("beyond")
    assert (await world.submit(content, number)).status_code == 201  # the next one is none the worse


@pytest.mark.parametrize(
    "more",
    [
        {"at": "2000-01-01T00:00:00+14:00"},
        {"at": "2100-12-31T23:59:59-12:00"},
        {"fields": {"amount": 2**53}},
        {"fields": {"amount": -(2.0**53)}},
        {"fields": {"amount": 5e-324}},
        {"fields": {"amount": "字" * 2000}},
        {"evidence": [{"kind": "text", "text": "字" * 5000}]},
        {"evidence": [{"kind": "text", "text": f"{n}"} for n in range(200)]},
        {"place": {"lat": 91, "lon": -200, "accuracy_m": -1}},
    ],
    ids=lambda more: str(more)[:60],
)
async def test_what_is_just_within_is_taken_and_shown(world: World, more: dict[str, Any]):
    await world.plan()
    link = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["token"]
    number, content = sent("within", **more)
    assert (await world.submit(content, number)).status_code == 201
    for who, path in (
        ("zhao", f"/v1/visits/{VISIT}"),
        ("li", "/v1/agenda"),
        ("zhao", "/v1/visits"),
        (None, f"/c/{link}"),
    ):
        assert (await world.ask(who, "GET", path)).status_code == 200, path


FAR = {"from": "9999-12-31T22:00:00Z", "to": "9999-12-31T23:59:59Z"}
EARLY = {"from": "0001-01-01T00:00:00+08:00", "to": "2026-03-02T10:00:00+08:00"}


async def test_a_plan_is_of_these_years(world: World):
    for more, pointer in (
        ({"window": FAR}, "/window/from"),
        ({"window": EARLY}, "/window/from"),
        ({"due": {"own_damage_told": "9999-12-31T23:59:59Z"}}, "/due/own_damage_told"),
    ):
        answer = await world.plan(**more)
        assert problem(answer) == (422, "invalid-body")
        assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert (await world.plan()).status_code == 201
    moved = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/window", {**FAR, "reason": "x"}, if_match='"0"')
    assert problem(moved) == (422, "invalid-body")
    due = {"own_damage_restored": "1970-01-01T00:00:00Z"}
    dated = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/due", due, if_match='"0"')
    assert problem(dated) == (422, "invalid-body")
    last = {"from": "2100-12-31T22:00:00Z", "to": "2100-12-31T23:00:00-12:00", "reason": "x"}
    assert (await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/window", last, if_match='"0"')).status_code == 200
    link = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["token"]
    for who, path in (("zhao", f"/v1/visits/{VISIT}/notice"), (None, f"/c/{link}"), ("li", "/v1/agenda")):
        assert (await world.ask(who, "GET", path)).status_code == 200, path


async def test_a_time_that_is_asked_for_is_of_these_years(world: World):
    await world.plan()
    for path in (f"/v1/visits/{VISIT}/judgement?at=", "/v1/visits?from=", "/v1/visits?to="):
        for at in ("0001-01-01T00:00:00%2B08:00", "1999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"):
            assert problem(await world.ask("zhao", "GET", path + at)) == (400, "invalid-query")
        assert (await world.ask("zhao", "GET", f"{path}2100-12-31T23:59:59Z")).status_code == 200


async def test_a_parameter_of_the_query_has_an_end(world: World):
    for name in ("technician", "area", "q", "after"):
        assert problem(await world.ask("zhao", "GET", f"/v1/visits?{name}={'x' * 201}")) == (400, "invalid-query")


async def test_a_row_of_a_table_beyond_its_bounds_is_refused_by_its_column(world: World):
    head = "工单号,类型,开始,结束,技术员,姓名,电话,地址,户号,工作内容"
    good = ["A-1", "repair_leak", "2026-03-02 09:00", "2026-03-02 10:00", "li", "陶", "138", "路 1 号", "1", "检修"]
    rows = [
        (6, "1" * 101, "电话"),
        (7, "路" * 501, "地址"),
        (8, "1" * 101, "户号"),
        (3, "9998-03-02 10:00", "结束"),
        (0, "A" * 101, "工单号"),
    ]
    numbered = [[f"A-{n}", *good[1:]] for n in range(2, 2 + len(rows))]
    lines = [",".join([*one[:at], text, *one[at + 1 :]]) for one, (at, text, _) in zip(numbered, rows, strict=True)]
    table = "\n".join([head, *lines, ",".join(good)]).encode()
    answer = await world.ask("zhao", "POST", "/v1/imports", table, content_type="text/csv")
    assert answer.status_code == 200
    told = answer.json()["rows"]
    assert [[one["column"] for one in row["faults"]] for row in told[:-1]] == [[column] for *_, column in rows]
    assert told[-1]["outcome"] == "created"


async def test_a_recipient_ends_with_its_line(world: World):
    stand(world.ctx, "07:00")
    await world.plan()
    for to in ("a@b.example\n", "a@b.example\r\n", "\n", " ", "a\nb"):
        answer = await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/notice", {"channel": "email", "to": to})
        assert problem(answer) == (422, "invalid-body"), to
    taken = await world.ask(
        "zhao", "POST", f"/v1/visits/{VISIT}/notice", {"channel": "email", "to": " 陶 <a@b.example>"}
    )
    assert taken.status_code == 201


async def test_a_password_has_an_end(world: World):
    code = (await world.ask("admin", "POST", "/v1/invitations", {"person": "zhao"})).json()["code"]
    path = f"/v1/invitations/{code}/password"
    assert problem(await world.ask(None, "PUT", path, {"password": "字ab\U0001f600" * 65})) == (422, "invalid-body")
    form = {"content_type": "application/x-www-form-urlencoded"}
    long = b"code=%s&password=%s&again=%s" % (code.encode(), b"a" * 1025, b"a" * 1025)
    assert (await world.ask(None, "POST", "/invitation", long, **form)).status_code == 422
    password = "e\u0301" + "".join(chr(0x4E00 + 7 * number) for number in range(98)) + "\U0001f600"
    assert (await world.ask(None, "PUT", path, {"password": password})).status_code == 200
    same = password.replace("e\u0301", "é")
    for given, status in ((password, 204), (same, 204), (same + "x", 403)):
        answer = await world.ask(None, "POST", "/v1/session", {"login": "zhao", "password": given})
        assert answer.status_code == status
