"""A supervisor reviews a visit, and the visit ends."""

from service.reviews import refresh
from tests.support.api_client import VISIT, World, problem, record
from tests.support.factories import said, uid
from tests.support.reviews import later, review, review_of, state_of, upheld

RANG_LATE = "order.door_signal.before.entered"


async def test_a_visit_with_violations_is_in_the_queue_until_each_is_decided(finished: World) -> None:
    queue = (await finished.ask("wang", "GET", "/v1/reviews")).json()
    assert [one["visit"] for one in queue["reviews"]] == [str(VISIT)]
    assert queue["counts"] == {"violation": 1}
    shown, tag = await review_of(finished)
    assert shown["state"] == "to_review"
    wanted = upheld(shown)
    assert RANG_LATE in [one["code"] for one in wanted]
    part = await review(finished, tag, *wanted[1:])
    assert part.status_code == 200
    assert [one["source"] for one in part.json()["reasons"]] == [wanted[0]["code"]]
    assert part.json()["state"] == "to_review"
    whole = await review(finished, part.headers["etag"], wanted[0], comment="已与技术员沟通")
    assert whole.json()["state"] == "closed"
    assert whole.json()["comments"][0]["text"] == "已与技术员沟通"
    assert await state_of(finished) == "closed"
    assert await state_of(finished, "li") == "closed"
    assert (await finished.ask("wang", "GET", "/v1/reviews")).json() == {"reviews": [], "counts": {}, "after": None}


async def test_overriding_needs_a_reason_and_changes_what_is_decided_but_not_the_verdict(finished: World) -> None:
    shown, tag = await review_of(finished)
    violations = [one["finding"]["code"] for one in shown["findings"] if one["finding"]["severity"] == "violation"]
    decisions = [{"code": code, "decision": "override"} for code in violations]
    refused = await review(finished, tag, *decisions)
    assert problem(refused) == (422, "invalid-body")
    assert refused.json()["errors"][0]["pointer"] == "/findings/0/reason"
    done = await review(finished, tag, *({**one, "reason": "客户证实"} for one in decisions))
    steps = (await finished.ask("zhao", "GET", f"/v1/visits/{VISIT}/history")).json()["steps"]
    last = [one for one in steps if one["kind"] != "viewed"][-1]
    assert f"override {violations[0]}: 客户证实" in last["text"].splitlines()
    assert done.json()["verdict"] == "non_compliant"
    assert done.json()["decided"] == "compliant_with_remarks"


async def test_of_two_supervisors_at_once_one_is_told(finished: World) -> None:
    shown, tag = await review_of(finished)
    assert (await review(finished, tag, *upheld(shown))).status_code == 200
    assert problem(await review(finished, tag, comment="我也看过")) == (412, "precondition-failed")
    assert problem(await finished.ask("wang", "PUT", f"/v1/visits/{VISIT}/review", {})) == (
        428,
        "precondition-required",
    )


async def test_a_review_whose_answer_was_lost_is_answered_again(finished: World) -> None:
    shown, tag = await review_of(finished)
    first = await review(finished, tag, *upheld(shown))
    again = await review(finished, tag, *upheld(shown))
    assert (again.status_code, again.json()) == (200, first.json())
    history = (await finished.ask("wang", "GET", f"/v1/visits/{VISIT}/history")).json()["steps"]
    assert [one["kind"] for one in history if one["kind"] != "viewed"] == ["planned", "record", "review"]


async def test_a_decision_lapses_when_the_entries_of_its_finding_change(finished: World) -> None:
    shown, tag = await review_of(finished)
    assert (await review(finished, tag, *upheld(shown))).json()["state"] == "closed"
    slip = said("09:10", "door_signal")["id"]
    entries = [
        said("09:50", "door_signal", id=str(uid("slip")), withdraws=slip, reason="记错"),
        said("09:10", "door_signal", id=str(uid("again"))),
    ]
    answer = await finished.submit({**record(uid("r2")), "entries": entries}, uid("r2"))
    assert answer.status_code == 201, answer.text
    shown, _ = await review_of(finished)
    assert shown["state"] == "to_review"
    decided = next(one for one in shown["findings"] if one["finding"]["code"] == RANG_LATE)
    assert decided["decision"]["lapsed"]


