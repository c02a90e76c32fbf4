"""The notice before a visit: proposed, sent through the outbox, and evidence of 4.3.1 once it is delivered."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest

from service import errors
from service.confirmation import answering, page
from service.context import OutgoingMessage
from service.dispatch import views
from service.messages import notices, outbox, worker
from service.messages.gateways import PermanentFailure, TemporaryFailure
from service.messages.notices import NoticeRequest
from service.verify import log
from service.visits import customer_link
from service.visits.customer_answers import AnswerInput, CustomerSubmission
from tests.support import example_visits as stories
from tests.support.factories import TOKENS, Town, a_record, change_visit, encode, said, uid
from tests.support.fake_gateway import set_up, stand

FOUR = ["work_content_told", "work_place_told", "cooperation_requested"]
ZHAO = TOKENS["zhao"]


async def send(town: Town, visit: Any, **more: Any) -> Any:
    return (await notices.send(town.ctx, ZHAO, visit, NoticeRequest(**{"channel": "sms", **more})))[1]


async def entries(town: Town, visit: Any) -> list[str]:
    return [entry.what for entry in (await views.get_visit(town.ctx, ZHAO, visit)).entries]


async def test_a_mail_server_that_hangs_delays_no_text_message(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.01)
    post = set_up(town.ctx, "07:00")
    mails = 0

    async def hang(_: OutgoingMessage) -> str:
        nonlocal mails
        mails += 1
        await asyncio.sleep(worker.TIMEOUT_SECONDS)
        return ""

    town.ctx.company.gateways["email"] = hang
    visits = [await town.planned(f"visit {number}") for number in range(outbox.ROOM[outbox.NORMAL] + 1)]
    for visit in visits[1:]:
        await send(town, visit, channel="email", to="tao@customer.example")
    stand(town.ctx, "07:01")
    running = asyncio.create_task(worker.run(town.ctx))
    try:
        async with asyncio.timeout(worker.TIMEOUT_SECONDS / 2):
            while mails < outbox.ROOM[outbox.NORMAL]:  # noqa: ASYNC110 - what happens has no event
                await asyncio.sleep(0.02)
            await send(town, visits[0])
            while not post.letters:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert [one.channel for one in post.letters] == ["sms"]


async def test_what_is_on_its_way_at_a_stop_is_sent_again_soon_after_the_start(town: Town) -> None:
    set_up(town.ctx, "07:00")
    handed = asyncio.Event()

    async def hang(_: OutgoingMessage) -> str:
        handed.set()
        await asyncio.Event().wait()
        return ""

    town.ctx.company = msgspec.structs.replace(town.ctx.company, gateways={"sms": hang})
    visit = await town.planned()
    await send(town, visit)
    running = asyncio.create_task(worker.run(town.ctx))
    await handed.wait()
    running.cancel()
    await asyncio.wait([running])
    (sent,) = (await notices.draft_notice(town.ctx, ZHAO, visit)).sent
    assert [(one.outcome, one.detail) for one in sent.attempts] == [("failed", "stopped")]
    assert sent.next_try is not None
    assert int(sent.next_try.timestamp() * 1000) - town.ctx.clock() == worker.backoff(1)


async def test_the_offer_says_time_content_place_who_and_that_he_please_cooperate(town: Town) -> None:
    set_up(town.ctx, "07:00")
    visit = await town.planned()
    offer = await notices.draft_notice(town.ctx, ZHAO, visit)
    for part in ("09:00–10:00", "检修漏水", "虚构路 1 号 厨房", "配合", "李", "{word}", "{link}", "东城供水"):
        assert part in offer.text
    assert offer.due
    assert list(offer.proves) == FOUR


async def test_a_notice_proves_nothing_until_it_is_delivered(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    visit = await town.planned()
    sent = await send(town, visit)
    assert (sent.state, await entries(town, visit)) == ("waiting", [])
    stand(town.ctx, "07:01")
    assert await worker.deliver_due(town.ctx) == 1
    assert await worker.deliver_due(town.ctx) == 0
    offer = await notices.draft_notice(town.ctx, ZHAO, visit)
    assert [one.state for one in offer.sent] == ["delivered"]
    assert not offer.due
    assert await entries(town, visit) == FOUR
    assert len(post.letters) == 1
    assert "{" not in post.letters[0].text
    assert (await log.verify(town.ctx)).faults == []


async def test_a_delivered_notice_and_the_customers_yes_are_all_of_4_3_1(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    visit = await town.planned()
    await send(town, visit)
    await worker.deliver_due(town.ctx)
    answers = CustomerSubmission(answers=(AnswerInput(item="appointment_agreed", good=True),))
    await answering.submit_answers(town.ctx, post.token, answers)
    stand(town.ctx, "12:00")
    receipt = await town.submitted(a_record("r", visit, said("09:05", "arrived"), said("09:50", "left")))
    assert not [one.code for one in receipt.findings if one.clause == "4.3.1"]


async def test_what_the_customer_alone_gets_is_not_kept(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    visit = await town.planned()
    sent = await send(town, visit)
    waiting = await town.ctx.db.read(lambda tx: outbox.message(tx, UUID(sent.id)))
    assert waiting is not None
    assert waiting.placeholders is not None
    await worker.deliver_due(town.ctx)
    row = await town.ctx.db.read(lambda tx: outbox.message(tx, UUID(sent.id)))
    assert row is not None
    assert row.placeholders is None
    assert post.token.encode() not in waiting.placeholders
    assert post.token in outbox.open_placeholders(town.ctx, waiting)["{link}"]
    assert post.token not in row.text
    assert "{link}" in row.text


async def test_a_text_of_ones_own_proves_only_what_it_says(town: Town) -> None:
    set_up(town.ctx, "07:00")
    visit = await town.planned()
    sent = await send(town, visit, text="明天来修水管")
    assert sent.proves == ()
    sent = await send(town, visit, text="明天检修漏水，请配合")
    assert sent.proves == ("work_content_told", "cooperation_requested")


async def test_the_same_id_again_sends_nothing_twice(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    visit = await town.planned()
    body = NoticeRequest(channel="sms", id=str(uid("n")))
    assert (await notices.send(town.ctx, ZHAO, visit, body))[0]
    assert not (await notices.send(town.ctx, ZHAO, visit, body))[0]
    with pytest.raises(errors.IdReusedWithOtherContent):
        await notices.send(town.ctx, ZHAO, visit, NoticeRequest(channel="sms", id=str(uid("n")), text="别的"))
    await worker.deliver_due(town.ctx)
    assert len(post.letters) == 1


async def test_what_fails_is_tried_again_later_and_later_and_given_up_after_a_day(town: Town) -> None:
    post = set_up(town.ctx, "00:00")
    post.trouble = TemporaryFailure("HTTP 503")
    visit = await town.planned(window={"from": "2026-03-04T09:00:00+08:00", "to": "2026-03-04T10:00:00+08:00"})
    await send(town, visit)
    start, waits = town.ctx.clock(), []
    now = start
    for _ in range(100):
        town.ctx.clock = lambda now=now: now
        await worker.deliver_due(town.ctx)
        (sent,) = (await notices.draft_notice(town.ctx, ZHAO, visit)).sent
        if sent.next_try is None:
            break
        waits.append(int(sent.next_try.timestamp() * 1000) - now)
        now += waits[-1]
    assert waits[:4] == [5_000, 10_000, 20_000, 40_000]
    assert max(waits) == 3_600_000
    assert sent.state == "given_up"
    assert now - start <= 86_400_000
    assert len({letter.id for letter in post.letters}) == 1
    assert {one.outcome for one in sent.attempts} == {"failed"}
    assert (await notices.draft_notice(town.ctx, ZHAO, visit)).due
    assert await entries(town, visit) == []


async def test_what_the_gateway_will_never_take_is_not_tried_again(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    post.trouble = PermanentFailure("HTTP 422")
    visit = await town.planned()
    await send(town, visit)
    await worker.deliver_due(town.ctx)
    (sent,) = (await notices.draft_notice(town.ctx, ZHAO, visit)).sent
    assert (sent.state, sent.attempts[0].detail) == ("refused", "HTTP 422")


async def test_a_worker_that_dies_lets_go_and_another_one_sends_with_the_same_id(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    visit = await town.planned()
    await send(town, visit)
    now = town.ctx.clock()
    (taken,) = await town.ctx.db.write(lambda tx: outbox.claim_due(tx, "sms", now, now + worker.LEASE_MS))
    assert await worker.deliver_due(town.ctx) == 0  # somebody has it
    town.ctx.clock = lambda: now + worker.LEASE_MS
    assert await worker.deliver_due(town.ctx) == 1
    assert [letter.id for letter in post.letters] == [str(taken.id)]


async def test_many_workers_at_once_send_each_message_once(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    for number in range(20):
        await send(town, await town.planned(f"v{number}"))
    while sum(await asyncio.gather(*(worker.deliver_due(town.ctx) for _ in range(4)))):
        pass
    assert len(post.letters) == len({letter.id for letter in post.letters}) == 20


async def test_a_message_is_there_with_its_link_or_not_at_all(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(town.ctx, "07:00")
    visit = await town.planned()
    link = (await customer_link.create_link(town.ctx, ZHAO, visit)).token

    async def broken(*_: Any) -> bool:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "add_message", broken)
        with pytest.raises(ZeroDivisionError):
            await send(town, visit)
    assert (await notices.draft_notice(town.ctx, ZHAO, visit)).sent == ()
    assert (await page.get_page(town.ctx, link)).state == "appointment"  # and his link still lives


async def test_one_living_link_a_visit(town: Town) -> None:
    set_up(town.ctx, "07:00")
    visit = await town.planned()
    first = await customer_link.create_link(town.ctx, ZHAO, visit)
    second = await customer_link.create_link(town.ctx, ZHAO, visit)
    with pytest.raises(errors.LinkExpired):
        await page.get_page(town.ctx, first.token)
    seen = await page.get_page(town.ctx, second.token)
    assert (seen.visit.customer, seen.visit.phone) == ("陶*", "138****0000")
    with pytest.raises(errors.NotFound):
        await page.get_page(town.ctx, "a" * 26)
    town.ctx.clock = lambda: int(second.expires_at.timestamp() * 1000) + 1
    with pytest.raises(errors.LinkExpired):
        await page.get_page(town.ctx, second.token)


async def test_other_areas_and_technicians_send_nothing(town: Town) -> None:
    set_up(town.ctx, "07:00")
    visit = await town.planned()
    for who, problem in (("qian", errors.NotFound), ("li", errors.PermissionDenied)):
        with pytest.raises(problem):
            await notices.send(town.ctx, TOKENS[who], visit, NoticeRequest(channel="sms"))
        with pytest.raises(problem):
            await customer_link.create_link(town.ctx, TOKENS[who], visit)


LATER = {"from": stories.clock("14:00"), "to": stories.clock("15:00"), "reason": "客户下午才在家"}
OUTDATING = {
    "window": LATER,
    "technician": {"technician": "sun"},
    "details": {"reason": "门牌抄错", "customer": {"name": "陶", "phone": "13900000000"}},
    "cancellation": {"reason": "客户取消"},
}


async def changed(town: Town, visit: Any, kind: Any, content: Any, revision: int = 0) -> None:
    await change_visit(town.ctx, ZHAO, visit, kind, encode(content), frozenset({revision}))


@pytest.mark.parametrize("kind", OUTDATING)
async def test_a_notice_that_is_outdated_while_it_waits_does_not_go_out(town: Town, kind: str) -> None:
    post = set_up(town.ctx, "07:00")
    post.trouble = TemporaryFailure("HTTP 503")
    visit = await town.planned()
    await send(town, visit)
    await worker.deliver_due(town.ctx)
    post.trouble, post.letters = None, []
    await changed(town, visit, kind, OUTDATING[kind])
    stand(town.ctx, "08:00")
    assert await worker.deliver_due(town.ctx) == 0
    assert post.letters == []
    offer = await notices.draft_notice(town.ctx, ZHAO, visit)
    (sent,) = offer.sent
    assert (sent.state, sent.next_try, sent.proves) == ("withdrawn", None, ())
    assert sent.withdrawn is not None
    assert sent.withdrawn.because == kind
    assert offer.due == (kind != "cancellation")
    assert await entries(town, visit) == []


async def test_what_the_customer_does_not_read_outdates_no_notice(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    visit = await town.planned()
    await send(town, visit)
    await changed(town, visit, "details", {"reason": "补单号", "external_ref": "GD-7"})
    await worker.deliver_due(town.ctx)
    assert len(post.letters) == 1


async def test_a_notice_on_its_way_when_the_visit_is_moved_proves_nothing(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    visit = await town.planned()
    await send(town, visit)

    async def meanwhile(letter: OutgoingMessage) -> str:
        await changed(town, visit, "window", LATER)
        return await post(letter)

    town.ctx.company = msgspec.structs.replace(town.ctx.company, gateways={"sms": meanwhile})
    assert await worker.deliver_due(town.ctx) == 1
    assert len(post.letters) == 1
    offer = await notices.draft_notice(town.ctx, ZHAO, visit)
    (sent,) = offer.sent
    assert (sent.state, sent.proves, sent.withdrawn is not None) == ("delivered", (), True)
    assert offer.due
    assert await entries(town, visit) == []


async def test_a_cancelled_visit_gets_no_notice(town: Town) -> None:
    set_up(town.ctx, "07:00")
    visit = await town.planned()
    body = NoticeRequest(channel="sms", id=str(uid("n")))
    await notices.send(town.ctx, ZHAO, visit, body)
    await changed(town, visit, "cancellation", {"reason": "客户取消"})
    with pytest.raises(errors.VisitCancelled):
        await send(town, visit)
    assert (await notices.send(town.ctx, ZHAO, visit, body))[0] is False  # its answer was lost, and is given again


async def test_who_was_never_told_a_time_is_not_told_that_it_changed(town: Town) -> None:
    post = set_up(town.ctx, "07:00")
    visit = await town.planned()
    await changed(town, visit, "window", LATER)
    offer = await notices.draft_notice(town.ctx, ZHAO, visit)
    assert offer.about == "appointment"
    assert "改到" not in offer.text
    assert "14:00–15:00" in offer.text
    assert "reschedule_notified" in offer.proves  # the norm still asks for it
    await send(town, visit)
    stand(town.ctx, "07:30")
    await worker.deliver_due(town.ctx)
    assert post.letters[0].subject == "上门服务预约"
    await changed(town, visit, "window", LATER | {"to": stories.clock("16:00")}, 1)
    offer = await notices.draft_notice(town.ctx, ZHAO, visit)
    assert offer.about == "reschedule"
    assert "改到" in offer.text


async def test_a_window_without_length_is_told_as_a_moment(town: Town) -> None:
    set_up(town.ctx, "07:00")
    nine = stories.clock("09:00")
    offer = await notices.draft_notice(town.ctx, ZHAO, await town.planned(window={"from": nine, "to": nine}))
    assert "09:00，" in offer.text
    assert "09:00–" not in offer.text
