"""Records over HTTP, on both engines: receipts, replay, and everything that can be wrong with one."""

import asyncio
import gzip
from hashlib import sha256
from typing import Any

import httpx
import msgspec
import pytest

from service.accounts import repository as accounts_repository
from service.app import litestar
from service.web.access_log import access_log_middleware
from tests.support.api_client import RECORD, VISIT, World, problem, record
from tests.support.factories import encode, said, uid


async def test_a_record_is_answered_with_a_receipt(world: World):
    assert (await world.plan()).status_code == 201
    raw = encode(record())
    answer = await world.submit(raw)
    assert answer.status_code == 201
    receipt = answer.json()
    assert receipt["record"] == str(RECORD)
    assert receipt["visit"] == str(VISIT)
    assert receipt["sha256"] == sha256(raw).hexdigest()
    assert receipt["state"] == "complete"
    assert receipt["verdict"] == "non_compliant"
    assert receipt["replayed"] is False
    assert {"code", "kind", "item", "thing", "severity", "clause", "message", "entries"} == set(receipt["findings"][0])
    assert (await world.ask("li", "GET", f"/v1/records/{RECORD}")).json() == receipt | {"replayed": True}
    assert (await world.ask("li", "GET", f"/v1/records/{RECORD}/body")).content == raw


async def test_the_same_bytes_again_give_the_receipt_again_and_others_are_409(world: World):
    await world.plan()
    first = await world.submit(record())
    again = await world.submit(record())
    assert again.status_code == 200
    assert again.json() == first.json() | {"replayed": True}
    assert problem(await world.submit(record(app="other"))) == (409, "content-differs")


