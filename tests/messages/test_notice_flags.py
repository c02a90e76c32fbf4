"""Whose notice is due or failed, and who agreed, can be found without opening every visit."""

from typing import Any

import pytest

from service.accounts.browser import Browser
from service.confirmation import answering, otp
from service.dispatch import listing, views
from service.messages import notices, worker
from service.messages.gateways import PermanentFailure
from service.messages.notices import NoticeRequest
from service.reviews.refresh import refresh_due
from service.verify import log
from service.visits import customer_link
from service.visits.customer_answers import AnswerInput, CustomerSubmission, RescheduleRequest
from tests.support import example_visits as stories
from tests.support.factories import TOKENS, Town, a_record, change_visit, encode, said
from tests.support.fake_gateway import set_up, stand

ZHAO = TOKENS["zhao"]
NOTICE_FLAGS = ("notice_due", "notice_failed", "agreed", "not_agreed")
FRESH = {"notice_due", "not_agreed"}


async def flags(town: Town, visit: Any) -> set[str]:
    """The visit's flags about notices: the same on the visit, in the list and by filter, and as `verify` expects."""
    seen = set((await views.get_visit(town.ctx, ZHAO, visit)).flags)
    (item,) = (await listing.list_visits(town.ctx, ZHAO, {})).items
    assert set(item.flags) == seen
    for flag in NOTICE_FLAGS:
        found = (await listing.list_visits(town.ctx, ZHAO, {"flag": flag})).items
        assert [one.id for one in found] == ([str(visit)] if flag in seen else [])
    assert (await log.verify(town.ctx)).faults == []
    return seen & set(NOTICE_FLAGS)


async def send(town: Town, visit: Any) -> None:
    await notices.send(town.ctx, ZHAO, visit, NoticeRequest(channel="sms"))


async def answer(town: Town, visit: Any, **said: Any) -> None:
    link = await customer_link.create_link(town.ctx, ZHAO, visit)
    await answering.submit_answers(town.ctx, link.token, CustomerSubmission(**said))


def agreeing() -> dict[str, Any]:
    return {"answers": (AnswerInput(good=True, question="appointment"),)}


async def test_a_notice_is_due_until_one_is_on_its_way(town: Town) -> None:
    set_up(town.ctx, "07:00")
    visit = await town.planned()
    assert await flags(town, visit) == FRESH
    await send(town, visit)
    assert await flags(town, visit) == {"not_agreed"}
    await worker.deliver_due(town.ctx)
    assert await flags(town, visit) == {"not_agreed"}


async def test_a_notice_that_the_gateway_refuses_has_failed_until_another_one_is_sent(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    visit = await town.planned()
    await send(town, visit)
    post.trouble = PermanentFailure("HTTP 422")
    await worker.deliver_due(town.ctx)
    assert await flags(town, visit) == {*FRESH, "notice_failed"}
    post.trouble = None
    await send(town, visit)
    assert await flags(town, visit) == {"not_agreed"}
    await worker.deliver_due(town.ctx)
    assert await flags(town, visit) == {"not_agreed"}


async def test_who_agreed_and_who_wants_another_time(town: Town) -> None:
    set_up(town.ctx, "06:00")
    visit = await town.planned()
    await answer(town, visit, **agreeing())
    assert await flags(town, visit) == {"notice_due", "agreed"}
    stand(town.ctx, "06:01")
    await answer(town, visit, another_time=RescheduleRequest("下午"))
    assert await flags(town, visit) == FRESH
    await town.noted(visit, said("06:02", "appointment_agreed", "dispatcher"))
    assert await flags(town, visit) == {"notice_due", "agreed"}


async def test_a_moved_visit_needs_a_new_notice_and_agreement(town: Town) -> None:
    set_up(town.ctx, "06:00")
    visit = await town.planned()
    await send(town, visit)
    await worker.deliver_due(town.ctx)
    await answer(town, visit, **agreeing())
    assert await flags(town, visit) == {"agreed"}
    stand(town.ctx, "06:30")
    moved = encode({"from": stories.clock("14:00"), "to": stories.clock("15:00"), "reason": "下午"})
    after = await change_visit(town.ctx, ZHAO, visit, "window", moved, frozenset({0}))
    assert set(after.flags) == FRESH
    assert await flags(town, visit) == FRESH


async def test_a_waiting_notice_to_an_old_number_makes_another_one_due(town: Town) -> None:
    set_up(town.ctx, "06:00")
    visit = await town.planned()
    await send(town, visit)
    mended = encode({"reason": "电话写错", "customer": {"name": "陶", "phone": "13900000000"}})
    await change_visit(town.ctx, ZHAO, visit, "details", mended, frozenset({0}))
    assert await flags(town, visit) == FRESH


@pytest.mark.parametrize("ends", ["begun", "over", "cancelled"])
async def test_the_flags_end_with_the_wait(town: Town, ends: str) -> None:
    set_up(town.ctx, "07:00")
    visit = await town.planned()
    assert await flags(town, visit) == FRESH
    if ends == "begun":
        stand(town.ctx, "09:01")
        await town.submitted(a_record("r", visit, said("09:00", "arrived")))
    elif ends == "cancelled":
        await change_visit(town.ctx, ZHAO, visit, "cancellation", encode({"reason": "退单"}), frozenset({0}))
    else:
        stand(town.ctx, "10:00")
        (item,) = (await listing.list_visits(town.ctx, ZHAO, {})).items
        assert item.flags == ()  # also before the summary is refreshed
        assert await refresh_due(town.ctx) == 1
    assert await flags(town, visit) == set()


async def test_what_needs_no_appointment_or_is_planned_afterwards_has_none_of_them(town: Town) -> None:
    set_up(town.ctx, "07:00")
    visit = await town.planned(window=None, assigned={"appointment_exempt": True}, exempt_reason="紧急")
    assert await flags(town, visit) == set()


async def test_a_visit_that_was_already_over_when_planned_waits_for_no_notice(town: Town) -> None:
    set_up(town.ctx, "13:00")
    assert await flags(town, await town.planned()) == set()


async def test_a_code_that_cannot_be_sent_is_no_failed_notice(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    visit = await town.planned()
    link = await customer_link.create_link(town.ctx, ZHAO, visit)
    post.trouble = PermanentFailure("HTTP 422")
    await otp.send_otp(town.ctx, link.token, Browser())
    await worker.deliver_due(town.ctx)
    assert await flags(town, visit) == FRESH
