"""What a record said that the server did not understand is named in its receipt, and nothing is refused for it."""

from datetime import timedelta
from typing import Any, get_args

import pytest

from service.visits.notes import MAX_NOTES, NoteCode
from tests.support.api_client import VISIT, World, record
from tests.support.factories import encode, uid

SHA = "a" * 64
STRANGE: list[tuple[dict[str, Any], str, str]] = [
    ({"metre": 4}, "/entries/0/metre", "unknown-field"),
    ({"evidence": [{"kind": "photo", "sha256": SHA, "size": 4}]}, "/entries/0/evidence/0/size", "unknown-field"),
    ({"place": {"lat": 1, "lon": 2, "height": 3}}, "/entries/0/place/height", "unknown-field"),
    ({"waived": {"by": "technician", "reason": "急", "why": "?"}}, "/entries/0/waived/why", "unknown-field"),
    ({"x" * 65: 1}, "/entries/0", "unknown-field"),
    ({"fields": {"colour": "red"}}, "/entries/0/fields/colour", "unknown-answer"),
    ({"evidence": [{"kind": "foto"}]}, "/entries/0/evidence/0/kind", "unknown-evidence"),
    ({"evidence": [{"kind": "photo"}]}, "/entries/0/evidence/0", "incomplete-evidence"),
    ({"thing": "chair"}, "/entries/0/thing", "needless-thing"),
    ({"what": "borrowed"}, "/entries/0/what", "missing-thing"),
    ({"what": "borrow_returned"}, "/entries/0/what", "missing-thing"),
    ({"withdraws": str(uid("nobody")), "reason": "点错"}, "/entries/0/withdraws", "withdraws-nothing"),
    ({"withdraws": str(uid("second")), "reason": " "}, "/entries/0/withdraws", "withdraws-nothing"),
    ({"place": {"lat": 931.2, "lon": 121}}, "/entries/0/place", "no-place"),
    ({"place": {"lat": 0, "lon": 0.0}}, "/entries/0/place", "no-place"),
    ({"place": {"lat": 30.2, "lon": -180.5}}, "/entries/0/place", "no-place"),
    ({"evidence": [{"kind": "gps", "lat": 0.00001, "lon": -0.00001}]}, "/entries/0/evidence/0", "no-place"),
    ({"evidence": [{"kind": "gps", "lat": 91, "lon": 120}]}, "/entries/0/evidence/0", "no-place"),
    ({"evidence": [{"kind": "gps", "lat": 30.2}]}, "/entries/0/evidence/0", "no-place"),
    ({"at": timedelta(minutes=3)}, "/entries/0/at", "time-ahead"),
    ({"at": timedelta(days=-32)}, "/entries/0/at", "time-behind"),
]


async def receipt_of(world: World, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await world.submit({**record(), "entries": list(entries), **more})
    assert answer.status_code == 201, answer.text
    again = await world.submit({**record(), "entries": list(entries), **more})
    assert again.json()["notes"] == answer.json()["notes"]
    return answer.json()


def entry(world: World, name: str, what: str = "id_shown", **more: Any) -> dict[str, Any]:
    at = more.pop("at", timedelta())
    return {"id": str(uid(name)), "at": (world.ctx.now() + at).isoformat(), "what": what, "by": "technician", **more}


@pytest.mark.parametrize(("more", "pointer", "code"), STRANGE)
async def test_what_was_not_understood_is_named(world: World, more: dict[str, Any], pointer: str, code: str) -> None:
    await world.plan()
    first = entry(world, "first", **more)
    receipt = await receipt_of(world, first, entry(world, "second", "greeted"))
    assert receipt["notes"] == [{"pointer": pointer, "code": code}]


async def test_the_office_is_shown_a_place_that_is_none(world: World) -> None:
    await world.plan()
    await receipt_of(world, entry(world, "first", place={"lat": 30.25, "lon": 120.16}))
    assert "no_place" not in (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()["flags"]
    gps = [{"kind": "gps", "lat": 931.2, "lon": 121}]
    other = {**record(uid("o")), "entries": [entry(world, "second", evidence=gps)]}
    assert (await world.submit(other, uid("o"))).status_code == 201
    assert "no_place" in (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()["flags"]
    (found,) = (await world.ask("zhao", "GET", "/v1/visits?flag=no_place")).json()["items"]
    assert found["id"] == str(VISIT)


async def test_what_the_record_itself_does_not_know_is_named_too(world: World) -> None:
    await world.plan()
    receipt = await receipt_of(world, entry(world, "first"), battery=5)
    assert receipt["notes"] == [{"pointer": "/battery", "code": "unknown-field"}]


async def test_a_record_that_is_understood_has_no_notes(world: World) -> None:
    await world.plan()
    slip = entry(world, "slip", "borrowed", thing="chair", label="椅子")
    taken_back = entry(world, "back", withdraws=slip["id"], reason="点错")
    photo = entry(world, "photo", evidence=[{"kind": "photo", "sha256": SHA}])
    assert (await receipt_of(world, slip, taken_back, photo))["notes"] == []


async def test_every_code_is_produced_and_notes_have_a_bound(world: World) -> None:
    assert {code for _, _, code in STRANGE} == set(get_args(NoteCode))
    await world.plan()
    many = [entry(world, f"n{number}", thing="chair") for number in range(MAX_NOTES + 5)]
    assert len((await receipt_of(world, *many))["notes"]) == MAX_NOTES


async def test_an_unknown_field_nested_too_deeply_is_a_note(world: World) -> None:
    await world.plan()
    raw = encode({**record(), "entries": [entry(world, "first", deep="HERE")]})
    answer = await world.submit(raw.replace(b'"HERE"', b"[" * 400 + b"]" * 400))
    assert answer.status_code == 201, answer.text
    assert [note["code"] for note in answer.json()["notes"]] == ["unknown-field"]


async def test_an_entry_sent_again_is_the_same_whatever_else_is_in_its_record(world: World) -> None:
    await world.plan()
    photo = entry(world, "photo", evidence=[{"kind": "photo", "sha256": SHA}], place={"lat": 1, "lon": 2})
    strange = await receipt_of(world, {**photo, "metre": 4})
    assert [note["code"] for note in strange["notes"]] == ["unknown-field"]
    answer = await world.submit({**record(), "id": str(uid("again")), "entries": [photo]}, uid("again"))
    assert answer.status_code == 201, answer.text
    assert (answer.json()["notes"], answer.json()["ignored"]) == ([], [])
