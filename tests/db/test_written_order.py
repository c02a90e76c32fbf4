"""Which of two acknowledged things counts is decided by the order in which they were written, never by a clock."""

from datetime import UTC, datetime
from typing import Any

from service.audit_log import log
from service.verify.log import verify
from tests.support.api_client import RECORD, VISIT, World, record
from tests.support.factories import a_plan, entry_ahead, said, uid
from tests.support.fake_gateway import URL, set_up, stand

SHARED = str(uid("shared"))


async def receipts(world: World) -> list[Any]:
    answers = [(await world.ask("li", "GET", f"/v1/records/{one}")).json() for one in (RECORD, uid("b"))]
    return [answer["ignored"] for answer in answers]


async def test_a_clock_that_is_set_back_exchanges_nothing(world: World) -> None:
    """Before: the first record's receipt then said that its entry did not count, and the second one's did."""
    stand(world.ctx, "12:00")
    await world.plan()
    await world.submit(record(entries=[said("09:00", "entry_consent", id=SHARED)]))
    stand(world.ctx, "10:00")  # or another server, whose clock differs
    await world.submit(record(uid("b"), entries=[said("09:10", "entered", id=SHARED)]), uid("b"))
    ignored = [[], [{"entry": SHARED, "code": "entry-changed"}]]
    assert await receipts(world) == ignored
    stand(world.ctx, "13:00")
    assert await receipts(world) == ignored
    visit = (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()
    assert [entry["what"] for entry in visit["entries"]] == ["entry_consent"]
    assert (await verify(world.ctx)).faults == []


async def test_a_slip_is_taken_back_also_after_the_clock_was_set_back(world: World) -> None:
    stand(world.ctx, "12:00")
    await world.plan()
    left = entry_ahead("left", "2026-03-02T14:00:00+08:00")
    await world.submit(record(entries=[said("09:00", "arrived"), left]))
    stand(world.ctx, "10:00")
    slip = said("09:45", "", withdraws=left["id"], reason="手机时间不对")
    receipt = (await world.submit(record(uid("b"), entries=[slip]), uid("b"))).json()
    assert receipt["verdict"] is not None
    assert (await world.ask("li", "GET", f"/v1/visits/{VISIT}")).json()["state"] == "under_way"
    assert (await verify(world.ctx)).faults == []


async def test_what_has_arrived_stays_seen_when_the_clock_is_set_back(world: World) -> None:
    stand(world.ctx, "12:00")
    await world.plan()
    await world.submit(record(entries=[said("11:59", "arrived")]))
    stand(world.ctx, "10:00")
    (row,) = (await world.ask("wang", "GET", "/v1/visits")).json()["items"]
    assert row["state"] == (await world.ask("li", "GET", f"/v1/visits/{VISIT}")).json()["state"] == "under_way"
    assert (await verify(world.ctx)).faults == []


async def test_a_customer_agrees_to_a_window_that_was_moved_by_a_fast_clock(world: World) -> None:
    """Before: until the clock was as far again, the page went on asking."""
    set_up(world.ctx, "08:00")
    await world.plan()
    stand(world.ctx, datetime(2026, 3, 3, 0, 0, tzinfo=UTC))  # a day ahead, for the time of one request
    window = {"from": "2026-03-04T09:00:00+08:00", "to": "2026-03-04T10:00:00+08:00"}
    moved = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/window", window | {"reason": "改约"}, if_match='"0"')
    assert moved.status_code == 200
    stand(world.ctx, "08:10")
    made = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()
    link = f"/v1/confirmations/{made['url'].removeprefix(f'{URL}/c/')}"
    assert (await world.ask(None, "GET", link)).json()["appointment"]["agreed"] is False
    said_yes = {"answers": [{"item": "appointment_agreed", "good": True}]}
    assert (await world.ask(None, "PUT", link, said_yes)).status_code == 200
    assert (await world.ask(None, "GET", link)).json()["appointment"]["agreed"] is True


async def test_what_was_agreed_before_a_move_is_not_agreed_after_it(world: World) -> None:
    """The control."""
    set_up(world.ctx, "08:00")
    await world.plan()
    agreed = said("07:50", "appointment_agreed", "dispatcher", evidence=[{"kind": "message_log", "channel": "phone"}])
    await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", {"entries": [agreed]})
    window = a_plan()["window"] | {"from": "2026-03-02T08:30:00+08:00", "reason": "改约"}
    await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/window", window, if_match='"0"')
    made = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()
    link = f"/v1/confirmations/{made['url'].removeprefix(f'{URL}/c/')}"
    assert (await world.ask(None, "GET", link)).json()["appointment"]["agreed"] is False


async def test_of_two_changes_of_a_person_the_later_one_stands_for_verify(world: World) -> None:
    for at, roles in (("12:00", ["technician", "dispatcher"]), ("10:00", ["technician"])):
        stand(world.ctx, at)
        new = {"roles": roles, "areas": ["城东"]}
        assert (await world.ask("admin", "PUT", "/v1/people/sun/roles", new)).status_code == 200
        await log.assign_sequence_numbers(world.ctx.db)  # as the sequencer does every second
    assert (await verify(world.ctx)).faults == []
