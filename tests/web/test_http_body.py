"""The exact bytes of a body: media types, limits, gzip, a bomb that costs nothing; and what is no record is kept."""

import gzip
import tracemalloc

import pytest

from service.errors import BodyTooLarge, MalformedJson
from service.web import body
from tests.support.api_client import RECORD, VISIT, World, problem, record
from tests.support.factories import encode


async def test_anything_but_json_is_415(small_world: World):
    await small_world.plan()
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=gbk",
        "application/jsonx",
        "",
    ):
        answer = await small_world.submit(record(), content_type=kind)
        assert problem(answer) == (415, "wrong-media-type"), kind


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_json_in_utf_8_may_say_so(small_world: World, kind):
    await small_world.plan()
    assert (await small_world.submit(record(), content_type=kind)).status_code == 201


async def test_gzip_is_unpacked_and_other_encodings_are_415(small_world: World):
    await small_world.plan()
    packed = gzip.compress(b'{"id":"%s"}' % str(RECORD).encode())
    assert problem(await small_world.submit(packed, content_encoding="br")) == (415, "wrong-media-type")
    assert problem(await small_world.submit(packed, content_encoding="gzip, gzip")) == (415, "wrong-media-type")
    assert problem(await small_world.submit(packed, content_encoding="gzip")) == (422, "invalid-body")


async def test_what_is_kept_is_what_was_packed(small_world: World):
    await small_world.plan()
    raw = b'{"later":"field", "id":"%s","visit":"%s",' % (str(RECORD).encode(), str(VISIT).encode())
    raw += b'"checklist":"onsite@1","entries":[]}'
    assert (await small_world.submit(gzip.compress(raw), content_encoding="gzip")).status_code == 201
    kept = await small_world.ask("li", "GET", f"/v1/records/{RECORD}/body")
    assert kept.content == raw
    assert (await small_world.submit(raw)).json()["replayed"] is True


async def test_broken_gzip_is_refused_and_kept(small_world: World):
    for broken in (gzip.compress(b"{}" * 100)[:-4], b"\x1f\x8b\x08 nonsense"):
        answer = await small_world.submit(broken, content_encoding="gzip")
        assert problem(answer) == (400, "malformed-json")
        assert answer.json()["quarantine"]


async def test_a_length_over_the_limit_is_refused_before_reading():
    async def receive():
        raise AssertionError("it was read")

    scope = {"headers": [(b"content-type", b"application/json"), (b"content-length", b"5000")]}
    with pytest.raises(BodyTooLarge):
        await body.read_json_body(scope, receive, 4000)


async def test_an_unannounced_body_is_cut_off_at_the_limit():
    chunks = 0

    async def receive():
        nonlocal chunks
        chunks += 1
        return {"type": "http.request", "body": b" " * 1000, "more_body": True}

    with pytest.raises(BodyTooLarge):
        await body.read_json_body({"headers": [(b"content-type", b"application/json")]}, receive, 4000)
    assert chunks == 5


async def test_a_body_that_breaks_off_is_not_taken():
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive():
        return next(messages)

    with pytest.raises(MalformedJson):
        await body.read_json_body({"headers": [(b"content-type", b"application/json")]}, receive, 4000)


async def test_a_bomb_costs_no_memory(small_world: World):
    bomb = gzip.compress(b"\0" * 50_000_000, 9)[:3900]
    tracemalloc.start()
    answer = await small_world.submit(bomb, content_encoding="gzip")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert problem(answer) == (413, "body-too-large")
    assert most < 2_000_000


async def test_gzip_has_one_member(small_world: World):
    await small_world.plan()
    raw = encode(record())
    for packed in (gzip.compress(raw) + gzip.compress(b""), gzip.compress(b"") + gzip.compress(raw)):
        answer = await small_world.submit(packed, content_encoding="gzip")
        assert problem(answer) == (400, "malformed-json")
        assert answer.json()["quarantine"]
    assert (await small_world.submit(gzip.compress(raw), content_encoding="gzip")).status_code == 201


async def test_who_shows_no_token_sends_little_and_packs_nothing(world: World):
    wrong = {"login": "li", "password": "x"}
    assert problem(await world.ask(None, "POST", "/v1/session", wrong)) == (403, "sign-in-failed")
    packed = gzip.compress(encode(wrong))
    answer = await world.ask(None, "POST", "/v1/session", packed, content_encoding="gzip")
    assert problem(answer) == (415, "wrong-media-type")
    long = encode(wrong) + b" " * 8192
    assert problem(await world.ask(None, "POST", "/v1/session", long)) == (413, "body-too-large")


async def test_answers_are_packed_when_the_client_takes_that(small_world: World):
    plain = await small_world.ask("li", "GET", "/v1/checklists/onsite/1", accept_encoding="identity")
    packed = await small_world.ask("li", "GET", "/v1/checklists/onsite/1", accept_encoding="br, gzip;q=0.5")
    refused = await small_world.ask("li", "GET", "/v1/checklists/onsite/1", accept_encoding="gzip;q=0")
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in refused.headers
    assert packed.content == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]


async def test_a_checklist_is_fetched_once(small_world: World):
    first = await small_world.ask("li", "GET", "/v1/checklists/onsite/1")
    assert "immutable" in first.headers["cache-control"]
    again = await small_world.ask("li", "GET", "/v1/checklists/onsite/1", if_none_match=first.headers["etag"])
    assert again.status_code == 304
    assert again.content == b""


async def test_a_record_without_an_id_or_a_media_type_is_kept_too(world: World) -> None:
    await world.plan(area="城东")
    raw = encode(record())
    asked = (
        ("not-a-uuid", {}, (404, "not-found")),
        ("%00" + "a" * 300, {}, (404, "not-found")),
        (str(RECORD), {"content_type": "text/plain"}, (415, "wrong-media-type")),
        (str(RECORD), {"content_encoding": "br"}, (415, "wrong-media-type")),
    )
    kept: list[str] = []
    for number, (name, headers, told) in enumerate(asked):
        answer = await world.ask("li", "PUT", f"/v1/records/{name}", raw + b" " * number, **headers)
        assert problem(answer) == told
        kept.append(answer.json()["quarantine"])
    assert len(set(kept)) == 4
    for who in ("zhao", None):
        answer = await world.ask(who, "PUT", "/v1/records/not-a-uuid", raw)
        assert "quarantine" not in answer.json()  # nobody who submits records
    found = {one["id"]: one for one in (await world.ask("wang", "GET", "/v1/quarantine")).json()["items"]}
    assert [found[one]["path_id"] for one in kept] == [
        "not-a-uuid",
        "\ufffd" + "a" * 99,
        str(RECORD),
        str(RECORD),
    ]
    for number, one in enumerate(kept):
        look = await world.ask("wang", "GET", f"/v1/quarantine/{one}?reason=x")
        assert look.content == raw + b" " * number
    take = {"decision": "take", "reason": "手机有误"}
    assert (await world.ask("wang", "PUT", f"/v1/quarantine/{kept[2]}/decision", take)).status_code == 200


async def test_what_was_packed_is_kept_unpacked_whatever_it_says_to_be(world: World) -> None:
    raw = encode(record())
    answer = await world.submit(gzip.compress(raw), content_type="text/plain", content_encoding="gzip")
    assert problem(answer) == (415, "wrong-media-type")
    look = await world.ask("wang", "GET", f"/v1/quarantine/{answer.json()['quarantine']}?reason=x")
    assert look.content == raw
