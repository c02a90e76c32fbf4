"""What is owed: opened, overdue, closed, listed by due date; calls to customers; working days."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from service.context import ReviewPolicy
from service.messages import automatic, worker
from service.verify.log import verify
from service.visits import working_days
from tests.support.api_client import VISIT, World, problem
from tests.support.customer import advance_clock, complaining
from tests.support.factories import said, uid
from tests.support.reviews import later, reasons, review, review_of

ANSWER, SATISFIED = "complaint_answered_5d", "damage_customer_satisfied"


async def duties(world: World, who: str = "wang", **query: str) -> list[dict[str, Any]]:
    answer = await world.ask(who, "GET", "/v1/duties?" + "&".join(f"{key}={value}" for key, value in query.items()))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["duties"])


async def damaged(world: World, name: str = "v", **plan: Any) -> UUID:
    """A visit that broke a tile, and nothing was settled."""
    visit = uid(name)
    planned = await world.plan(visit, **plan)
    assert planned.status_code == 201, planned.text
    entries = [
        said("09:05", "arrived", id=str(uid(f"arrived {name}"))),
        said("09:20", "own_damage", thing="tile", label="地砖", holds=True, id=str(uid(f"damage {name}"))),
        said("09:40", "left", id=str(uid(f"left {name}"))),
    ]
    content = {"id": str(uid(f"record {name}")), "visit": str(visit), "checklist": "onsite@1", "entries": entries}
    assert (await world.submit(content, uid(f"record {name}"))).status_code == 201
    return visit


async def calls(world: World, visit: UUID = VISIT, name: str = "call", *, good: bool = True, **more: Any) -> Any:
    content = {
        "called": "陶女士 13800000000",
        "at": world.ctx.now().isoformat(),
        "text": "地砖已换，很满意",
        "answers": [{"item": SATISFIED, "thing": "tile", "good": good}],
        **more,
    }
    who = content.pop("who", "wang")
    return await world.ask(who, "PUT", f"/v1/visits/{visit}/callbacks/{uid(name)}", content)


async def test_a_complaint_is_owed_an_answer_by_the_office_until_it_is_overdue(world: World) -> None:
    tao = await complaining(world)
    (owed,) = await duties(world)
    assert (owed["visit"], owed["item"], owed["owner"], owed["state"]) == (str(tao.visit), ANSWER, "office", "open")
    since, due = datetime.fromisoformat(owed["since"]), datetime.fromisoformat(owed["due_at"])
    assert (due - since).days in (4, 5)
    assert owed["clause"] == "4.2.5"
    assert await duties(world, state="overdue") == []
    later(world, days=5, minutes=1)
    (late,) = await duties(world, state="overdue")
    assert (late["item"], late["state"], late["due_at"]) == (ANSWER, "overdue", owed["due_at"])
    assert await duties(world, owner="technician") == []
    assert await reasons(world, tao.visit) == ["overdue_duty", "complaint"]
    (still,) = await duties(world)
    assert (still["state"], still["due_at"]) == ("overdue", owed["due_at"])


async def test_a_damage_has_to_be_settled_for_each_thing(world: World) -> None:
    await damaged(world)
    found = {one["item"]: one for one in await duties(world)}
    assert found[SATISFIED]["thing"] == "tile"
    assert found[SATISFIED]["label"] == "地砖"
    assert found[SATISFIED]["owner"] == "office"
    assert found["damage_choice_followed"]["owner"] == "technician"


async def test_a_call_counts_as_the_customers_own_word_and_closes_the_duty(world: World) -> None:
    await damaged(world)
    made_good = {"entries": [said("10:00", "damage_made_good", "office", thing="tile")]}
    assert (await world.ask("wang", "POST", f"/v1/visits/{VISIT}/entries", made_good)).status_code == 201
    advance_clock(world, minutes=1)
    unhappy = await calls(world, good=False, text="颜色不对")
    assert unhappy.status_code == 201, unhappy.text
    assert SATISFIED in [one["item"] for one in await duties(world)]
    advance_clock(world, minutes=1)
    called = await calls(world, name="again")
    assert called.status_code == 201, called.text
    shown = (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()
    (said_so,) = [one for one in shown["entries"] if one["what"] == SATISFIED and not one.get("says")]
    assert (said_so["by"], said_so["via"]) == ("customer", "callback")
    assert "陶女士" in said_so["evidence"][1]["text"]
    assert SATISFIED not in [one["item"] for one in await duties(world)]
    (closed,) = [one for one in await duties(world, state="closed") if one["item"] == SATISFIED]
    assert (closed["state"], closed["closed_at"]) == ("closed", world.ctx.now().isoformat())
    assert not [one for one in shown["judgement"]["findings"] if one["code"].startswith(f"attest.{SATISFIED}")]


async def test_a_call_is_written_down_once_and_by_who_may(world: World) -> None:
    await damaged(world)
    content = {"at": "2026-03-02T12:00:00+08:00"}
    assert (await calls(world, **content)).status_code == 201
    assert (await calls(world, **content)).status_code == 200
    assert problem(await calls(world, **content, text="另一番话")) == (409, "content-differs")
    assert problem(await calls(world, name="x", at="2026-03-02T12:01:00+08:00")) == (422, "invalid-body")
    assert problem(await calls(world, name="x", answers=[{"item": "no_such", "good": True}])) == (422, "invalid-body")
    for who in ("zhao", "li"):
        assert problem(await calls(world, name="x", who=who)) == (403, "not-allowed")
    assert problem(await calls(world, name="x", who="qian")) == (404, "not-found")
    steps = (await world.ask("wang", "GET", f"/v1/visits/{VISIT}/history")).json()["steps"]
    assert [(one["kind"], one["by"]) for one in steps] == [("planned", "zhao"), ("record", "li"), ("callback", "wang")]


async def test_duties_are_listed_by_due_date_page_after_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.duties.listing.PAGE", 3)
    for name in ("v", "w", "x"):
        await damaged(world, name)
    everything: list[tuple[str, str, str]] = []
    query = ""
    while True:
        page = (await world.ask("wang", "GET", f"/v1/duties?owner=office{query}")).json()
        assert len(page["duties"]) <= 3
        everything += [(one["due_at"], one["visit"], one["item"]) for one in page["duties"]]
        if page["after"] is None:
            break
        query = f"&after={page['after']}"
    whole = [one for one in everything if one[2] == SATISFIED]
    assert sorted(one[1] for one in whole) == sorted(str(uid(name)) for name in ("v", "w", "x"))
    assert len(set(everything)) == len(everything)
    assert [one[0] for one in everything] == sorted(one[0] for one in everything)
    for wrong in ("x", "AAAA", "_" * 60):
        assert problem(await world.ask("wang", "GET", f"/v1/duties?after={wrong}"))[0] == 400


async def test_who_sees_duties_and_of_which_areas(world: World) -> None:
    await damaged(world)
    assert await duties(world, "zhao") == await duties(world, area="城东") != []
    assert await duties(world, "qian") == []
    assert problem(await world.ask("wang", "GET", "/v1/duties?area=城西")) == (403, "not-allowed")
    assert problem(await world.ask("li", "GET", "/v1/duties")) == (403, "not-allowed")
    due = (await duties(world, owner="office"))[0]["due_at"]
    before = due.replace("+", "%2B")
    assert due not in [one["due_at"] for one in await duties(world, due_before=before)]


async def test_another_technician_takes_the_duties_along(world: World) -> None:
    await damaged(world)
    handed = {"technician": "sun", "reason": "换人"}
    done = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/technician", handed, if_match='"0"')
    assert done.status_code == 200, done.text
    assert {one["technician"] for one in await duties(world)} == {"sun"}


async def test_where_working_days_count_holidays_do_not(world: World) -> None:
    world.ctx.review_policy = ReviewPolicy(working_days=True)
    tao = await complaining(world)  # 2025-05-15, a Thursday
    (owed,) = await duties(world)
    assert owed["since"].startswith("2025-05-15")
    assert (owed["due_at"], owed["calendar_known"]) == ("2025-05-23T00:00:00+08:00", True)
    world.ctx.company = msgspec.structs.replace(world.ctx.company, automatic=frozenset(("complaint_received",)))
    await automatic.send_owed(world.ctx)
    await worker.deliver_due(world.ctx)
    assert "最晚5月22日答复您" in tao.post.letters[-1].text  # the day after is too late


@pytest.mark.parametrize(
    ("start", "days", "end", "known"),
    [
        ("2026-02-12T10:00:00+08:00", 5, "2026-02-27T00:00:00+08:00", True),  # 春节 15–23, and work on the 14th
        ("2026-09-30T23:59:00+08:00", 1, "2026-10-09T00:00:00+08:00", True),
        ("2199-03-01T10:00:00+08:00", 5, "2199-03-09T00:00:00+08:00", False),  # a Friday
    ],
)
def test_working_days_by_the_official_calendar(start: str, days: int, end: str, *, known: bool) -> None:
    found = working_days.end_of_working_day(datetime.fromisoformat(start), days)
    assert found == datetime.fromisoformat(end)
    assert working_days.is_known(found.date()) is known


async def test_a_year_without_a_calendar_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(day: object) -> bool:
        raise NotImplementedError(day)

    monkeypatch.setattr(working_days, "_is_workday", unknown)
    world.ctx.review_policy = ReviewPolicy(working_days=True)
    await complaining(world)
    (owed,) = await duties(world)
    assert (owed["due_at"], owed["calendar_known"]) == ("2025-05-23T00:00:00+08:00", False)


async def test_what_is_owed_keeps_a_visit_open(world: World) -> None:
    tao = await complaining(world)
    shown, _ = await review_of(world, visit=tao.visit)
    assert shown["open_duties"] == [f"open.{ANSWER}"]
    assert "open_duties" in (await tao.whole())["flags"]
    later(world, days=4)
    assert (await tao.whole())["state"] == "to_review"


async def test_the_title_says_what_is_not_done_never_that_it_was(world: World) -> None:
    tao = await complaining(world)
    (owed,) = await duties(world)
    assert owed["title"] == {
        "zh": "「投诉5日答复」待办（4.2.5）",
        "en": '"complaint answered in 5 days" still open (4.2.5)',
    }
    later(world, days=5, minutes=1)
    (owed,) = await duties(world, state="overdue")
    assert owed["title"] == {"zh": "投诉未在5日内答复（4.2.5）", "en": "Complaint not answered within 5 days (4.2.5)"}
    proof = {"kind": "message_log", "channel": "phone", "text": "已答复"}
    entry = {"id": str(uid("a")), "at": world.ctx.now().isoformat(), "what": ANSWER, "by": "office"}
    path = f"/v1/visits/{tao.visit}/entries"
    assert (await world.ask("wang", "POST", path, {"entries": [{**entry, "evidence": [proof]}]})).status_code == 201
    (done,) = await duties(world, state="closed")
    assert done["title"]["zh"] == "投诉5日答复"


@pytest.mark.parametrize("after", ["done", "taken back"])
async def test_what_was_dropped_and_is_done_or_taken_back_later_is_no_fault(world: World, after: str) -> None:
    await damaged(world)
    shown, tag = await review_of(world)
    codes = [one["finding"]["code"] for one in shown["findings"] if one["finding"]["kind"] == "open"]
    assert f"open.{SATISFIED}[tile]" in codes
    dropped = [{"code": code, "decision": "override", "reason": "客户说不用赔"} for code in codes]
    assert (await review(world, tag, *dropped)).status_code == 200
    assert {one["dropped_by"] for one in await duties(world, state="closed")} == {"wang"}
    later(world, minutes=5)
    if after == "done":
        assert (await calls(world)).status_code == 201
    else:
        slip = said("09:50", "own_damage", withdraws=str(uid("damage v")), reason="原来就裂了")
        content = {"id": str(uid("slip")), "visit": str(VISIT), "checklist": "onsite@1", "entries": [slip]}
        assert (await world.submit(content, uid("slip"))).status_code == 201
    left = [one["finding"]["code"] for one in (await review_of(world))[0]["findings"]]
    assert f"open.{SATISFIED}[tile]" not in left
    assert (await verify(world.ctx)).faults == []