async def test_repeated_at_the_same_time_it_is_kept_once(world: World):
    await world.plan()
    answers = await asyncio.gather(*(world.submit(record()) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len((await world.ask("li", "GET", f"/v1/visits/{VISIT}")).json()["records"]) == 1


async def test_a_technician_touches_only_his_own_visits(world: World):
    await world.plan()
    assert problem(await world.submit(record(), who="sun")) == (403, "not-your-visit")
    assert (await world.submit(record())).status_code == 201
    assert problem(await world.ask("sun", "GET", f"/v1/records/{RECORD}")) == (404, "not-found")
    assert problem(await world.ask("sun", "GET", f"/v1/records/{RECORD}/body")) == (404, "not-found")
    assert problem(await world.ask("sun", "GET", f"/v1/visits/{VISIT}")) == (404, "not-found")
    assert problem(await world.ask("sun", "GET", f"/v1/visits/{VISIT}/judgement")) == (404, "not-found")
    assert problem(await world.submit(record(), who="zhao")) == (403, "not-allowed")


BAD: dict[str, tuple[Any, tuple[int, str]]] = {
    "not JSON": (b"visit", (400, "malformed-json")),
    "empty": (b"", (400, "malformed-json")),
    "truncated": (encode(record())[:-5], (400, "malformed-json")),
    "two documents": (encode(record()) * 2, (400, "malformed-json")),
    "not UTF-8": (encode(record(app="x")).replace(b'"x"', b'"\xff"'), (400, "malformed-json")),
    "NaN": (encode(record(app="x")).replace(b'"x"', b"NaN"), (400, "malformed-json")),
    "too deep": (b'{"later":' + b"[" * 100_000, (400, "malformed-json")),
    "a number for text": (record(checklist=1), (422, "invalid-body")),
    "a text for a number": (record(entries=[said("09:05", "arrived", tick="1")]), (422, "invalid-body")),
    "0 for false": (record(entries=[said("09:05", "arrived", holds=0)]), (422, "invalid-body")),
    "a list": ([record()], (422, "invalid-body")),
    "a time without offset": (
        record(entries=[said("09:05", "arrived") | {"at": "2026-03-02T09:05:00"}]),
        (422, "invalid-body"),
    ),
    "U+0000": (record(app="a\0b"), (422, "invalid-body")),
    "an id that is no UUID": (record(entries=[said("09:05", "arrived", id="1")]), (422, "invalid-body")),
    "another id than in the path": (record(id=str(uid("other"))), (422, "id-mismatch")),
    "an unknown visit": (record(visit=str(uid("other"))), (404, "unknown-visit")),
    "an unknown checklist": (record(checklist="onsite@99"), (422, "unknown-checklist")),
    "5,000 entries": (
        record(entries=[said("09:05", "arrived", id=str(uid(str(n)))) for n in range(5000)]),
        (422, "too-many-entries"),
    ),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_input_is_a_clear_problem_and_nothing_is_lost(world: World, name: str):
    await world.plan()
    content, expected = BAD[name]
    raw = content if isinstance(content, bytes) else encode(content)
    answer = await world.submit(raw)
    assert problem(answer) == expected
    kept = answer.json()["quarantine"]
    assert (await world.submit(raw)).json()["quarantine"] == kept
    assert (await world.submit(gzip.compress(raw), content_encoding="gzip")).json()["quarantine"] == kept
    assert (await world.ask("wang", "GET", f"/v1/quarantine/{kept}?reason=look")).content == raw
    assert (await world.submit(record())).status_code == 201


async def test_of_duplicate_keys_the_last_wins_and_the_bytes_are_kept(world: World):
    await world.plan()
    raw = encode(record()).replace(b'{"id"', b'{"visit":"x","id"', 1)
    assert (await world.submit(raw)).status_code == 201
    assert (await world.ask("li", "GET", f"/v1/records/{RECORD}/body")).content == raw


async def test_ten_megabytes_are_refused_before_reading(world: World):
    assert problem(await world.submit(b" " * 10_000_000)) == (413, "body-too-large")


async def test_a_person_who_left_is_out_on_the_next_request(world: World):
    await world.plan()
    assert (await world.submit(record())).status_code == 201
    await world.ctx.db.write(lambda tx: accounts_repository.deactivate(tx, "li", 1))
    for answer in (await world.submit(record()), await world.ask("li", "GET", "/v1/me")):
        assert problem(answer) == (401, "not-signed-in")


async def test_the_shortcut_answers_as_the_handler_does(small_world: World):
    await small_world.plan()
    transport = httpx.ASGITransport(access_log_middleware(litestar(small_world.ctx, 4000)))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://doorstep.test") as client:
        plain = World(small_world.ctx, client)
        for content, headers in (
            (record(), {}),
            (record(app="other"), {}),
            (b"{", {}),
            (record(), {"content_type": "text/plain"}),
            (b" " * 5000, {}),
        ):
            answers = [await one.submit(content, **headers) for one in (small_world, plain, small_world)]
            told = [(answer.status_code, answer.headers["content-type"], answer.json()) for answer in answers]
            assert told[1] == told[2]
        assert problem(await plain.submit(record(), who="nobody")) == problem(
            await small_world.submit(record(), who="nobody")
        )


async def test_who_i_am_and_what_i_may_do(small_world: World):
    assert (await small_world.ask("li", "GET", "/v1/me")).json() == {
        "login": "li",
        "name": "李",
        "roles": ["technician"],
        "areas": ["城东"],
        "may": [
            "see own visits",
            "submit a record",
            "see own records",
            "see own devices",
            "attach evidence",
            "explain findings",
        ],
        "csrf": None,
    }


async def test_visits_are_listed_filtered_and_paged(world: World):
    for number in range(60):
        await world.plan(uid(f"visit {number}"))
    first = (await world.ask("zhao", "GET", "/v1/visits")).json()
    rest = (await world.ask("zhao", "GET", f"/v1/visits?after={first['after']}")).json()
    assert len({one["id"] for one in first["items"] + rest["items"]}) == 60
    assert rest["after"] is None
    assert (await world.ask("sun", "GET", "/v1/visits")).json()["items"] == []
    window = "from=2026-03-02T09:00:00%2B08:00&to=2026-03-02T09:00:01+08:00"  # the second + is not escaped, and meant
    assert len((await world.ask("li", "GET", f"/v1/visits?{window}")).json()["items"]) == 50
    for query in (
        "colour=red",
        "type=a&type=b",
        "from=yesterday",
        "after=x",
        "type=%00",
        "type=%ff",
        "from=2026-03-02T09:00:00",
    ):
        assert problem(await world.ask("zhao", "GET", f"/v1/visits?{query}")) == (400, "invalid-query"), query


async def test_the_office_writes_entries_and_the_judgement_is_told_at_any_moment(world: World):
    await world.plan()
    entries = {"entries": [said("08:00", "appointment_agreed", by="dispatcher")]}
    path = f"/v1/visits/{VISIT}"
    assert (await world.ask("zhao", "POST", f"{path}/entries", entries)).status_code == 201
    assert (await world.ask("zhao", "POST", f"{path}/entries", entries)).status_code == 200
    entries["entries"][0]["label"] = "other"
    assert problem(await world.ask("zhao", "POST", f"{path}/entries", entries)) == (409, "entry-changed")
    await world.submit(record())
    assert (await world.ask("wang", "GET", f"{path}/judgement")).json()["verdict"] == "non_compliant"
    before = await world.ask("wang", "GET", f"{path}/judgement?at=2026-03-02T08:30:00%2B08:00")
    assert before.json()["verdict"] is None
    assert problem(await world.ask("wang", "GET", f"{path}/judgement?at=noon")) == (400, "invalid-query")


async def test_quarantine_is_decided_with_a_reason(world: World):
    await world.plan()
    early = await world.submit(record(visit=str(uid("later"))))
    kept = early.json()["quarantine"]
    assert problem(await world.ask("li", "GET", "/v1/quarantine")) == (403, "not-allowed")
    assert [one["id"] for one in (await world.ask("wang", "GET", "/v1/quarantine")).json()["items"]] == [kept]
    assert problem(await world.ask("wang", "GET", f"/v1/quarantine/{kept}")) == (400, "invalid-query")
    await world.plan(uid("later"))
    decided = await world.ask(
        "wang", "PUT", f"/v1/quarantine/{kept}/decision", {"decision": "take", "reason": "补建任务"}
    )
    assert decided.status_code == 200
    assert decided.json()["receipt"]["record"] == str(RECORD)
    again = await world.ask("wang", "PUT", f"/v1/quarantine/{kept}/decision", {"decision": "discard", "reason": "x"})
    assert problem(again) == (409, "already-decided")


async def test_a_whole_published_checklist_is_fetched(world: World):
    listed = (await world.ask("li", "GET", "/v1/checklists")).json()["items"]
    assert [(one["id"], one["version"]) for one in listed] == [("onsite", "1")]
    fetched = await world.ask("li", "GET", "/v1/checklists/onsite/1")
    assert sha256(fetched.content).hexdigest() == listed[0]["sha256"]
    assert len(msgspec.json.decode(fetched.content)["items"]) == 72
    for path in ("onsite/2", "other/1", "onsite/%00"):
        assert problem(await world.ask("li", "GET", f"/v1/checklists/{path}")) == (404, "not-found")


async def test_one_id_is_one_thing_with_one_leaf(world: World) -> None:
    assert (await world.plan()).status_code == 201
    assert problem(await world.submit(record(VISIT), VISIT)) == (409, "content-differs")
    assert (await world.submit(record())).status_code == 201
    assert problem(await world.plan(RECORD)) == (409, "content-differs")
    assert (await world.submit(record())).status_code == 200
