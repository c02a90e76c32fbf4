"""What could not be taken waits, with its bytes, until a supervisor decides."""

import asyncio
from uuid import UUID

import pytest

from service import errors
from service.db.database import Transaction
from service.dispatch import views
from service.records import quarantine, quarantine_decisions, submit
from service.records.quarantine_decisions import Decision
from service.records.repository import QuarantineRow
from service.staff import people
from tests.support.api_client import World, problem
from tests.support.factories import TOKENS, Town, a_plan, a_record, said, uid


async def refused(town: Town, raw: bytes, name: str = "r") -> str:
    with pytest.raises(errors.Problem) as caught:
        await submit.submit_record(town.ctx, TOKENS["li"], uid(name), raw)
    return caught.value.extra["quarantine"]


async def test_the_bytes_are_read_with_a_reason_that_is_kept(town: Town) -> None:
    kept = UUID(await refused(town, b"half a rec"))
    assert await quarantine.read_input(town.ctx, TOKENS["wang"], kept, "客户来电") == b"half a rec"
    for other in ("li", "zhao"):
        with pytest.raises(errors.PermissionDenied):
            await quarantine.read_input(town.ctx, TOKENS[other], kept, "好奇")
    with pytest.raises(errors.NotFound):
        await quarantine.read_input(town.ctx, TOKENS["wang"], uid("none"), "客户来电")


async def test_whoever_decides_reads_no_findings_of_another_area(world: World) -> None:
    raw = a_record("r", uid("v"), said("09:05", "arrived"))
    kept = (await world.submit(raw, uid("r"))).json()["quarantine"]
    plan = a_plan(area="城西", technician="li")
    assert (await world.ask("qian", "PUT", f"/v1/visits/{uid('v')}", plan)).status_code == 201
    path = f"/v1/quarantine/{kept}/decision"
    decided = await world.ask("wang", "PUT", path, {"decision": "take", "reason": "任务已补建"})
    assert (decided.json()["quarantine"]["decision"], decided.json()["receipt"]) == ("take", None)
    assert (await world.ask("wang", "GET", f"/v1/visits/{uid('v')}")).status_code == 404
    assert len((await world.ask("qian", "GET", f"/v1/visits/{uid('v')}")).json()["records"]) == 1


async def test_the_list_goes_on_from_a_cursor(town: Town) -> None:
    kept = [await refused(town, b"bad %d" % number) for number in range(55)]
    first = await quarantine.list_quarantined(town.ctx, TOKENS["wang"], None)
    assert first.after is not None
    second = await quarantine.list_quarantined(town.ctx, TOKENS["wang"], first.after)
    assert second.after is None
    assert sorted(item.id for item in (*first.items, *second.items)) == sorted(kept)
    assert first.items[0].code == "malformed-json"
    with pytest.raises(errors.PermissionDenied):
        await quarantine.list_quarantined(town.ctx, TOKENS["li"], None)


async def test_a_record_that_came_before_its_visit_is_taken_later_for_its_sender(town: Town) -> None:
    raw = a_record("r", uid("v"), said("09:05", "arrived"))
    kept = UUID(await refused(town, raw))
    take = Decision("take", "任务已补建")
    with pytest.raises(errors.UnknownVisit):
        await quarantine_decisions.decide(town.ctx, TOKENS["wang"], kept, take)
    visit = await town.planned()
    decided = await quarantine_decisions.decide(town.ctx, TOKENS["wang"], kept, take)
    assert decided.receipt is not None
    assert decided.receipt.record == str(uid("r"))
    assert (decided.quarantine.decision, decided.quarantine.decided_by) == ("take", "wang")
    seen = await views.get_visit(town.ctx, TOKENS["li"], visit)
    assert [record.writer for record in seen.records] == ["li"]
    assert (await town.submitted(raw)).replayed  # the phone may still come again


async def test_a_decision_is_made_once(town: Town) -> None:
    kept = UUID(await refused(town, b"nonsense"))
    discard = Decision("discard", "测试数据")
    first = await quarantine_decisions.decide(town.ctx, TOKENS["wang"], kept, discard)
    assert await quarantine_decisions.decide(town.ctx, TOKENS["wang"], kept, discard) == first
    with pytest.raises(errors.AlreadyDecided):
        await quarantine_decisions.decide(town.ctx, TOKENS["admin"], kept, discard)
    assert await quarantine.read_input(town.ctx, TOKENS["wang"], kept, "复查") == b"nonsense"


@pytest.mark.parametrize(
    "wrong", [{}, {"decision": "discard"}, {"decision": "discard", "reason": " "}, {"decision": "burn", "reason": "x"}]
)
async def test_a_decision_needs_a_reason(world: World, wrong: dict[str, str]) -> None:
    path = f"/v1/quarantine/{(await world.submit(b'nonsense')).json()['quarantine']}"
    assert problem(await world.ask("wang", "PUT", f"{path}/decision", wrong)) == (422, "invalid-body")
    sound = {"decision": "discard", "reason": "x"}
    for content in (wrong, sound):
        assert problem(await world.ask("li", "PUT", f"{path}/decision", content)) == (403, "not-allowed")
    assert (await world.ask("wang", "PUT", f"{path}/decision", sound)).status_code == 200