async def test_who_may_not_review(finished: World) -> None:
    _, tag = await review_of(finished)
    assert problem(await review(finished, tag, who="zhao")) == (403, "not-allowed")
    assert problem(await review(finished, tag, who="li")) == (403, "not-allowed")
    assert problem(await review(finished, tag, who="qian")) == (404, "not-found")
    assert problem(await finished.ask("li", "GET", f"/v1/visits/{VISIT}/review")) == (403, "not-allowed")
    assert problem(await finished.ask("li", "GET", f"/v1/visits/{VISIT}/history")) == (403, "not-allowed")
    assert problem(await finished.ask("zhao", "GET", "/v1/reviews")) == (403, "not-allowed")


async def test_an_unknown_finding_and_nothing_to_review(world: World) -> None:
    await world.plan()
    _, tag = await review_of(world)
    assert problem(await review(world, tag)) == (409, "nothing-to-review")
    gone = await review(world, tag, {"code": "missing.id_shown", "decision": "uphold"})
    assert problem(gone) == (409, "finding-changed")


async def test_items_go_back_to_the_phone_and_its_answer_closes_the_correction(finished: World) -> None:
    correction = {
        "visit": str(VISIT),
        "items": [{"item": "id_shown", "reason": "没有记录出示证件"}],
        "due": "2026-03-03T18:00:00+08:00",
    }
    path = f"/v1/corrections/{uid('c')}"
    created = await finished.ask("wang", "PUT", path, correction)
    assert created.status_code == 201, created.text
    assert (await finished.ask("wang", "PUT", path, correction)).status_code == 200
    changed = {**correction, "due": "2026-03-04T18:00:00+08:00"}
    assert problem(await finished.ask("wang", "PUT", path, changed)) == (409, "content-differs")
    assert await state_of(finished) == "returned"
    agenda = (await finished.ask("li", "GET", "/v1/agenda")).json()
    assert [one["id"] for one in agenda["corrections"]] == [str(uid("c"))]
    answered = {**record(uid("r2")), "correction": str(uid("c")), "entries": [said("09:06", "id_shown")]}
    assert (await finished.submit(answered, uid("r2"))).status_code == 201
    assert await state_of(finished) == "to_review"
    assert (await finished.ask("li", "GET", "/v1/agenda")).json()["corrections"] == []


async def test_an_answered_correction_is_looked_at_before_the_visit_closes(finished: World) -> None:
    correction = {
        "visit": str(VISIT),
        "items": [{"item": "id_shown", "reason": "没有记录出示证件"}],
        "due": "2026-03-03T18:00:00+08:00",
    }
    shown, tag = await review_of(finished)
    assert (await review(finished, tag, *upheld(shown))).json()["state"] == "closed"
    assert (await finished.ask("wang", "PUT", f"/v1/corrections/{uid('c')}", correction)).status_code == 201
    assert (await finished.ask("wang", "GET", "/v1/reviews")).json()["reviews"] == []  # it is the technician's turn
    answered = {**record(uid("r2")), "correction": str(uid("c")), "entries": [said("09:06", "id_shown")]}
    assert (await finished.submit(answered, uid("r2"))).status_code == 201
    shown, tag = await review_of(finished)
    assert shown["state"] == "to_review"
    assert ("explanation", str(uid("r2"))) in [(one["kind"], one["source"]) for one in shown["reasons"]]
    assert len((await finished.ask("wang", "GET", "/v1/reviews")).json()["reviews"]) == 1
    assert (await review(finished, tag, *upheld(shown))).json()["state"] == "closed"


async def test_a_correction_can_be_withdrawn_and_asks_for_nothing_impossible(finished: World) -> None:
    asked = {"visit": str(VISIT), "due": "2026-03-03T18:00:00+08:00"}
    impossible = {**asked, "items": [{"item": "shoe_covers_on", "reason": "顺序不对"}]}
    refused = await finished.ask("wang", "PUT", f"/v1/corrections/{uid('c')}", impossible)
    assert problem(refused) == (422, "not-correctable")
    unknown = {**asked, "items": [{"item": "no_such", "reason": "x"}]}
    assert problem(await finished.ask("wang", "PUT", f"/v1/corrections/{uid('c')}", unknown)) == (422, "invalid-body")
    good = {**asked, "items": [{"item": "id_shown", "reason": "没有记录"}]}
    assert (await finished.ask("wang", "PUT", f"/v1/corrections/{uid('c')}", good)).status_code == 201
    for _ in range(2):
        assert (await finished.ask("wang", "DELETE", f"/v1/corrections/{uid('c')}")).status_code == 204
    assert await state_of(finished) == "to_review"
    assert problem(await finished.ask("wang", "DELETE", f"/v1/corrections/{uid('d')}")) == (404, "not-found")


