"""The customer's confirmation by his link: statement, signature, refusal, answers, raised facts. On both engines."""

import asyncio
import hashlib
import json
from base64 import b64encode
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from tests.support import example_visits as stories
from tests.support.api_client import VISIT, World, problem
from tests.support.customer import SIGNER, STROKES, Customer, example_customer
from tests.support.factories import uid
from tests.support.fake_gateway import set_up, stand


async def test_the_statement_is_the_canonical_document_that_its_digest_names(world: World) -> None:
    tao = await example_customer(world, "S04")
    seen = await tao.seen()
    assert seen["statement"]["statement"] == "meter_damage"
    assert hashlib.sha256(rfc8785.dumps(seen["statement"])).hexdigest() == seen["statement_sha256"]
    assert seen["level"] is None
    assert seen["visit"]["phone"] == "138****0000"


async def test_s04_signed_on_the_phone_then_confirmed_by_link_and_code(world: World) -> None:
    tao = await example_customer(world, "S04")
    assert await tao.judged() == []
    assert [one["level"] for one in _signatures(await tao.whole())] == ["phone"]
    await tao.enters()
    seen = await tao.seen()
    assert (seen["level"], seen["visit"]["phone"]) == ("own_device", "13800000000")
    assert (await tao.signs()).status_code == 200
    whole = await tao.whole()
    assert (whole["judgement"]["verdict"], await tao.judged()) == ("compliant", [])
    (signature,) = _signatures(whole)
    assert (signature["level"], signature["state"], signature["signer"]) == ("own_device", "holds", "陶先生")
    entry = next(one for one in whole["entries"] if one["id"] == signature["entry"])
    assert (entry["by"], entry["via"]) == ("customer", "link")
    assert {piece["kind"] for piece in entry["evidence"]} == {"signature", "customer_confirm"}
    picture = await world.ask("wang", "GET", f"/v1/evidence/{signature['sha256']}")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")


def _signatures(whole: dict[str, Any]) -> list[dict[str, Any]]:
    return [one["signature"] for one in whole["statements"] if one["signature"]]


async def test_s04r_refused_at_the_door_stays_open_and_may_be_signed_later(world: World) -> None:
    tao = await example_customer(world, "S04R")
    refused = ["open open.meter_cause_confirmed", "open open.meter_order_signed"]
    assert await tao.judged() == refused
    (paper,) = [one for one in (await tao.whole())["statements"] if one["signs"]]
    (declined,) = paper["declined"]
    assert (declined["by"], declined["valid"]) == ("technician", True)
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    # he signed, and nobody recorded that he confirms the cause: that stays open
    assert await tao.judged() == ["open open.meter_cause_confirmed"]


@pytest.mark.parametrize("outcome", ["refused", "unable", "partly"])
async def test_who_does_not_sign_says_why_and_nobody_is_to_blame(world: World, outcome: str) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed", "meter_cause_confirmed"))
    assert "violation missing.meter_order_signed" in await tao.judged()
    await tao.enters()
    answer = await tao.says(refused={"reason": "表是自己坏的", "outcome": outcome})
    assert answer.status_code == 200
    assert await tao.judged() == ["open open.meter_cause_confirmed", "open open.meter_order_signed"]
    (paper,) = [one for one in (await tao.seen())["statements"] if one["signs"]]
    assert [(one["outcome"], one["by"], one["valid"]) for one in paper["declined"]] == [(outcome, "customer", True)]


async def test_a_signature_by_someone_who_may_not_sign_is_taken_and_found(world: World) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    await tao.enters()
    assert (await tao.signs(relation="neighbour")).status_code == 200
    assert await tao.judged() == ["violation signer.signer_is_customer"]


async def test_what_changes_after_the_signature_voids_it_for_all_to_see(world: World) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    await tao.enters()
    old = await tao.digest()
    assert (await tao.signs()).status_code == 200
    assert await tao.judged() == []
    later = datetime.fromtimestamp(world.ctx.clock() / 1000).astimezone() + timedelta(minutes=5)
    entry = {"id": str(uid("later")), "what": "meter_cause_analysed", "by": "technician", "at": later.isoformat()}
    entry["fields"] = {"cause": "frost"}
    stand(world.ctx, later)
    again = {"id": str(uid("r2")), "visit": str(tao.visit), "checklist": "onsite@1", "entries": [entry]}
    assert (await world.submit(again, uid("r2"))).status_code == 201
    assert await tao.judged() == ["violation changed_after_signature.signed_content_fixed"]
    seen = await tao.seen()
    assert seen["statements"][0]["signature"]["state"] == "changed"
    assert seen["statement_sha256"] != old["statement_sha256"]
    assert problem(await tao.says(signature={**SIGNER, "strokes": STROKES, **old})) == (409, "statement-changed")
    stand(world.ctx, later + timedelta(minutes=1))
    assert (await tao.signs()).status_code == 200
    assert await tao.judged() == []