async def test_who_looks_says_why(world: World) -> None:
    path = f"/v1/quarantine/{(await world.submit(b'half a rec')).json()['quarantine']}"
    for nothing in ("", "?reason=", "?reason=%20%20"):
        assert problem(await world.ask("wang", "GET", path + nothing)) == (400, "invalid-query")
    seen = await world.ask("wang", "GET", f"{path}?reason=x")
    assert seen.content == b"half a rec"
    assert seen.headers["content-type"] == "application/octet-stream"
    assert seen.headers["content-disposition"] == "attachment"


@pytest.mark.parametrize("other", ["discard", "take"])
async def test_of_two_who_decide_at_once_one_is_told_and_undone(
    town: Town, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = a_record("r", uid("v"), said("09:05", "arrived"))
    kept = UUID(await refused(town, raw))
    visit = await town.planned()
    both, look = asyncio.Barrier(2), quarantine.resolve_resubmission

    async def together(tx: Transaction, row: QuarantineRow) -> QuarantineRow:
        seen = await look(tx, row)
        if town.ctx.db.engine == "postgres":  # in SQLite one writer does one after the other
            await both.wait()
        assert seen.decision is None or town.ctx.db.engine == "sqlite"
        return seen

    monkeypatch.setattr(quarantine, "resolve_resubmission", together)
    told = await asyncio.gather(
        *(
            quarantine_decisions.decide(town.ctx, TOKENS[who], kept, Decision(what, "x"))
            for who, what in (("wang", "take"), ("admin", other))
        ),
        return_exceptions=True,
    )
    monkeypatch.undo()
    (won,) = [one for one in told if isinstance(one, quarantine_decisions.DecisionResult)]
    (lost,) = [one for one in told if isinstance(one, BaseException)]
    assert isinstance(lost, errors.AlreadyDecided)
    records = (await views.get_visit(town.ctx, TOKENS["zhao"], visit)).records
    assert len(records) == (won.quarantine.decision == "take")
    (item,) = (await quarantine.list_quarantined(town.ctx, TOKENS["wang"], None, decided=True)).items
    assert (item.decision, item.decided_by) == (won.quarantine.decision, won.quarantine.decided_by)


async def test_the_same_decision_twice_at_once_is_one(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that asks again because the answer is late."""
    kept = UUID(await refused(town, b"nonsense"))
    both, look = asyncio.Barrier(2), quarantine.resolve_resubmission

    async def together(tx: Transaction, row: QuarantineRow) -> QuarantineRow:
        if town.ctx.db.engine == "postgres":
            await both.wait()
        return await look(tx, row)

    monkeypatch.setattr(quarantine, "resolve_resubmission", together)
    discard = Decision("discard", "测试数据")
    one, two = await asyncio.gather(
        *(quarantine_decisions.decide(town.ctx, TOKENS["wang"], kept, discard) for _ in range(2))
    )
    assert one == two


async def listed(town: Town, *, decided: bool = False) -> list[str]:
    found = await quarantine.list_quarantined(town.ctx, TOKENS["wang"], None, decided=decided)
    return [item.id for item in found.items]


async def test_the_list_shows_what_waits_and_apart_what_was_decided(town: Town) -> None:
    one, two = [await refused(town, b"bad %d" % number) for number in range(2)]
    discard = Decision("discard", "测试数据")
    await quarantine_decisions.decide(town.ctx, TOKENS["wang"], UUID(one), discard)
    assert (await listed(town), await listed(town, decided=True)) == ([two], [one])


async def test_what_comes_again_and_is_taken_waits_no_more(town: Town) -> None:
    raw = a_record("r", uid("v"), said("09:05", "arrived"))
    kept = await refused(town, raw)
    other = await refused(town, a_record("r2", uid("v"), said("09:05", "arrived")), "r2")
    await town.planned()
    assert sorted(await listed(town)) == sorted([kept, other])
    await town.submitted(raw)
    assert await listed(town) == [other]
    (item,) = (await quarantine.list_quarantined(town.ctx, TOKENS["wang"], None, decided=True)).items
    assert (item.id, item.decision, item.decided_by) == (kept, "take", "li")
    with pytest.raises(errors.AlreadyDecided):
        await quarantine_decisions.decide(town.ctx, TOKENS["wang"], UUID(kept), Decision("discard", "x"))


async def test_a_record_with_the_same_id_and_other_bytes_decides_nothing(town: Town) -> None:
    kept = await refused(town, a_record("r", uid("v"), said("09:05", "arrived")))
    await town.planned()
    await town.submitted(a_record("r", uid("v"), said("09:06", "arrived")))
    assert await listed(town) == [kept]


async def test_what_somebody_sent_who_left_may_still_be_taken(town: Town) -> None:
    kept = UUID(await refused(town, a_record("r", uid("v"), said("09:05", "arrived"))))
    await town.planned()
    await people.deactivate(town.ctx, TOKENS["admin"], "li", "离职")
    decided = await quarantine_decisions.decide(town.ctx, TOKENS["wang"], kept, Decision("take", "补建"))
    assert decided.receipt is not None