async def test_the_technician_explains_and_the_supervisor_asks(finished: World) -> None:
    path = f"/v1/visits/{VISIT}"
    question = {"finding": RANG_LATE, "text": "为什么进门后才按门铃？"}
    assert (await finished.ask("wang", "PUT", f"{path}/inquiries/{uid('q')}", question)).status_code == 201
    shown, tag = await review_of(finished)
    assert (await review(finished, tag, *upheld(shown))).json()["state"] == "closed"
    words = {"finding": RANG_LATE, "text": "门本来就开着"}
    assert (await finished.ask("li", "PUT", f"{path}/explanations/{uid('e')}", words)).status_code == 201
    assert (await finished.ask("li", "PUT", f"{path}/explanations/{uid('e')}", words)).status_code == 200
    shown, tag = await review_of(finished)
    assert [one["kind"] for one in shown["reasons"]] == ["explanation"]
    found = next(one for one in shown["findings"] if one["finding"]["code"] == RANG_LATE)
    assert [one["text"] for one in found["explanations"]] == ["门本来就开着"]
    assert [one["text"] for one in found["inquiries"]] == ["为什么进门后才按门铃？"]
    assert (await review(finished, tag)).json()["state"] == "closed"
    other = await finished.ask("sun", "PUT", f"{path}/explanations/{uid('f')}", words)
    assert problem(other) == (404, "not-found")


async def test_somebody_takes_a_visit_and_lets_it_go(finished: World) -> None:
    path = f"/v1/visits/{VISIT}/assignee"
    assert (await finished.ask("wang", "PUT", path, {"person": "wang"})).json()["assignee"] == "wang"
    assert len((await finished.ask("wang", "GET", "/v1/reviews?assignee=wang")).json()["reviews"]) == 1
    assert (await finished.ask("wang", "PUT", path, {"person": None})).json()["assignee"] is None
    assert (await finished.ask("wang", "GET", "/v1/reviews?assignee=wang")).json()["reviews"] == []
    assert problem(await finished.ask("wang", "PUT", path, {"person": "li"})) == (422, "unknown-person")


async def test_a_visit_without_a_record_calls_for_a_person_twelve_hours_after_its_window(world: World) -> None:
    await world.plan()
    assert (await world.ask("wang", "GET", "/v1/reviews")).json()["reviews"] == []
    later(world, hours=11)
    assert await refresh.refresh_due(world.ctx) == 1
    (item,) = (await world.ask("wang", "GET", "/v1/reviews")).json()["reviews"]
    assert item["reasons"] == ["no_record"]
    _, tag = await review_of(world)
    assert (await review(world, tag, comment="客户取消，已电话确认")).json()["state"] == "closed"


async def test_a_list_still_flags_the_complaint_of_a_visit_that_was_returned(finished: World) -> None:
    complaint = {**record(uid("r3")), "entries": [said("09:30", "complaint_received")]}
    assert (await finished.submit(complaint, uid("r3"))).status_code == 201
    correction = {
        "visit": str(VISIT),
        "items": [{"item": "id_shown", "reason": "没有记录"}],
        "due": "2026-03-03T18:00:00+08:00",
    }
    assert (await finished.ask("wang", "PUT", f"/v1/corrections/{uid('c')}", correction)).status_code == 201
    assert (await finished.ask("wang", "GET", "/v1/reviews")).json()["reviews"] == []
    (listed,) = (await finished.ask("wang", "GET", "/v1/visits?flag=complaint")).json()["items"]
    whole = (await finished.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()
    assert (listed["state"], set(listed["flags"])) == ("returned", set(whole["flags"]))


async def test_whoever_handed_the_visit_over_may_still_explain_what_they_did(finished: World) -> None:
    """A phone without a network sends the words when the visit is another's."""
    path = f"/v1/visits/{VISIT}"
    given = {"technician": "sun", "reason": "换人"}
    assert (await finished.ask("zhao", "PUT", f"{path}/technician", given, if_match='"0"')).status_code == 200
    words = {"finding": RANG_LATE, "text": "门本来就开着"}
    assert (await finished.ask("li", "PUT", f"{path}/explanations/{uid('e')}", words)).status_code == 201
    assert problem(await finished.ask("li", "GET", path)) == (404, "not-found")  # nothing else is theirs
    shown, _ = await review_of(finished)
    found = next(one for one in shown["findings"] if one["finding"]["code"] == RANG_LATE)
    assert [(one["by"], one["text"]) for one in found["explanations"]] == [("li", "门本来就开着")]