async def test_s08_the_customer_himself_says_whether_he_is_satisfied(world: World) -> None:
    tao = await example_customer(world, "S08")
    expected = json.loads((stories.FOLDER / "S08.json").read_bytes())["expected"]["findings"]
    assert sorted(await tao.judged()) == expected
    await tao.enters()
    asked = {one["id"]: one for one in (await tao.seen())["questions"]}
    assert asked["q_damage"]["things"] == ["shoe_cabinet"]
    assert len(asked) <= 8
    good = [{"question": "q_damage", "good": True}, {"question": "q_borrow", "good": False}]
    assert (await tao.says(answers=good, comment="椅子没有擦")).status_code == 200
    found = await tao.judged()
    assert not [code for code in found if "damage_customer_satisfied" in code]
    assert "violation disputed.borrow_consent[chair]" in found
    assert "violation disputed.borrow_consent[basin]" in found
    whole = await tao.whole()
    assert [(one["comment"], one["level"]) for one in whole["said"]] == [("椅子没有擦", "own_device")]
    act = [one for one in whole["entries"] if one["what"] == "damage_customer_satisfied" and one["by"] == "customer"]
    assert {bool(one.get("says")) for one in act} == {True, False}  # his word, and his act


async def test_a_damage_that_was_denied_can_be_raised_and_has_to_be_made_good(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    raised = [{"fact": "own_damage", "text": "茶几玻璃被工具箱压裂"}]
    assert (await tao.says(raises=raised)).status_code == 200
    found = await tao.judged()
    (thing,) = {code.partition("[")[2].partition("]")[0] for code in found if "[" in code}
    assert thing.startswith("customer-")
    assert f"violation missing.damage_choice_followed[{thing}]" in found
    labels = [one["label"] for one in (await tao.whole())["entries"] if one.get("thing") == thing]
    assert labels == ["茶几玻璃被工具箱压裂"]
    assert {"own_damage", "entered", "borrowed"} <= {one["id"] for one in (await tao.seen())["raises"]}
    assert problem(await tao.says(raises=[{"fact": "left", "text": "走了"}])) == (422, "invalid-body")


async def test_before_the_code_answers_are_words_and_nothing_more(world: World) -> None:
    tao = await example_customer(world, "S04")
    for more in (
        {"signature": {**SIGNER, "strokes": STROKES, **await tao.digest()}},
        {"refused": {"reason": "不签"}},
        {"raises": [{"fact": "own_damage", "text": "坏了"}]},
    ):
        assert problem(await tao.says(answers=[{"question": "q_clean", "good": False}], **more)) == (403, "code-needed")
    before = await tao.whole()
    assert not before["said"]
    assert "q_integrity" not in {one["id"] for one in (await tao.seen())["questions"]}
    hidden = await tao.says(answers=[{"question": "q_integrity", "good": True}])
    assert problem(hidden) == (422, "invalid-body")
    assert (await tao.says(answers=[{"question": "q_clean", "good": False}])).status_code == 200
    assert await tao.judged() == ["violation disputed.site_cleared"]
    assert {one.get("says") for one in (await tao.whole())["entries"] if one["by"] == "customer"} == {None, "no"}


async def test_saying_the_same_again_changes_nothing_and_a_change_of_mind_counts(world: World) -> None:
    tao = await example_customer(world, "S04")
    no, yes = ([{"question": "q_clean", "good": good}] for good in (False, True))
    for answers in (no, no, yes, no):
        at = datetime.fromtimestamp(world.ctx.clock() / 1000).astimezone()
        stand(world.ctx, at + timedelta(seconds=1))
        assert (await tao.says(answers=answers)).status_code == 200
    assert len((await tao.whole())["said"]) == 3
    assert await tao.judged() == ["violation disputed.site_cleared"]


async def test_the_same_at_the_same_moment_from_many_windows_is_written_once(world: World) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    await tao.enters()
    signature = {**SIGNER, "strokes": STROKES, **await tao.digest()}
    answers = await asyncio.gather(*(tao.says(signature=signature) for _ in range(8)))
    assert {one.status_code for one in answers} == {200}
    whole = await tao.whole()
    assert len(whole["said"]) == 1
    assert len(_signatures(whole)) == 1


async def test_a_code_is_good_once_for_ten_minutes_and_five_tries(world: World) -> None:
    tao = await example_customer(world, "S04")
    code = await tao.code()
    wrong = [f"{(int(code) + n) % 10**6:06}" for n in range(1, 6)]
    answers = await asyncio.gather(*(tao.ask("PUT", "/code", {"code": one}) for one in wrong))
    assert {problem(one) for one in answers} == {(403, "wrong-code")}
    assert problem(await tao.ask("PUT", "/code", {"code": code})) == (403, "wrong-code")  # tried too often
    code = await tao.code()
    at = datetime.fromtimestamp(world.ctx.clock() / 1000).astimezone()
    stand(world.ctx, at + timedelta(minutes=10, seconds=1))
    assert problem(await tao.ask("PUT", "/code", {"code": code})) == (403, "wrong-code")  # too late
    code = await tao.code()
    assert (await tao.ask("PUT", "/code", {"code": code})).status_code == 200
    assert (await tao.ask("PUT", "/code", {"code": code})).status_code == 200  # it is open: no mistake, and no change
    other = Customer(world, tao.post, tao.token, tao.visit, "198.51.100.9")
    assert problem(await other.ask("PUT", "/code", {"code": code})) == (403, "wrong-code")
    slow = await tao.ask("POST", "/code")
    assert problem(slow) == (429, "too-many-requests")  # the fourth within an hour
    assert int(slow.headers["retry-after"]) > 0
    stand(world.ctx, at + timedelta(minutes=50))
    assert (await tao.seen())["level"] is None  # half an hour is over
    assert problem(await tao.ask("PUT", "/code", {"code": code})) == (403, "wrong-code")  # and so is the code


async def test_a_code_opens_the_link_for_the_device_that_entered_it_alone(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    other = Customer(world, tao.post, tao.token, tao.visit, "198.51.100.9")
    assert (await other.seen())["level"] is None
    assert problem(await other.signs()) == (403, "code-needed")
    assert "13800000000" not in (await other.ask("GET")).text
    assert (await tao.seen())["level"] == "own_device"


async def test_the_technicians_own_device_never_reaches_the_higher_level(world: World) -> None:
    tao = await example_customer(world, "S08")
    enrolment = await world.ask("wang", "POST", "/v1/enrolments", {"person": "li"})
    made = await world.ask(None, "POST", "/v1/devices", {"code": enrolment.json()["code"], "name": "李的手机"})
    bearer = {"authorization": f"Bearer {made.json()['token']}"}
    his = Customer(world, tao.post, tao.token, tao.visit, "192.0.2.44")
    assert (await his.client.get("/v1/me", headers=bearer)).status_code == 200
    stand(world.ctx, datetime.fromtimestamp(world.ctx.clock() / 1000).astimezone() + timedelta(minutes=2))
    elsewhere = Customer(world, tao.post, tao.token, tao.visit, "192.0.2.99")  # for a moment on mobile data
    assert (await elsewhere.client.get("/v1/me", headers=bearer)).status_code == 200
    await his.enters()  # he has the customer's telephone in his hand
    seen = await his.seen()
    assert seen["level"] == "phone"
    assert "q_integrity" not in {one["id"] for one in seen["questions"]}
    assert (await his.says(answers=[{"question": "q_damage", "good": True}])).status_code == 200
    assert (await his.signs()).status_code == 200
    whole = await his.whole()
    assert {one["level"] for one in whole["said"]} == {"phone"}
    assert {one["level"] for one in _signatures(whole)} == {"phone"}
    assert "violation attest.damage_customer_satisfied[shoe_cabinet]" not in await his.judged()
    assert "warning evidence.damage_customer_satisfied[shoe_cabinet].customer_confirm" in await his.judged()


async def test_what_the_customer_answered_is_not_for_the_technician_to_read(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    bad = [{"question": one["id"], "good": False} for one in (await tao.seen())["questions"]]
    assert {"q_time", "q_clean", "q_integrity"} <= {one["question"] for one in bad}
    assert (await tao.says(answers=bad, comment="地上都是水")).status_code == 200
    await tao.says(raises=[{"fact": "own_damage", "text": "茶几裂了"}])
    assert (await tao.says(refused={"reason": "师傅态度很凶", **await tao.digest()})).status_code == 200
    for flag in ("answered", "complaint"):
        assert (await world.ask("li", "GET", f"/v1/visits?flag={flag}")).status_code == 403
    assert (await tao.whole())["verdict"] == "non_compliant"
    record = uid("record S04")
    got = [
        await world.ask("li", "GET", f"/v1/visits/{tao.visit}"),
        await world.ask("li", "GET", "/v1/agenda"),
        await world.ask("li", "GET", "/v1/visits"),
        await world.ask("li", "GET", f"/v1/records/{record}"),
        await world.ask("li", "GET", f"/v1/visits/{tao.visit}/judgement"),
    ]
    for one in got:
        assert one.status_code == 200
        for secret in (
            "师傅态度很凶",
            "地上都是水",
            "茶几裂了",
            "disputed",
            '"says"',
            "non_compliant",
            "answered",
            "complaint",
            "own_damage]",
        ):
            assert secret not in one.text, (one.request.url, secret)
    assert got[0].json()["verdict"] == "compliant"
    (listed,) = got[2].json()["items"]
    assert listed["verdict"] == "compliant"
    board = (await world.ask("wang", "GET", "/v1/visits")).json()["items"][0]
    assert (board["verdict"], "answered" in board["flags"]) == ("non_compliant", True)


async def test_a_question_that_is_asked_in_any_case_keeps_the_answer_as_his_word(world: World) -> None:
    tao = await example_customer(world, "S04")
    assert (await tao.says(answers=[{"question": "q_damage", "good": False}])).status_code == 200
    assert await tao.judged() == []  # nothing was named, so nothing is disputed; naming it raises it
    said = [one for one in (await tao.whole())["entries"] if one.get("says")]
    assert {(one["what"], one["says"]) for one in said} == {
        ("damage_choice_followed", "no"),
        ("damage_customer_satisfied", "no"),
    }


async def test_a_phone_whose_clock_is_ahead_makes_no_honest_signature_look_wrong(world: World) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    now = datetime.fromisoformat(json.loads((stories.FOLDER / "S04.json").read_bytes())["now"])
    ahead = {"id": str(uid("ahead")), "what": "meter_cause_analysed", "by": "technician", "fields": {"cause": "frost"}}
    ahead["at"] = (now + timedelta(minutes=20)).isoformat()  # the server's clock says `now`
    more = {"id": str(uid("r2")), "visit": str(tao.visit), "checklist": "onsite@1", "entries": [ahead]}
    assert (await world.submit(more, uid("r2"))).status_code == 201
    await tao.enters()
    assert "防冻不当" in str((await tao.seen())["statement"])
    assert (await tao.signs()).status_code == 200
    stand(world.ctx, now + timedelta(hours=1))
    assert await tao.judged() == []
    assert (await tao.seen())["statements"][0]["signature"]["state"] == "holds"


@pytest.mark.parametrize(
    "drawn",
    [
        {"strokes": []},
        {"strokes": [[]]},
        {"strokes": [[[n, n] for n in range(5000)]] * 5},
        {"png": "!!"},
        {"png": b64encode(b"<svg/>").decode()},
        {"png": b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 50).decode()},
    ],
)
async def test_what_is_no_signature_is_told_and_nothing_is_written(world: World, drawn: dict[str, Any]) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    await tao.enters()
    before = await tao.whole()
    answer = await tao.says(signature={**SIGNER, **drawn, **await tao.digest()})
    assert answer.status_code == 422
    assert (await tao.whole())["entries"] == before["entries"]


async def test_what_is_not_asked_given_twice_or_too_much_is_not_written(world: World) -> None:
    tao = await example_customer(world, "S04")
    clean = {"question": "q_clean", "good": False}
    for answers in (
        [clean, clean],
        [{**clean, "thing": ""}],
        [{"item": "no_gifts", "good": False}],  # only on his own device, however it is asked
        [{"item": "left", "good": True}],
    ):
        assert problem(await tao.says(answers=answers)) == (422, "invalid-body")
    for n in range(20):
        assert (await tao.says(comment=f"第 {n} 句")).status_code == 200
    much = await tao.says(comment="还有")
    assert problem(much) == (429, "too-many-requests")
    await tao.enters()
    assert (await tao.says(comment="我有验证码")).status_code == 200  # who is himself still has room


async def test_before_anybody_came_nothing_can_be_said_of_the_work(world: World) -> None:
    post = set_up(world.ctx, "06:00")
    await world.plan()
    link = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()
    tao = Customer(world, post, link["token"], VISIT)
    await tao.enters()
    assert problem(await tao.says(answers=[{"question": "q_damage", "good": False}])) == (422, "invalid-body")
    assert problem(await tao.says(raises=[{"fact": "entered", "text": "进来了"}])) == (422, "invalid-body")


async def test_two_damages_raised_while_a_phones_clock_is_ahead_are_two(world: World) -> None:
    tao = await example_customer(world, "S04")
    now = datetime.fromtimestamp(world.ctx.clock() / 1000).astimezone()
    ahead = {"id": str(uid("ahead")), "what": "badge_worn", "by": "technician"}
    ahead["at"] = (now + timedelta(minutes=20)).isoformat()
    more = {"id": str(uid("r2")), "visit": str(tao.visit), "checklist": "onsite@1", "entries": [ahead]}
    assert (await world.submit(more, uid("r2"))).status_code == 201
    await tao.enters()
    for text in ("茶几裂了", "电视机屏幕碎了", "茶几裂了"):  # the last one he said before
        assert (await tao.says(raises=[{"fact": "own_damage", "text": text}])).status_code == 200
    named = [one for one in (await tao.whole())["entries"] if one["what"] == "own_damage" and one.get("thing")]
    assert [one["label"] for one in named] == ["茶几裂了", "电视机屏幕碎了"]
    assert len({one["thing"] for one in named}) == 2
    assert [one["text"] for one in (await tao.seen())["raised"]] == ["茶几裂了", "电视机屏幕碎了"]


@pytest.mark.parametrize("at", ["2000-01-01T00:00:00+14:00", "2100-12-31T23:59:59Z", "2100-12-31T23:59:59-12:00"])
async def test_a_clock_at_the_end_of_the_calendar_breaks_no_page(world: World, at: str) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    odd = [{"id": str(uid(f"odd {what}")), "what": what, "by": "technician", "at": at} for what in ("arrived", "left")]
    more = {"id": str(uid("r2")), "visit": str(tao.visit), "checklist": "onsite@1", "entries": odd}
    assert (await world.submit(more, uid("r2"))).status_code == 201
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    for path in (f"/v1/confirmations/{tao.token}", f"/c/{tao.token}", f"/c/{tao.token}/copy"):
        assert (await tao.client.get(path)).status_code == 200


async def test_a_signature_on_the_phone_does_not_hide_the_one_that_it_replaces(world: World) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    at = datetime.fromtimestamp(world.ctx.clock() / 1000).astimezone() + timedelta(minutes=5)
    stand(world.ctx, at)
    cause = {"id": str(uid("c2")), "what": "meter_cause_analysed", "by": "technician", "at": at.isoformat()}
    cause["fields"] = {"cause": "frost"}
    one = {"id": str(uid("r2")), "visit": str(tao.visit), "checklist": "onsite@1", "entries": [cause]}
    assert (await world.submit(one, uid("r2"))).status_code == 201
    piece = {"kind": "signature", "sha256": "a" * 64, **SIGNER, **await tao.digest()}
    again = {"id": str(uid("s2")), "what": "meter_order_signed", "by": "customer", "evidence": [piece]}
    again["at"] = (at + timedelta(minutes=1)).isoformat()
    two = {"id": str(uid("r3")), "visit": str(tao.visit), "checklist": "onsite@1", "entries": [again]}
    assert (await world.submit(two, uid("r3"))).status_code == 201
    stand(world.ctx, at + timedelta(minutes=2))
    paper = (await tao.whole())["statements"][0]
    assert (paper["signature"]["level"], paper["signature"]["state"]) == ("phone", "holds")
    assert [(one["level"], one["state"]) for one in paper["earlier"]] == [("own_device", "changed")]
    assert "此前的答复，已由后来的代替" in (await tao.client.get(f"/c/{tao.token}")).text


async def test_a_picture_for_no_statement_is_not_even_kept(world: World, tmp_path: Path) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    await tao.enters()
    folder = world.ctx.evidence_storage.copies.parent / "evidence"
    before = sorted(folder.rglob("*"))
    for digest in ("0" * 64, "f" * 64):
        answer = await tao.signs(statement_sha256=digest)
        assert problem(answer) == (409, "statement-changed")
    assert sorted(folder.rglob("*")) == before


async def test_who_has_only_the_link_ends_no_opened_page_and_takes_no_code_away(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    other = Customer(world, tao.post, tao.token, tao.visit, "198.51.100.9")
    for _ in range(3):
        assert (await other.ask("POST", "/code")).status_code == 200
    assert (await other.ask("POST", "/code")).status_code == 429
    assert (await tao.seen())["level"] == "own_device"
    await tao.enters()


async def test_an_empty_stroke_among_others_is_left_out(world: World) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    await tao.enters()
    assert (await tao.signs(strokes=[[], [[1, 1], [50, 50]], []])).status_code == 200
